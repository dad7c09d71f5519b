import { h } from "../shared/page.js";

/**
 * Returns an empty table as `{table, body, lineOf}`; `lineOf(row)` creates the element of a row. The first of
 * `columns` names the row. With `tick`, each row begins with the control that it returns, and `head` is the control
 * above these. On small screens, rows are cards.
 * @param {{
 *   caption: string, columns: { title: string, kind?: string, cell: (row: any) => any }[],
 *   attributes: (row: any) => object, tick?: (row: any) => any, head?: any,
 * }} options
 */
export function listTable({ caption, columns, attributes, tick, head }) {
  const [first, ...others] = columns;
  const body = h("tbody", { role: "rowgroup" });
  const table = h(
    "table",
    { class: "list cards", role: "table" },
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
  return { table, body, lineOf };
}
