/** The answers of a visit as reviewers and managers see them: with points, comments and photos. */
import { h, localize, t, textElement } from "../shared/page.js";
import { showValue } from "../shared/question-types/index.js";
import { count } from "../staff/numbers.js";
import { enlargeable } from "./photo.js";

/** Returns the submission of a visit, or null if there is none yet. */
export async function submissionOf(id, read) {
  try {
    return await read(`/visits/${id}/submission`);
  } catch (problem) {
    if (problem.code !== "submission-not-found") throw problem;
    return null;
  }
}

/**
 * Returns the answers of a visit with their points: those that lost points first, as `lostAnswers`
 * sorts them, then the comment on the visit as a whole, and the other answers section by section. `more` returns
 * what follows the answer to a question.
 * @param {(question: any) => any} [more]
 */
export function answersOf(visit, submission, more = () => null) {
  const { answers, comment } = submission;
  const lost = lostAnswers(visit, answers);
  const items = (questions) =>
    h(
      "ol",
      { class: "answered" },
      questions.map((question) => answerOf(visit, question, answers[question.key], more(question))),
    );
  return [
    isClosed(submission) && closedStoreOf(visit, submission),
    lost.length > 0 &&
      h(
        "section",
        { class: "card", "data-answers": "lost" },
        h(
          "h2",
          {},
          t("visitPointsLost", { n: lost.reduce((sum, { key }) => sum + lostPoints(answers[key]), 0) }),
        ),
        items(lost),
      ),
    comment &&
      h("section", { class: "card" }, h("h2", {}, t("lastWord")), h("blockquote", { dir: "auto" }, comment)),
    visit.checklist.sections.map((section) => {
      const others = section.questions.filter(({ key }) => answers[key] && !lostPoints(answers[key]));
      return (
        others.length > 0 &&
        h("section", { class: "card" }, textElement("h2", {}, section.title), items(others))
      );
    }),
  ];
}

/** Returns the questions whose answers lost points: critical failures first, then the most points lost. */
function lostAnswers(visit, answers) {
  const rank = ({ key, critical }) => (critical ? Infinity : lostPoints(answers[key]));
  return visit.checklist.sections
    .flatMap(({ questions }) => questions)
    .filter(({ key }) => answers[key] && lostPoints(answers[key]))
    .sort((one, other) => (rank(one) === rank(other) ? 0 : rank(other) - rank(one)));
}

const lostPoints = ({ points_earned: earned, points_possible: possible }) => possible - earned;

/** Returns whether the shopper found the store closed. Such a visit has no score. */
export const isClosed = ({ outcome }) => outcome === "store-closed";

const closedStoreOf = (visit, { photos }) =>
  h(
    "section",
    { class: "card", "data-outcome": "store-closed" },
    h("h2", {}, t("storeClosed")),
    h("p", {}, t("storeClosedWords")),
    photosOf(visit, photos, (n) => t("photoOfClosedStore", { n })),
  );

/** Returns photos, with a message for those not received. `nameOf` returns a photo's name by number. */
function photosOf(visit, photos, nameOf) {
  const missing = visit.photos?.missing ?? [];
  const photoOf = (photo, index) =>
    missing.includes(photo)
      ? h("span", { class: "quiet" }, t("photoMissing"))
      : enlargeable(visit.id, photo, nameOf(index + 1));
  return (
    photos.length > 0 &&
    h(
      "ul",
      { class: "photos" },
      photos.map((photo, index) => h("li", {}, photoOf(photo, index))),
    )
  );
}

function answerOf(visit, question, answer, more) {
  const lost = lostPoints(answer) > 0;
  return h(
    "li",
    { id: `answer-${question.key}`, "data-question": question.key },
    h(
      "div",
      { class: "row" },
      textElement("h3", {}, question.text),
      answer.points_possible > 0 &&
        h(
          "span",
          { class: lost ? "points fell" : "points quiet" },
          t("pointsOf", { earned: count(answer.points_earned), possible: count(answer.points_possible) }),
        ),
      question.critical && h("span", { class: lost ? "mark fell" : "mark quiet" }, t("critical")),
    ),
    h(
      "p",
      { class: "value", dir: "auto" },
      answer.not_applicable ? t("answer-not_applicable") : showValue(question, answer.value),
    ),
    answer.amendment && amendmentOf(question, answer.amendment),
    answer.comment && h("blockquote", { dir: "auto" }, answer.comment),
    photosOf(visit, answer.photos, (n) => t("photoOf", { n, question: localize(question.text) })),
    more,
  );
}

/** Returns what a decided dispute changed in an answer, and what the shopper had sent. */
function amendmentOf(question, { outcome, sent }) {
  const value = sent.not_applicable ? t("answer-not_applicable") : showValue(question, sent.value);
  return h(
    "p",
    { class: "amendment", "data-amendment": outcome, dir: "auto" },
    t(`amendment-${outcome}`, { value }),
  );
}
