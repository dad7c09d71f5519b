/** Returned visits: their answers are fetched, so that the shopper can correct them. */
import { call } from "../shared/api.js";
import { newDraft } from "./draft.js";
import { below, onResult } from "../shared/database.js";
import { get, write } from "./database.js";
import { ifFree } from "./locks.js";

/**
 * Fetches the answers of a returned visit, unless this phone has a draft of the next revision, or answers
 * that the server has not received. Unsent photos of an earlier draft stay.
 */
export async function fetchReturned(account, visit) {
  if ((await get("drafts", account, visit.id))?.revision === visit.revision + 1) return;
  const { body } = await call("GET", `/visits/${visit.id}/submission`);
  await ifFree(account, visit.id, () => storeReturned(account, visit, body));
}

function storeReturned(account, visit, body) {
  const { answers, comment, outcome, briefing_version, photos: visitPhotos = [] } = body;
  const key = [account, visit.id];
  const { missing, unusable } = visit.photos;
  const isLost = (id) => missing.includes(id) || unusable.includes(id);
  return write(["drafts", "answers", "photos", "queue"], (store) => {
    const draft = store("drafts").get(key);
    const queued = store("queue").get(key);
    const answerKeys = store("answers").getAllKeys(below(key));
    // Requests complete in order, so all results are there with the last one.
    onResult(store("photos").getAllKeys(below(key)), (photoKeys) => {
      const next = newDraft(account, visit);
      if (draft.result?.revision === next.revision || (queued.result && !queued.result.receipt)) return;
      const storedIds = new Set([...answerKeys.result, ...photoKeys].map(([, , id]) => id));
      const addPhotos = (question, ids) => {
        ids
          .filter((id) => !storedIds.has(id) && !isLost(id))
          .forEach((id, index) => {
            store("photos").put({ account, visit: visit.id, id, question, at: index, state: "sent" });
          });
      };
      store("drafts").put({ comment, outcome, briefing_version, ...draft.result, ...next });
      addPhotos(null, visitPhotos ?? []);
      for (const [question, { photos = [], ...answer }] of Object.entries(answers)) {
        if (!storedIds.has(question)) store("answers").put({ account, visit: visit.id, question, answer });
        addPhotos(question, photos);
      }
    });
  });
}
