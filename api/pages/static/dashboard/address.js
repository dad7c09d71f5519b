/**
 * The address of a page, which holds all its filters: Back restores them, and a copied link shows the same.
 */
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

/** The queries for score rows that screens make when they open; the server preloads the same. */
const SCORE_QUERIES = JSON.parse(document.documentElement.dataset.scoreQueries);

/** Returns the parameters of one of these queries, with these filters. */
export const scoreQuery = (name, filters) => ({ ...SCORE_QUERIES[name], ...filters });

/** Returns the path of another page with the filters that this one has in common with it, and these. */
export const onward = (path, more = {}) => address(path, { ...common(filters()), ...more });

/** Returns, of these filters, those that pages have in common and that are not `left` out. */
export function common(values, ...left) {
  return Object.fromEntries(
    COMMON.filter((name) => values[name] && !left.includes(name)).map((name) => [name, values[name]]),
  );
}

/**
 * Writes changed filters into the address; `quietly` neither shows the page again nor makes a step to go back.
 */
export function change(changes, { quietly = false, redraw = !quietly } = {}) {
  const next = address(location.pathname, { ...filters(), ...changes });
  history[quietly ? "replaceState" : "pushState"](null, "", next + location.hash);
  if (redraw) dispatchEvent(new PopStateEvent("popstate"));
}

/** Returns the month that runs now, where it is latest on earth. */
export const runningMonth = () => new Date(Date.now() + LATEST_ZONE).toISOString().slice(0, 7);

/** Returns the month that lies `n` months before another. */
export function monthBefore(month, n) {
  const [year, number] = month.split("-").map(Number);
  const before = year * 12 + number - 1 - n;
  return `${Math.floor(before / 12)}-${String((before % 12) + 1).padStart(2, "0")}`;
}

/** Returns the last day of a month; what is no month stays as it is, for the API to refuse. */
export function lastDay(month) {
  const [year, number] = month.split("-").map(Number);
  const day = new Date(Date.UTC(year, number, 0));
  return Number.isNaN(day.getTime()) ? month : day.toISOString().slice(0, 10);
}

/** Returns the period that the API takes where none is named: the year up to the running month. */
export function period({ from, to }) {
  const last = to || runningMonth();
  return { from: from || monthBefore(last, 11), to: last };
}

/** Returns the fields by which a page is filtered: of period, region, checklist those that it `takes`. */
export function filterBar(values, readAll, takes = COMMON) {
  return h(
    "form",
    { class: "filters", "aria-label": t("filters"), onsubmit: (event) => event.preventDefault() },
    takes.includes("from") && periodFields(values),
    takes.includes("region_id") &&
      choice("region_id", t("region"), t("allRegions"), values.region_id, () => regions(readAll)),
    takes.includes("checklist") &&
      choice("checklist", t("checklist"), t("allChecklists"), values.checklist, () => checklists(readAll)),
  );
}

/**
 * Returns the fields of the period. Typed, a month is another one at each key: it holds with Enter, or when
 * the focus leaves both fields. Picked, it holds at once.
 */
function periodFields(values) {
  let shown = period(values);
  let typed = false;
  const [from, to] = ["from", "to"].map((name) =>
    h("input", { type: "month", id: name, name, value: shown[name], required: true }),
  );
  const fault = h("p", { class: "fault", role: "alert" });
  const apply = () => {
    if (!from.value || !to.value) return;
    const isBackwards = from.value > to.value;
    fault.textContent = isBackwards ? t("periodBackwards") : "";
    if (isBackwards || (from.value === shown.from && to.value === shown.to)) return;
    shown = { from: from.value, to: to.value };
    change(shown);
  };
  const fields = h(
    "div",
    {
      class: "period",
      onkeydown: ({ key }) => (key === "Enter" ? apply() : (typed = true)),
      onpointerdown: () => (typed = false),
      onchange: () => typed || apply(),
      onfocusout: ({ relatedTarget }) => fields.contains(relatedTarget) || apply(),
    },
    labelled(t("from"), from),
    labelled(t("to"), to),
    fault,
  );
  return fields;
}

const labelled = (words, input) => h("p", {}, h("label", { for: input.id }, words), input);

const regions = async (readAll) => (await readAll("/regions?limit=500")).map(({ id, name }) => [id, name]);
const checklists = async (readAll) =>
  (await readAll("/checklists?limit=500")).map(({ key, title }) => [key, plain(title)]);

/**
 * Returns a list to choose from; what there is to choose comes when the page stands, so that nothing waits
 * for it.
 */
function choice(name, words, all, value, fetchOptions) {
  const select = h(
    "select",
    { id: name, name, onchange: () => change({ [name]: select.value }) },
    h("option", { value: "" }, all),
    value && h("option", { value, selected: true }, "…"),
  );
  const fill = (rows) => {
    select.replaceChildren(
      select.options[0],
      ...rows.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
    );
  };
  // Without the list, the page is still right: the filter that stands in the address goes on to hold.
  setTimeout(() => fetchOptions().then(fill, () => {}));
  return labelled(words, select);
}
