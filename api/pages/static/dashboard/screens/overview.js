import { h, localize, t } from "../../shared/page.js";
import { address } from "../../staff/address.js";
import { count, percent, points, range } from "../../staff/numbers.js";
import { common, filterBar, monthBefore, onward, period, runningMonth, scoreQuery } from "../filters.js";
import { axisOf, trend } from "../charts.js";
import { mostVisitedLink } from "../checklists.js";
import { byChance, changed, monthName, score } from "../figures.js";
import { monthsCard, chartWidth, progressCounts } from "../report.js";
import { verdictLabel, verdictOf, verdictsByChance } from "../verdict.js";

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
      stores.length > 0 && attention(stores, period(filters), suggestion),
      cards(tops, progress, stores),
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
  return placeCard(
    row,
    row.region,
    onward(`/dashboard/regions/${row.region.id}`),
    progress ? progressCounts(progress) : t("ofVisits", { n: row.visits }),
    monthsCard(row.region.name, row, Math.min(MAX_WIDTH, chartWidth()), HEIGHT, axis),
  );
}

function storeCard(row, axis) {
  return placeCard(
    row,
    row.location,
    onward(`/dashboard/locations/${row.location.id}`),
    t("ofVisits", { n: row.visits }),
    trend(row.trend, axis),
  );
}

function placeCard(row, place, href, visits, chart) {
  return h(
    "section",
    { class: "card" },
    h("h2", {}, h("a", { href, dir: "auto" }, place.name)),
    h("p", { class: "big" }, score(row), " ", h("span", { class: "quiet" }, range(row.interval))),
    h("p", {}, row.verdict && [verdictOf(row), " "], changed(row)),
    h("p", { class: "quiet" }, visits),
    chart,
  );
}

/**
 * Returns what a manager should look at first: stores that are clearly below or clearly fell, with what explains
 * it. `suggestion` leads to a checklist that can be compared.
 */
function attention(stores, { from, to }, suggestion) {
  // The current month has not ended, so a missing visit in it does not count.
  const since =
    to < runningMonth()
      ? monthBefore(to, MONTHS_WITHOUT_VISIT - 1)
      : monthBefore(runningMonth(), MONTHS_WITHOUT_VISIT);
  const weak = stores.filter(isWeak).toSorted((one, other) => one.score - other.score);
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("attention")),
    h("h3", {}, t("needsLook")),
    weak.length
      ? h("ul", { class: "standouts" }, weak.slice(0, MOST_LISTED).map(weakStore))
      : h("p", { class: "quiet" }, t("noneNeedsLook")),
    weak.length > MOST_LISTED &&
      h(
        "p",
        {},
        h(
          "a",
          { href: onward("/dashboard/locations", { sort: "verdict" }) },
          t("andMore", { n: weak.length - MOST_LISTED }),
        ),
      ),
    suggestion && [h("p", { class: "quiet" }, t("clearDropsMixed")), suggestion.element],
    h(
      "div",
      { class: "columns" },
      strongStores(stores),
      criticalFailures(stores.filter((row) => !isWeak(row))),
      from <= since && withoutVisits(stores, from, since, to),
    ),
    h("p", { class: "quiet" }, verdictsByChance(stores), " ", byChance(stores)),
  );
}

const hasFallen = ({ change }) => change.significant && change.difference < 0;
const hasRisen = ({ change }) => change.significant && change.difference > 0;
const isWeak = (row) => row.verdict === "below" || hasFallen(row);
const isStrong = (row) => !isWeak(row) && (row.verdict === "above" || hasRisen(row));

const changeOf = ({ change }) =>
  change.significant && [
    " ",
    h(
      "span",
      { class: change.difference < 0 ? "fell" : "rose" },
      t(change.difference < 0 ? "fell" : "rose"),
      " ",
      points(change.difference),
    ),
  ];

/** Returns a store with its verdict and its clear change, and below them what explains them best. */
function weakStore(row) {
  const { weakest_question: question, critical_failures: failures } = row;
  const path = `/dashboard/locations/${row.location.id}`;
  const fragment = question && `#${encodeURIComponent(`${question.checklist}/${question.section}`)}`;
  return h(
    "li",
    { "data-location": row.location.id },
    h(
      "p",
      { class: "standout" },
      h("a", { href: onward(path), dir: "auto" }, row.location.name),
      " ",
      h("b", {}, percent(row.score)),
      " ",
      verdictLabel(row.verdict),
      changeOf(row),
    ),
    h(
      "p",
      { class: "quiet" },
      question
        ? [
            h("a", { href: onward(path) + fragment, dir: "auto" }, localize(question.text)),
            " ",
            t("weakestQuestion", { score: percent(question.score), all: percent(question.comparison) }),
          ]
        : t("noWeakestQuestion"),
    ),
    failures > 0 && h("p", { class: "quiet" }, t("criticalFailures"), " ", t("inVisits", countsOf(row))),
  );
}

const countsOf = ({ critical_failures: failures, visits }) => ({ n: count(failures), of: count(visits) });

function strongStores(stores) {
  const rows = stores.filter(isStrong).toSorted((one, other) => other.score - one.score);
  return storeList(t("goesWell"), rows, (row) => [
    percent(row.score),
    " ",
    verdictLabel(row.verdict),
    changeOf(row),
  ]);
}

function criticalFailures(stores) {
  const rows = stores
    .filter((row) => row.critical_failures)
    .sort((one, other) => other.critical_failures - one.critical_failures);
  return storeList(t("criticalFailures"), rows, (row) => t("inVisits", countsOf(row)));
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
function storeList(title, rows, details) {
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
  );
}
