/** A table with many rows in memory, which are drawn a hundred at a time. On small screens, rows are cards. */
import { h, t } from "../../shared/page.js";
import { listTable } from "../../staff/list-table.js";

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
  const { table, body, lineOf } = listTable({ caption, columns, attributes, tick, head });
  const more = h("button", { type: "button", class: "plain", hidden: true, onclick: draw }, t("showMore"));
  const nothing = h("div", { class: "empty", hidden: true }, t("noRows"));
  let rows = [];
  let shown = 0;

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
