import { h, t } from "../../shared/page.js";
import {
  address,
  common,
  filterBar,
  monthBefore,
  onward,
  period,
  runningMonth,
  scoreQuery,
} from "../address.js";
import { axisOf, trend } from "../charts.js";
import { onlyMost } from "../checklists.js";
import { changed, count, fallsByChance, monthName, percent, points, range, score } from "../figures.js";
import { monthsCard, room, sumOf } from "../report.js";

/** Whole months without a visit after which a place is called to mind. */
const LONG = 3;
const MOST_LISTED = 10;
const WIDEST = 460;
const HEIGHT = 130;

/** The overview: how the regions are, and what needs attention. */
export default async function ({ filters, read, readAll }) {
  const asked = common(filters, "region_id");
  const [places, all, stores] = await Promise.all([
    readAll("/regions?limit=500"),
    readAll(address("/scores", scoreQuery("regions", asked))),
    readAll(address("/scores", scoreQuery("stores", asked))),
  ]);
  const tops = topsOf(all, places);
  // What is still out is told of all checklists together.
  const progress = asked.checklist
    ? []
    : await Promise.all(tops.map(({ region }) => read(address(`/regions/${region.id}/progress`, asked))));
  const only =
    stores.some(({ change }) => change.difference != null && change.significant == null) &&
    onlyMost(filters, asked, read);
  return {
    title: t("page-overview"),
    content: [
      filterBar(filters, readAll, ["from", "checklist"]),
      cards(tops, progress, stores),
      attention(stores, period(filters), only),
    ],
    ready: () => only && only.fill(),
  };
}

/** Returns the rows of the regions that lie in none that is shown: the widest that one may see. */
function topsOf(rows, places) {
  const parents = new Map(places.map(({ id, parent_id: parent }) => [id, parent]));
  const tops = rows.filter(({ region }) => !parents.has(parents.get(region.id)));
  // Where one region holds all others, those say more.
  const below =
    tops.length === 1 ? rows.filter(({ region }) => parents.get(region.id) === tops[0].region.id) : [];
  return [...tops, ...below];
}

/** Returns a card for each region; whoever sees none as a whole sees his stores instead. */
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
    progress
      ? t("madeAndOut", { made: count(sumOf(progress, "accepted")), out: count(sumOf(progress, "out")) })
      : t("ofVisits", { n: row.visits }),
    monthsCard(row.region.name, row, Math.min(WIDEST, room()), HEIGHT, axis),
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

function placeCard(row, place, href, made, drawing) {
  return h(
    "section",
    { class: "card" },
    h("h2", {}, h("a", { href, dir: "auto" }, place.name)),
    h("p", { class: "big" }, score(row), " ", h("span", { class: "quiet" }, range(row.interval))),
    h("p", {}, changed(row)),
    h("p", { class: "quiet" }, made),
    drawing,
  );
}

/** Returns what a manager should look at first, each kind with why it is there. */
function attention(stores, { from, to }, only) {
  const fallen = stores
    .filter(({ change }) => change.significant && change.difference < 0)
    .sort((one, other) => one.change.difference - other.change.difference);
  const critical = stores
    .filter((row) => row.critical_failures)
    .sort((one, other) => other.critical_failures - one.critical_failures);
  // A month that has not ended yet proves nothing by itself.
  const since = to < runningMonth() ? monthBefore(to, LONG - 1) : monthBefore(runningMonth(), LONG);
  const madeFrom = ({ made }, first) =>
    Object.entries(made).reduce((sum, [month, n]) => sum + (month < first ? 0 : n), 0);
  const unseen = stores.filter((row) => !madeFrom(row, since));
  const list = (title, rows, words, more) =>
    h(
      "div",
      {},
      h("h3", {}, title),
      rows.length
        ? h(
            "ul",
            { class: "plain-list" },
            rows
              .slice(0, MOST_LISTED)
              .map((row) =>
                h(
                  "li",
                  {},
                  h(
                    "a",
                    { href: onward(`/dashboard/locations/${row.location.id}`), dir: "auto" },
                    row.location.name,
                  ),
                  " ",
                  h("span", { class: "quiet" }, words(row)),
                ),
              ),
          )
        : h("p", { class: "quiet" }, t("none")),
      rows.length > MOST_LISTED && h("p", { class: "quiet" }, t("andMore", { n: rows.length - MOST_LISTED })),
      more,
    );
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("attention")),
    h(
      "div",
      { class: "columns" },
      list(
        t("fallen"),
        fallen,
        (row) => t("fallenBy", { difference: points(row.change.difference), score: percent(row.score) }),
        [
          h("p", { class: "quiet" }, fallsByChance(stores)),
          only && [h("p", { class: "quiet" }, t("fallenMixed")), only.element],
        ],
      ),
      list(t("criticalFailures"), critical, (row) =>
        t("inVisits", { n: count(row.critical_failures), of: count(row.visits) }),
      ),
      from <= since &&
        list(t("unseen", { from: monthName(since), to: monthName(to) }), unseen, (row) =>
          t(madeFrom(row, from) ? "visitsBefore" : "noVisitsBefore", { n: madeFrom(row, from) }),
        ),
    ),
  );
}
