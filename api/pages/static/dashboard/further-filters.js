/** Filters that only some pages have, in addition to those of `filters.js`. */
import { localize, t } from "../shared/page.js";
import { address, change } from "../staff/address.js";
import { choice, common, filterBar } from "./filters.js";
import { fetchMostVisited } from "./opening-filters.js";

/**
 * Returns the filters with a checklist, for pages that show one at a time: that with the most visits unless the
 * address names one. It is then in the address, too. Without any visits, there is none.
 */
export async function withOneChecklist(filters, read) {
  if (filters.checklist) return filters;
  const row = await fetchMostVisited(common(filters), read);
  if (!row) return filters;
  const { key: checklist } = row.checklist;
  change({ checklist }, { quietly: true });
  return { ...filters, checklist };
}

/** Returns the fields for the filters of a page that shows one checklist, and `more` fields. */
export function oneChecklistBar(filters, readAll, ...more) {
  const bar = filterBar(filters, readAll, ["from", "region_id"]);
  const checklists = async () =>
    (await readAll("/checklists?limit=500")).map(({ key, title }) => [key, localize(title)]);
  bar.append(choice("checklist", t("checklist"), null, filters.checklist, checklists), ...more);
  return bar;
}

/** Returns the choice of a location, among those of the region. */
export function locationChoice({ location_id: id, region_id: within }, readAll) {
  const locations = async () =>
    (await readAll(address("/locations", { within, limit: "500" }))).map((row) => [row.id, row.name]);
  return choice("location_id", t("location"), t("everyLocation"), id, locations);
}

/** Returns the choice of a question, among `fetchQuestions()`: its key and words. */
export const questionChoice = (filters, fetchQuestions) =>
  choice("question", t("question"), t("allQuestions"), filters.question, fetchQuestions);
