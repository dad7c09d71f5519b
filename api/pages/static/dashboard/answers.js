/** The answers of a visit as whoever judges it sees them: with points, comments and photos. */
import { h, minutes, plain, t, told } from "../shared/page.js";
import { count } from "./figures.js";
import { enlargeable } from "./photo.js";

/** Returns all answers of a visit, section by section, in the order of its checklist, `submission` having their points. */
export function answersOf(visit, submission) {
  const { sections } = visit.checklist;
  return sections.map((section) => {
    const answered = section.questions.filter(({ key }) => submission.answers[key]);
    return answered.length > 0 && h("section", { class: "card" }, told("h2", {}, section.title),
      h("ol", { class: "answered" }, answered.map((question) => answerOf(visit, question, submission.answers[question.key]))));
  });
}

function answerOf(visit, question, answer) {
  const lost = answer.points_earned < answer.points_possible;
  const missing = visit.photos?.missing ?? [];
  const photoOf = (photo, index) => (missing.includes(photo) ? h("span", { class: "quiet" }, t("photoMissing")) : enlargeable(visit.id, photo, t("photoOf", { n: index + 1, question: plain(question.text) })));
  return h("li", { id: `answer-${question.key}`, "data-question": question.key },
    h("div", { class: "row" }, told("h3", {}, question.text),
      answer.points_possible > 0 && h("span", { class: lost ? "points fell" : "points quiet" }, t("pointsOf", { earned: count(answer.points_earned), possible: count(answer.points_possible) })),
      question.critical && h("span", { class: lost ? "mark fell" : "mark quiet" }, t("critical"))),
    h("p", { class: "value", dir: "auto" }, answer.not_applicable ? t("answer-not_applicable") : valueOf(question, answer.value)),
    answer.comment && h("blockquote", { dir: "auto" }, answer.comment),
    answer.photos.length > 0 && h("ul", { class: "photos" }, answer.photos.map((photo, index) => h("li", {}, photoOf(photo, index)))));
}

/** Returns the value of an answer in words; a time of day may have become a part of it. */
export function valueOf(question, value) {
  if (value == null) return "";
  if (question.type === "yes_no") return t(`answer-${value}`);
  if (question.type === "scale") return t("scaleOf", { value, maximum: question.maximum });
  if (question.type === "duration") return t("minutes", { time: minutes(value) });
  if (question.type === "number") return [count(value), question.unit].filter(Boolean).join(" ");
  if (question.type === "choice") return [value].flat().map((key) => plain(question.options.find((option) => option.key === key)?.label) || key).join(", ");
  return question.type === "time" && /^[a-z]/.test(value) ? t(`part-${value}`) : value;
}
