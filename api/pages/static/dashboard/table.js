import { call } from "../shared/api.js";
import { download, h, t } from "../shared/page.js";
import { address, change, filters } from "../staff/address.js";
import { asCards } from "../staff/cards.js";
import { scrollBox } from "../staff/scroll-box.js";
import { count } from "../staff/numbers.js";
import { axisHead, dot } from "./charts.js";

/** How many rows get their cells at a time. The first ones fill more than a screen. */
const BATCH_SIZE = 20;
/** In a table with more rows than this, the browser lays out only those that are visible. */
const MANY = 100;
/** How the API names the orders of tables, by the key of the column. */
const API_SORTS = { score: "score", visits: "visits", change: "difference" };

/**
 * @typedef {{
 *   key: string, title: string, kind?: string, head?: any, down?: boolean,
 *   cell: (row: any) => any, value?: (row: any) => [group: number, value: any],
 * }} Column
 */

/**
 * Returns a table that is sorted by its column heads and filtered by a text. The address contains both.
 *
 * Each of `columns` is {key, title, kind, cell(row), value(row), down, head}. `cell` returns what to show.
 * `value` returns what to sort by, as [group, value]; smaller groups always come first. A column without
 * `value` cannot be sorted. With `down`, the first click sorts in descending order. The first column names
 * the row. The text filter searches `words(row)`. `sort` is the initial order, as "key" or "-key". `csv` has
 * the name of the CSV file and the parameters of its score rows: all rows, in the order of the table if the API
 * supports that order. `foot` has the cells of a last row. On small screens, rows are cards, unless `isWide`: such
 * a table scrolls sideways, beside its first column.
 * @param {{
 *   caption: string, columns: Column[], rows: any[], words: (row: any) => string, sort: string,
 *   csv: { name: string, query: object }, foot?: any[], attributes?: (row: any) => object,
 *   isWide?: boolean,
 * }} options
 */
export function table({
  caption,
  columns,
  rows,
  words,
  sort,
  csv,
  foot = [],
  attributes = () => ({}),
  isWide = false,
}) {
  const lines = rows.map((row) => ({
    row,
    text: words(row).toLowerCase(),
    element: lineOf(attributes(row)),
  }));
  const body = h("tbody", { role: "rowgroup" });
  const status = h("span", { class: "quiet", role: "status" });
  const heads = columns.map((column) => headOf(column, () => sortBy(column)));
  const search = h("input", {
    type: "search",
    id: "q",
    name: "q",
    value: filters().q ?? "",
    oninput: () => (change({ q: search.value }, { quietly: true }), draw()),
  });
  const order = orderChoice(columns, setOrder);
  let shown = [];
  let timer = null;

  /** Creates the cells of the first rows that have none, and of the others after pauses for user input. */
  function fill(most) {
    clearTimeout(timer);
    const empty = shown.filter(({ element }) => !element.firstChild);
    for (const { row, element } of empty.slice(0, most))
      element.append(
        ...cellsOf(
          columns,
          columns.map((column) => column.cell(row)),
        ),
      );
    if (empty.length > most) timer = setTimeout(fill, 0, BATCH_SIZE);
  }

  function draw() {
    const { q = "", sort: by = sort } = filters();
    const text = q.trim().toLowerCase();
    const [column, sign] = parseOrder(by) ?? parseOrder(sort);
    shown = lines
      .filter((line) => line.text.includes(text))
      .sort((one, other) => compare(column.value(one.row), column.value(other.row), sign));
    // After Back or a reload, the page scrolls to where the reader was, which may be any row.
    fill(history.state ? Infinity : BATCH_SIZE);
    body.replaceChildren(...shown.map(({ element }) => element));
    columns.forEach((other, index) => {
      const direction = other !== column ? "none" : sign < 0 ? "descending" : "ascending";
      if (other.value) heads[index].setAttribute("aria-sort", direction);
    });
    order.value = sign < 0 ? `-${column.key}` : column.key;
    status.textContent = t("rowsShown", { n: count(shown.length), of: count(rows.length) });
  }

  /**
   * Returns the column of an order, and 1 for ascending or −1 for descending.
   * @returns {[Column, number] | undefined}
   */
  function parseOrder(by) {
    const [key, sign] = by.startsWith("-") ? [by.slice(1), -1] : [by, 1];
    const column = columns.find((other) => other.key === key && other.value);
    return column && [column, sign];
  }

  /** Returns the order of the table as the API names it, if it has that order. */
  function apiSort() {
    const [column, sign] = parseOrder(filters().sort ?? sort) ?? parseOrder(sort);
    const name = API_SORTS[column.key];
    return name && (sign < 0 ? `-${name}` : name);
  }

  function sortBy(column) {
    const { sort: by = sort } = filters();
    const first = column.down ? `-${column.key}` : column.key;
    const second = column.down ? column.key : `-${column.key}`;
    setOrder(by === first ? second : first);
  }

  function setOrder(by) {
    change({ sort: by }, { redraw: false });
    draw();
  }

  const element = h(
    "table",
    {
      class: ["long", rows.length > MANY && "many", !isWide && "cards"].filter(Boolean).join(" "),
      role: "table",
    },
    h("caption", { class: "visually-hidden" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads)),
    body,
    foot.length > 0 && h("tfoot", { role: "rowgroup" }, lineOf({}, cellsOf(columns, foot))),
  );
  const widths = columns.slice(1).map(({ kind }) => `var(--${kind})`);
  element.style.setProperty("--columns", ["minmax(var(--first), 1fr)", ...widths].join(" "));
  element.style.minWidth = `calc(${["var(--first)", ...widths].join(" + ")})`;
  draw();
  return h(
    "section",
    { class: "sheet" },
    h(
      "div",
      { class: "tools" },
      h("p", { class: "search" }, h("label", { for: "q" }, t("search")), search),
      !isWide && h("p", { class: "search order" }, h("label", { for: "order" }, t("sortBy")), order),
      status,
      csvButton({ caption, name: csv.name, query: csv.query, sort: apiSort }),
    ),
    scrollBox(caption, element),
  );
}

/** Returns the list of all orders, in place of the heads of columns, which cards do not have. */
function orderChoice(columns, choose) {
  const options = columns
    .filter(({ value }) => value)
    .flatMap(({ key, title, down }) =>
      (down ? [`-${key}`, key] : [key, `-${key}`]).map((by) =>
        h("option", { value: by }, `${title} ${by.startsWith("-") ? "↓" : "↑"}`),
      ),
    );
  const select = h("select", { id: "order", onchange: () => choose(select.value) }, options);
  return select;
}

/**
 * Returns a table whose rows are cards on small screens, and a button for each CSV file.
 * @param {{ caption: string, csv?: Csv[] }} options
 */
export function scrolling({ caption, csv = [] }, ...parts) {
  return [
    scrollBox(caption, asCards(h("table", {}, h("caption", { class: "visually-hidden" }, caption), parts))),
    csv.length > 0 &&
      h(
        "div",
        { class: "tools" },
        csv.map((file) => csvButton(file, csv.length > 1 ? `CSV: ${file.caption}` : "CSV")),
      ),
  ];
}

/**
 * @typedef {{ caption: string, name: string, query: object, sort?: () => string | undefined }} Csv
 */

/**
 * Returns a button that saves score rows as a CSV file from the API. `query` has their parameters. The file
 * has all rows: a limit is ignored.
 * @param {Csv} file
 */
export function csvButton({ caption, name, query, sort = () => undefined }, words = "CSV") {
  const problem = h("span", { class: "fault", role: "alert" });
  async function save() {
    problem.textContent = "";
    const path = address("/scores", { ...query, limit: null, sort: sort() });
    try {
      const { body } = await call("GET", path, undefined, { Accept: "text/csv" });
      download(`${name}.csv`, new Blob([body], { type: "text/csv;charset=utf-8" }));
    } catch {
      problem.textContent = t("failed");
    }
  }
  const attributes = { "aria-label": `CSV: ${caption}`, "data-testid": "csv", onclick: save };
  return [h("button", { type: "button", class: "plain", ...attributes }, words), problem];
}

/** Returns a row. It needs a role, because browsers drop that of a row with a grid layout. */
const lineOf = (attributes, cells) => h("tr", { role: "row", ...attributes }, cells);

const cellsOf = (columns, contents) =>
  columns.map(({ key, kind, title }, index) =>
    index
      ? h("td", { role: "cell", class: kind, "data-column": key, "data-label": title }, contents[index])
      : h("th", { role: "rowheader", scope: "row", "data-column": key }, contents[index]),
  );

function headOf(column, onclick) {
  const title = column.value
    ? h("button", { type: "button", class: "sort", onclick }, column.title)
    : column.title;
  return h("th", { role: "columnheader", scope: "col", class: column.kind }, title, column.head);
}

let collator = null;

/** Compares by group, then by value in the order of `sign`. Texts are sorted by the rules of the language. */
function compare([group, value], [otherGroup, otherValue], sign) {
  if (group !== otherGroup) return group - otherGroup;
  if (typeof value === "string") {
    collator ??= new Intl.Collator(document.documentElement.lang);
    return sign * collator.compare(value, otherValue);
  }
  return value === otherValue ? 0 : value < otherValue ? -sign : sign;
}

/** Returns a part of a page with its heading. */
export const card = (title, ...content) => h("section", { class: "card" }, h("h2", {}, title), content);

/**
 * Returns the column of `table` with the drawn intervals of score rows.
 * @returns {Column}
 */
export const intervalColumn = (axis) => ({
  key: "interval",
  title: t("interval"),
  kind: "drawing",
  head: axisHead(axis),
  cell: (row) => dot(row, axis),
});

/**
 * Returns the column of `table` with the number of visits of score rows.
 * @returns {Column}
 */
export const visitsColumn = () => ({
  key: "visits",
  title: t("visits"),
  kind: "figure",
  down: true,
  value: (row) => [0, row.visits],
  cell: (row) => count(row.visits),
});
