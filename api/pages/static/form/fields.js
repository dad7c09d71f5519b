/** The field of a question: its text, its inputs, and everything else that belongs to its answer. */
import { h, show, t, textElement } from "../shared/page.js";
import { typeOf } from "../shared/question-types/index.js";
import { option } from "../shared/question-types/inputs.js";
import { photoField } from "./photo-field.js";
import { isAnswered, needsComment } from "./rules.js";

/**
 * Returns the field's element, and `redraw`, which shows the stored answer again. `onchange` is called with
 * the question's key after each change.
 */
export function field(question, draft, onchange) {
  const id = `q-${question.key}`;
  const note = draft.visit?.question_reasons?.[question.key];
  const context = {
    question,
    draft,
    id,
    note,
    onchange,
    redraw: () => redraws.forEach((redraw) => redraw()),
  };
  const parts = [inputs, notApplicable, clearButton, comment, photoField]
    .map((part) => part(context))
    .filter(Boolean);
  const redraws = parts.map(({ redraw }) => redraw).filter(Boolean);
  const role = typeOf(question).role(question);
  const optional = question.required === false && question.key !== null;
  const element = h(
    "fieldset",
    {
      id,
      class: note && "noted",
      "data-question": question.key,
      tabindex: -1,
      role,
      "aria-required": role === "radiogroup" && String(!optional),
      "aria-labelledby": `${id}-text`,
      "aria-describedby": role && describedBy(context),
    },
    h(
      "legend",
      { id: `${id}-text` },
      textElement("span", {}, question.text),
      optional && h("span", { class: "quiet" }, ` (${t("optional")})`),
    ),
    note && h("p", { class: "note", id: `${id}-note` }, h("strong", {}, t("toChange")), " ", noteText(note)),
    question.help && textElement("p", { class: "quiet", id: `${id}-help` }, question.help),
    h("p", { class: "fault", id: `${id}-error`, hidden: true }),
    parts.map((part) => part.element),
  );
  context.redraw();
  return { element, redraw: context.redraw };
}

const answerOf = ({ draft, question }) => draft.answers[question.key] ?? {};

/** Returns the words of a reviewer, whose direction may differ from that of the page. */
const noteText = (note) => h("span", { dir: "auto" }, note);

/** Returns the IDs of a question's note, help and error, which a screen reader reads with its inputs. */
const describedBy = ({ id, question, note }) =>
  [note && `${id}-note`, question.help && `${id}-help`, `${id}-error`].filter(Boolean).join(" ");

/** Stores a part of the answer. */
function change(context, part) {
  context.draft.set(context.question.key, part);
  context.redraw();
  context.onchange(context.question.key);
}

function inputs(context) {
  const { question, id } = context;
  const type = typeOf(question);
  return type.input(question, {
    id,
    labels: { "aria-labelledby": `${id}-text`, "aria-describedby": describedBy(context) },
    answer: () => answerOf(context),
    enter: (content) =>
      change(context, { value: type.value(question, content), timer: null, not_applicable: false }),
    change: (part) => change(context, part),
  });
}

function notApplicable(context) {
  if (!context.question.not_applicable) return null;
  const onchange = () => change(context, { value: null, timer: null, not_applicable: input.checked });
  const label = option("checkbox", `${context.id}-na`, "not_applicable", t("notApplicable"), onchange);
  const input = label.querySelector("input");
  return {
    element: h("div", { class: "options" }, label),
    redraw: () => (input.checked = Boolean(answerOf(context).not_applicable)),
  };
}

function clearButton(context) {
  const { question } = context;
  if (question.required !== false || !typeOf(question).hasClearButton) return null;
  const onclick = () => change(context, { value: null, timer: null });
  const button = h(
    "button",
    { type: "button", class: "plain bare", "aria-describedby": `${context.id}-text`, onclick },
    t("clear"),
  );
  return { element: button, redraw: () => show(button, isAnswered(question, answerOf(context))) };
}

function comment(context) {
  const { question, id } = context;
  if (question.comment === "never") return null;
  let isOpen = false;
  const attributes = {
    id: `${id}-comment`,
    name: `${question.key}-comment`,
    rows: 2,
    dir: "auto",
  };
  const oninput = () => change(context, { comment: area.value || null });
  const area = h("textarea", { ...attributes, "aria-describedby": `${id}-error`, oninput });
  const label = h("label", { for: `${id}-comment` });
  const box = h("div", {}, label, area);
  const add = () => {
    isOpen = true;
    redraw();
    area.focus();
  };
  const button = h(
    "button",
    { type: "button", class: "plain bare", "aria-describedby": `${id}-text`, onclick: add },
    t("addComment"),
  );
  const redraw = () => {
    const answer = answerOf(context);
    const needed = needsComment(question, answer);
    label.textContent = needed ? t("why") : t("comment");
    show(box, needed || isOpen || Boolean(answer.comment));
    show(button, box.hidden);
    if (!area.matches(":focus")) area.value = answer.comment ?? "";
  };
  return { element: [box, button], redraw };
}
