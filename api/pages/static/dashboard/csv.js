/**
 * CSV of the rows that a table shows, with the columns that the API gives them: names of nested fields
 * joined.
 */
import { download } from "../shared/page.js";

/** What stands in a field that may be null. */
const INSIDE = {
  region: { id: null, code: null, name: null },
  location: { id: null, code: null, name: null },
  interval: { low: null, high: null },
  rank_range: { best: null, worst: null },
  worst_section: { checklist: null, key: null, score: null, visits: null },
};

/** Saves rows as a file. */
export function save(name, rows) {
  download(`${name}.csv`, new Blob([written(rows)], { type: "text/csv;charset=utf-8" }));
}

function written(rows) {
  const names = [...new Set(rows.flatMap(Object.keys))];
  const fields = rows.map((row) => names.map((name) => flat(name, row[name] ?? null)));
  // The columns of a field stand together, whichever row has them first.
  const header = [
    ...new Set(names.flatMap((_, place) => fields.flatMap((row) => row[place].map(([column]) => column)))),
  ];
  const lines = fields
    .map((row) => new Map(row.flat()))
    .map((row) => header.map((column) => row.get(column)));
  return [header, ...lines].map((line) => line.map(cell).join(",") + "\r\n").join("");
}

/**
 * Returns the columns of a field with their values, an interval's even where there is none, as
 * ``api/routes/scores.py`` does.
 */
function flat(name, value, before = "") {
  const inside = value ?? (name === "interval" || !before ? INSIDE[name] : undefined);
  if (inside == null || typeof inside !== "object") return [[before + name, value]];
  return Object.entries(inside).flatMap(([key, part]) => flat(key, part, `${before}${name}_`));
}

/** Returns a cell in which no spreadsheet sees a formula. */
function cell(value) {
  let text = value == null ? "" : String(value);
  if (typeof value === "string" && /^[=+\-@\t\r\n＝＋－＠]/.test(value)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
