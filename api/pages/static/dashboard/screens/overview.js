import { h, t } from "../../shared/page.js";
import { address, common, filterBar } from "../address.js";
import { axisOf, months, trend } from "../charts.js";
import { byChance, changed, count, percent, points, range, score } from "../figures.js";
import { room } from "../report.js";

/** Months without a visit after which a place is called to mind. */
const LONG = 3;
const MOST_LISTED = 10;
const WIDEST = 460;

/** The overview: how the regions are, and what needs attention. */
export default async function ({ filters, read, readAll }) {
  const asked = common(filters, "region_id");
  const [places, all, stores] = await Promise.all([
    readAll("/regions?limit=500"),
    readAll(address("/scores", { by: "region", include: "change,previous_visits,months", limit: "500", ...asked })),
    readAll(address("/scores", { by: "location", include: "change,previous_visits,trend", fields: "location,visits,points_earned,points_possible,score,spread,interval,indicative,critical_failures,change,previous_visits,trend", limit: "500", ...asked }))]);
  const tops = topsOf(all, places);
  const progress = await Promise.all(tops.map(({ region }) => read(address(`/regions/${region.id}/progress`, common(filters, "region_id", "checklist")))));
  const axis = axisOf(tops.flatMap((row) => row.months));
  return {
    title: t("page-overview"),
    content: [
      filterBar(filters, readAll, ["from", "checklist"]),
      h("div", { class: "regions" }, tops.length
        ? tops.map((row, index) => regionCard(row, progress[index], axis, asked))
        : stores.map((row) => storeCard(row, axisOf(stores), asked))),
      attention(stores, asked)],
  };
}

/** Returns the rows of the regions that lie in none that is shown: the widest that one may see. */
function topsOf(rows, places) {
  const parents = new Map(places.map(({ id, parent_id: parent }) => [id, parent]));
  const tops = rows.filter(({ region }) => !parents.has(parents.get(region.id)));
  // Where one region holds all others, those say more.
  const below = tops.length === 1 ? rows.filter(({ region }) => parents.get(region.id) === tops[0].region.id) : [];
  return [...tops, ...below];
}

function regionCard(row, progress, axis, asked) {
  const out = progress.months.reduce((total, month) => total + month.out, 0);
  return placeCard(row, row.region, address(`/dashboard/regions/${row.region.id}`, asked),
    t("madeAndOut", { made: count(row.visits), out: count(out) }), months(row.months, axis, Math.min(WIDEST, room()), 130));
}

/** Whoever sees no region as a whole sees his stores instead; what is still out is told of regions alone. */
function storeCard(row, axis, asked) {
  return placeCard(row, row.location, address(`/dashboard/locations/${row.location.id}`, asked),
    t("ofVisits", { n: row.visits }), trend(Object.values(row.trend), axis));
}

function placeCard(row, place, href, made, drawing) {
  return h("section", { class: "card" },
    h("h2", {}, h("a", { href, dir: "auto" }, place.name)),
    h("p", { class: "big" }, score(row), " ", h("span", { class: "quiet" }, range(row.interval))),
    h("p", {}, changed(row)),
    h("p", { class: "quiet" }, made),
    drawing);
}

/** Returns what a manager should look at first, each kind with why it is there. */
function attention(stores, asked) {
  const fallen = stores.filter(({ change }) => change.significant && change.difference < 0).sort((one, other) => one.change.difference - other.change.difference);
  const critical = stores.filter((row) => row.critical_failures).sort((one, other) => other.critical_failures - one.critical_failures);
  const unseen = stores.filter((row) => Object.values(row.trend).slice(-LONG).every((each) => each == null));
  const list = (title, rows, words, more) => h("div", {}, h("h3", {}, title),
    rows.length ? h("ul", { class: "plain-list" }, rows.slice(0, MOST_LISTED).map((row) => h("li", {}, h("a", { href: address(`/dashboard/locations/${row.location.id}`, asked), dir: "auto" }, row.location.name), " ", h("span", { class: "quiet" }, words(row))))) : h("p", { class: "quiet" }, t("none")),
    rows.length > MOST_LISTED && h("p", { class: "quiet" }, t("andMore", { n: rows.length - MOST_LISTED })), more);
  return h("section", { class: "card" }, h("h2", {}, t("attention")),
    h("div", { class: "columns" },
      list(t("fallen"), fallen, (row) => t("fallenBy", { difference: points(row.change.difference), score: percent(row.score) }), h("p", { class: "quiet" }, byChance(stores))),
      list(t("criticalFailures"), critical, (row) => t("inVisits", { n: count(row.critical_failures), of: count(row.visits) })),
      list(t("unseen", { n: LONG }), unseen, (row) => (row.visits ? t("someVisits", { n: count(row.visits) }) : t("noVisits")))));
}
