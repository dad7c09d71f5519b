/** The filters of a page: the period, the region and the checklist. */
import { h, localize, t } from "../shared/page.js";
import { address, change, filters } from "../staff/address.js";

/** The filters that pages share, in the order in which `api/pages/dashboard.py` preloads calls with them. */
const COMMON = ["from", "to", "region_id", "checklist"];
/** UTC+14, the time zone in which a month begins first, in milliseconds. */
const EARLIEST_ZONE = 14 * 3_600_000;

/** The periods to choose from: how many whole months each of them has. */
const WHOLE_MONTHS = { "last-month": 1, "last-3": 3, "last-6": 6, "last-12": 12 };
/** The whole of a programme begins at most this many months ago. */
const MOST_MONTHS = 120;

/** The queries for score rows that screens make when they open. The server preloads the same. */
const SCORE_QUERIES = JSON.parse(document.documentElement.dataset.scoreQueries);

/** Returns the parameters of one of these queries, with these filters. */
export const scoreQuery = (name, filters) => ({ ...SCORE_QUERIES[name], ...filters });

/** Returns the path of another page with the filters that pages share, and with `more`. */
export const onward = (path, more = {}) => address(path, { ...common(filters()), ...more });

/** Returns those of the filters that pages share, except the omitted ones. */
export function common(values, ...omitted) {
  return Object.fromEntries(
    COMMON.filter((name) => values[name] && !omitted.includes(name)).map((name) => [name, values[name]]),
  );
}

/** Returns the current month, in the time zone in which it begins first. */
export const runningMonth = () => new Date(Date.now() + EARLIEST_ZONE).toISOString().slice(0, 7);

/** Returns the month `n` months earlier. */
export function monthBefore(month, n) {
  const [year, number] = month.split("-").map(Number);
  const before = year * 12 + number - 1 - n;
  return `${Math.floor(before / 12)}-${String((before % 12) + 1).padStart(2, "0")}`;
}

/** Returns the last day of a month. An invalid month is returned unchanged, for the API to reject. */
export function lastDay(month) {
  const [year, number] = month.split("-").map(Number);
  const day = new Date(Date.UTC(year, number, 0));
  return Number.isNaN(day.getTime()) ? month : day.toISOString().slice(0, 10);
}

/** Returns the period with the defaults of the API: the twelve months up to the current one. */
export function period({ from, to }) {
  const last = to || runningMonth();
  return { from: from || monthBefore(last, 11), to: last };
}

/** Returns the fields for the filters of a page. `names` has `from` (which includes `to`) and the others. */
export function filterBar(values, readAll, names = COMMON) {
  return h(
    "form",
    { class: "filters", "aria-label": t("filters"), onsubmit: (event) => event.preventDefault() },
    names.includes("from") && [
      periodChoice(period(values), common(values, "from", "to"), readAll, change),
      periodFields(values),
    ],
    names.includes("region_id") &&
      choice("region_id", t("region"), t("allRegions"), values.region_id, () => regions(readAll)),
    names.includes("checklist") &&
      choice("checklist", t("checklist"), t("allChecklists"), values.checklist, () => checklists(readAll)),
  );
}

/** The first month with visits, once a reader has asked for all of them. */
let firstMonth = null;

/** Returns the periods as {name: {from, to}}, except that of all visits, which is fetched. */
function periods() {
  const current = runningMonth();
  const last = monthBefore(current, 1);
  const whole = Object.entries(WHOLE_MONTHS).map(([name, n]) => [
    name,
    { from: monthBefore(last, n - 1), to: last },
  ]);
  return Object.fromEntries([["so-far", { from: current, to: current }], ...whole]);
}

/** Returns the period of all visits that `query` selects. Without any, it is the current month. */
async function fetchAll(query, readAll) {
  const to = runningMonth();
  const period = { from: monthBefore(to, MOST_MONTHS - 1), to };
  const months = await readAll(address("/scores", scoreQuery("visited-months", { ...query, ...period })));
  firstMonth = months.find(({ visits }) => visits)?.month ?? to;
  return { from: firstMonth, to };
}

/** Returns the list of periods. `apply` is called with the chosen one, as {from, to}. */
function periodChoice(current, query, readAll, apply) {
  const known = periods();
  if (firstMonth) known.all = { from: firstMonth, to: runningMonth() };
  const name = Object.keys(known).find(
    (key) => known[key].from === current.from && known[key].to === current.to,
  );
  const select = h(
    "select",
    {
      id: "period",
      onchange: async () => {
        if (select.value === "all") apply(await fetchAll(query, readAll));
        else if (select.value) apply(known[select.value]);
      },
    },
    [...Object.keys(periods()), "all"].map((value) =>
      h("option", { value, selected: value === name }, t(`period-${value}`)),
    ),
    h("option", { value: "", selected: !name }, t("period-other")),
  );
  return labelled(t("period"), select);
}

/**
 * Returns the fields of the period. While a month is typed, its value changes with each key, so it is applied
 * with Enter or when the focus leaves both fields. A month that is picked with the mouse is applied directly.
 */
function periodFields(values) {
  let current = period(values);
  let isTyping = false;
  const [from, to] = ["from", "to"].map((name) =>
    h("input", { type: "month", id: name, name, value: current[name], required: true }),
  );
  const error = h("p", { class: "fault", role: "alert" });
  const apply = () => {
    if (!from.value || !to.value) return;
    const isBackwards = from.value > to.value;
    error.textContent = isBackwards ? t("periodBackwards") : "";
    if (isBackwards || (from.value === current.from && to.value === current.to)) return;
    current = { from: from.value, to: to.value };
    change(current);
  };
  const fields = h(
    "div",
    {
      class: "period",
      onkeydown: ({ key }) => (key === "Enter" ? apply() : (isTyping = true)),
      onpointerdown: () => (isTyping = false),
      onchange: () => isTyping || apply(),
      onfocusout: ({ relatedTarget }) => fields.contains(relatedTarget) || apply(),
    },
    labelled(t("from"), from),
    labelled(t("to"), to),
    error,
  );
  return fields;
}

const labelled = (label, input) => h("p", {}, h("label", { for: input.id }, label), input);

const regions = async (readAll) => (await readAll("/regions?limit=500")).map(({ id, name }) => [id, name]);
const checklists = async (readAll) =>
  (await readAll("/checklists?limit=500")).map(({ key, title }) => [key, localize(title)]);

/** The filters that are cleared with another one, because they are a part of what it selects. */
const WITHIN = { region_id: ["location_id"], checklist: ["question"] };

/**
 * Returns a list to choose from. Its options are fetched once the page is shown, so that nothing waits. Without
 * `allLabel`, one of them must be chosen.
 */
export function choice(name, label, allLabel, value, fetchOptions) {
  const cleared = Object.fromEntries((WITHIN[name] ?? []).map((other) => [other, ""]));
  const all = allLabel ? [h("option", { value: "" }, allLabel)] : [];
  const select = h(
    "select",
    { id: name, name, onchange: () => change({ [name]: select.value, ...cleared }) },
    all,
    value && h("option", { value, selected: true }, "…"),
  );
  const fill = (rows) => {
    select.replaceChildren(
      ...all,
      ...rows.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
    );
  };
  // If the options cannot be fetched, the filter in the address still applies.
  setTimeout(() => fetchOptions().then(fill, () => {}));
  return labelled(label, select);
}
