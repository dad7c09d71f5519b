/** The accepted visits of a place, the newest first. */
import { dayName, h, localize, t } from "../shared/page.js";
import { count, percent } from "../staff/numbers.js";
import { lastDay, onward, period } from "./filters.js";
import { explained } from "./figures.js";
import { scrolling } from "./table.js";

/** Returns the parameters of the visits of a place, given as a parameter of the API, in the filters' period. */
export function visitQuery(place, filters, limit) {
  const { from, to } = period(filters);
  return {
    ...place,
    status: "accepted",
    from: `${from}-01`,
    to: lastDay(to),
    checklist_key: filters.checklist,
    sort: "-day",
    limit: String(limit),
  };
}

/**
 * Returns a table of visits, with their scores where the API includes them. `hasLocations` adds a column for
 * those of a region.
 */
export function visitTable(caption, visits, checklists, { hasLocations = false } = {}) {
  if (!visits.length) return h("p", { class: "empty" }, t("noVisits"));
  const titles = new Map(checklists.map(({ key, title }) => [key, localize(title)]));
  const hasScores = visits.some(({ score }) => score);
  const heads = [
    ["visit"],
    ...(hasLocations ? [["location"]] : []),
    ["checklist"],
    ...(hasScores
      ? [
          ["score", "figure"],
          ["criticalFailures", "figure"],
        ]
      : []),
  ];
  const cellsOf = ({ id, day, part_of_day: part, location, checklist, score }) => [
    h(
      "th",
      { scope: "row" },
      h("a", { href: onward(`/dashboard/visits/${id}`) }, dayName(day)),
      part && h("span", { class: "quiet" }, t(`part-${part}`)),
    ),
    hasLocations &&
      h(
        "td",
        {},
        h("a", { href: onward(`/dashboard/locations/${location.id}`), dir: "auto" }, location.name),
      ),
    h("td", { dir: "auto" }, titles.get(checklist.key) ?? checklist.key),
    hasScores && h("td", { class: "figure" }, score && explained(percent(score.score), "visit", score)),
    hasScores && h("td", { class: "figure" }, score && failuresOf(score)),
  ];
  return scrolling(
    { caption },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        heads.map(([key, kind]) => h("th", { scope: "col", class: kind }, t(key))),
      ),
    ),
    h(
      "tbody",
      {},
      visits.map((visit) => h("tr", {}, cellsOf(visit))),
    ),
  );
}

const failuresOf = ({ critical_failures: failures }) =>
  failures.length ? h("span", { class: "fell" }, count(failures.length)) : "–";
