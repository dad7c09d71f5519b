/** The plan while it is made. It is stored in this tab, so that a reload or a new session does not lose it. */
import { newId } from "../../shared/ids.js";
import { addDays, isDay, splitDays } from "./days.js";

const keyOf = (userId) => `draft:assign:${userId}`;

/**
 * @typedef {{
 *   id: string, location_id: string, shopper_id: string | null, from: string, to: string,
 *   override_reason: string | null,
 * }} PlanRow
 *
 * @typedef {{
 *   checklist: string | null, from: string, to: string, locations: string[], shoppers: string[] | null,
 *   rows: PlanRow[] | null, key: string, fee?: string,
 *   wanted?: Record<string, { visits: number, from?: string | null }>, between?: number, isComplete?: boolean,
 * }} Draft
 *
 * `fee` is as it was typed; without one, visits have the fee in the settings. `wanted` has the number of visits of locations that are to have several, or none before the day `from`;
 * `between` are the days between two of them. A draft that `isComplete` is shared out without being asked.
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

/**
 * Begins a plan with what another page suggests: its checklist, days, and visits by the ID of the location. They
 * are shared out as soon as the page opens. Returns the plan that was stored before, or null.
 * @param {{ checklist: string, days: { from: string, to: string } | null, wanted: Draft["wanted"], between?: number }} options
 */
export function beginDraft(userId, options) {
  const { checklist, days, wanted, between = 0 } = options;
  const before = recallDraft(userId);
  const locations = Object.keys(wanted);
  keepDraft(userId, { ...emptyDraft(), checklist, ...days, wanted, between, locations, isComplete: true });
  return before.rows ? before : null;
}

/** Returns how many visits a location is to have. */
export const visitsOf = ({ wanted = {} }, locationId) => wanted[locationId]?.visits ?? 1;

/**
 * Returns the rows of a location, without shoppers. Several visits are spread over the days of the plan.
 * @returns {PlanRow[]}
 */
export function newRows(draft, locationId) {
  const { from, to, wanted = {}, between = 0 } = draft;
  const free = wanted[locationId]?.from ?? from;
  const days = { from: free > from && free <= to ? free : from, to };
  return splitDays(days, visitsOf(draft, locationId), between).map((part) => ({
    id: newId(),
    location_id: locationId,
    shopper_id: null,
    ...part,
    override_reason: null,
  }));
}

function emptyDraft() {
  const today = new Date();
  const from = new Date(Date.UTC(today.getFullYear(), today.getMonth() + 1, 1)).toISOString().slice(0, 10);
  const next = new Date(Date.UTC(today.getFullYear(), today.getMonth() + 2, 1)).toISOString().slice(0, 10);
  const to = addDays(next, -1);
  return { checklist: null, from, to, locations: [], shoppers: null, rows: null, key: newId() };
}
