import { elapsed, started } from "./draft.js";
import { h, minutes, show, t, told } from "../shared/page.js";
import { isAnswered, needsComment, photosOf } from "./rules.js";

const MAX_TEXT = 10_000;
/** Types whose help and fault belong to several inputs together. */
const GROUPS = new Set(["yes_no", "scale", "choice", "photo"]);

/** Makes the field of a question: its text, its native inputs, and what else belongs to its answer. */
export function field(question, draft, changed) {
  const id = `q-${question.key}`;
  const each = { question, draft, id, changed, redraw: () => redraw.forEach((again) => again()) };
  const parts = [inputs(each), notApplicable(each), clearing(each), comment(each), photos(each)].filter(Boolean);
  const redraw = parts.map((part) => part.redraw).filter(Boolean);
  const element = h("fieldset", { id, "data-question": question.key, tabindex: -1, "aria-describedby": GROUPS.has(question.type) && describing(each) },
    told("legend", { id: `${id}-text` }, question.text),
    question.help && told("p", { class: "quiet", id: `${id}-help` }, question.help),
    h("p", { class: "fault", id: `${id}-fault`, hidden: true }),
    parts.map((part) => part.element));
  each.redraw();
  return { element, redraw: each.redraw };
}

const answerOf = ({ draft, question }) => draft.answers[question.key] ?? {};

/** Returns where a reader of the screen finds help and fault of a question. */
const describing = ({ id, question }) => [question.help && `${id}-help`, `${id}-fault`].filter(Boolean).join(" ");

const named = (each) => ({ "aria-labelledby": `${each.id}-text`, "aria-describedby": describing(each) });

function give(each, part) {
  each.draft.set(each.question.key, part);
  each.redraw();
  each.changed(each.question.key);
}

function inputs(each) {
  const { type } = each.question;
  if (type === "photo") return null;
  if (type === "yes_no" || type === "scale" || type === "choice") return buttons(each);
  return { text, duration }[type]?.(each) ?? single(each);
}

// Large buttons with native radios or checkboxes underneath.

function optionsOf({ question }) {
  const { type, minimum, maximum, options } = question;
  if (type === "yes_no") return [["yes", t("yes")], ["no", t("no")]];
  if (type === "scale") return Array.from({ length: maximum - minimum + 1 }, (_, i) => [`${minimum + i}`, `${minimum + i}`]);
  return options.map((option) => [option.key, option.label]);
}

function buttons(each) {
  const { question, id } = each;
  const rows = optionsOf(each);
  const inList = question.type === "choice";
  const type = question.multiple ? "checkbox" : "radio";
  const made = rows.map(([value, label]) => option(type, id, value, label, () => give(each, { value: read(), not_applicable: false })));
  const all = made.map((label) => label.querySelector("input"));
  const read = () => {
    const values = all.filter((input) => input.checked).map((input) => input.value);
    return question.multiple ? values : question.type === "scale" ? Number(values[0]) : values[0];
  };
  return {
    element: h("div", { class: inList ? "options list" : "options" }, made),
    redraw() {
      const values = [answerOf(each).value ?? []].flat().map(String);
      for (const input of all) input.checked = values.includes(input.value);
    },
  };
}

function option(type, name, value, label, onchange) {
  return h("label", { class: "option" }, h("input", { type, name, value, onchange }), told("span", {}, label));
}

// Single inputs.

function single(each) {
  const { question, id } = each;
  const isTime = question.type === "time";
  const attributes = isTime ? { type: "time" } : { type: "number", step: "any", inputmode: "decimal" };
  const input = h("input", { ...attributes, id: `${id}-input`, ...named(each), oninput: () => give(each, { value: valueOf(input, isTime), not_applicable: false }) });
  return {
    element: h("div", { class: "row" }, input, question.unit && told("span", { class: "quiet" }, question.unit)),
    redraw: () => refill(input, answerOf(each).value),
  };
}

// A half-written number, such as a minus alone, is no answer; the server takes numbers, not texts.
const valueOf = (input, isText) => (input.value === "" ? null : isText ? input.value : Number(input.value));

function refill(input, value) {
  if (document.activeElement === input && (value != null || input.validity.badInput)) return;
  input.value = value ?? "";
}

function text(each) {
  const give_ = () => give(each, { value: input.value.trim() ? input.value : null, not_applicable: false });
  const input = h("textarea", { id: `${each.id}-input`, rows: 4, maxlength: MAX_TEXT, dir: "auto", ...named(each), oninput: give_ });
  return { element: input, redraw: () => document.activeElement !== input && refill(input, answerOf(each).value) };
}

function duration(each) {
  const { id } = each;
  const input = h("input", { type: "number", min: 0, step: 1, inputmode: "numeric", id: `${id}-input`, ...named(each),
    oninput: () => give(each, { value: valueOf(input), timer: null, not_applicable: false }) });
  const shown = h("span", { class: "quiet" });
  const button = h("button", { type: "button", class: "plain", onclick: () => give(each, toggled(answerOf(each))) });
  const redraw = () => {
    const { timer, value } = answerOf(each);
    button.textContent = timer ? t("stop") : t("startTimer");
    show(input.parentElement, !timer);
    if (!timer) refill(input, value);
    shown.textContent = timer ? minutes(elapsed(timer) / 1000) : value >= 60 ? minutes(value) : "";
  };
  ticking(shown, () => answerOf(each).timer && redraw());
  return { element: h("div", { class: "row" }, h("span", { class: "row" }, input, h("span", { class: "quiet" }, t("seconds"))), shown, button), redraw };
}

/** Returns what becomes of an answer when its timer is started or stopped. */
export const toggled = ({ timer }) =>
  timer ? { timer: null, value: Math.round(elapsed(timer) / 1000), not_applicable: false } : { timer: started(), value: null, not_applicable: false };

/** Redraws each second for as long as the element is on the page. */
export function ticking(element, redraw) {
  const timer = setInterval(() => (element.isConnected ? redraw() : clearInterval(timer)), 1000);
}

// What stands beside the answer.

function notApplicable(each) {
  if (!each.question.not_applicable) return null;
  const wholly = each.question.type === "photo" ? {} : { value: null, timer: null };
  const label = option("checkbox", `${each.id}-na`, "not_applicable", t("notApplicable"), () => give(each, { ...wholly, not_applicable: input.checked }));
  const input = label.querySelector("input");
  return { element: h("div", { class: "options" }, label), redraw: () => (input.checked = Boolean(answerOf(each).not_applicable)) };
}

function clearing(each) {
  const { question } = each;
  if (question.required !== false || ["photo", "text"].includes(question.type)) return null;
  const button = h("button", { type: "button", class: "plain bare", onclick: () => give(each, { value: null, timer: null }) }, t("clear"));
  return { element: button, redraw: () => show(button, isAnswered(question, answerOf(each))) };
}

function comment(each) {
  const { question, id } = each;
  if (question.comment === "never") return null;
  let wanted = false;
  const area = h("textarea", { id: `${id}-comment`, name: `${question.key}-comment`, rows: 2, maxlength: MAX_TEXT, dir: "auto",
    "aria-describedby": `${id}-fault`, oninput: () => give(each, { comment: area.value || null }) });
  const label = h("label", { for: `${id}-comment` });
  const box = h("div", {}, label, area);
  const open = h("button", { type: "button", class: "plain bare", "aria-describedby": `${id}-text`, onclick: () => ((wanted = true), redraw(), area.focus()) }, t("addComment"));
  const redraw = () => {
    const { comment } = answerOf(each);
    const needed = needsComment(question, answerOf(each));
    label.textContent = needed ? t("why") : t("comment");
    show(box, needed || wanted || Boolean(comment));
    show(open, box.hidden);
    if (document.activeElement !== area) area.value = comment ?? "";
  };
  return { element: [box, open], redraw };
}

function photos(each) {
  const { question, draft, id } = each;
  const most = photosOf(question).maximum;
  if (!most) return null;
  const fault = h("p", { class: "fault", role: "alert" });
  const shown = h("ul", { class: "photos" });
  const thumbnails = new Map();
  const own = () => draft.photos.filter((photo) => photo.question === question.key);
  const input = h("input", { type: "file", id: `${id}-photo`, accept: "image/*", multiple: most > 1, "aria-describedby": `${id}-text`,
    onchange: () => {
      const files = [...input.files].slice(0, most - own().length);
      input.value = "";
      take(each, files, fault);
    } });
  const camera = h("button", { type: "button", class: "plain camera", "aria-describedby": `${id}-text`, onclick: () => {
    input.setAttribute("capture", "environment");
    input.click();
    input.removeAttribute("capture");
  } }, t("takePhoto"));
  const adding = h("div", { class: "row" }, camera, h("label", { class: "plain file", for: `${id}-photo` }, t("choosePhoto"), input));
  const redraw = () => {
    const photos = own();
    const focused = [shown, adding].some((part) => part.contains(document.activeElement));
    for (const [gone, { remove }] of thumbnails) {
      if (photos.some((photo) => photo.id === gone)) continue;
      remove();
      thumbnails.delete(gone);
    }
    photos.forEach((photo, index) => {
      if (!thumbnails.has(photo.id)) thumbnails.set(photo.id, thumbnail(each, photo));
      const { element, redraw } = thumbnails.get(photo.id);
      redraw(photo, index);
      if (!element.isConnected) shown.append(element);
    });
    show(shown, photos.length);
    show(adding, photos.length < most);
    // What had the focus may have gone: it stays with the photos.
    if (focused && !document.activeElement?.offsetParent) (adding.hidden ? shown : adding).querySelector("button").focus();
  };
  return { element: h("div", {}, shown, adding, fault), redraw };
}

/** Keeps photos at once, then makes them smaller; what the disk refuses is said beside the field. */
async function take(each, files, fault) {
  const { draft, question, changed, redraw } = each;
  fault.replaceChildren();
  try {
    const photos = await draft.addPhotos(question.key, files);
    if (question.type === "photo" && answerOf(each).not_applicable) draft.set(question.key, { not_applicable: false });
    redraw();
    changed(question.key);
    for (const photo of photos) await shrink(each, photo, fault);
  } catch {
    const retry = h("button", { type: "button", class: "plain", onclick: () => take(each, files, fault) }, t("tryAgain"));
    fault.replaceChildren(t("photoNotSaved"), " ", retry);
  }
}

/** Makes a photo smaller; where that fails it stays as it was given, and is made smaller before it is sent. */
async function shrink(each, photo, fault) {
  const { draft, question, changed, redraw } = each;
  try {
    const { prepare } = await import("./photos.js");
    draft.setPhoto(await prepare(photo));
  } catch (error) {
    if (error.message !== "no-photo") return;
    await draft.removePhoto(photo);
    fault.replaceChildren(t("problem-no-photo"));
    changed(question.key);
  }
  redraw();
}

/** Returns a photo in small, with what can be done about it, and how to draw it as it is by now. */
function thumbnail(each, { id, blob }) {
  const { draft, question, changed, redraw } = each;
  const drop = async () => {
    await draft.removePhoto(draft.photos.find((photo) => photo.id === id));
    redraw();
    changed(question.key);
  };
  const picture = blob ? h("img", { width: 96, height: 96 }) : h("span", {});
  const state = h("span", { class: "quiet" });
  const button = h("button", { type: "button", class: "plain", onclick: drop }, t("remove"));
  const element = h("li", {}, picture, state, button);
  let drawn = null;
  return {
    element,
    remove() {
      URL.revokeObjectURL(picture.src);
      element.remove();
    },
    redraw(photo, index) {
      if (drawn?.photo === photo && drawn.index === index) return;
      const name = t("photo", { n: index + 1 });
      button.setAttribute("aria-label", `${t("remove")}: ${name}`);
      if (blob) picture.alt = name;
      else picture.textContent = `${name} · ${t("sentBefore")}`;
      if (blob && drawn?.photo.blob !== photo.blob) {
        URL.revokeObjectURL(picture.src);
        picture.src = URL.createObjectURL(photo.blob);
      }
      drawn = { photo, index };
      state.textContent = photo.state === "needs-you" ? t("state-needs-you") : photo.ready || !blob ? "" : t("shrinking");
      show(state, state.textContent);
    },
  };
}
