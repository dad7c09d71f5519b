import { dayName, h, localize, t } from "../../shared/page.js";
import { address } from "../../staff/address.js";
import { count, percent } from "../../staff/numbers.js";
import { common, filterBar, lastDay, onward, period } from "../filters.js";
import { questionsOf } from "../checklists.js";
import { downloadPanel } from "../download-panel.js";
import { explained } from "../figures.js";
import { fundamentals, headline, monthsCard, placeQuery, chartWidth, sections } from "../report.js";
import { card, scrolling } from "../table.js";

const MOST_SELF_CHECKS = 3;

/** A location: its score, and what explains it, down to each visit. */
export default async function ({ params: { id }, filters, read, readAll }) {
  const query = common(filters, "region_id");
  const [report, visits, checklists] = await Promise.all([
    read(address(`/locations/${id}/score`, query)),
    readAll(address("/visits", visitQuery(id, filters))),
    readAll("/checklists?limit=500"),
  ]);
  const [others, questions] = await Promise.all([
    selfChecks(id, query, checklists, read),
    questionsOf(
      checklists,
      report.questions.map(({ checklist }) => checklist),
      read,
    ),
  ]);
  return {
    title: report.location.name,
    content: [
      h("p", { class: "quiet" }, report.location.code),
      filterBar(filters, readAll, ["from", "checklist"]),
      headline(report),
      downloadPanel({ scores: placeQuery("question", report), place: true }),
      card(t("months"), monthsCard(t("months"), report, chartWidth(), 180)),
      card(t("page-sections"), sections(report, checklists, questions)),
      card(
        t("fundamentals"),
        others.length > 0 && h("p", { class: "quiet" }, t("selfCheckWords")),
        fundamentals(report, others),
      ),
      card(t("visits"), visitTable(visits, checklists)),
    ],
  };
}

function visitQuery(id, filters) {
  const { from, to } = period(filters);
  return {
    location_id: id,
    status: "accepted",
    from: `${from}-01`,
    to: lastDay(to),
    checklist_key: filters.checklist,
    limit: "500",
  };
}

/** Returns the reports of self-checks, as [title, report], unless a checklist is selected. */
async function selfChecks(id, query, checklists, read) {
  if (query.checklist) return [];
  const selfCheckLists = checklists
    .filter(({ channel }) => channel === "self_check")
    .slice(0, MOST_SELF_CHECKS);
  const reports = await Promise.all(
    selfCheckLists.map(({ key }) => read(address(`/locations/${id}/score`, { ...query, checklist: key }))),
  );
  return selfCheckLists
    .map(({ title }, index) => [localize(title), reports[index]])
    .filter(([, { total }]) => total.visits);
}

/** Returns the visits, the latest first, with their scores where the API includes them. */
function visitTable(visits, checklists) {
  if (!visits.length) return h("p", { class: "empty" }, t("noVisits"));
  const titles = new Map(checklists.map(({ key, title }) => [key, localize(title)]));
  const latest = visits.toReversed();
  const rows = latest.map((visit) =>
    h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        h("a", { href: onward(`/dashboard/visits/${visit.id}`) }, dayName(visit.day)),
        visit.part_of_day && h("span", { class: "quiet" }, t(`part-${visit.part_of_day}`)),
      ),
      h("td", { dir: "auto" }, titles.get(visit.checklist.key) ?? visit.checklist.key),
      visit.score && [
        h("td", { class: "figure" }, explained(percent(visit.score.score), "visit", visit.score)),
        h(
          "td",
          { class: "figure" },
          visit.score.critical_failures.length
            ? h("span", { class: "fell" }, count(visit.score.critical_failures.length))
            : "–",
        ),
      ],
    ),
  );
  const heads = [
    ["visit"],
    ["checklist"],
    ...(visits[0].score
      ? [
          ["score", "figure"],
          ["criticalFailures", "figure"],
        ]
      : []),
  ];
  return scrolling(
    { caption: t("visits") },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        heads.map(([key, kind]) => h("th", { scope: "col", class: kind }, t(key))),
      ),
    ),
    h("tbody", {}, rows),
  );
}
