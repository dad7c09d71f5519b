/**
 * The queue of what to send: answers of visits in `queue`, photos in `photos`, and their bytes in `files`;
 * answers to messages in `messages`, and expenses in `expenses`.
 */
import { announce } from "./channel.js";
import { below, onResult } from "../shared/database.js";
import { list, write } from "./database.js";

/** The stores with the data of an unsent visit. */
const DRAFT_STORES = ["drafts", "answers", "photos", "files"];

/** Returns whether the answers of this revision, or of a later one, are in the queue or were sent. */
export const isHandedOver = (queued, revision) => Boolean(queued) && queuedRevision(queued) >= revision;

const queuedRevision = ({ receipt, body }) => receipt?.revision ?? body.revision;

/** Returns the visits in the queue that have not been sent completely. */
export const unsentVisits = async (account) =>
  (await list("queue", account)).filter((row) => row.state !== "sent");

/** Returns the messages whose answers have not been sent. */
export const unsentMessages = async (account) =>
  (await list("messages", account)).filter(({ state }) => !["open", "sent"].includes(state));

/** Returns the expenses that were claimed and have not been sent. */
export const unsentExpenses = async (account) =>
  (await list("expenses", account)).filter(({ state }) => state !== "open");

/** Returns everything that has not been sent: visits, messages and expenses. */
export const listUnsent = async (account) => [
  ...(await unsentVisits(account)),
  ...(await unsentMessages(account)),
  ...(await unsentExpenses(account)),
];

/** Sets the state of all unsent photos of a visit. A photo with the state null is removed. */
export function setPhotoStates(store, visitKey, stateOf) {
  onResult(store("photos").openCursor(below(visitKey)), (cursor) => {
    if (!cursor) return;
    const state = stateOf(cursor.value);
    if (!state) {
      store("files").delete(cursor.primaryKey);
      cursor.delete();
    } else if (cursor.value.state !== "sent") {
      cursor.update({ ...cursor.value, state, tries: 0, reason: null });
    }
    cursor.continue();
  });
}

/** Removes a visit from the queue, so that its answers can be corrected. */
export async function reopen({ account, visit }) {
  await write(["queue", "photos", "files"], (store) => {
    store("queue").delete([account, visit]);
    setPhotoStates(store, [account, visit], () => "kept");
  });
  announce("queue");
}

/** Removes a draft with its answers and photos, in a transaction on all of their stores. */
export function removeDraft(store, account, visit) {
  for (const name of DRAFT_STORES) store(name).delete(below([account, visit]));
}

/** Removes all data of a visit from the phone, including unsent data. */
export async function discard({ account, visit }) {
  await write(["queue", ...DRAFT_STORES], (store) => {
    store("queue").delete([account, visit]);
    removeDraft(store, account, visit);
  });
  announce("queue");
}

/** Marks a visit as sent and removes its draft, if the answers and all photos have been received. */
export async function completeVisit(account, visit) {
  const photos = await list("photos", account, visit);
  if (photos.some((photo) => !["sent", "kept"].includes(photo.state))) return;
  await write(["queue", ...DRAFT_STORES], (store) => {
    const queued = store("queue").get([account, visit]);
    onResult(store("drafts").get([account, visit]), (draft) => {
      const row = queued.result;
      if (!row?.receipt) return;
      store("queue").put({ ...row, body: null, state: "sent" });
      // A draft of the next revision stays, with its photos.
      if (!(draft?.revision > row.receipt.revision)) removeDraft(store, account, visit);
    });
  });
  announce("queue");
}
