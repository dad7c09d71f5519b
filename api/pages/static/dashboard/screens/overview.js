import { h, t } from "../../shared/page.js";
import { address } from "../../staff/address.js";
import { count, percent, points, range } from "../../staff/numbers.js";
import { common, filterBar, monthBefore, onward, period, runningMonth, scoreQuery } from "../filters.js";
import { axisOf, trend } from "../charts.js";
import { mostVisitedLink } from "../checklists.js";
import { changed, fallsByChance, monthName, score } from "../figures.js";
import { monthsCard, chartWidth, sumOf } from "../report.js";

/** Locations without a visit for this many whole months need attention. */
const MONTHS_WITHOUT_VISIT = 3;
const MOST_LISTED = 10;
/** The size of a chart, in pixels. */
const MAX_WIDTH = 460;
const HEIGHT = 130;

/** The overview: the scores of the regions, and what needs attention. */
export default async function ({ filters, read, readAll }) {
  const query = common(filters, "region_id");
  const [places, regions, stores] = await Promise.all([
    readAll("/regions?limit=500"),
    readAll(address("/scores", scoreQuery("regions", query))),
    readAll(address("/scores", scoreQuery("stores", query))),
  ]);
  const tops = topRegions(regions, places);
  // The API counts visits in progress for all checklists together only.
  const progress = query.checklist
    ? []
    : await Promise.all(tops.map(({ region }) => read(address(`/regions/${region.id}/progress`, query))));
  const isMixed = stores.some(({ change }) => change.difference != null && change.significant == null);
  const suggestion = isMixed && mostVisitedLink(filters, query, read);
  return {
    title: t("page-overview"),
    content: [
      filterBar(filters, readAll, ["from", "checklist"]),
      cards(tops, progress, stores),
      attention(stores, period(filters), suggestion),
    ],
    ready: () => suggestion && suggestion.fill(),
  };
}

/** Returns the rows of the regions that no other visible region contains. */
function topRegions(rows, places) {
  const parents = new Map(places.map(({ id, parent_id: parent }) => [id, parent]));
  const tops = rows.filter(({ region }) => !parents.has(parents.get(region.id)));
  if (tops.length !== 1) return tops;
  // A single region that contains all others is shown together with its direct children.
  return [...tops, ...rows.filter(({ region }) => parents.get(region.id) === tops[0].region.id)];
}

/** Returns a card for each region. Managers who see no whole region get a card for each of their stores. */
function cards(tops, progress, stores) {
  if (!tops.length && !stores.length) return h("p", { class: "empty" }, t("noLocations"));
  const axis = axisOf(tops.length ? tops.flatMap((row) => row.months) : stores);
  return h(
    "div",
    { class: "regions" },
    tops.length
      ? tops.map((row, index) => regionCard(row, progress[index], axis))
      : stores.map((row) => storeCard(row, axis)),
  );
}

function regionCard(row, progress, axis) {
  const out = progress ? sumOf(progress, "out") : null;
  return placeCard(
    row,
    row.region,
    onward(`/dashboard/regions/${row.region.id}`),
    out === null
      ? t("ofVisits", { n: row.visits })
      : t("completedAndInProgress", { made: count(sumOf(progress, "accepted")), out: count(out) }),
    monthsCard(row.region.name, row, Math.min(MAX_WIDTH, chartWidth()), HEIGHT, axis),
  );
}

function storeCard(row, axis) {
  return placeCard(
    row,
    row.location,
    onward(`/dashboard/locations/${row.location.id}`),
    t("ofVisits", { n: row.visits }),
    trend(Object.values(row.trend), axis),
  );
}

function placeCard(row, place, href, visits, chart) {
  return h(
    "section",
    { class: "card" },
    h("h2", {}, h("a", { href, dir: "auto" }, place.name)),
    h("p", { class: "big" }, score(row), " ", h("span", { class: "quiet" }, range(row.interval))),
    h("p", {}, changed(row)),
    h("p", { class: "quiet" }, visits),
    chart,
  );
}

/** Returns what a manager should look at first. `suggestion` leads to a checklist that can be compared. */
function attention(stores, { from, to }, suggestion) {
  // The current month has not ended, so a missing visit in it does not count.
  const since =
    to < runningMonth()
      ? monthBefore(to, MONTHS_WITHOUT_VISIT - 1)
      : monthBefore(runningMonth(), MONTHS_WITHOUT_VISIT);
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("attention")),
    h(
      "div",
      { class: "columns" },
      clearDrops(stores, suggestion),
      criticalFailures(stores),
      from <= since && withoutVisits(stores, from, since, to),
    ),
  );
}

function clearDrops(stores, suggestion) {
  const drops = stores
    .filter(({ change }) => change.significant && change.difference < 0)
    .sort((one, other) => one.change.difference - other.change.difference);
  const details = (row) =>
    t("dropTo", { difference: points(row.change.difference), score: percent(row.score) });
  return storeList(t("clearDrops"), drops, details, [
    h("p", { class: "quiet" }, fallsByChance(stores)),
    suggestion && [h("p", { class: "quiet" }, t("clearDropsMixed")), suggestion.element],
  ]);
}

function criticalFailures(stores) {
  const rows = stores
    .filter((row) => row.critical_failures)
    .sort((one, other) => other.critical_failures - one.critical_failures);
  return storeList(t("criticalFailures"), rows, (row) =>
    t("inVisits", { n: count(row.critical_failures), of: count(row.visits) }),
  );
}

function withoutVisits(stores, from, since, to) {
  const visitsSince = ({ made }, first) =>
    Object.entries(made).reduce((sum, [month, n]) => sum + (month < first ? 0 : n), 0);
  const rows = stores.filter((row) => !visitsSince(row, since));
  return storeList(t("withoutVisits", { from: monthName(since), to: monthName(to) }), rows, (row) => {
    const earlier = visitsSince(row, from);
    return t(earlier ? "earlierVisits" : "noEarlierVisits", { n: earlier });
  });
}

/** Returns a list of at most ten stores, each with its `details`. */
function storeList(title, rows, details, more = null) {
  const items = rows
    .slice(0, MOST_LISTED)
    .map((row) =>
      h(
        "li",
        {},
        h("a", { href: onward(`/dashboard/locations/${row.location.id}`), dir: "auto" }, row.location.name),
        " ",
        h("span", { class: "quiet" }, details(row)),
      ),
    );
  return h(
    "div",
    {},
    h("h3", {}, title),
    items.length ? h("ul", { class: "plain-list" }, items) : h("p", { class: "quiet" }, t("none")),
    rows.length > MOST_LISTED && h("p", { class: "quiet" }, t("andMore", { n: rows.length - MOST_LISTED })),
    more,
  );
}
