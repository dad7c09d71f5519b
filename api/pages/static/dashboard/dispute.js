/** The disputes about a visit on its page: what became of them, and the form with which managers open one. */
import { call } from "../shared/api.js";
import { ago, clock, confirmAction, dayName, h, loadMoreWords, localize, t } from "../shared/page.js";
import { showValue } from "../shared/question-types/index.js";
import { explainFailure } from "../staff/failures.js";
import { count, percent } from "../staff/numbers.js";
import { onward } from "./filters.js";

const MAX_REASON_LENGTH = 10_000;
const KINDS = ["fact", "evidence", "not_applicable", "other"];

await loadMoreWords((language) => import(`./words/disputes/${language}.js`));

/** Returns the disputes about a visit, and for managers the form to open one while that is possible. */
export async function disputesOf(visit, submission, { me, read, refresh }) {
  const {
    items,
    last_day: lastDay,
    can_be_disputed: canBeDisputed,
  } = await read(`/visits/${visit.id}/disputes`);
  const isDisputed = items.some((dispute) => dispute.is_current);
  const lost = questionsOf(visit).filter(({ key }) => losesPoints(submission.answers[key]));
  const isForManager = me.role === "manager" && lost.length > 0 && !isDisputed && lastDay;
  return [
    items.map((dispute) => stateOf(dispute, visit, { me, refresh })),
    isForManager && canBeDisputed && openingForm(visit, submission, lost, lastDay, refresh),
    isForManager && !canBeDisputed && h("p", { class: "quiet" }, t("disputeOver", { day: dayName(lastDay) })),
  ];
}

const losesPoints = (answer) => answer && answer.points_earned < answer.points_possible;

export const questionsOf = ({ checklist }) => checklist.sections.flatMap((section) => section.questions);

// What became of a dispute.

/** Returns a dispute in words: when, why, and what was decided about each question. */
function stateOf(dispute, visit, { me, refresh }) {
  const isOpen = dispute.status === "open";
  const questions = new Map(questionsOf(visit).map((question) => [question.key, question]));
  const isReviewer = "opened_by" in dispute;
  const decide = isOpen && isReviewer && onward("/dashboard/disputes", { dispute: dispute.id });
  return h(
    "section",
    { class: "card dispute", "data-testid": "dispute-state", "data-status": dispute.status },
    h("h2", {}, t(`dispute-${dispute.status}`)),
    timesOf(dispute),
    !dispute.is_current && h("p", { class: "quiet" }, t("disputeEnded")),
    dispute.status === "decided" && scoreOf(dispute),
    h(
      "ol",
      { class: "plain-list" },
      dispute.questions.map((item) => disputedQuestion(item, questions.get(item.question))),
    ),
    decide && h("p", {}, h("a", { href: decide }, t("decideDispute"))),
    isOpen && dispute.is_own && me.role === "manager" && withdrawButton(dispute, refresh),
  );
}

/** Returns when a dispute was opened and closed, or until when it should be decided, and by whom. */
export function timesOf(dispute) {
  const { status, opened_at: openedAt, due_at: dueAt, closed_at: closedAt, overdue } = dispute;
  const nameOf = ({ name }) => name ?? t("nobodyKnown");
  const opened = dispute.opened_by
    ? t("openedBy", { who: nameOf(dispute.opened_by), when: ago(openedAt) })
    : t("disputeOpened", { when: ago(openedAt) });
  const closed = dispute.decided_by
    ? t("decidedByWho", { who: nameOf(dispute.decided_by), when: ago(closedAt) })
    : closedAt && t("disputeClosed", { when: ago(closedAt) });
  const due = t(overdue ? "disputeOverdue" : "disputeDue", { day: clock(dueAt) });
  return [
    h("p", { class: "quiet" }, [opened, closed].filter(Boolean).join(" · ")),
    status === "open" && h("p", { class: overdue ? "fell" : "quiet" }, due),
  ];
}

function scoreOf({ score: { before, after } }) {
  const words =
    after == null
      ? t("noScoreLeft")
      : before === after
        ? t("scoreUnchanged", { score: percent(after) })
        : t("scoreChanged", { before: percent(before), after: percent(after) });
  return h("p", {}, h("strong", {}, words));
}

/** Returns a disputed question: what was sent, why it is disputed, and what was decided. */
export function disputedQuestion(item, question) {
  const { decision, sent } = item;
  return h(
    "li",
    { "data-question": item.question },
    h("h3", { dir: "auto" }, h("a", { href: `#answer-${item.question}` }, localize(item.text))),
    h("p", { class: "quiet", dir: "auto" }, sentOf(sent, question), " · ", pointsOf(item)),
    h("p", {}, h("strong", {}, t(`kind-${item.kind}`))),
    h("blockquote", { dir: "auto" }, item.reason),
    decision && outcomeOf(decision, question),
  );
}

const sentOf = (sent, question) =>
  t("sentAnswer", {
    value: sent.not_applicable
      ? t("answer-not_applicable")
      : showValue(question, sent.value) || t("noAnswer"),
  });

const pointsOf = ({ points_earned: earned, points_possible: possible }) =>
  t("pointsOf", { earned: count(earned), possible: count(possible) });

function outcomeOf({ outcome, value, reason }, question) {
  return [
    h(
      "p",
      { "data-testid": "outcome", "data-outcome": outcome },
      h("strong", { dir: "auto" }, t(`outcome-${outcome}`, { value: showValue(question, value) })),
    ),
    reason &&
      h("p", {}, h("span", { class: "quiet" }, t("reviewerSays")), " ", h("q", { dir: "auto" }, reason)),
  ];
}

function withdrawButton(dispute, refresh) {
  const error = h("p", { class: "fault", role: "alert" });
  const withdraw = async () => {
    const words = { yes: t("withdraw"), no: t("keepDispute") };
    if (!(await confirmAction(t("withdrawForGood"), words))) return;
    try {
      await call("POST", `/disputes/${dispute.id}/withdraw`);
    } catch (problem) {
      if (problem.code !== "dispute-not-open") {
        error.textContent = explainFailure(problem);
        return;
      }
    }
    refresh();
  };
  const button = h("button", { type: "button", class: "plain", onclick: withdraw }, t("withdrawDispute"));
  return [h("p", {}, button), error];
}

// The form.

function openingForm(visit, submission, lost, lastDay, refresh) {
  const rows = lost.map((question) => questionRow(question, submission.answers[question.key]));
  const error = h("p", { class: "fault", role: "alert" });
  const send = h("button", { class: "primary" }, t("sendDispute"));

  async function onsubmit(event) {
    event.preventDefault();
    const chosen = rows.filter((row) => row.isChosen());
    const incomplete = chosen.find((row) => !row.read().reason);
    error.textContent = chosen.length ? (incomplete ? t("reasonNeeded") : "") : t("chooseQuestion");
    if (error.textContent) return (incomplete ?? rows[0]).focus();
    send.disabled = true;
    try {
      await call("POST", `/visits/${visit.id}/disputes`, { questions: chosen.map((row) => row.read()) });
      return refresh();
    } catch (problem) {
      send.disabled = false;
      error.textContent = explainFailure(problem);
      return undefined;
    }
  }

  return h(
    "section",
    { class: "card dispute", "data-testid": "dispute" },
    h(
      "details",
      {},
      h("summary", {}, h("h2", {}, t("disputeVisit"))),
      h("p", { class: "quiet" }, t("disputeUntil", { day: dayName(lastDay) })),
      h(
        "form",
        { onsubmit, novalidate: true },
        h(
          "fieldset",
          {},
          h("legend", {}, t("whatIsWrong")),
          rows.map((row) => row.element),
        ),
        error,
        h("p", { class: "row" }, send),
      ),
    ),
  );
}

/** Returns a question to dispute. Its reason is asked for once it is chosen. */
function questionRow(question, answer) {
  const id = `dispute-${question.key}`;
  const kind = h(
    "select",
    { id: `${id}-kind` },
    KINDS.map((name) => h("option", { value: name }, t(`kind-${name}`))),
  );
  const reason = h("textarea", { id: `${id}-reason`, rows: 3, maxlength: MAX_REASON_LENGTH, dir: "auto" });
  const details = h(
    "div",
    { class: "contest", hidden: true },
    h("p", {}, h("label", { for: kind.id }, t("why")), kind),
    h("p", {}, h("label", { for: reason.id }, t("explainToReviewer")), reason),
  );
  const checkbox = h("input", {
    type: "checkbox",
    name: "question",
    value: question.key,
    onchange: () => (details.hidden = !checkbox.checked),
  });
  const words = [sentOf(answer, question), pointsOf(answer)].join(" · ");
  const label = h(
    "label",
    { class: "switch" },
    checkbox,
    h("span", { dir: "auto" }, localize(question.text), h("span", { class: "quiet" }, words)),
  );
  return {
    element: h("div", {}, label, details),
    isChosen: () => checkbox.checked,
    read: () => ({ question: question.key, kind: kind.value, reason: reason.value.trim() }),
    focus: () => (checkbox.checked ? reason : checkbox).focus(),
  };
}
