import { h, localize, t } from "../../shared/page.js";
import { address } from "../../staff/address.js";
import { percent } from "../../staff/numbers.js";
import { loadModule } from "../../staff/load.js";
import { common, filterBar, onward, scoreQuery } from "../filters.js";
import { axisOf, trend } from "../charts.js";
import { downloadPanel } from "../download-panel.js";
import { byChance, explained } from "../figures.js";
import { changeColumn, locationTable, scoreColumn, verdictColumn } from "../score-columns.js";
import { card, intervalColumn, visitsColumn } from "../table.js";

/** All locations in one table, and how each compares with all of them. */
export default async function ({ filters, read, readAll }) {
  const query = scoreQuery("locations", common(filters));
  const rows = await readAll(address("/scores", query));
  const title = t("page-locations");
  const bar = filterBar(filters, readAll);
  if (!rows.length) return { title, content: [bar, h("p", { class: "empty" }, t("noLocations"))] };
  const suggestion =
    isMixed(rows) &&
    (await loadModule(() => import("../checklists.js"))).mostVisitedLink(filters, common(filters), read);
  const plot = h("div");
  const ready = async () =>
    suggestion
      ? suggestion.fill()
      : plot.replaceChildren(
          ...(await loadModule(() => import("../caterpillar.js"))).caterpillar(rows, plot.clientWidth),
        );
  return {
    title,
    ready,
    content: [
      bar,
      h("p", {}, h("a", { href: onward("/dashboard/map") }, t("onTheMap"))),
      suggestion && h("div", { class: "notice" }, h("p", {}, t("mixed")), suggestion.element),
      rankedTable(rows, query),
      downloadPanel({ scores: query }),
      h("p", { class: "quiet" }, byChance(rows)),
      card(t("verdict"), suggestion ? h("p", { class: "quiet" }, t("caterpillarMixed")) : plot),
    ],
  };
}

/** Returns whether no location has a rank because the visits use several checklists. */
const isMixed = (rows) => rows.some((row) => !row.indicative) && rows.every((row) => row.rank == null);

function rankedTable(rows, query) {
  const axis = axisOf(rows);
  const ranked = rows.filter((row) => row.rank).length;
  return locationTable({
    caption: t("page-locations"),
    rows,
    query,
    columns: [
      { key: "name", title: t("location"), value: ({ location }) => [0, location.name], cell: nameOf },
      scoreColumn(),
      verdictColumn(),
      intervalColumn(axis),
      visitsColumn(),
      {
        key: "rank",
        title: t("rank"),
        kind: "figure",
        head: ranked > 0 && h("span", { class: "quiet" }, t("ofRanked", { n: ranked })),
        value: (row) => [Number(row.rank == null), row.rank],
        cell: (row) => rankOf(row, ranked),
      },
      changeColumn(),
      {
        key: "trend",
        title: t("months"),
        kind: "trend",
        cell: (row) => trend(row.trend, axis),
      },
      {
        key: "worst",
        title: t("worstSection"),
        kind: "worst",
        value: ({ worst_section: worst }) => [Number(!worst), worst?.score],
        cell: worstOf,
      },
    ],
  });
}

function nameOf({ location }) {
  return [
    h("a", { href: onward(`/dashboard/locations/${location.id}`), dir: "auto" }, location.name),
    h("span", { class: "quiet" }, location.code),
  ];
}

function rankOf(row, ranked) {
  if (!row.rank) return h("span", { class: "quiet" }, "–");
  const { best, worst } = row.rank_range;
  return explained(best === worst ? `${best}` : `${best}–${worst}`, "rank", { ...row, ranked });
}

/** Returns the worst section, with a link to its questions. */
function worstOf({ location, worst_section: worst }) {
  if (!worst) return null;
  const fragment = `#${encodeURIComponent(`${worst.checklist}/${worst.key}`)}`;
  return [
    h("a", { href: onward(`/dashboard/locations/${location.id}`) + fragment }, percent(worst.score)),
    h("span", { class: "quiet", dir: "auto" }, localize(worst.title)),
  ];
}
