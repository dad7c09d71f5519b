/** The draft as a phone shows it, with the modules and the style sheet of the form. Answers stay on this page. */
import { sectionList } from "../form/sections.js";
import { h, t, textElement } from "../shared/page.js";
import { newId } from "../shared/ids.js";
import { arrange } from "./arrange.js";

/** Returns the preview as `{ element, draw }`. */
export function preview(editing, style) {
  const screen = h("div", { class: "screen" });
  const head = h("div", {});
  const body = h("div", {});
  const answers = new PreviewAnswers();
  const list = sectionList(answers, () => {});
  const shadow = screen.attachShadow({ mode: "open" });
  shadow.append(h("link", { rel: "stylesheet", href: style }), head, body);
  let drawn = null;
  let shownKey = null;
  let frame = null;

  function drawNow() {
    frame = null;
    const { document, selected } = editing;
    if (document !== drawn) {
      drawn = document;
      head.replaceChildren(
        textElement("h1", {}, document.title),
        textElement("p", {}, document.introduction),
      );
      arrange(body, list.draw({ ...document, sections: document.sections.map(completeSection) }));
    }
    if (selected.key === shownKey) return;
    shownKey = selected.key;
    scrollTo(list.fields.get(shownKey));
  }

  /** Scrolls only the preview, not the page. */
  function scrollTo(field) {
    if (!field || field.hidden || !screen.offsetParent) return;
    screen.scrollTop += field.getBoundingClientRect().top - screen.getBoundingClientRect().top - 16;
  }

  const clear = () => {
    answers.clear();
    drawn = null;
    list.forget();
    drawNow();
  };
  return {
    element: h(
      "section",
      { class: "preview", "aria-label": t("preview") },
      h("p", { class: "row" }, h("strong", {}, t("preview")), clearButton(clear)),
      h("div", { class: "phone", "data-testid": "phone-preview" }, screen),
    ),
    draw: () => (frame ??= requestAnimationFrame(drawNow)),
    show: () => {
      shownKey = null;
      drawNow();
    },
  };
}

const clearButton = (onclick) => h("button", { type: "button", class: "plain", onclick }, t("clearAnswers"));

const completed = new WeakMap();

/** Returns what the form can show of a draft, which may lack parts. The same row always gets the same result. */
function complete(row, change) {
  if (!completed.has(row)) completed.set(row, change(row));
  return completed.get(row);
}

const completeSection = (section) =>
  complete(section, ({ questions }) => ({ ...section, questions: questions.map(completeQuestion) }));

const completeQuestion = (question) =>
  complete(question, () => ({ ...question, options: question.options ?? [] }));

/** Answers and photos in memory, with the methods of the form's `Draft` that fields use. */
class PreviewAnswers {
  answers = {};
  photos = [];

  set(key, part) {
    this.answers[key] = { ...this.answers[key], ...part };
  }

  photosOf(question) {
    return this.photos.filter((photo) => photo.question === question);
  }

  async addPhotos(question, files) {
    const added = files.map((file) => ({ id: newId(), question, file }));
    this.photos.push(...added);
    return added;
  }

  isSaved = () => true;

  async preparePhoto() {}

  async fileOf({ file }) {
    return file;
  }

  async removePhoto({ id }) {
    this.photos = this.photos.filter((photo) => photo.id !== id);
  }

  clear() {
    this.answers = {};
    this.photos = [];
  }
}
