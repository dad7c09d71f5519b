/** A list whose items are drawn again only when their row has changed, so that what is being written stays. */

/** Returns a function that draws rows in `container`. `create(row)` returns `{element, draw}` for a new row. */
export function rowList(container, create) {
  const items = new Map();
  return (rows) => {
    const ids = new Set(rows.map(({ id }) => id));
    for (const [id, item] of items) {
      if (ids.has(id)) continue;
      item.element.remove();
      items.delete(id);
    }
    for (const row of rows) {
      if (!items.has(row.id)) {
        items.set(row.id, create(row));
        container.append(items.get(row.id).element);
      }
      items.get(row.id).draw(row);
    }
  };
}
