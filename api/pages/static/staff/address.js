/** The filters of a page are all in its address, so that Back restores them and links can be shared. */

/** Returns the filters in the address. */
export const filters = () => Object.fromEntries(new URLSearchParams(location.search));

/** Returns the path with these filters as its query. Empty ones are omitted. */
export function address(path, values) {
  const query = Object.entries(values).filter(([, value]) => value);
  // Commas are not encoded. The server writes them the same way when it preloads a call.
  return query.length ? `${path}?${new URLSearchParams(query)}`.replaceAll("%2C", ",") : path;
}

/** Writes changed filters into the address. `quietly` neither redraws the page nor adds a history entry. */
export function change(changes, { quietly = false, redraw = !quietly } = {}) {
  const next = address(location.pathname, { ...filters(), ...changes });
  history[quietly ? "replaceState" : "pushState"](null, "", next + location.hash);
  if (redraw) dispatchEvent(new PopStateEvent("popstate"));
}
