/** The shopper's visits with their checklists, fetched so that all of it works without a signal. */
import { call } from "../shared/api.js";
import { get, list, put, read, write } from "./database.js";
import { unsentVisits } from "./queue.js";
import { fetchReturned } from "./returned.js";
import { acceptsAnswers } from "./rules.js";

const OPEN = ["assigned", "returned"];
/** The slot that names the account whose list is on the phone. */
export const LISTED = "listed";

/** One visit, from the phone or else from the server. */
export class VisitData {
  #early;

  /** With `early`, the visit is asked for at once. */
  constructor(id, { early }) {
    this.id = id;
    this.#early = early ? fetchVisit(id).catch((problem) => problem) : null;
  }

  /**
   * Returns `{visit, checklist, stored}`, where `stored` resolves once both are on the phone, or
   * `{isHandedOver}` or `{isSentElsewhere}` where there is nothing to answer.
   */
  async load(who) {
    const [queued, known, draft] = await read(["queue", "visits", "drafts"], (store) => [
      store("queue").get([who, this.id]),
      store("visits").get([who, this.id]),
      store("drafts").get([who, this.id]),
    ]);
    if (queued && !isReturnedSince(known, queued)) return { isHandedOver: true };
    const checklist = known && (await storedChecklist(who, known));
    const found = checklist ? { visit: known, checklist, stored: null } : await this.#fetch(who);
    if (!draft && !acceptsAnswers(found.visit)) return { isSentElsewhere: true };
    if (found.visit.status === "returned") await fetchReturned(who, found.visit);
    return found;
  }

  async #fetch(who) {
    const fetched = (await this.#early) ?? (await fetchVisit(this.id));
    if (fetched instanceof Error) throw fetched;
    const { checklist, ...visit } = fetched;
    const { key, version } = checklist;
    const row = { ...visit, checklist: { key, version }, account: who };
    const stored = write(["checklists", "visits"], (store) => {
      store("checklists").put({ account: who, key, version, document: checklist });
      store("visits").put(row);
    });
    stored.catch(() => {}); // whoever needs it waits for it
    return { visit: row, checklist, stored };
  }
}

const fetchVisit = async (id) => (await call("GET", `/visits/${id}?include=checklist`)).body;

/** Returns whether a visit was returned since the answers in the queue were handed over. */
const isReturnedSince = (visit, { receipt }) =>
  visit?.status === "returned" && Boolean(receipt) && visit.revision >= receipt.revision;

/** Returns whether the queue shows a visit, and not the list of what is to do. */
export const isInQueue = (visit, queued) => Boolean(queued) && !isReturnedSince(visit, queued);

/** Returns the checklist version that a visit is pinned to, if it is on the phone. */
export async function storedChecklist(account, { checklist }) {
  return (await get("checklists", account, checklist.key, checklist.version))?.document;
}

/** Fetches the open visits with their checklists, and the answers of those that were returned. */
export async function refreshVisits(account) {
  const open = (await Promise.all(OPEN.map(fetchAll))).flat();
  const visits = [...open, ...(await fetchUnsent(account, open))];
  await write("visits", (store) => {
    for (const visit of visits) store("visits").put({ ...visit, account });
  });
  await removeOthers(account, new Set(visits.map(({ id }) => id)));
  await fetchChecklists(account, visits);
  for (const visit of open.filter(({ status }) => status === "returned")) await fetchReturned(account, visit);
  await put("accounts", { slot: LISTED, account });
}

async function fetchAll(status) {
  const visits = [];
  for (let path = `/visits?mine=true&status=${status}&limit=500`; path;) {
    const { body } = await call("GET", path);
    visits.push(...body.items);
    const next = body.next && new URL(body.next, location.href);
    path = next && next.pathname.replace("/api/v1", "") + next.search;
  }
  return visits;
}

/** Returns the IDs of the visits of which this phone has something that is not sent. */
async function unsentIds(account) {
  const rows = [...(await list("drafts", account)), ...(await unsentVisits(account))];
  return new Set(rows.map(({ visit }) => visit));
}

/** Fetches the visits that are no longer open but have something unsent on this phone, as they are now. */
async function fetchUnsent(account, open) {
  const ids = await unsentIds(account);
  for (const { id } of open) ids.delete(id);
  const responses = await Promise.all(
    [...ids].map((id) => call("GET", `/visits/${id}`).catch(ignoreMissing)),
  );
  return responses.filter(Boolean).map(({ body }) => body);
}

function ignoreMissing(problem) {
  if (problem.status !== 404) throw problem;
  return null;
}

async function removeOthers(account, ids) {
  const others = (await list("visits", account)).filter(({ id }) => !ids.has(id));
  const unsent = await unsentIds(account);
  await write("visits", (store) => {
    for (const { id } of others.filter((visit) => !unsent.has(visit.id)))
      store("visits").delete([account, id]);
  });
}

/** Fetches each checklist version that a visit is pinned to, once. */
async function fetchChecklists(account, visits) {
  const known = new Set((await list("checklists", account)).map(nameOf));
  const wanted = new Map(visits.map(({ checklist }) => [nameOf(checklist), checklist]));
  for (const name of known) wanted.delete(name);
  const responses = await Promise.all(
    [...wanted.values()].map(({ key, version }) => call("GET", `/checklists/${key}/versions/${version}`)),
  );
  await write("checklists", (store) => {
    for (const { body } of responses) {
      store("checklists").put({ account, key: body.key, version: body.version, document: body });
    }
  });
}

const nameOf = ({ key, version }) => `${key} ${version}`;
