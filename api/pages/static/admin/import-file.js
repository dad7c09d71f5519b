/** Sends the matched rows of a file to the API, in parts that are small enough, and collects what it reports. */
import { callSignedIn } from "../staff/session.js";
import { lineCount, write } from "./csv.js";

/** The largest body that the API accepts is 1 MiB. */
const MAX_PART = 1_000_000;

/** Returns the rows under the names of the API's columns, as `{line, cells, source}`; `source` is the row itself. */
export function matchRows(rows, columns, matches) {
  const used = columns.filter((_, index) => matches[index] !== null);
  const sources = matches.filter((match) => match !== null);
  return {
    names: used.map(({ name }) => name),
    rows: rows.map((source) => ({
      line: source.line,
      source,
      cells: used.map(({ convert = (cell) => cell }, index) => {
        const match = sources[index];
        const cell = typeof match === "number" ? (source.cells[match] ?? "") : match.fixed;
        return cell && convert(cell);
      }),
    })),
  };
}

/**
 * Asks the API what an import would do. Resolves to the rows with their `state`, `changes` and `errors`. `report`
 * receives the proportion that is done.
 */
export async function checkRows(kind, { names, rows }, mode, report) {
  const checked = new Map(rows.map((row) => [row.line, { ...row, state: "error", changes: [], errors: [] }]));
  for (const part of partsOf(names, rows)) {
    const query = `dry_run=true&include=lines&mode=${mode}`;
    const { body } = await send(kind, part, query);
    for (const { line, state, changes } of body.lines)
      Object.assign(checked.get(part.lines.get(line)), { state, changes });
    for (const { line, column, detail } of body.errors) {
      const row = checked.get(part.lines.get(line));
      // An error of the header concerns all lines.
      if (!row)
        throw Object.assign(new Error(), {
          status: 422,
          detail: [column, detail].filter(Boolean).join(": "),
          errors: [],
        });
      row.errors.push({ column, detail });
    }
    report(part.done / rows.length);
  }
  markDuplicates(kind, names, [...checked.values()]);
  return [...checked.values()];
}

/**
 * Stores rows. Resolves to the counts of what was stored. Each part is stored completely or not at all. With the
 * same `attempt`, a part that was stored already is not stored again.
 */
export async function storeRows(kind, { names, rows }, mode, attempt, report) {
  const counts = { new: 0, changed: 0, unchanged: 0 };
  for (const [index, part] of partsOf(names, rows).entries()) {
    const { body } = await send(kind, part, `mode=${mode}`, { "Idempotency-Key": `${attempt}-${index}` });
    for (const state of Object.keys(counts)) counts[state] += body[state];
    report(part.done / rows.length);
  }
  return counts;
}

const send = (kind, { text }, query, headers) =>
  callSignedIn("POST", `${kind.path}/import?${query}`, new Blob([text], { type: "text/csv" }), headers);

/**
 * Returns the parts of a file: their `text`, the line of the file for each of their own `lines`, and the number of
 * rows that are `done` after them.
 */
function partsOf(names, rows) {
  const encoder = new TextEncoder();
  const header = write(names);
  const parts = [];
  let part = null;
  let size = 0;
  let line = 0;
  rows.forEach((row, index) => {
    const text = write(row.cells);
    const length = encoder.encode(text).length;
    if (!part || size + length > MAX_PART) {
      part = { text: header, lines: new Map(), done: 0 };
      parts.push(part);
      size = encoder.encode(header).length;
      line = 2;
    }
    part.text += text;
    part.lines.set(line, row.line);
    part.done = index + 1;
    size += length;
    line += lineCount(row.cells);
  });
  return parts;
}

/** Reports a key that two parts have in common, which the API does not see. */
function markDuplicates(kind, names, rows) {
  const column = names.indexOf(kind.key);
  const first = new Map();
  for (const row of rows) {
    const key = kind.key === "email" ? row.cells[column].toLowerCase() : row.cells[column];
    if (first.has(key) && row.state !== "error") {
      row.state = "error";
      row.errors.push({ column: kind.key, detail: `Line ${first.get(key)} has the same value.` });
    } else if (key && !first.has(key)) first.set(key, row.line);
  }
}
