import { call } from "../shared/api.js";
import { download, h, t } from "../shared/page.js";
import { address, change, filters } from "./address.js";
import { count } from "./figures.js";

/**
 * So many rows have their cells from the start, which is more than go on a screen, and as many more at a time
 * follow.
 */
const AT_ONCE = 20;
/** Of a table with more rows than these, only those in sight are laid out. */
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
 * Makes a table that is sorted by its heads and filtered by a text, both of which stand in the address.
 *
 * `columns` are {key, title, kind, cell(row), value(row), down, head}: `cell` returns what to show, `value`
 * what to sort by as [group, value], a smaller group always first; a column without `value` is not sorted.
 * `down` if the greatest comes first at the first click. The first column names the row. `words(row)` is what
 * the text filter looks in, and `sort` the order to begin with, as "key" or "-key". `csv` is the name of the
 * CSV file, and the parameters of its score rows: all rows, sorted as in the table where the API can. `foot`
 * has the cells of a row below all of them.
 * @param {{
 *   caption: string, columns: Column[], rows: any[], words: (row: any) => string, sort: string,
 *   csv: { name: string, query: object }, foot?: any[], attributes?: (row: any) => object,
 * }} options
 */
export function table({ caption, columns, rows, words, sort, csv, foot = [], attributes = () => ({}) }) {
  const lines = rows.map((row) => ({
    row,
    text: words(row).toLowerCase(),
    element: lineOf(attributes(row)),
  }));
  const body = h("tbody", { role: "rowgroup" });
  const status = h("span", { class: "quiet", role: "status" });
  const heads = columns.map((column) => headOf(column, () => turn(column)));
  const search = h("input", {
    type: "search",
    id: "q",
    name: "q",
    value: filters().q ?? "",
    oninput: () => (change({ q: search.value }, { quietly: true }), draw()),
  });
  let shown = [];
  let filling = null;

  /**
   * Gives the first rows without cells theirs, and the others after a pause, in which the page can answer.
   */
  function fill(most) {
    clearTimeout(filling);
    const bare = shown.filter(({ element }) => !element.firstChild);
    for (const { row, element } of bare.slice(0, most))
      element.append(
        ...cellsOf(
          columns,
          columns.map((column) => column.cell(row)),
        ),
      );
    if (bare.length > most) filling = setTimeout(fill, 0, AT_ONCE);
  }

  function draw() {
    const { q = "", sort: by = sort } = filters();
    const wanted = q.trim().toLowerCase();
    const [column, sign] = order(by) ?? order(sort);
    shown = lines
      .filter(({ text }) => text.includes(wanted))
      .sort((one, other) => compare(column.value(one.row), column.value(other.row), sign));
    // After Back or a reload, one goes on at a place that may be in any row.
    fill(history.state ? Infinity : AT_ONCE);
    body.replaceChildren(...shown.map(({ element }) => element));
    columns.forEach((each, index) => {
      if (each.value)
        heads[index].setAttribute(
          "aria-sort",
          each !== column ? "none" : sign < 0 ? "descending" : "ascending",
        );
    });
    status.textContent = t("rowsShown", { n: count(shown.length), of: count(rows.length) });
  }

  /**
   * Returns the column that an order names, and 1 for up or −1 for down.
   * @returns {[Column, number] | undefined}
   */
  function order(by) {
    const [key, sign] = by.startsWith("-") ? [by.slice(1), -1] : [by, 1];
    const column = columns.find((each) => each.key === key && each.value);
    return column && [column, sign];
  }

  /** Returns the order of the table as the API names it, if it has one like it. */
  function apiSort() {
    const [column, sign] = order(filters().sort ?? sort) ?? order(sort);
    const name = API_SORTS[column.key];
    return name && (sign < 0 ? `-${name}` : name);
  }

  function turn(column) {
    const { sort: by = sort } = filters();
    const first = column.down ? `-${column.key}` : column.key;
    const other = column.down ? column.key : `-${column.key}`;
    change({ sort: by === first ? other : first }, { redraw: false });
    draw();
  }

  const whole = h(
    "table",
    { class: rows.length > MANY ? "long many" : "long", role: "table" },
    h("caption", { class: "unseen" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads)),
    body,
    foot.length > 0 && h("tfoot", { role: "rowgroup" }, lineOf({}, cellsOf(columns, foot))),
  );
  const widths = columns.slice(1).map(({ kind }) => `var(--${kind})`);
  whole.style.setProperty("--columns", ["minmax(var(--first), 1fr)", ...widths].join(" "));
  whole.style.minWidth = `calc(${["var(--first)", ...widths].join(" + ")})`;
  draw();
  return h(
    "section",
    { class: "sheet" },
    h(
      "div",
      { class: "tools" },
      h("p", { class: "search" }, h("label", { for: "q" }, t("search")), search),
      status,
      csvButton({ caption, name: csv.name, query: csv.query, sort: apiSort }),
    ),
    h("div", { class: "scroll", role: "region", "aria-label": caption, tabindex: 0 }, whole),
  );
}

/**
 * Returns a table that scrolls inside itself if it is wider than the screen, and a button for each CSV file.
 * @param {{ caption: string, csv?: Csv[] }} options
 */
export function scrolling({ caption, csv = [] }, ...parts) {
  return [
    h(
      "div",
      { class: "scroll", role: "region", "aria-label": caption, tabindex: 0 },
      h("table", {}, h("caption", { class: "unseen" }, caption), parts),
    ),
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

/** Returns a row; it says that it is one, for browsers forget that where a row is laid out as a grid. */
const lineOf = (attributes, cells) => h("tr", { role: "row", ...attributes }, cells);

const cellsOf = (columns, contents) =>
  columns.map(({ key, kind }, index) =>
    index
      ? h("td", { role: "cell", class: kind, "data-column": key }, contents[index])
      : h("th", { role: "rowheader", scope: "row", "data-column": key }, contents[index]),
  );

function headOf(column, onclick) {
  const title = column.value
    ? h("button", { type: "button", class: "sort", onclick }, column.title)
    : column.title;
  return h("th", { role: "columnheader", scope: "col", class: column.kind }, title, column.head);
}

let names = null;

/**
 * Orders by group, then by value up or down, names as the page's language has them; equals keep their order.
 */
function compare([group, value], [otherGroup, otherValue], sign) {
  if (group !== otherGroup) return group - otherGroup;
  if (typeof value === "string") {
    names ??= new Intl.Collator(document.documentElement.lang);
    return sign * names.compare(value, otherValue);
  }
  return value === otherValue ? 0 : value < otherValue ? -sign : sign;
}

/** Returns a part of a page under its heading. */
export const card = (title, ...content) => h("section", { class: "card" }, h("h2", {}, title), content);
