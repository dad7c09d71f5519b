import { h, loadMoreWords, localize, t, textElement } from "../../shared/page.js";
import { address } from "../../staff/address.js";
import { count, percent, points } from "../../staff/numbers.js";
import { common, filterBar, monthBefore, onward, scoreQuery } from "../filters.js";
import { questionsOf } from "../checklists.js";
import { downloadPanel } from "../download-panel.js";
import { byChance, changed, periodName, score } from "../figures.js";
import { commentList, photoList } from "../latest.js";
import { chartWidth, fundamentals, headline, periodsCard, placeQuery, sections } from "../report.js";
import { card } from "../table.js";
import { readTargets } from "../targets.js";
import { verdictOf } from "../verdict.js";
import { visitQuery, visitTable } from "../visit-table.js";

const MOST_SELF_CHECKS = 3;
const MOST_WEAK = 3;
const MOST_COMMENTS = 5;
const MOST_PHOTOS = 8;
/** How many of the latest comments and photos are looked through for those on the weakest questions. */
const LOOKED_THROUGH = "100";
const MOST_PROOFS = 4;

/** A location: what changed, what is weakest and what shoppers saw, then all that explains its score. */
export default async function ({ params: { id }, filters, read, readAll }) {
  await loadMoreWords((language) => import(`../words/places/${language}.js`));
  const query = common(filters, "region_id");
  const here = { ...query, location_id: id };
  const [report, questionRows, comments, photos, visits, checklists, targets] = await Promise.all([
    read(address(`/locations/${id}/score`, { include: "verdict,quarters", ...query })),
    readAll(address("/scores", scoreQuery("questions", here))),
    read(address("/comments", { ...here, limit: LOOKED_THROUGH })),
    read(address("/photos", { ...here, limit: LOOKED_THROUGH })),
    readAll(address("/visits", visitQuery({ location_id: id }, filters, 500))),
    readAll("/checklists?limit=500"),
    readTargets({ location_id: id }, query.checklist, readAll),
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
      h(
        "div",
        { class: "first-look" },
        card(t("whatChanged"), changes(report, questionRows)),
        card(t("weakest"), weakest(report, comments.items, photos.items)),
        card(t("latestWords"), latest(id, comments.items, photos.items)),
      ),
      card(t("months"), periodsCard(report, chartWidth(), 180, targets)),
      card(t("page-sections"), sections(report, checklists, questions)),
      card(
        t("fundamentals"),
        others.length > 0 && h("p", { class: "quiet" }, t("selfCheckWords")),
        fundamentals(report, others),
      ),
      card(t("visits"), visitTable(t("visits"), visits, checklists)),
      downloadPanel({ scores: placeQuery("question", report), place: true }),
    ],
  };
}

/** Returns how the score changed since the previous period, and which questions clearly changed. */
function changes({ from, to, total, previous, change }, rows) {
  const before = previousPeriod(from, to);
  const clear = rows
    .filter((row) => row.change.significant)
    .sort((one, other) => Math.abs(other.change.difference) - Math.abs(one.change.difference));
  return [
    h("p", {}, changed({ ...total, change, previous_visits: previous.visits })),
    h(
      "p",
      { class: "quiet" },
      t("comparedWith", { period: periodName(before), score: percent(previous.score) }),
    ),
    clear.length > 0 && h("ul", { class: "plain-list" }, clear.map(changedQuestion)),
    clear.length === 0 && h("p", {}, t("noQuestionChanged")),
    h("p", { class: "quiet" }, byChance(rows)),
  ];
}

/** Returns the period of the same length that ends immediately before. */
function previousPeriod(from, to) {
  const numberOf = (month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5));
  const length = numberOf(to) - numberOf(from) + 1;
  return { from: monthBefore(from, length), to: monthBefore(from, 1) };
}

function changedQuestion({ question, score: now, change: { difference } }) {
  const words = { before: percent(now - difference), now: percent(now) };
  return h(
    "li",
    {},
    h("b", { class: difference < 0 ? "fell" : "rose" }, points(difference)),
    " ",
    textElement("span", {}, question.text),
    " ",
    h("span", { class: "quiet" }, t("beforeAndNow", words)),
  );
}

/**
 * Returns the three weakest questions with what shoppers wrote and photographed: first those that are clearly below,
 * by the points that they lost, then those with the lowest scores.
 */
function weakest({ location: { id }, questions }, comments, photos) {
  const lost = (row) => row.points_possible - row.points_earned;
  const isBelow = (row) => row.verdict === "below";
  const rows = questions
    .filter((row) => !row.indicative && lost(row) > 0)
    .sort(
      (one, other) =>
        Number(isBelow(other)) - Number(isBelow(one)) ||
        (isBelow(one) ? lost(other) - lost(one) : one.score - other.score),
    )
    .slice(0, MOST_WEAK);
  if (!rows.length) return h("p", { class: "empty" }, t("noWeakQuestion"));
  return h(
    "ol",
    { class: "plain-list weakest" },
    rows.map((row) => weakQuestion(id, row, comments, photos)),
  );
}

function weakQuestion(id, row, comments, photos) {
  const isAbout = ({ checklist, question }) => checklist === row.checklist && question?.key === row.key;
  const words = comments.filter((item) => isAbout(item) && item.points_earned < item.points_possible);
  // If the question has no photos of its own, those of the visits in which it lost points may show why.
  const visits = words.map(({ visit_id: visit }) => visit);
  const own = photos.filter(isAbout);
  const pictures = own.length ? own : photos.filter(({ visit_id: visit }) => visits.includes(visit));
  return h(
    "li",
    { "data-question": row.key },
    textElement("h3", {}, row.text),
    h(
      "p",
      { class: "row" },
      score(row, "part"),
      verdictOf(row),
      h(
        "span",
        { class: "quiet" },
        t("lostPoints", { n: row.points_possible - row.points_earned, of: count(row.points_possible) }),
      ),
    ),
    words.length > 0 && commentList(words.slice(0, 1), { hasQuestions: false }),
    pictures.length > 0 && photoList(pictures.slice(0, MOST_PROOFS)),
    moreOf({ location_id: id, checklist: row.checklist, question: row.key }),
  );
}

/** Returns the links to the comments and the photos of a place or a question. */
const moreOf = (query) =>
  h(
    "p",
    { class: "row" },
    h("a", { href: onward("/dashboard/comments", query) }, t("allComments")),
    h("a", { href: onward("/dashboard/photos", query) }, t("allPhotos")),
  );

/** Returns the latest comments and photos. */
function latest(id, comments, photos) {
  return [
    photos.length > 0 && photoList(photos.slice(0, MOST_PHOTOS)),
    comments.length > 0 && commentList(comments.slice(0, MOST_COMMENTS)),
    comments.length + photos.length === 0 && h("p", { class: "empty" }, t("noWordsYet")),
    moreOf({ location_id: id }),
  ];
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
