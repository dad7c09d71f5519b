import { h, loadMoreWords, localize, t } from "../../shared/page.js";
import { address } from "../../staff/address.js";
import { count, range } from "../../staff/numbers.js";
import { loadModule } from "../../staff/load.js";
import { common, filterBar, onward, scoreQuery } from "../filters.js";
import { axisHead, axisOf, dot } from "../charts.js";
import { questionsOf } from "../checklists.js";
import { downloadPanel } from "../download-panel.js";
import { periodName, score } from "../figures.js";
import {
  chartWidth,
  fundamentals,
  headline,
  periodsCard,
  placeQuery,
  progressCounts,
  sections,
} from "../report.js";
import { changeColumn, locationColumn, locationTable, scoreColumn, verdictColumn } from "../score-columns.js";
import { card, intervalColumn, scrolling, visitsColumn } from "../table.js";
import { readTargets } from "../targets.js";
import { verdictOf } from "../verdict.js";
import { visitQuery, visitTable } from "../visit-table.js";

const MOST_VISITS = 6;

/** A region: its score, its stores in order, their latest visits, and what explains the score. */
export default async function ({ params: { id }, filters, read, readAll }) {
  await loadMoreWords((language) => import(`../words/places/${language}.js`));
  const query = common(filters, "region_id");
  const storeQuery = scoreQuery("region-stores", { ...query, region_id: id });
  const [report, stores, progress, quotas, visits, checklists, targets] = await Promise.all([
    read(address(`/regions/${id}/score`, { include: "verdict,quarters", ...query })),
    readAll(address("/scores", storeQuery)),
    read(address(`/regions/${id}/progress`, { from: query.from, to: query.to })),
    readAll(`/quotas?region_id=${id}&include=progress&limit=100`),
    read(address("/visits", visitQuery({ region_id: id }, filters, MOST_VISITS))),
    readAll("/checklists?limit=500"),
    readTargets({ region_id: id }, query.checklist, readAll),
  ]);
  const questions = await questionsOf(
    checklists,
    report.questions.map(({ checklist }) => checklist),
    read,
  );
  const map = h("div");
  return {
    title: report.region.name,
    ready: async () => map.replaceChildren(...[await mapOf(id, stores, readAll)].flat()),
    content: [
      h(
        "p",
        { class: "row" },
        h("span", { class: "quiet" }, report.region.code),
        h("a", { href: onward("/dashboard/locations", { region_id: id }) }, t("itsLocations")),
        h("a", { href: onward("/dashboard/map", { region_id: id }) }, t("onTheMap")),
      ),
      filterBar(filters, readAll, ["from", "checklist"]),
      headline(report),
      card(t("storesInOrder"), stores.length ? storeTable(stores, storeQuery) : noLocations()),
      regionTable(report),
      card(t("progress"), progressOf(progress, quotas, checklists)),
      card(
        t("latestVisits"),
        visitTable(t("latestVisits"), visits.items, checklists, { hasLocations: true }),
      ),
      stores.length > 0 && card(t("page-map"), map),
      card(t("months"), periodsCard(report, chartWidth(), 180, targets)),
      card(t("page-sections"), sections(report, checklists, questions)),
      card(t("fundamentals"), fundamentals(report)),
      downloadPanel({ scores: placeQuery("location", report), place: true }),
    ],
  };
}

const noLocations = () => h("p", { class: "empty" }, t("noLocations"));

/** Returns the map of a region's stores. Its positions are fetched once the page is shown. */
async function mapOf(id, stores, readAll) {
  const { locationMap, positionsOf } = await loadModule(() => import("../map.js"));
  const width = chartWidth();
  return locationMap(stores, await positionsOf(id, readAll), width, Math.min(420, width));
}

/** Returns the stores in and below a region, the best first. */
const storeTable = (rows, query) =>
  locationTable({
    caption: t("storesInOrder"),
    rows,
    query,
    columns: [
      locationColumn(),
      scoreColumn(),
      verdictColumn(),
      intervalColumn(axisOf(rows)),
      visitsColumn(),
      changeColumn(),
    ],
  });

/** Returns the regions directly below, if there are any. */
function regionTable(report) {
  const rows = report.children.filter(({ region }) => region);
  if (!rows.length) return null;
  const axis = axisOf(rows);
  const csv = [{ caption: t("regions"), name: "regions", query: placeQuery("region", report) }];
  return card(
    t("regions"),
    scrolling(
      { caption: t("regions"), csv },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, t("region")),
          h("th", { scope: "col", class: "figure" }, t("score")),
          h("th", { scope: "col" }, t("verdict")),
          h("th", { scope: "col", class: "drawing" }, t("interval"), axisHead(axis)),
          h("th", { scope: "col", class: "figure" }, t("interval")),
          h("th", { scope: "col", class: "figure" }, t("visits")),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            { class: row.indicative && "thin" },
            h("th", { scope: "row" }, linkTo(row.region)),
            h("td", { class: "figure" }, score(row)),
            h("td", {}, verdictOf(row)),
            h("td", { class: "drawing" }, dot(row, axis)),
            h("td", { class: "figure" }, range(row.interval)),
            h("td", { class: "figure" }, count(row.visits)),
          ),
        ),
      ),
    ),
  );
}

const linkTo = ({ id, name }) => h("a", { href: onward(`/dashboard/regions/${id}`), dir: "auto" }, name);

/**
 * Returns how far the quotas of the region are in their current periods, and how many visits were accepted and are in
 * progress in the period of the page. The API counts the latter for all checklists together, and hides numbers that
 * would warn a store.
 */
function progressOf(progress, quotas, checklists) {
  return [
    quotas.map((quota) => quotaOf(quota, checklists)),
    h("p", {}, progressCounts(progress)),
    h("p", { class: "quiet" }, t("progressWords")),
  ];
}

function quotaOf({ checklist_key: key, progress }, checklists) {
  const { accepted, required } = progress;
  const words = t("quotaWords", {
    title: localize(checklists.find((checklist) => checklist.key === key)?.title ?? key),
    period: periodName(progress),
    n: accepted,
    of: count(required),
  });
  return h("p", {}, words, h("progress", { max: required || 1, value: accepted, "aria-label": words }));
}
