/** A table with many rows in memory, which are drawn a hundred at a time. On small screens, rows are cards. */
import { h, t } from "../../shared/page.js";

const BATCH_SIZE = 100;

/**
 * Returns a table as `{element, show}`; `show(rows)` draws these rows. The first of `columns` names the row.
 * With `tick`, each row begins with the control that it returns. `head` is the control above these.
 * @param {{
 *   caption: string, columns: { title: string, kind?: string, cell: (row: any) => any }[],
 *   attributes?: (row: any) => object, tick?: (row: any) => any, head?: any,
 * }} options
 */
export function longTable({ caption, columns, attributes = () => ({}), tick, head }) {
  const [first, ...others] = columns;
  const body = h("tbody", { role: "rowgroup" });
  const more = h("button", { type: "button", class: "plain", hidden: true, onclick: draw }, t("showMore"));
  const nothing = h("div", { class: "empty", hidden: true }, t("noRows"));
  const table = h(
    "table",
    { class: "list", role: "table" },
    h("caption", { class: "visually-hidden" }, caption),
    h(
      "thead",
      { role: "rowgroup" },
      h(
        "tr",
        { role: "row" },
        tick && h("th", { role: "columnheader", scope: "col", class: "tick" }, head),
        columns.map(({ title, kind }) => h("th", { role: "columnheader", scope: "col", class: kind }, title)),
      ),
    ),
    body,
  );
  let rows = [];
  let shown = 0;

  const lineOf = (row) =>
    h(
      "tr",
      { role: "row", ...attributes(row) },
      tick && h("td", { role: "cell", class: "tick" }, tick(row)),
      h("th", { role: "rowheader", scope: "row", class: first.kind }, first.cell(row)),
      others.map(({ kind, title, cell }) =>
        h("td", { role: "cell", class: kind, "data-label": title }, cell(row)),
      ),
    );

  function draw() {
    body.append(...rows.slice(shown, shown + BATCH_SIZE).map(lineOf));
    shown = Math.min(shown + BATCH_SIZE, rows.length);
    more.hidden = shown === rows.length;
    nothing.hidden = rows.length > 0;
    table.hidden = rows.length === 0;
  }

  /** Draws these rows. With `keep`, as many as before, and the control with the focus has it again. */
  function show(newRows, { keep = false } = {}) {
    const before = keep ? shown : 0;
    const focus = keep && findFocus();
    rows = newRows;
    shown = 0;
    body.replaceChildren();
    do draw();
    while (shown < Math.min(before, rows.length));
    if (focus) controlsOf(body.rows[Math.min(focus.row, rows.length - 1)])[focus.control]?.focus();
  }

  /** Returns where the focus is: the index of the row, and that of the control in it. */
  function findFocus() {
    const row = [...body.rows].findIndex((line) => line.contains(document.activeElement));
    if (row < 0) return null;
    return { row, control: controlsOf(body.rows[row]).findIndex((each) => each === document.activeElement) };
  }

  /** @returns {HTMLElement[]} */
  const controlsOf = (line) => (line ? [...line.querySelectorAll("button, input, a")] : []);

  return { element: h("div", {}, table, nothing, more), show };
}
