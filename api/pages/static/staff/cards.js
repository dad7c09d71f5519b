/**
 * Marks a table whose rows are cards on small screens. There, each cell shows the head of its column before its
 * value. Browsers drop the roles of tables that are laid out in another way, so the elements have them explicitly.
 */
export function asCards(table) {
  const labels = [...table.tHead.rows[0].cells].map((head) => head.firstChild?.textContent ?? "");
  table.classList.add("cards");
  table.setAttribute("role", "table");
  for (const group of [table.tHead, ...table.tBodies]) {
    group.setAttribute("role", "rowgroup");
    for (const row of group.rows) {
      row.setAttribute("role", "row");
      for (const cell of row.cells) {
        const isHead = cell.localName === "th";
        cell.setAttribute("role", isHead ? `${cell.scope === "col" ? "column" : "row"}header` : "cell");
        if (!isHead) cell.dataset.label = labels[cell.cellIndex];
      }
    }
  }
  return table;
}
