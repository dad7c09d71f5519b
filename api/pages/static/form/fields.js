/** The field of a question: its text, its native inputs, and what else belongs to its answer. */
import { h, minutes, show, t, told } from "../shared/page.js";
import { FIRST_DATE, LAST_DATE, isAnswered, needsComment } from "./rules.js";
import { photoField } from "./photo-field.js";
import { elapsed, startTimer } from "./timers.js";

const LONGEST_TEXT = 10_000;

/** Returns the field's element, and how to draw its answer again; `onchange` hears that it has changed. */
export function field(question, draft, onchange) {
  const id = `q-${question.key}`;
  const context = { question, draft, id, onchange, redraw: () => redraws.forEach((redraw) => redraw()) };
  const parts = [inputs, notApplicable, clearing, comment, photoField]
    .map((part) => part(context))
    .filter(Boolean);
  const redraws = parts.map(({ redraw }) => redraw).filter(Boolean);
  const role = roleOf(question);
  const optional = question.required === false && question.key !== null;
  const element = h(
    "fieldset",
    {
      id,
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
      told("span", {}, question.text),
      optional && h("span", { class: "quiet" }, ` (${t("optional")})`),
    ),
    question.help && told("p", { class: "quiet", id: `${id}-help` }, question.help),
    h("p", { class: "fault", id: `${id}-fault`, hidden: true }),
    parts.map((part) => part.element),
  );
  context.redraw();
  return { element, redraw: context.redraw };
}

/** Returns the role of a field with several inputs, to which its help and fault belong. */
function roleOf({ type, multiple }) {
  if (type === "yes_no" || type === "scale" || (type === "choice" && !multiple)) return "radiogroup";
  return type === "choice" || type === "photo" ? "group" : null;
}

const answerOf = ({ draft, question }) => draft.answers[question.key] ?? {};

/** Returns the IDs of a question's help and fault, which a screen reader reads with its inputs. */
const describedBy = ({ id, question }) =>
  [question.help && `${id}-help`, `${id}-fault`].filter(Boolean).join(" ");

const labels = (context) => ({
  "aria-labelledby": `${context.id}-text`,
  "aria-describedby": describedBy(context),
});

function answer(context, part) {
  context.draft.set(context.question.key, part);
  context.redraw();
  context.onchange(context.question.key);
}

function inputs(context) {
  const { type } = context.question;
  if (type === "photo") return null;
  if (roleOf(context.question)) return buttons(context);
  return { text, duration }[type]?.(context) ?? singleInput(context);
}

// Large buttons with native radios or checkboxes underneath.

function optionsOf({ question }) {
  const { type, minimum, maximum, options } = question;
  if (type === "yes_no")
    return [
      ["yes", t("yes")],
      ["no", t("no")],
    ];
  if (type === "choice") return options.map(({ key, label }) => [key, label]);
  return Array.from({ length: maximum - minimum + 1 }, (_, index) => [
    `${minimum + index}`,
    `${minimum + index}`,
  ]);
}

function buttons(context) {
  const { question, id } = context;
  const type = question.multiple ? "checkbox" : "radio";
  const choose = () => answer(context, { value: chosen(), not_applicable: false });
  const options = optionsOf(context).map(([value, label]) => option(type, id, value, label, choose));
  const controls = options.map((label) => label.querySelector("input"));
  const chosen = () => {
    const values = controls.filter(({ checked }) => checked).map(({ value }) => value);
    if (question.multiple) return values;
    return question.type === "scale" ? Number(values[0]) : values[0];
  };
  return {
    element: h("div", { class: question.type === "choice" ? "options list" : "options" }, options),
    redraw() {
      const values = [answerOf(context).value ?? []].flat().map(String);
      for (const input of controls) input.checked = values.includes(input.value);
    },
  };
}

function option(type, name, value, label, onchange) {
  return h(
    "label",
    { class: "option" },
    h("input", { type, name, value, onchange }),
    told("span", {}, label),
  );
}

// Single inputs.

function singleInput(context) {
  const { question, id } = context;
  const attributes = {
    time: { type: "time" },
    date: { type: "date", min: FIRST_DATE, max: LAST_DATE },
    number: { type: "number", step: "any", inputmode: "decimal" },
  }[question.type];
  const isText = attributes.type !== "number";
  const oninput = () => answer(context, { value: valueOf(input, isText), not_applicable: false });
  const input = h("input", { ...attributes, id: `${id}-input`, ...labels(context), oninput });
  return {
    element: h(
      "div",
      { class: "row" },
      input,
      question.unit && told("span", { class: "quiet" }, question.unit),
    ),
    redraw: () => refill(input, answerOf(context).value),
  };
}

/** Returns the value of an input; a half-written number, such as a lone minus, is no answer. */
const valueOf = (input, isText) => (input.value === "" ? null : isText ? input.value : Number(input.value));

function refill(input, value) {
  if (document.activeElement === input && (value != null || input.validity.badInput)) return;
  input.value = value ?? "";
}

function text(context) {
  const oninput = () =>
    answer(context, { value: input.value.trim() ? input.value : null, not_applicable: false });
  const attributes = { id: `${context.id}-input`, rows: 4, maxlength: LONGEST_TEXT, dir: "auto" };
  const input = h("textarea", { ...attributes, ...labels(context), oninput });
  return {
    element: input,
    redraw: () => document.activeElement !== input && refill(input, answerOf(context).value),
  };
}

function duration(context) {
  const oninput = () => answer(context, { value: valueOf(input), timer: null, not_applicable: false });
  const attributes = { type: "number", min: 0, step: 1, inputmode: "numeric", id: `${context.id}-input` };
  const input = h("input", { ...attributes, ...labels(context), oninput });
  const shown = h("span", { class: "quiet" });
  const toggle = () => answer(context, toggledTimer(answerOf(context)));
  const button = h("button", { type: "button", class: "plain", onclick: toggle });
  const redraw = () => {
    const { timer, value } = answerOf(context);
    button.textContent = timer ? t("stop") : t("startTimer");
    show(input.parentElement, !timer);
    if (!timer) refill(input, value);
    shown.textContent = timer ? minutes(elapsed(timer) / 1000) : value >= 60 ? minutes(value) : "";
  };
  everySecond(shown, () => answerOf(context).timer && redraw());
  const seconds = h("span", { class: "row" }, input, h("span", { class: "quiet" }, t("seconds")));
  return { element: h("div", { class: "row" }, seconds, shown, button), redraw };
}

/** Returns what becomes of an answer when its timer is started or stopped. */
export const toggledTimer = ({ timer }) =>
  timer
    ? { timer: null, value: Math.round(elapsed(timer) / 1000), not_applicable: false }
    : { timer: startTimer(), value: null, not_applicable: false };

/** Calls `redraw` each second for as long as the element is on the page. */
export function everySecond(element, redraw) {
  const timer = setInterval(() => (element.isConnected ? redraw() : clearInterval(timer)), 1000);
}

// What else belongs to an answer.

function notApplicable(context) {
  if (!context.question.not_applicable) return null;
  const rest = context.question.type === "photo" ? {} : { value: null, timer: null };
  const onchange = () => answer(context, { ...rest, not_applicable: input.checked });
  const label = option("checkbox", `${context.id}-na`, "not_applicable", t("notApplicable"), onchange);
  const input = label.querySelector("input");
  return {
    element: h("div", { class: "options" }, label),
    redraw: () => (input.checked = Boolean(answerOf(context).not_applicable)),
  };
}

function clearing(context) {
  const { question } = context;
  if (question.required !== false || ["photo", "text"].includes(question.type)) return null;
  const onclick = () => answer(context, { value: null, timer: null });
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
  let wanted = false;
  const attributes = {
    id: `${id}-comment`,
    name: `${question.key}-comment`,
    rows: 2,
    maxlength: LONGEST_TEXT,
    dir: "auto",
  };
  const oninput = () => answer(context, { comment: area.value || null });
  const area = h("textarea", { ...attributes, "aria-describedby": `${id}-fault`, oninput });
  const label = h("label", { for: `${id}-comment` });
  const box = h("div", {}, label, area);
  const add = () => {
    wanted = true;
    redraw();
    area.focus();
  };
  const button = h(
    "button",
    { type: "button", class: "plain bare", "aria-describedby": `${id}-text`, onclick: add },
    t("addComment"),
  );
  const redraw = () => {
    const given = answerOf(context);
    const needed = needsComment(question, given);
    label.textContent = needed ? t("why") : t("comment");
    show(box, needed || wanted || Boolean(given.comment));
    show(button, box.hidden);
    if (document.activeElement !== area) area.value = given.comment ?? "";
  };
  return { element: [box, button], redraw };
}
