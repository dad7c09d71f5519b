/** The address of a page, which holds all its filters: Back restores them, and a copied link shows the same. */
import { h, plain, t } from "../shared/page.js";

/** The filters that pages have in common, in the order in which the API is asked by them. */
const COMMON = ["from", "to", "region_id", "checklist"];
const LATEST_ZONE = 14 * 3_600_000;

/** Returns the filters in the address. */
export const filters = () => Object.fromEntries(new URLSearchParams(location.search));

/** Returns the path with these filters; those that are empty are left out. */
export function address(path, values) {
  const given = Object.entries(values).filter(([, value]) => value);
  // Commas stay readable, and as the server writes them when it has a call begin early.
  return given.length ? `${path}?${new URLSearchParams(given)}`.replaceAll("%2C", ",") : path;
}

/** Returns, of these filters, those that pages have in common and that are not `left` out. */
export function common(values, ...left) {
  return Object.fromEntries(COMMON.filter((name) => values[name] && !left.includes(name)).map((name) => [name, values[name]]));
}

/** Writes changed filters into the address; `quietly` neither shows the page anew nor makes a step to go back. */
export function change(changes, { quietly = false, redraw = !quietly } = {}) {
  const next = address(location.pathname, { ...filters(), ...changes });
  history[quietly ? "replaceState" : "pushState"](null, "", next + location.hash);
  if (redraw) dispatchEvent(new PopStateEvent("popstate"));
}

/** Returns the period that the API takes where none is named: the year up to the month that is latest on earth. */
export function period({ from, to }) {
  const last = to || new Date(Date.now() + LATEST_ZONE).toISOString().slice(0, 7);
  const [year, month] = last.split("-").map(Number);
  const before = year * 12 + month - 12;
  return { from: from || `${Math.floor(before / 12)}-${String((before % 12) + 1).padStart(2, "0")}`, to: last };
}

/** Returns the fields by which a page is filtered: of period, region, checklist those that it `takes`. */
export function filterBar(values, readAll, takes = COMMON) {
  const { from, to } = period(values);
  const month = (name, value) => labelled(t(name), h("input", { type: "month", id: name, name, value, required: true, onchange: ({ target }) => target.value && change({ [name]: target.value }) }));
  return h("form", { class: "filters", "aria-label": t("filters"), onsubmit: (event) => event.preventDefault() },
    takes.includes("from") && [month("from", from), month("to", to)],
    takes.includes("region_id") && choice("region_id", t("region"), t("allRegions"), values.region_id, () => regions(readAll)),
    takes.includes("checklist") && choice("checklist", t("checklist"), t("allChecklists"), values.checklist, () => checklists(readAll)));
}

const labelled = (words, input) => h("p", {}, h("label", { for: input.id }, words), input);

const regions = async (readAll) => (await readAll("/regions?limit=500")).map(({ id, name }) => [id, name]);
const checklists = async (readAll) => (await readAll("/checklists?limit=500")).map(({ key, title }) => [key, plain(title)]);

/** Returns a list to choose from; what there is to choose comes when the page stands, so that nothing waits for it. */
function choice(name, words, all, value, fetchOptions) {
  const select = h("select", { id: name, name, onchange: () => change({ [name]: select.value }) }, h("option", { value: "" }, all),
    value && h("option", { value, selected: true }, "…"));
  const fill = (rows) => {
    select.replaceChildren(select.options[0], ...rows.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  };
  // Without the list, the page is still right: the filter that stands in the address goes on to hold.
  setTimeout(() => fetchOptions().then(fill, () => {}));
  return labelled(words, select);
}
