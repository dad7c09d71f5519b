/** The shopper's visits with their checklists, fetched and stored so that they work without a signal. */
import { call } from "../shared/api.js";
import { announce } from "./channel.js";
import { below } from "../shared/database.js";
import { get, list, put, read, write } from "./database.js";
import { storeMessages } from "./messages.js";
import { unsentVisits } from "./queue.js";
import { fetchReturned } from "./returned.js";
import { acceptsAnswers } from "./rules.js";

const OPEN = ["assigned", "returned"];
/** How long the list shows what became of a visit, in milliseconds. */
export const PAST = 60 * 86_400_000;
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
   * Returns `{visit, checklist, messages, stored}`, where `messages` are those on the phone, and `stored`
   * resolves when visit and checklist are there too. If there is nothing to answer, returns
   * `{isHandedOver}` or `{isSentElsewhere, visit}`.
   */
  async load(accountId) {
    const stores = ["queue", "visits", "drafts", "messages"];
    const [queued, stored, draft, allMessages] = await read(stores, (store) => [
      store("queue").get([accountId, this.id]),
      store("visits").get([accountId, this.id]),
      store("drafts").get([accountId, this.id]),
      store("messages").getAll(below([accountId])),
    ]);
    const messages = allMessages.filter(({ visit }) => visit === this.id);
    if (queued && !isReturnedSince(stored, queued)) return { isHandedOver: true };
    const checklist = stored && (await storedChecklist(accountId, stored));
    const isToAnswer = checklist && (draft || acceptsAnswers(stored));
    const data = isToAnswer
      ? { visit: stored, checklist, stored: null }
      : await this.#fetchOr(accountId, draft ? null : stored);
    if (!draft && !acceptsAnswers(data.visit)) return { isSentElsewhere: true, visit: data.visit };
    if (data.visit.status === "returned") await fetchReturned(accountId, data.visit);
    return { ...data, messages };
  }

  /** Fetches the visit. Without a signal, a visit that is no longer to do is shown as the phone knows it. */
  async #fetchOr(accountId, stored) {
    try {
      return await this.#fetch(accountId);
    } catch (problem) {
      if (problem.status || !stored || acceptsAnswers(stored)) throw problem;
      return { visit: stored };
    }
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

/** Returns whether a visit is to do. A withdrawn visit is, if its shopper has begun to answer. */
export const isToDo = (visit, queued, draft) =>
  !isInQueue(visit, queued) && (OPEN.includes(visit.status) || Boolean(draft));

/** Returns the checklist version of a visit, or undefined if it is not on the phone. */
export async function storedChecklist(account, { checklist }) {
  return (await get("checklists", account, checklist.key, checklist.version))?.document;
}

/**
 * Fetches the open visits with their checklists, the answers of those that were returned, the messages, and
 * what became of the visits of the last weeks.
 */
export async function refreshVisits(account) {
  const since = new Date(Date.now() - PAST).toISOString().slice(0, 10);
  const [messages, recent, ...toDo] = await Promise.all([
    fetchMessages(),
    fetchAll(`/visits?mine=true&from=${since}`),
    ...OPEN.map((status) => fetchAll(`/visits?mine=true&status=${status}`)),
  ]);
  await storeMessages(account, messages);
  const open = toDo.flat();
  const past = recent.filter(({ status }) => !OPEN.includes(status));
  const unsent = await fetchUnsent(account, [...open, ...past]);
  const visits = [...past, ...open, ...unsent];
  await write("visits", (store) => {
    for (const visit of visits) store("visits").put({ ...visit, account });
  });
  await removeOthers(account, new Set(visits.map(({ id }) => id)));
  const drafts = new Set(await draftIds(account));
  await fetchChecklists(account, [...open, ...unsent, ...past.filter(({ id }) => drafts.has(id))]);
  for (const visit of open.filter(({ status }) => status === "returned")) await fetchReturned(account, visit);
  await put("accounts", { slot: LISTED, account });
}

/** Fetches the messages to the shopper, and stores them. */
export async function refreshMessages(account) {
  await storeMessages(account, await fetchMessages());
  announce("queue");
}

/** Fetches the status of a visit, and stores it. */
export async function refreshVisit(account, id) {
  const { body } = await call("GET", `/visits/${id}`);
  await put("visits", { ...body, account });
  announce("queue");
}

const fetchMessages = () => fetchAll("/me/messages?status=open");

/** Returns all items of a list, whose address has a query. */
async function fetchAll(address) {
  const items = [];
  for (let path = `${address}&limit=500`; path;) {
    const { body } = await call("GET", path);
    items.push(...body.items);
    const next = body.next && new URL(body.next, location.href);
    path = next && next.pathname.replace("/api/v1", "") + next.search;
  }
  return items;
}

const draftIds = async (account) => (await list("drafts", account)).map(({ visit }) => visit);

/** Returns the IDs of the visits with unsent data on this phone, expenses, or messages to answer. */
async function unsentIds(account) {
  const messages = (await list("messages", account)).filter(({ state }) => state !== "sent");
  const rows = [...(await unsentVisits(account)), ...messages, ...(await list("expenses", account))];
  return new Set([...(await draftIds(account)), ...rows.map(({ visit }) => visit)]);
}

/** Fetches the visits that were not fetched yet, but have unsent data on this phone, or messages. */
async function fetchUnsent(account, fetched) {
  const ids = await unsentIds(account);
  for (const { id } of fetched) ids.delete(id);
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
