/** CSV files in the browser: decoded, parsed and written, so that a file is sent only after it was matched. */

const DELIMITERS = [",", ";", "\t"];
/** One cell with the delimiter or line break after it: in quotes, or up to the next of them. */
const CELL = { ",": /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|\r|\n|$)/y };
CELL[";"] = /("(?:[^"]|"")*"|[^";\r\n]*)(;|\r\n|\r|\n|$)/y;
CELL["\t"] = /("(?:[^"]|"")*"|[^"\t\r\n]*)(\t|\r\n|\r|\n|$)/y;
const LINE_BREAKS = /\r\n|\r|\n/g;

/** Returns the text of a file in UTF-8, in UTF-16 with a byte order mark, or else in Windows-1252. */
export function decode(bytes) {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return new TextDecoder(first === 0xff ? "utf-16le" : "utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/**
 * Returns the rows that have any text, as `{line, cells}`. The delimiter is the one that the first line has most
 * of. Throws an Error whose message is the line at which the text is no CSV.
 */
export function parse(text) {
  const start = text.search(/\S/);
  const firstLine = start < 0 ? "" : text.slice(start).split(/[\r\n]/, 1)[0];
  const countOf = (delimiter) => firstLine.split(delimiter).length;
  const delimiter = DELIMITERS.reduce((best, next) => (countOf(next) > countOf(best) ? next : best));
  const pattern = CELL[delimiter];
  pattern.lastIndex = 0;
  const rows = [];
  let cells = [];
  let line = 1;
  let rowLine = 1;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) throw new Error(String(rowLine));
    const [, cell, end] = match;
    cells.push((cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell).trim());
    line += cell.match(LINE_BREAKS)?.length ?? 0;
    if (end === delimiter && pattern.lastIndex < text.length) continue;
    if (end === delimiter) cells.push("");
    else line += 1;
    if (cells.some(Boolean)) rows.push({ line: rowLine, cells });
    cells = [];
    rowLine = line;
  }
  return rows;
}

/** Returns a row as a line of CSV. */
export const write = (cells) =>
  `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\r\n`;

/** Returns the number of lines that a row takes in CSV. */
export const lineCount = (cells) =>
  cells.reduce((count, cell) => count + (cell.match(LINE_BREAKS)?.length ?? 0), 1);

/** Returns a cell for a spreadsheet, which must not run it as a formula. */
export const inert = (cell) =>
  /^[=+\-@\t\r]/.test(cell) && !/^[+-]?[\d.,]+$/.test(cell) ? `'${cell}` : cell;
