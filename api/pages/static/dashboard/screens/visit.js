import { dayName, h, localize, t } from "../../shared/page.js";
import { percent } from "../../staff/numbers.js";
import { onward } from "../filters.js";
import { answersOf, isClosed, submissionOf } from "../answers.js";
import { reviewOf } from "../decide.js";
import { disputesOf } from "../dispute.js";
import { explained } from "../figures.js";
import { neighbours } from "../neighbours.js";
import { paymentOf } from "../payment.js";
import { questionNotes } from "../question-notes.js";

const REVIEWERS = ["reviewer", "admin"];

/** A visit: its answers with their points, comments and photos, and the version of its checklist. */
export default async function ({ params: { id }, filters, me, read, refresh }) {
  const [visit, submission] = await Promise.all([
    read(`/visits/${id}?include=checklist`),
    submissionOf(id, read),
  ]);
  const { location, checklist } = visit;
  if (!visit.flags && !submission?.score) return ownVisit(visit);
  const isReviewer = REVIEWERS.includes(me.role);
  const notes = isReviewer && questionNotes(visit);
  const [review, payment, disputes] = await Promise.all([
    isReviewer && reviewOf(visit, submission, notes, { read, refresh }),
    isReviewer && visit.payment && paymentOf(visit, refresh),
    visit.status === "accepted" && submission && disputesOf(visit, submission, { me, read, refresh }),
  ]);
  return {
    title: t("visitTo", { location: location.name, day: dayName(visit.day) }),
    content: [
      h(
        "p",
        { class: "row quiet" },
        h("a", { href: onward(`/dashboard/locations/${location.id}`), dir: "auto" }, location.name),
        visit.part_of_day && h("span", {}, t(`part-${visit.part_of_day}`)),
        h(
          "span",
          { dir: "auto" },
          t("byVersion", { title: localize(checklist.title), version: checklist.version }),
        ),
      ),
      visit.status === "accepted" && neighbours(visit, filters, read),
      submission && !isClosed(submission) && resultOf(submission.score, checklist),
      review,
      payment,
      disputes,
      submission && answersOf(visit, submission, notes ? notes.fieldOf : undefined),
    ],
  };
}

/** Returns the score of a visit, and whether it passed. */
function resultOf(score, checklist) {
  return h(
    "p",
    { class: "big" },
    explained(percent(score.score), "visit", score),
    " ",
    score.score !== null &&
      h(
        "span",
        { class: score.passed ? "mark" : "mark fell", "data-passed": String(score.passed) },
        passedWords(score, checklist),
      ),
  );
}

function passedWords({ passed, critical_failures: failures }, { pass_mark: passMark }) {
  if (passed) return t("visitPassed");
  return failures.length
    ? t("notPassedCritical", { n: failures.length })
    : t("notPassedMark", { mark: percent(passMark) });
}

/** Reviewers cannot review their own visits, so those are shown in the form. */
function ownVisit({ id, location }) {
  return {
    title: location.name,
    content: [
      h("p", { class: "notice" }, t("ownVisit"), " ", h("a", { href: `/visits/${id}` }, t("toOwnVisit"))),
    ],
  };
}
