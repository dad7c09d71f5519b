/** The plan while it is made. It is stored in this tab, so that a reload or a new session does not lose it. */
import { newId } from "../../shared/ids.js";
import { addDays, isDay } from "./days.js";

const keyOf = (userId) => `draft:assign:${userId}`;

/**
 * @typedef {{
 *   id: string, location_id: string, shopper_id: string | null, from: string, to: string,
 *   override_reason: string | null,
 * }} PlanRow
 *
 * @typedef {{
 *   checklist: string | null, from: string, to: string, locations: string[], shoppers: string[] | null,
 *   rows: PlanRow[] | null, key: string,
 * }} Draft
 */

/**
 * Returns the plan that a person has stored, or an empty one for the next month. `shoppers` is null for all of them, and `rows`
 * until visits have been shared out. `key` is the idempotency key of what would be assigned.
 * @returns {Draft}
 */
export function recallDraft(userId) {
  const stored = sessionStorage.getItem(keyOf(userId));
  return stored ? JSON.parse(stored) : emptyDraft();
}

/** Stores the plan. After a change, a new key makes sure that what was sent before is not replayed. */
export function keepDraft(userId, draft) {
  draft.key = newId();
  sessionStorage.setItem(keyOf(userId), JSON.stringify(draft));
}

/** Forgets the plan, because it was assigned or discarded. */
export const forgetDraft = (userId) => sessionStorage.removeItem(keyOf(userId));

/** Returns the days of a plan. While they are not valid, it returns those of an empty plan. */
export const periodOf = ({ from, to }) =>
  isDay(from) && isDay(to) && from <= to ? { from, to } : emptyDraft();

/** Returns a row of the plan. */
export const newRow = (draft, locationId, shopperId) => ({
  id: newId(),
  location_id: locationId,
  shopper_id: shopperId,
  from: draft.from,
  to: draft.to,
  override_reason: null,
});

function emptyDraft() {
  const today = new Date();
  const from = new Date(Date.UTC(today.getFullYear(), today.getMonth() + 1, 1)).toISOString().slice(0, 10);
  const next = new Date(Date.UTC(today.getFullYear(), today.getMonth() + 2, 1)).toISOString().slice(0, 10);
  const to = addDays(next, -1);
  return { checklist: null, from, to, locations: [], shoppers: null, rows: null, key: newId() };
}
