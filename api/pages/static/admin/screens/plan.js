/** Planning: how many visits each location needs to be trusted, what a budget buys, and the quotas. */
import { h, loadMoreWords, localize, t } from "../../shared/page.js";
import { address, change } from "../../staff/address.js";
import { count } from "../../staff/numbers.js";
import { assignSuggested } from "../plans/assigning.js";
import { intervalBars, intervalLegend, plusMinus } from "../plans/charts.js";
import { monthsText, periodsOn } from "../plans/periods.js";
import { quotaSection } from "../plans/quotas.js";
import { longTable } from "../planning/long-table.js";
import { firstSteps } from "../first-steps.js";

/** The precisions to choose from, as half-widths of intervals. */
const HALF_WIDTHS = ["0.05", "0.075", "0.1", "0.15", "0.2"];
const OPENING_HALF_WIDTH = "0.1";
const OPENING_BUDGET = "50";
const MOST_VISITED = "/scores?by=checklist&sort=-visits&fields=checklist&limit=1";

export default async function ({ me, filters, read, readAll, refresh }) {
  await loadMoreWords((language) => import(`../words/plans/${language}.js`));
  const [checklists, regions, quotas, mostVisited] = await Promise.all([
    readAll("/checklists?limit=500"),
    readAll("/regions?limit=500"),
    readAll("/quotas?include=progress&limit=500"),
    filters.checklist ? null : fetchMostVisited(read),
  ]);
  const missing = [!regions.length && "places", !checklists.length && "checklists"].filter(Boolean);
  if (missing.length) return { title: t("page-plan"), content: firstSteps(missing, t("beforePlanning")) };
  const query = queryOf(filters, checklists, mostVisited);
  const { items } = await read(address("/plan", query));
  return {
    title: t("page-plan"),
    content: [
      h("p", { class: "quiet" }, t("planWhy")),
      planFields(query, checklists, regions),
      planSection(items, query, me),
      quotaSection({ quotas, checklists, regions, me, refresh }),
    ],
  };
}

/** Returns the parameters of the plan: those of the address, or those that the page opens with. */
function queryOf(filters, checklists, mostVisitedKey) {
  const opening = periodsOn(new Date()).find(({ isFirst }) => isFirst);
  const { from, to } = filters.from && filters.to ? filters : opening;
  const goal = filters.budget
    ? { budget: filters.budget }
    : { half_width: filters.half_width ?? OPENING_HALF_WIDTH };
  const key = filters.checklist ?? mostVisitedKey ?? checklists[0].key;
  return { checklist: key, from, to, ...goal, region_id: filters.region_id };
}

/** Returns the key of the checklist with the most visits of a year, or undefined without visits. */
async function fetchMostVisited(read) {
  const { items } = await read(MOST_VISITED);
  return items[0]?.checklist.key;
}

function planFields(query, checklists, regions) {
  const periods = periodsOn(new Date());
  const isListed = periods.some(({ from, to }) => from === query.from && to === query.to);
  const labelled = (label, field) => h("p", {}, h("label", { for: field.id }, label), field);
  const select = (id, options, value, onchange) =>
    h(
      "select",
      { id, onchange: ({ target }) => onchange(target.value) },
      options.map(([key, words]) => h("option", { value: key, selected: key === value, dir: "auto" }, words)),
    );
  const setGoal = (value) =>
    change(
      value === "budget" ? { half_width: null, budget: OPENING_BUDGET } : { half_width: value, budget: null },
    );
  const budget = h("input", {
    type: "number",
    id: "budget",
    min: 0,
    max: 100_000,
    step: 1,
    value: query.budget ?? "",
    onchange: () => budget.validity.valid && budget.value && change({ budget: budget.value }),
  });
  return h(
    "form",
    { class: "filters", "aria-label": t("filters"), onsubmit: (event) => event.preventDefault() },
    labelled(
      t("checklist"),
      select(
        "checklist",
        checklists.map(({ key, title }) => [key, localize(title)]),
        query.checklist,
        (checklist) => change({ checklist }),
      ),
    ),
    labelled(
      t("period"),
      select(
        "period",
        [
          ...periods.map(({ name, from, to }) => [
            `${from} ${to}`,
            t("namedPeriod", { name: t(`period-${name}`), months: monthsText({ from, to }) }),
          ]),
          ...(isListed ? [] : [[`${query.from} ${query.to}`, `${query.from} – ${query.to}`]]),
        ],
        `${query.from} ${query.to}`,
        (value) => {
          const [from, to] = value.split(" ");
          change({ from, to });
        },
      ),
    ),
    labelled(
      t("region"),
      select(
        "region_id",
        [["", t("allRegions")], ...regions.map(({ id, name }) => [id, name])],
        query.region_id ?? "",
        (id) => change({ region_id: id }),
      ),
    ),
    labelled(
      t("planGoal"),
      select(
        "goal",
        [
          ...HALF_WIDTHS.map((value) => [value, t("precision", { points: plusMinus(Number(value)) })]),
          ["budget", t("aBudget")],
        ],
        query.budget ? "budget" : query.half_width,
        setGoal,
      ),
    ),
    query.budget && labelled(t("budget"), budget),
  );
}

function planSection(items, query, me) {
  const goal = query.budget ? null : Number(query.half_width);
  const rows = [...items].sort((one, other) => other.suggested - one.suggested);
  const suggested = items.reduce((sum, item) => sum + item.suggested, 0);
  const places = items.filter((item) => item.suggested > 0).length;
  const table = longTable({
    caption: t("planTable"),
    attributes: ({ location, suggested: n }) => ({
      "data-testid": "location-row",
      "data-code": location.code,
      "data-suggested": n,
    }),
    columns: [
      {
        title: t("location"),
        cell: ({ location }) => [
          h("span", { dir: "auto" }, location.name),
          h("span", { class: "quiet", dir: "auto" }, location.code),
        ],
      },
      { title: t("visitsMade"), kind: "figure", cell: ({ visits }) => count(visits) },
      { title: t("visitsPending"), kind: "figure", cell: ({ out }) => count(out) },
      {
        title: t("intervalNowAndAfter"),
        cell: (item) =>
          h(
            "span",
            { class: "drawn" },
            intervalBars(item, goal),
            h("span", {}, `${plusMinus(item.half_width)} → ${plusMinus(item.half_width_after)}`),
          ),
      },
      { title: t("visitsNeeded"), kind: "figure", cell: ({ needed }) => count(needed) },
      { title: t("visitsSuggested"), kind: "figure", cell: ({ suggested: n }) => h("b", {}, count(n)) },
    ],
  });
  table.show(rows);
  const assign = () =>
    assignSuggested(me.id, {
      checklist: query.checklist,
      period: query,
      wanted: Object.fromEntries(
        rows
          .filter((item) => item.suggested > 0)
          .map((item) => [item.location.id, { visits: item.suggested }]),
      ),
    });
  return h(
    "section",
    { class: "sheet" },
    h(
      "div",
      { class: "totals", role: "status" },
      h("p", {}, totalsText({ items, query, goal, suggested, places })),
      suggested > 0 &&
        h(
          "button",
          { type: "button", class: "primary", "data-testid": "assign-suggested", onclick: assign },
          t("assignSuggested", { n: suggested, count: count(suggested) }),
        ),
    ),
    rows.length > 0 && intervalLegend(goal),
    table.element,
  );
}

/** Returns what the plan comes to, in one sentence. */
function totalsText({ items, query, goal, suggested, places }) {
  if (!items.length) return t("noLocationsToPlan");
  const words = {
    n: suggested,
    count: count(suggested),
    places: count(places),
    all: count(items.length),
  };
  if (goal === null) return t("budgetTotals", { ...words, budget: count(Number(query.budget)) });
  const points = plusMinus(goal);
  return suggested ? t("planTotals", { ...words, points }) : t("planComplete", { points });
}
