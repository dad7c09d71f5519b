import { h, localize, t, textElement } from "../../shared/page.js";
import { address, change } from "../../staff/address.js";
import { percent } from "../../staff/numbers.js";
import { common, filterBar, onward, scoreQuery } from "../filters.js";
import { downloadPanel } from "../download-panel.js";
import { table } from "../table.js";

const BY = ["section", "fundamental"];
/** The lowest score of each tone. The last tone, for the worst scores, is the most prominent. */
const TONES = [0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0];

/** The heat table: the score of each location in each section, or in each fundamental. */
export default async function ({ filters, readAll }) {
  const by = BY.includes(filters.by) ? filters.by : BY[0];
  const query = scoreQuery(`${by}-cells`, common(filters));
  const [columns, cells] = await Promise.all([
    readAll(address("/scores", scoreQuery(by, common(filters)))),
    readAll(address("/scores", query)),
  ]);
  const isMixed = new Set(columns.map((row) => row[by].checklist)).size > 1;
  const checklists = isMixed ? await readAll("/checklists?limit=500") : [];
  return {
    title: t("page-sections"),
    content: [
      filterBar(filters, readAll),
      h(
        "p",
        { class: "row", role: "group", "aria-label": t("columns") },
        BY.map((option) =>
          h(
            "button",
            {
              type: "button",
              id: `by-${option}`,
              class: "plain choice",
              "aria-pressed": `${option === by}`,
              onclick: () => change({ by: option, sort: "" }),
            },
            t(`by-${option}`),
          ),
        ),
      ),
      cells.length
        ? [legend(), heatTable(columns, cells, by, checklists, query), downloadPanel({ scores: query })]
        : h("p", { class: "empty" }, t("noVisits")),
    ],
  };
}

function heatTable(columns, cells, by, checklists, query) {
  const rows = new Map();
  for (const cell of cells) {
    const { id } = cell.location;
    if (!rows.has(id)) rows.set(id, { location: cell.location, cells: {} });
    rows.get(id).cells[keyOf(cell[by])] = cell;
  }
  const titleOf = ({ checklist }) =>
    checklists.length > 0 &&
    textElement(
      "span",
      { class: "quiet" },
      checklists.find(({ key }) => key === checklist)?.title ?? checklist,
    );
  return table({
    caption: t("page-sections"),
    csv: { name: "sections", query },
    rows: [...rows.values()],
    sort: "name",
    isWide: true,
    words: ({ location }) => `${location.name} ${location.code}`,
    attributes: ({ location }) => ({ "data-location": location.id }),
    foot: [
      t("allShown"),
      ...columns.map((row) => h("span", { class: "tone", "data-tone": toneOf(row) }, percent(row.score))),
    ],
    columns: [
      {
        key: "name",
        title: t("location"),
        value: ({ location }) => [0, location.name],
        cell: ({ location }) =>
          h("a", { href: onward(`/dashboard/locations/${location.id}`), dir: "auto" }, location.name),
      },
      ...columns
        .map((row) => [row[by], keyOf(row[by])])
        .map(([name, key]) => ({
          key,
          title: localize(name.title),
          kind: "heat",
          head: titleOf(name),
          value: (row) => [Number(row.cells[key]?.score == null), row.cells[key]?.score],
          cell: (row) => cellOf(row.cells[key], key),
        })),
    ],
  });
}

const keyOf = ({ checklist, key }) => (checklist ? `${checklist}/${key}` : key);

const toneOf = ({ score }) => (score == null ? null : TONES.findIndex((from) => score >= from));

function cellOf(cell, key) {
  if (cell?.score == null) return h("span", { class: "quiet" }, "–");
  const href = `${onward(`/dashboard/locations/${cell.location.id}`)}#${encodeURIComponent(key)}`;
  return h(
    "a",
    { href, class: cell.indicative ? "tone thin" : "tone", "data-tone": toneOf(cell) },
    percent(cell.score),
  );
}

function legend() {
  return h(
    "p",
    { class: "legend quiet" },
    t("tones"),
    TONES.map((from, tone) =>
      h(
        "span",
        { class: "tone", "data-tone": tone },
        from ? `≥ ${Math.round(from * 100)}` : `< ${Math.round(TONES[tone - 1] * 100)}`,
      ),
    ),
    h("span", {}, t("thinTone")),
  );
}
