import { h, t } from "../../shared/page.js";
import { address } from "../../staff/address.js";
import { count, range } from "../../staff/numbers.js";
import { common, filterBar, onward } from "../filters.js";
import { axisHead, axisOf, dot } from "../charts.js";
import { questionsOf } from "../checklists.js";
import { downloadPanel } from "../download-panel.js";
import { score } from "../figures.js";
import { fundamentals, headline, monthsCard, placeQuery, chartWidth, sections, sumOf } from "../report.js";
import { card, scrolling } from "../table.js";

/** A region: its score, its stores and regions, and what explains the score. */
export default async function ({ params: { id }, filters, read, readAll }) {
  const query = common(filters, "region_id");
  const [report, progress, checklists] = await Promise.all([
    read(address(`/regions/${id}/score`, query)),
    // The API counts visits in progress for all checklists together only, so that no store is forewarned.
    filters.checklist ? null : read(address(`/regions/${id}/progress`, query)),
    readAll("/checklists?limit=500"),
  ]);
  const questions = await questionsOf(
    checklists,
    report.questions.map(({ checklist }) => checklist),
    read,
  );
  return {
    title: report.region.name,
    content: [
      h(
        "p",
        { class: "row" },
        h("span", { class: "quiet" }, report.region.code),
        h("a", { href: onward("/dashboard/locations", { region_id: id }) }, t("itsLocations")),
      ),
      filterBar(filters, readAll, ["from", "checklist"]),
      headline(report, outstandingFact(progress)),
      downloadPanel({ scores: placeQuery("location", report), place: true }),
      card(t("children"), childTable(report)),
      card(t("months"), monthsCard(t("months"), report, chartWidth(), 180)),
      card(t("page-sections"), sections(report, checklists, questions)),
      card(t("fundamentals"), fundamentals(report)),
    ],
  };
}

/** Returns the fact of how many visits are in progress, unless the number is hidden. */
function outstandingFact(progress) {
  const outstanding = progress && sumOf(progress, "out");
  return outstanding === null ? [] : [[t("inProgress"), count(outstanding)]];
}

function childTable(report) {
  const { children: rows } = report;
  if (!rows.length) return h("p", { class: "empty" }, t("noLocations"));
  const axis = axisOf(rows);
  const csv = [];
  if (rows.some(({ region }) => region))
    csv.push({ caption: t("regions"), name: "regions", query: placeQuery("region", report) });
  // It includes the stores of the regions below.
  csv.push({ caption: t("page-locations"), name: "locations", query: placeQuery("location", report) });
  return scrolling(
    { caption: t("children"), csv },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, t("place")),
        h("th", { scope: "col", class: "figure" }, t("score")),
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
          h("th", { scope: "row" }, linkTo(row)),
          h("td", { class: "figure" }, score(row)),
          h("td", { class: "drawing" }, dot(row, axis)),
          h("td", { class: "figure" }, range(row.interval)),
          h("td", { class: "figure" }, count(row.visits)),
        ),
      ),
    ),
  );
}

function linkTo({ region, location }) {
  const [kind, place] = region ? ["regions", region] : ["locations", location];
  return h("a", { href: onward(`/dashboard/${kind}/${place.id}`), dir: "auto" }, place.name);
}
