/** Decisions on a visit: those that were made, and the form to make one or to replace the current one. */
import { call } from "../shared/api.js";
import { h, hasWords, loadMoreWords, plain, t } from "../shared/page.js";
import { onward } from "./address.js";
import { factsOf, flagsOf } from "./evidence.js";
import { clock } from "./figures.js";

const MOST = 5000;
/** The decisions, and the keys that stand for them where shortcuts are on. */
export const DECISIONS = { accept: "a", return: "r", reject: "x" };

await loadMoreWords((language) => import(`./words/reviews/${language}.js`));

let last = null;

/**
 * Returns what became of the decision before this page was drawn again, if there was one; give it the focus.
 */
export function outcome() {
  if (!last) return null;
  const { visit, decision } = last;
  last = null;
  return h(
    "p",
    { class: "notice", role: "status", tabindex: -1, "data-testid": "outcome" },
    t(decision ? `done-${decision}` : "conflict", { location: visit.location.name }),
    " ",
    h("a", { href: onward(`/dashboard/visits/${visit.id}`) }, t(decision ? "lookAgain" : "lookAtIt")),
  );
}

/**
 * Returns all that a reviewer sees next to a visit's answers: flags, times and distance, decisions and the
 * form.
 */
export async function reviewOf(visit, submission, { read, refresh }) {
  const flags = visit.flags.length > 0 && (await flagsOf(visit, submission, read));
  const said = outcome();
  requestAnimationFrame(() => said?.focus());
  return h(
    "div",
    { class: "reviewed" },
    h("div", {}, said, flags, factsOf(visit, submission), decisionsOf(visit)),
    h("div", { class: "aside" }, decisionForm(visit, refresh)),
  );
}

/**
 * Returns the current decision on the latest revision: the last one, because each but the first replaces
 * another.
 */
const currentOf = ({ decisions, revision }) => decisions.findLast((each) => each.revision === revision);

/** Returns what was decided so far, by whom, when and why. */
export function decisionsOf({ decisions, checklist }) {
  if (!decisions.length) return null;
  const replaced = new Set(decisions.map((each) => each.replaces));
  const textOf = (key) =>
    plain(checklist.sections.flatMap(({ questions }) => questions).find((each) => each.key === key)?.text) ||
    key;
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("decidedBefore")),
    h(
      "ol",
      { class: "plain-list decisions" },
      decisions.map((each) =>
        h(
          "li",
          { "data-decided": each.decision },
          h(
            "strong",
            {},
            each.reviewer_id
              ? t(`decided-${each.decision}`, { who: each.reviewer_name })
              : t("acceptedAutomatically"),
          ),
          " ",
          h(
            "span",
            { class: "quiet" },
            clock(new Date(each.decided_at)),
            " · ",
            t("ofRevision", { n: each.revision }),
            replaced.has(each.id) && ` · ${t("replaced")}`,
          ),
          each.reason && h("blockquote", { dir: "auto" }, each.reason),
          each.question_reasons &&
            h(
              "dl",
              {},
              Object.entries(each.question_reasons).map(([key, reason]) => [
                h("dt", { class: "quiet", dir: "auto" }, textOf(key)),
                h("dd", { dir: "auto" }, reason),
              ]),
            ),
        ),
      ),
    ),
  );
}

/**
 * Returns the form to decide on the latest revision; `settled` goes on when that is done, or somebody else
 * was faster.
 */
export function decisionForm(visit, settled) {
  if (!visit.revision) return h("p", { class: "quiet" }, t("nothingSent"));
  const current = currentOf(visit);
  const reason = h("textarea", {
    id: "reason",
    name: "reason",
    rows: 4,
    maxlength: MOST,
    dir: "auto",
    "aria-describedby": "reason-help decision-fault",
  });
  const byQuestion = reasonsByQuestion(visit);
  const fault = h("p", { class: "fault", id: "decision-fault", role: "alert" });
  const others = Object.keys(DECISIONS).filter((decision) => decision !== current?.decision);
  const buttons = others.map((decision) =>
    h(
      "button",
      {
        type: "button",
        class: decision === "accept" ? "primary" : "plain",
        "data-decision": decision,
        onclick: () => decide(decision),
      },
      t(`decide-${decision}`),
    ),
  );

  const decide = async (decision) => {
    const body = {
      revision: visit.revision,
      decision,
      reason: reason.value.trim() || null,
      question_reasons: byQuestion.given(),
      replaces: current?.id ?? null,
    };
    const isUnexplained = decision !== "accept" && !body.reason && !body.question_reasons;
    reason.setAttribute("aria-invalid", String(isUnexplained));
    fault.textContent = isUnexplained ? t("sayWhy") : "";
    if (isUnexplained) return reason.focus();
    for (const button of buttons) button.disabled = true;
    try {
      await call("POST", `/visits/${visit.id}/review`, body);
      last = { visit, decision };
    } catch (problem) {
      if (problem.code !== "review-conflict") {
        for (const button of buttons) button.disabled = false;
        fault.textContent = sentence(problem);
        return undefined;
      }
      last = { visit };
    }
    return settled();
  };

  const form = h(
    "form",
    { class: "decision", onsubmit: (event) => event.preventDefault() },
    h(
      "p",
      {},
      h("label", { for: "reason" }, t("reason")),
      reason,
      h("span", { class: "quiet", id: "reason-help" }, t("reasonHelp")),
    ),
    byQuestion.element,
    fault,
    h("div", { class: "decide" }, buttons),
  );
  const heading = h("h2", { id: "decision-title" }, t(current ? "replaceDecision" : "decision"));
  return h(
    "section",
    { class: "card", "aria-labelledby": "decision-title" },
    heading,
    current && h("p", { class: "quiet" }, t(`current-${current.decision}`)),
    form,
  );
}

function sentence(problem) {
  if (!problem.status) return t("noAnswer");
  return hasWords(`problem-${problem.code}`) ? t(`problem-${problem.code}`) : problem.detail;
}

/** Lets reasons be added question by question; `given` returns them by their keys, or null. */
function reasonsByQuestion({ checklist }) {
  const questions = checklist.sections.flatMap((section) => section.questions);
  const choice = h(
    "select",
    { id: "reason-question" },
    questions.map(({ key, text }) => h("option", { value: key }, plain(text))),
  );
  const rows = h("div", {});
  const add = () => {
    const { key, text } = questions.find((each) => each.key === choice.value);
    const there = rows.querySelector(`[name="${key}"]`);
    if (there) return there.focus();
    const id = `reason-${key}`;
    const field = h("textarea", { id, name: key, rows: 2, maxlength: MOST, dir: "auto" });
    const row = h(
      "p",
      {},
      h("label", { for: id, dir: "auto" }, plain(text)),
      field,
      h(
        "button",
        {
          type: "button",
          class: "plain bare",
          "aria-label": `${t("remove")}: ${plain(text)}`,
          onclick: () => {
            row.remove();
            choice.focus();
          },
        },
        t("remove"),
      ),
    );
    rows.append(row);
    return field.focus();
  };
  const element = h(
    "details",
    {},
    h("summary", {}, t("byQuestion")),
    rows,
    h(
      "p",
      { class: "add" },
      h("label", { for: "reason-question" }, t("question")),
      choice,
      h("button", { type: "button", class: "plain", onclick: add }, t("addReason")),
    ),
  );
  const given = () => {
    const said = [...rows.querySelectorAll("textarea")]
      .map(({ name, value }) => [name, value.trim()])
      .filter(([, text]) => text);
    return said.length ? Object.fromEntries(said) : null;
  };
  return { element, given };
}
