import { h, t } from "../../shared/page.js";
import { address, common, filterBar } from "../address.js";
import { axisHead, axisOf, dot } from "../charts.js";
import { count, range, score } from "../figures.js";
import { fundamentals, headline, monthsCard, room, sections } from "../report.js";
import { card, scrolling } from "../table.js";

/** A region: its score, what lies right below it, and what explains it. */
export default async function ({ id, filters, read, readAll }) {
  const asked = common(filters, "region_id");
  const [report, progress, checklists] = await Promise.all([
    read(address(`/regions/${id}/score`, asked)),
    read(address(`/regions/${id}/progress`, common(filters, "region_id", "checklist"))),
    readAll("/checklists?limit=500")]);
  const out = progress.months.reduce((total, month) => total + month.out, 0);
  return {
    title: report.region.name,
    content: [
      h("p", { class: "row" }, h("span", { class: "quiet" }, report.region.code), h("a", { href: address("/dashboard/locations", { ...asked, region_id: id }) }, t("itsLocations"))),
      filterBar(filters, readAll, ["from", "checklist"]),
      headline(report, [[t("stillOut"), count(out)]]),
      card(t("within"), children(report.children, asked)),
      card(t("months"), monthsCard(report.months, room())),
      card(t("page-sections"), sections(report, checklists)),
      card(t("fundamentals"), fundamentals(report))],
  };
}

function children(rows, asked) {
  if (!rows.length) return h("p", { class: "empty" }, t("noLocations"));
  const axis = axisOf(rows);
  return scrolling(t("within"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("place")), h("th", { scope: "col", class: "figure" }, t("score")), h("th", { scope: "col", class: "drawing" }, t("interval"), axisHead(axis)), h("th", { scope: "col", class: "figure" }, t("interval")), h("th", { scope: "col", class: "figure" }, t("visits")))),
    h("tbody", {}, rows.map((row) => h("tr", { class: row.indicative && "thin" },
      h("th", { scope: "row" }, linkTo(row, asked)), h("td", { class: "figure" }, score(row)), h("td", { class: "drawing" }, dot(row, axis)), h("td", { class: "figure" }, range(row.interval)), h("td", { class: "figure" }, count(row.visits))))));
}

function linkTo({ region, location }, asked) {
  const [kind, place] = region ? ["regions", region] : ["locations", location];
  return h("a", { href: address(`/dashboard/${kind}/${place.id}`, asked), dir: "auto" }, place.name);
}
