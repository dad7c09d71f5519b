/** The score report of a place, which the pages of locations and regions share. */
import { h, localize, t, textElement } from "../shared/page.js";
import { filters } from "../staff/address.js";
import { common } from "./filters.js";
import { axisHead, axisOf, dot, months } from "./charts.js";
import { labelOf } from "../shared/question-types/choice.js";
import { count, percent, range } from "../staff/numbers.js";
import { changed, ENOUGH, periodName, score } from "./figures.js";
import { csvButton, scrolling } from "./table.js";
import { targetLines, targetWords } from "./targets.js";
import { verdictOf } from "./verdict.js";

/** Returns the score of a place, its interval and its change. */
export function headline({ total, previous, change }, more = []) {
  const figures = { ...total, change, previous_visits: previous.visits };
  const fact = (title, ...content) => h("div", {}, h("dt", {}, title), h("dd", {}, content));
  return h(
    "section",
    { class: "headline" },
    h("p", { class: "big" }, score(total)),
    h("p", {}, verdictOf(total)),
    h(
      "dl",
      { class: "facts" },
      fact(
        t("interval"),
        range(total.interval),
        total.indicative && h("span", { class: "quiet" }, t(total.visits ? "tooFewVisits" : "noVisits")),
      ),
      fact(t("change"), changed(figures)),
      fact(t("visits"), count(total.visits)),
      fact(t("passed"), t("ofAll", { n: count(total.passed), of: count(total.visits) })),
      fact(
        t("criticalFailures"),
        h("span", { class: total.critical_failures ? "fell" : null }, count(total.critical_failures)),
      ),
      more.map(([title, content]) => fact(title, content)),
    ),
  );
}

/** Returns how many visits of a kind a region's progress has, in all its months, or null if that is hidden. */
const sumOf = ({ months }, kind) =>
  months.some((month) => month[kind] === null)
    ? null
    : months.reduce((total, month) => total + month[kind], 0);

/** Returns how many visits of a region are accepted, by who made them, and in progress unless that is hidden. */
export function progressCounts(progress) {
  const accepted = sumOf(progress, "accepted");
  const selfChecks = sumOf(progress, "self_checks");
  const out = sumOf(progress, "out");
  return [
    t("acceptedVisits", { n: count(accepted - selfChecks) }),
    t("acceptedSelfChecks", { n: count(selfChecks) }),
    out !== null && t("visitsInProgress", { n: count(out) }),
  ]
    .filter(Boolean)
    .join(" · ");
}

/**
 * Returns the parameters of the score rows by a dimension that belong to a report, or to a row of a location
 * or a region.
 */
export function placeQuery(by, { location: store, region }) {
  const place = store ? { location_id: store.id } : { region_id: region.id };
  return { by, ...common(filters(), "region_id"), ...place };
}

/**
 * Returns the months of a report as a chart and a table. Where a month has visits, but too few for a score that says
 * something, quarters take their place. `targets` are those of the place.
 */
export function periodsCard(report, width, height, targets = []) {
  const { months: all, quarters } = report;
  const isThin = all.some(({ visits }) => visits > 0 && visits < ENOUGH);
  const isJoined = isThin && quarters.length > 1;
  const place = isJoined ? { ...report, months: quarters } : report;
  const lines = targetLines(targets);
  const axis = axisOf([...place.months, ...lines.map((score) => ({ score }))]);
  return [
    isJoined && h("p", { class: "quiet" }, t("joinedMonths", { n: ENOUGH })),
    targetWords(targets),
    monthsCard(t("months"), place, width, height, axis, lines),
  ];
}

/** Returns the months of a place, from a report or a row, as a chart and, as an alternative, as a table. */
export function monthsCard(caption, place, width, height, axis = axisOf(place.months), targets = []) {
  const { months: rows } = place;
  const visited = rows.filter((row) => row.visits);
  const lines = visited.map((row) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, periodName(row)),
      h("td", { class: "figure" }, score(row)),
      h("td", { class: "figure" }, range(row.interval)),
      h("td", { class: "figure" }, count(row.visits)),
    ),
  );
  return [
    months(rows, axis, width, height, targets),
    lines.length > 0 &&
      h(
        "details",
        { class: "data" },
        h("summary", {}, t("asTable")),
        scrolling(
          { caption, csv: [{ caption, name: "months", query: placeQuery("month", place) }] },
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              [t("period"), t("score"), t("interval"), t("visits")].map((title, index) =>
                h("th", { scope: "col", class: index > 0 && "figure" }, title),
              ),
            ),
          ),
          h("tbody", {}, lines),
        ),
      ),
  ];
}

/**
 * Returns the sections, each of which opens to show its questions. The cells of the heat table link here.
 * `definitions` has the questions by "checklist/question", to label the answers.
 */
export function sections(report, checklists, definitions) {
  if (!report.sections.length) return h("p", { class: "empty" }, t("noVisits"));
  const axis = axisOf(report.sections);
  const keys = [...new Set(report.sections.map(({ checklist }) => checklist))];
  const csv = { caption: t("page-questions"), name: "questions", query: placeQuery("question", report) };
  return [
    keys.map((key) => [
      keys.length > 1 &&
        textElement("h3", {}, checklists.find((checklist) => checklist.key === key)?.title ?? key),
      h(
        "div",
        { class: "parts" },
        report.sections
          .filter(({ checklist }) => checklist === key)
          .map((section) => sectionOf(section, axis, report.questions, definitions)),
      ),
    ]),
    h("div", { class: "tools" }, csvButton(csv)),
  ];
}

function sectionOf(section, axis, questions, definitions) {
  const { visits, points_earned: earned, points_possible: possible } = section;
  const sectionQuestions = questions.filter(
    (question) => question.checklist === section.checklist && question.section === section.key,
  );
  return h(
    "details",
    { class: "part", id: `${section.checklist}/${section.key}` },
    h(
      "summary",
      { class: section.indicative && "thin" },
      textElement("span", { class: "title" }, section.title),
      h("b", {}, percent(section.score)),
      dot(section, axis),
      h("span", { class: "quiet" }, t("ofVisits", { n: visits })),
    ),
    h(
      "p",
      {},
      t("explain-points", { earned: count(earned), possible: count(possible), n: visits }),
      " ",
      t("explain-wilson", { interval: range(section.interval) }),
    ),
    questionTable(localize(section.title), sectionQuestions, definitions),
  );
}

/** Returns questions with their scores and how often each answer was given. */
function questionTable(caption, rows, definitions) {
  const axis = axisOf(rows);
  return scrolling(
    { caption },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, t("question")),
        h("th", { scope: "col", class: "figure" }, t("score")),
        h("th", { scope: "col", class: "drawing" }, t("interval"), axisHead(axis)),
        h("th", { scope: "col" }, t("answers")),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((row) =>
        h(
          "tr",
          { class: row.indicative && "thin" },
          textElement("th", { scope: "row" }, row.text),
          h("td", { class: "figure" }, score(row, "part")),
          h("td", { class: "drawing" }, dot(row, axis)),
          h("td", {}, countsOf(row.answers, definitions.get(`${row.checklist}/${row.key}`))),
        ),
      ),
    ),
  );
}

const ANSWERS = ["yes", "no", "answered", "not_applicable"];

/** Returns how often each answer was given. */
function countsOf(counts, question) {
  const label = (answer) =>
    labelOf(question, answer) || (ANSWERS.includes(answer) ? t(`answer-${answer}`) : answer);
  return h(
    "ul",
    { class: "answers" },
    Object.entries(counts)
      .filter(([answer, n]) => n || answer !== "not_applicable")
      .map(([answer, n]) => h("li", {}, label(answer), " ", h("b", {}, count(n)))),
  );
}

/**
 * Returns the fundamentals. `others` has further columns as [title, report], for the scores that stores give
 * themselves.
 */
export function fundamentals(report, others = []) {
  const axis = axisOf([...report.fundamentals, ...others.flatMap(([, other]) => other.fundamentals)]);
  const keys = new Set(report.fundamentals.map(({ key }) => key));
  const additional = new Map(
    others
      .flatMap(([, other]) => other.fundamentals)
      .filter(({ key }) => !keys.has(key))
      .map(({ key, title }) => [
        key,
        { key, title, visits: 0, score: null, interval: null, indicative: true },
      ]),
  );
  const rows = [...report.fundamentals, ...additional.values()];
  if (!rows.length) return h("p", { class: "empty" }, t("noFundamentals"));
  const selfChecksOf = (row) =>
    others.map(([, other]) => other.fundamentals.find(({ key }) => key === row.key));
  const caption = t("fundamentals");
  const csv = [{ caption, name: "fundamentals", query: placeQuery("fundamental", report) }];
  return scrolling(
    { caption, csv },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, t("fundamental")),
        h("th", { scope: "col", class: "figure" }, t(others.length ? "shoppersScore" : "score")),
        h("th", { scope: "col", class: "drawing" }, t("interval"), axisHead(axis)),
        h("th", { scope: "col", class: "figure" }, t("visits")),
        others.map(([title]) => h("th", { scope: "col", class: "figure" }, title)),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((row) => {
        const selfChecks = selfChecksOf(row);
        return h(
          "tr",
          { id: row.key, class: row.indicative && "thin" },
          h("th", { scope: "row" }, row.title),
          h("td", { class: "figure" }, score(row, "part")),
          h("td", { class: "drawing" }, dot(row, axis, selfChecks[0])),
          h("td", { class: "figure" }, count(row.visits)),
          selfChecks.map((other) => h("td", { class: "figure" }, other ? score(other, "part") : "–")),
        );
      }),
    ),
  );
}

/** Returns the width of a chart within a card, in pixels. */
export const chartWidth = () => Math.min(1100, document.getElementById("screen").clientWidth) - 32;
