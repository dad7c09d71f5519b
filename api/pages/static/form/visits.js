import { call } from "../shared/api.js";
import { fetchReturned } from "./draft.js";
import { list, write } from "./store.js";

const OPEN = ["assigned", "returned"];

/** Fetches one's own open visits with their checklists, and the answers of those that were returned. */
export async function fetchList(account) {
  const found = (await Promise.all(OPEN.map(all))).flat();
  const kept = await besideThem(account, found);
  await write("visits", (store) => {
    for (const visit of [...found, ...kept]) store("visits").put({ ...visit, account });
  });
  await dropOthers(account, new Set([...found, ...kept].map((visit) => visit.id)));
  await fetchChecklists(account, [...found, ...kept]);
  for (const visit of found.filter((each) => each.status === "returned")) {
    await fetchReturned(account, visit);
  }
}

async function all(status) {
  const visits = [];
  for (let path = `/visits?mine=true&status=${status}&limit=500`; path; ) {
    const { body } = await call("GET", path);
    visits.push(...body.items);
    const next = body.next && new URL(body.next, location.href);
    path = next && next.pathname.replace("/api/v1", "") + next.search;
  }
  return visits;
}

/** Returns the ids of the visits of which this phone has something that is not sent. */
async function unsent(account) {
  const queue = (await list("queue", account)).filter((row) => row.state !== "sent");
  return new Set([...(await list("drafts", account)), ...queue].map((row) => row.visit));
}

/** Returns the visits that are open no more but have something unsent on this phone, as they are now. */
async function besideThem(account, found) {
  const ids = await unsent(account);
  for (const visit of found) ids.delete(visit.id);
  const answers = await Promise.all([...ids].map((id) => call("GET", `/visits/${id}`).catch(unlessGone)));
  return answers.filter(Boolean).map(({ body }) => body);
}

function unlessGone(problem) {
  if (problem.status !== 404) throw problem;
  return null;
}

async function dropOthers(account, ids) {
  const gone = (await list("visits", account)).filter((visit) => !ids.has(visit.id));
  const busy = await unsent(account);
  await write("visits", (store) => {
    for (const visit of gone.filter((each) => !busy.has(each.id))) store("visits").delete([account, visit.id]);
  });
}

/** Fetches each version that a visit is pinned to, once. */
async function fetchChecklists(account, visits) {
  const known = new Set((await list("checklists", account)).map(nameOf));
  const wanted = new Map(visits.map(({ checklist }) => [nameOf(checklist), checklist]).filter(([name]) => !known.has(name)));
  const fetched = await Promise.all([...wanted.values()].map(({ key, version }) => call("GET", `/checklists/${key}/versions/${version}`)));
  await write("checklists", (store) => {
    for (const { body } of fetched) store("checklists").put({ account, key: body.key, version: body.version, document: body });
  });
}

const nameOf = ({ key, version }) => `${key} ${version}`;
