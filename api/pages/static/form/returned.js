/** A returned visit: its answers are fetched, to be corrected. */
import { call } from "../shared/api.js";
import { newDraft } from "./draft.js";
import { below, get, onResult, write } from "./database.js";
import { ifFree } from "./locks.js";

/**
 * Fetches the answers of a returned visit, unless this phone has a draft of the next revision, or answers
 * that the server never received. Photos of an earlier draft that are not sent stay.
 */
export async function fetchReturned(account, visit) {
  if ((await get("drafts", account, visit.id))?.revision === visit.revision + 1) return;
  const { body } = await call("GET", `/visits/${visit.id}/submission`);
  await ifFree(account, visit.id, () => storeReturned(account, visit, body));
}

function storeReturned(account, visit, { answers, comment, outcome, photos: visitPhotos = [] }) {
  const key = [account, visit.id];
  const { missing, unusable } = visit.photos;
  const isLost = (id) => missing.includes(id) || unusable.includes(id);
  return write(["drafts", "answers", "photos", "queue"], (store) => {
    const draft = store("drafts").get(key);
    const queued = store("queue").get(key);
    const answerKeys = store("answers").getAllKeys(below(key));
    // Requests are answered in order: with the last one, all are there.
    onResult(store("photos").getAllKeys(below(key)), (photoKeys) => {
      const next = newDraft(account, visit);
      if (draft.result?.revision === next.revision || (queued.result && !queued.result.receipt)) return;
      const known = new Set([...answerKeys.result, ...photoKeys].map(([, , id]) => id));
      const addPhotos = (question, ids) => {
        ids
          .filter((id) => !known.has(id) && !isLost(id))
          .forEach((id, index) => {
            store("photos").put({ account, visit: visit.id, id, question, at: index, state: "sent" });
          });
      };
      store("drafts").put({ comment, outcome, ...draft.result, ...next });
      addPhotos(null, visitPhotos ?? []);
      for (const [question, { photos = [], ...answer }] of Object.entries(answers)) {
        if (!known.has(question)) store("answers").put({ account, visit: visit.id, question, answer });
        addPhotos(question, photos);
      }
    });
  });
}
