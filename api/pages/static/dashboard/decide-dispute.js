/** The form with which a reviewer decides a dispute: one outcome for each question. */
import { call } from "../shared/api.js";
import { h, loadMoreWords, localize, show, t } from "../shared/page.js";
import { typeOf } from "../shared/question-types/index.js";
import { explainFailure } from "../staff/failures.js";
import { disputedQuestion, questionsOf } from "./dispute.js";

// Reviewers see the same evidence as in a review.
await loadMoreWords((language) => import(`./words/reviews/${language}.js`));

const MAX_REASON_LENGTH = 10_000;
/** The outcomes with their keyboard shortcuts, each for the first question without an outcome. */
export const OUTCOMES = { kept: "e", set_aside: "s", amended: "m" };

/**
 * Returns the form to decide an open dispute. It calls `onDecided` when the decision is stored, or with true
 * when the dispute was decided or withdrawn in the meantime.
 */
export function disputeForm(dispute, visit, onDecided) {
  const questions = new Map(questionsOf(visit).map((question) => [question.key, question]));
  const rows = dispute.questions.map((item) => outcomeRow(item, questions.get(item.question)));
  const error = h("p", { class: "fault", role: "alert" });
  const button = h("button", { class: "primary", "data-action": "decide" }, t("decide"));

  async function onsubmit(event) {
    event.preventDefault();
    const faulty = rows.find((row) => row.findError());
    error.textContent = faulty?.findError() ?? "";
    if (faulty) return faulty.focus();
    button.disabled = true;
    try {
      await call("POST", `/disputes/${dispute.id}/decision`, { outcomes: rows.map((row) => row.read()) });
      return onDecided(false);
    } catch (problem) {
      if (problem.code === "dispute-not-open") return onDecided(true);
      button.disabled = false;
      error.textContent = explainFailure(problem);
      return undefined;
    }
  }

  return h(
    "section",
    { class: "card dispute", "aria-labelledby": "decision-title" },
    h("h2", { id: "decision-title" }, t("disputeDecision")),
    h("p", { class: "quiet" }, t("decideEach")),
    h(
      "form",
      { class: "decision", onsubmit, novalidate: true },
      h(
        "ol",
        { class: "plain-list" },
        rows.map((row) => row.element),
      ),
      error,
      h("p", { class: "decide" }, button),
    ),
  );
}

/** Returns a disputed question with the controls to decide on it. */
function outcomeRow(item, question) {
  const id = `outcome-${item.question}`;
  const value = valueControl(question, id);
  const reason = h("textarea", { id: `${id}-reason`, rows: 2, maxlength: MAX_REASON_LENGTH, dir: "auto" });
  const radios = Object.keys(OUTCOMES).map((outcome) =>
    h("input", { type: "radio", name: id, value: outcome, onchange: () => update() }),
  );
  const chosen = () => radios.find((radio) => radio.checked)?.value;
  const update = () => {
    show(value.element, chosen() === "amended");
    show(reasonRow, Boolean(chosen()));
  };
  const reasonRow = h("p", { hidden: true }, h("label", { for: reason.id }, t("reasonForManager")), reason);
  const element = disputedQuestion(item, question);
  element.append(
    h(
      "fieldset",
      { "data-testid": "outcome", "data-question": item.question },
      h("legend", { class: "visually-hidden", dir: "auto" }, localize(item.text)),
      h(
        "div",
        { class: "choices" },
        radios.map((radio) => h("label", { class: "switch" }, radio, t(`choose-${radio.value}`))),
      ),
      value.element,
      reasonRow,
    ),
  );
  const findError = () => {
    if (!chosen()) return t("outcomeMissing");
    if (chosen() === "amended" && value.read() == null) return t("valueMissing");
    return chosen() === "kept" && !reason.value.trim() ? t("keptNeedsReason") : null;
  };
  return {
    element,
    findError,
    focus() {
      if (!chosen()) radios[0].focus();
      else if (chosen() === "amended" && value.read() == null) value.focus();
      else reason.focus();
    },
    read: () => ({
      question: item.question,
      outcome: chosen(),
      value: chosen() === "amended" ? value.read() : null,
      reason: reason.value.trim() || null,
    }),
  };
}

/** Returns the control for the value of an amended answer. `read` returns null until it is complete. */
function valueControl(question, id) {
  const answers = typeOf(question).answers(question);
  if (question.multiple) return optionsControl(question, answers, id);
  const control = answers.length
    ? h(
        "select",
        { id: `${id}-value` },
        h("option", { value: "" }, t("chooseValue")),
        answers.map(([key, label]) => h("option", { value: key }, localize(label))),
      )
    : h("input", { id: `${id}-value`, type: "number", min: 0, step: 1, inputmode: "numeric" });
  const label = h("label", { for: control.id }, t("amendedValue"));
  const unit = !answers.length && h("span", { class: "quiet" }, t("inSeconds"));
  return {
    element: h("p", { hidden: true }, label, control, unit),
    focus: () => control.focus(),
    read: () =>
      control.value === ""
        ? null
        : typeOf(question).value(question, answers.length ? [control.value] : control.value),
  };
}

function optionsControl(question, answers, id) {
  const boxes = answers.map(([key]) => h("input", { type: "checkbox", name: `${id}-value`, value: key }));
  const labels = answers.map(([, label], index) =>
    h("label", { class: "switch", dir: "auto" }, boxes[index], localize(label)),
  );
  return {
    element: h("fieldset", { hidden: true }, h("legend", {}, t("amendedValue")), labels),
    focus: () => boxes[0].focus(),
    read() {
      const keys = boxes.filter((box) => box.checked).map((box) => box.value);
      return keys.length ? keys : null;
    },
  };
}
