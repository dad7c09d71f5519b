/** The decisions on a visit, and the form to make one or to replace the current one. */
import { call } from "../shared/api.js";
import { clock, h, hasWords, loadMoreWords, localize, t } from "../shared/page.js";
import { onward } from "./filters.js";
import { factsOf, flagsOf } from "./evidence.js";
import { messagesOf } from "./shopper-messages.js";

const MAX_REASON_LENGTH = 5000;
const MAX_MESSAGE_LENGTH = 2000;
/** The decisions with their keyboard shortcuts. */
export const DECISIONS = { accept: "a", return: "r", reject: "x" };

await loadMoreWords((language) => import(`./words/reviews/${language}.js`));

/** For how long a decision can be undone, in milliseconds. Meanwhile, the shopper gets no mail about it. */
const UNDO_TIME = 600_000;

/** What happened to a visit, for the next time that the screen is drawn: `{visit, decision, isUndone}`. */
let lastOutcome = null;

/**
 * Returns the outcome of the decision that caused this redraw, if any, with a button that undoes it if it can be.
 * The caller moves the focus to it. `onUndone` is called with the visit once it waits again.
 */
export function outcome(onUndone) {
  if (!lastOutcome) return null;
  const { visit, decision, isUndone } = lastOutcome;
  lastOutcome = null;
  const done = decision ? `done-${isUndone ? "undo" : decision.decision}` : "conflict";
  const offersUndo = decision && !isUndone && !decision.replaces;
  return h(
    "p",
    { class: "notice", role: "status", tabindex: -1, "data-testid": "outcome" },
    t(done, { location: visit.location.name }),
    " ",
    offersUndo && [undoButton(visit, decision, onUndone), " "],
    !isUndone &&
      h("a", { href: onward(`/dashboard/visits/${visit.id}`) }, t(decision ? "viewAgain" : "viewVisit")),
  );
}

/** Returns whether a current decision can still be undone: by whoever made it, soon, if it replaces no other. */
export const canBeUndone = ({ reviewer_id: by, replaces, decided_at: at }, me) =>
  by === me.id && !replaces && Date.now() - Date.parse(at) < UNDO_TIME;

/** Returns a button that undoes a decision, while that is possible. It calls `onUndone` with the visit. */
export function undoButton(visit, decision, onUndone) {
  const undo = async () => {
    button.disabled = true;
    try {
      await call("POST", `/visits/${visit.id}/review/undo`, { decision_id: decision.id });
    } catch (problem) {
      if (problem.code === "undo-too-late") button.replaceWith(describe(problem));
      else button.after(` ${describe(problem)}`);
      button.disabled = false;
      return;
    }
    lastOutcome = { visit, decision, isUndone: true };
    onUndone(visit);
  };
  const button = h("button", { type: "button", class: "plain", "data-undo": true, onclick: undo }, t("undo"));
  setTimeout(() => button.remove(), UNDO_TIME - (Date.now() - Date.parse(decision.decided_at)));
  return button;
}

/**
 * Returns what a reviewer sees next to the answers: flags, times and distance, decisions, messages to the
 * shopper, and the form for a decision, which sends `notes` along.
 */
export async function reviewOf(visit, submission, notes, { read, refresh }) {
  const [flags, messages] = await Promise.all([
    visit.flags.length > 0 && flagsOf(visit, submission, read),
    visit.revision > 0 && messagesOf(visit, read),
  ]);
  const message = outcome(refresh);
  requestAnimationFrame(() => message?.focus());
  return h(
    "div",
    { class: "reviewed" },
    h("div", {}, message, flags, factsOf(visit, submission), decisionsOf(visit), messages),
    h("div", { class: "aside" }, decisionForm(visit, notes, refresh)),
  );
}

/** Returns the current decision on the latest revision: the last one, because each replaces another. */
const currentDecision = ({ decisions, revision }) =>
  decisions.findLast((decision) => decision.revision === revision && !decision.undone_at);

/** Returns the decisions so far: by whom, when and why. */
export function decisionsOf({ decisions, checklist }) {
  if (!decisions.length) return null;
  const replaced = new Set(decisions.map((decision) => decision.replaces));
  const questions = checklist.sections.flatMap((section) => section.questions);
  const textOf = (key) => localize(questions.find((question) => question.key === key)?.text) || key;
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("previousDecisions")),
    h(
      "ol",
      { class: "plain-list decisions" },
      decisions.map((decision) => decisionItem(decision, replaced.has(decision.id), textOf)),
    ),
  );
}

function decisionItem(decision, isReplaced, textOf) {
  const heading = decision.reviewer_id
    ? t(`decided-${decision.decision}`, { who: decision.reviewer_name ?? t("deletedReviewer") })
    : t("acceptedAutomatically");
  const details = [
    clock(decision.decided_at),
    t("ofRevision", { n: decision.revision }),
    ...(isReplaced ? [t("replaced")] : []),
    ...(decision.undone_at ? [t("wasUndone")] : []),
  ];
  const reasons = Object.entries(decision.question_reasons ?? {}).map(([key, reason]) => [
    h("dt", { class: "quiet", dir: "auto" }, textOf(key)),
    h("dd", { dir: "auto" }, reason),
  ]);
  return h(
    "li",
    { "data-decided": decision.decision },
    h("strong", {}, heading),
    " ",
    h("span", { class: "quiet" }, details.join(" · ")),
    decision.reason && h("blockquote", { dir: "auto" }, decision.reason),
    reasons.length > 0 && h("dl", {}, reasons),
    decision.message_to_shopper && [
      h("p", { class: "quiet" }, t("toShopper")),
      h("blockquote", { dir: "auto" }, decision.message_to_shopper),
    ],
  );
}

/**
 * Returns the form to decide on the latest revision, with `notes` on questions. It calls `onDecided` when the
 * decision is stored, or when another reviewer has decided first.
 */
export function decisionForm(visit, notes, onDecided) {
  if (!visit.revision) return h("p", { class: "quiet" }, t("nothingSent"));
  const current = currentDecision(visit);
  const reason = h("textarea", {
    id: "reason",
    name: "reason",
    rows: 4,
    maxlength: MAX_REASON_LENGTH,
    dir: "auto",
    "aria-describedby": "reason-help decision-fault",
  });
  const message = h("textarea", {
    id: "message-to-shopper",
    rows: 2,
    maxlength: MAX_MESSAGE_LENGTH,
    dir: "auto",
    "aria-describedby": "message-to-shopper-help",
  });
  const error = h("p", { class: "fault", id: "decision-fault", role: "alert" });

  const decide = async (decision) => {
    const body = {
      revision: visit.revision,
      decision,
      reason: reason.value.trim() || null,
      question_reasons: notes.values(),
      message_to_shopper: message.value.trim() || null,
      replaces: current?.id ?? null,
      expense_versions: expenseVersions(visit),
    };
    const lacksReason = decision !== "accept" && !body.reason && !body.question_reasons;
    reason.setAttribute("aria-invalid", String(lacksReason));
    error.textContent = lacksReason ? t("reasonMissing") : "";
    if (lacksReason) return reason.focus();
    for (const button of buttons) button.disabled = true;
    try {
      const response = await call("POST", `/visits/${visit.id}/review`, body);
      lastOutcome = { visit, decision: response.body };
    } catch (problem) {
      if (problem.code !== "review-conflict") {
        for (const button of buttons) button.disabled = false;
        error.textContent = describe(problem);
        return undefined;
      }
      lastOutcome = { visit };
    }
    return onDecided();
  };

  const buttons = Object.keys(DECISIONS)
    .filter((decision) => decision !== current?.decision)
    .map((decision) => decisionButton(decision, () => decide(decision)));
  return h(
    "section",
    { class: "card", "aria-labelledby": "decision-title" },
    h("h2", { id: "decision-title" }, t(current ? "replaceDecision" : "decision")),
    current && h("p", { class: "quiet" }, t(`current-${current.decision}`)),
    h(
      "form",
      { class: "decision", onsubmit: (event) => event.preventDefault() },
      h(
        "p",
        {},
        h("label", { for: "reason" }, t("reason")),
        reason,
        h("span", { class: "quiet", id: "reason-help" }, t("reasonHelp")),
      ),
      notes.element,
      h(
        "details",
        {},
        h("summary", {}, t("messageToShopper")),
        h(
          "p",
          {},
          h("label", { for: "message-to-shopper" }, t("messageToShopper")),
          message,
          h("span", { class: "quiet", id: "message-to-shopper-help" }, t("messageToShopperHelp")),
        ),
      ),
      error,
      h("div", { class: "decide" }, buttons),
    ),
  );
}

/** Returns the versions of the expenses that the reviewer sees: an acceptance approves only these. */
const expenseVersions = ({ payment }) =>
  (payment?.items ?? []).filter(({ kind }) => kind !== "fee").map(({ version }) => version);

const decisionButton = (decision, onclick) =>
  h(
    "button",
    {
      type: "button",
      class: decision === "accept" ? "primary" : "plain",
      "data-decision": decision,
      onclick,
    },
    t(`decide-${decision}`),
  );

function describe(problem) {
  if (!problem.status) return t("noResponse");
  return hasWords(`problem-${problem.code}`) ? t(`problem-${problem.code}`) : problem.detail;
}
