/** What waits to be sent: a visit's answers in `queue`, its photos in `photos`, their bytes in `files`. */
import { announce } from "./channel.js";
import { below, list, onResult, write } from "./database.js";

/** Every store that holds something of a visit that is not sent. */
const OWN = ["drafts", "answers", "photos", "files"];

/** Returns whether the answers of this revision, or of a later one, were handed over for sending. */
export const isHandedOver = (queued, revision) => Boolean(queued) && queuedRevision(queued) >= revision;

const queuedRevision = ({ receipt, body }) => receipt?.revision ?? body.revision;

/** Returns the visits in the queue that are not sent completely. */
export const unsentVisits = async (account) =>
  (await list("queue", account)).filter((row) => row.state !== "sent");

/** Sets the state of all photos of a visit that are not sent yet; null removes a photo. */
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

/** Takes a visit out of the queue, so that its answers can be corrected. */
export async function reopen({ account, visit }) {
  await write(["queue", "photos", "files"], (store) => {
    store("queue").delete([account, visit]);
    setPhotoStates(store, [account, visit], () => "kept");
  });
  announce("queue");
}

/** Removes a draft with its answers and photos, within a transaction on all of their stores. */
export function removeDraft(store, account, visit) {
  for (const name of OWN) store(name).delete(below([account, visit]));
}

/** Removes all that the phone has of a visit, including what was never sent. */
export async function discard({ account, visit }) {
  await write(["queue", ...OWN], (store) => {
    store("queue").delete([account, visit]);
    removeDraft(store, account, visit);
  });
  announce("queue");
}

/**
 * Marks a visit as sent and removes its draft, once the receipt and every photo's confirmation have arrived.
 */
export async function completeVisit(account, visit) {
  const photos = await list("photos", account, visit);
  if (photos.some((photo) => !["sent", "kept"].includes(photo.state))) return;
  await write(["queue", ...OWN], (store) => {
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
