/**
 * The filters that the pages open with: the checklist with the most visits in the last six whole months.
 * Scores of several checklists cannot be ranked, and changes between them cannot be tested.
 */
import { address } from "../staff/address.js";
import { monthBefore, runningMonth, scoreQuery } from "./filters.js";

const MONTHS = 6;
/** Those of the page's first screen, which the server has found, until they are used. */
let served = JSON.parse(document.documentElement.dataset.opening ?? "null");

/**
 * Returns the filters to open with, or null if there are no visits yet. `place` limits the visits that count
 * to a region or a location, as query parameters of the API.
 */
export async function openingFilters(place, read) {
  if (served) {
    const filters = served;
    served = null;
    return filters;
  }
  const to = monthBefore(runningMonth(), 1);
  const period = { from: monthBefore(to, MONTHS - 1), to };
  const row = await fetchMostVisited({ ...period, ...place }, read);
  if (row) return { ...period, checklist: row.checklist.key };
  // A new programme may have its first visits in the current month, which the API's default period includes.
  const currentRow = await fetchMostVisited(place, read);
  return currentRow && { checklist: currentRow.checklist.key };
}

/** Returns the checklist with the most visits, as `{checklist, visits}`, or null if there are no visits. */
export async function fetchMostVisited(query, read) {
  const { items } = await read(address("/scores", scoreQuery("most-visited", query)));
  return items[0]?.visits ? items[0] : null;
}
