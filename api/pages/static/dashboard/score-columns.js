/** The table of locations with their scores, and its columns. */
import { h, t } from "../shared/page.js";
import { onward } from "./filters.js";
import { changed, score } from "./figures.js";
import { table } from "./table.js";
import { verdictOf, verdictOrder } from "./verdict.js";

/** @typedef {import("./table.js").Column} Column */

/**
 * Returns the table of score rows of locations, the best first. `query` is the one that the rows are of.
 * @param {{ caption: string, rows: any[], query: object, columns: Column[] }} options
 */
export const locationTable = ({ caption, rows, query, columns }) =>
  table({
    caption,
    csv: { name: "locations", query },
    rows,
    sort: "-score",
    words: ({ location }) => `${location.name} ${location.code}`,
    attributes: (row) => ({ class: row.indicative && "thin", "data-location": row.location.id }),
    columns,
  });

/** Returns 1 for a row with too few visits, which comes after the others in each order by score, or else 0. */
const isThin = (row) => Number(row.indicative || row.score == null);

/**
 * Returns the column that names the location of a row, with a link to it.
 * @returns {Column}
 */
export const locationColumn = () => ({
  key: "name",
  title: t("location"),
  value: ({ location }) => [0, location.name],
  cell: ({ location }) =>
    h("a", { href: onward(`/dashboard/locations/${location.id}`), dir: "auto" }, location.name),
});

/**
 * Returns the column with the scores.
 * @returns {Column}
 */
export const scoreColumn = () => ({
  key: "score",
  title: t("score"),
  kind: "figure",
  down: true,
  value: (row) => [isThin(row), row.score],
  cell: (row) => score(row),
});

/**
 * Returns the column with how each score compares with all.
 * @returns {Column}
 */
export const verdictColumn = () => ({
  key: "verdict",
  title: t("verdict"),
  kind: "verdicts",
  value: (row) => [verdictOrder(row.verdict), row.score],
  cell: verdictOf,
});

/**
 * Returns the column with the changes since the previous period.
 * @returns {Column}
 */
export const changeColumn = () => ({
  key: "change",
  title: t("change"),
  kind: "change",
  value: (row) => [row.change.difference == null ? 2 : isThin(row), row.change.difference],
  cell: changed,
});
