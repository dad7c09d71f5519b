import { h, localize, t } from "../../shared/page.js";
import { address, change } from "../../staff/address.js";
import { percent } from "../../staff/numbers.js";
import { common, onward, scoreQuery } from "../filters.js";
import { oneChecklistBar, withOneChecklist } from "../further-filters.js";
import { downloadPanel } from "../download-panel.js";
import { table } from "../table.js";

const BY = ["section", "fundamental"];
/**
 * The lowest score of each tone, from green over neutral to red. Signs tell greens from reds without colour, and
 * tones of one colour differ in lightness.
 */
const TONES = [0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0];

/** The heat table: the score of each location in each section of a checklist, or in each fundamental. */
export default async function ({ filters: requested, read, readAll }) {
  const filters = await withOneChecklist(requested, read);
  const by = BY.includes(filters.by) ? filters.by : BY[0];
  const query = scoreQuery(`${by}-cells`, common(filters));
  const [columns, cells] = filters.checklist
    ? await Promise.all([
        readAll(address("/scores", scoreQuery(by, common(filters)))),
        readAll(address("/scores", query)),
      ])
    : [[], []];
  return {
    title: t("page-sections"),
    content: [
      oneChecklistBar(filters, readAll),
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
        ? [legend(), heatTable(columns, cells, by, query), downloadPanel({ scores: query })]
        : h("p", { class: "empty" }, t("noVisits")),
    ],
  };
}

function heatTable(columns, cells, by, query) {
  const rows = new Map();
  for (const cell of cells) {
    const { id } = cell.location;
    if (!rows.has(id)) rows.set(id, { location: cell.location, cells: {} });
    rows.get(id).cells[keyOf(cell[by])] = cell;
  }
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

/** Returns the scores of the tones, from red to green, and how cells with few visits look. */
function legend() {
  const words = TONES.map((from, tone) =>
    from ? `≥ ${Math.round(from * 100)}` : `< ${Math.round(TONES[tone - 1] * 100)}`,
  );
  return h(
    "p",
    { class: "legend quiet" },
    h("span", {}, t("tones")),
    words.map((text, tone) => h("span", { class: "tone", "data-tone": tone }, text)).reverse(),
    h("span", { class: "tone thin" }, percent(0.9)),
    h("span", {}, t("thinTone")),
  );
}
