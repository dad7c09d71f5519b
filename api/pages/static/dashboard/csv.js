/** CSV of the rows that a table shows, with the columns that the API gives them: names of nested fields joined. */
import { download } from "../shared/page.js";

/** Saves rows as a file. */
export function save(name, rows) {
  download(`${name}.csv`, new Blob([written(rows)], { type: "text/csv;charset=utf-8" }));
}

function written(rows) {
  const flat = rows.map((row) => Object.fromEntries(columns(row)));
  const header = [...new Set(flat.flatMap(Object.keys))];
  return [header, ...flat.map((row) => header.map((name) => row[name]))].map((line) => line.map(cell).join(",") + "\r\n").join("");
}

/** Returns the columns of a row: {interval: {low: 0.1}} is interval_low, a list is numbered. */
function columns(value, name = "") {
  if (value === null || typeof value !== "object") return [[name, value]];
  return Object.entries(value).flatMap(([key, inside]) => columns(inside, name ? `${name}_${key}` : key));
}

/** Returns a cell in which no spreadsheet sees a formula. */
function cell(value) {
  let text = value == null ? "" : String(value);
  if (typeof value === "string" && /^[=+\-@\t\r\n＝＋－＠]/.test(value)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
