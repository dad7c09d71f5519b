/** The shopper's visits with their checklists, fetched and stored so that they work without a signal. */
import { call } from "../shared/api.js";
import { get, list, put, read, write } from "./database.js";
import { unsentVisits } from "./queue.js";
import { fetchReturned } from "./returned.js";
import { acceptsAnswers } from "./rules.js";

const OPEN = ["assigned", "returned"];
/** The slot with the account whose list of visits is on the phone. */
export const LISTED = "listed";

/** One visit, from the phone if it is there, otherwise from the server. */
export class VisitData {
  #request;

  /** With `early`, the visit is requested immediately, before it is known whether the phone has it. */
  constructor(id, { early }) {
    this.id = id;
    this.#request = early ? fetchVisit(id).catch((problem) => problem) : null;
  }

  /**
   * Returns `{visit, checklist, stored}`, where `stored` resolves when both are on the phone. If there is
   * nothing to answer, returns `{isHandedOver}` or `{isSentElsewhere}`.
   */
  async load(accountId) {
    const [queued, stored, draft] = await read(["queue", "visits", "drafts"], (store) => [
      store("queue").get([accountId, this.id]),
      store("visits").get([accountId, this.id]),
      store("drafts").get([accountId, this.id]),
    ]);
    if (queued && !isReturnedSince(stored, queued)) return { isHandedOver: true };
    const checklist = stored && (await storedChecklist(accountId, stored));
    const data = checklist ? { visit: stored, checklist, stored: null } : await this.#fetch(accountId);
    if (!draft && !acceptsAnswers(data.visit)) return { isSentElsewhere: true };
    if (data.visit.status === "returned") await fetchReturned(accountId, data.visit);
    return data;
  }

  async #fetch(accountId) {
    const result = (await this.#request) ?? (await fetchVisit(this.id));
    if (result instanceof Error) throw result;
    const { checklist, ...visit } = result;
    const { key, version } = checklist;
    const row = { ...visit, checklist: { key, version }, account: accountId };
    const stored = write(["checklists", "visits"], (store) => {
      store("checklists").put({ account: accountId, key, version, document: checklist });
      store("visits").put(row);
    });
    stored.catch(() => {}); // the caller awaits it and handles the error
    return { visit: row, checklist, stored };
  }
}

const fetchVisit = async (id) => (await call("GET", `/visits/${id}?include=checklist`)).body;

/** Returns whether a visit was returned after the answers in the queue were received. */
const isReturnedSince = (visit, { receipt }) =>
  visit?.status === "returned" && Boolean(receipt) && visit.revision >= receipt.revision;

/** Returns whether a visit is shown in the queue, and not among the visits to do. */
export const isInQueue = (visit, queued) => Boolean(queued) && !isReturnedSince(visit, queued);

/** Returns the checklist version of a visit, or undefined if it is not on the phone. */
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

/** Returns the IDs of the visits with unsent data on this phone. */
async function unsentIds(account) {
  const rows = [...(await list("drafts", account)), ...(await unsentVisits(account))];
  return new Set(rows.map(({ visit }) => visit));
}

/** Fetches the visits that are no longer open, but have unsent data on this phone. */
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

/** Fetches the checklist versions of visits that are not on the phone yet. */
async function fetchChecklists(account, visits) {
  const storedNames = (await list("checklists", account)).map(nameOf);
  const missing = new Map(visits.map(({ checklist }) => [nameOf(checklist), checklist]));
  for (const name of storedNames) missing.delete(name);
  const responses = await Promise.all(
    [...missing.values()].map(({ key, version }) => call("GET", `/checklists/${key}/versions/${version}`)),
  );
  await write("checklists", (store) => {
    for (const { body } of responses) {
      store("checklists").put({ account, key: body.key, version: body.version, document: body });
    }
  });
}

const nameOf = ({ key, version }) => `${key} ${version}`;
