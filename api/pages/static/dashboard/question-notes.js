/** Notes on single questions, which a reviewer writes at the answers when they return a visit. */
import { h, localize, t } from "../shared/page.js";

const MAX_LENGTH = 5000;

/**
 * Returns `{element, fieldOf, values}`. `fieldOf` returns the field for a note on a question, closed at first,
 * to be shown at its answer. `element` opens the field of any question; a question without an answer on the
 * page has its field there. `values` returns the notes by question key, or null.
 */
export function questionNotes({ checklist }) {
  const questions = checklist.sections.flatMap((section) => section.questions);
  const fields = new Map(); // key of a question → its field
  const others = h("div", {});
  const choice = h(
    "select",
    { id: "note-question" },
    questions.map(({ key, text }) => h("option", { value: key }, localize(text))),
  );
  const fieldOf = (question) => {
    const field = noteField(question);
    fields.set(question.key, field);
    return field.element;
  };
  const add = () => {
    const question = questions.find(({ key }) => key === choice.value);
    if (!fields.has(question.key)) others.append(fieldOf(question));
    fields.get(question.key).open();
  };
  const element = h(
    "details",
    {},
    h("summary", {}, t("byQuestion")),
    h("p", { class: "quiet" }, t("byQuestionHelp")),
    others,
    h(
      "p",
      { class: "add" },
      h("label", { for: "note-question" }, t("question")),
      choice,
      h("button", { type: "button", class: "plain", onclick: add }, t("addNote")),
    ),
  );
  const values = () => {
    const notes = [...fields].map(([key, field]) => [key, field.text()]).filter(([, text]) => text);
    return notes.length ? Object.fromEntries(notes) : null;
  };
  return { element, fieldOf, values };
}

/** Returns the field for a note: a button that opens it, and the text area that it opens. */
function noteField({ key, text }) {
  const id = `note-${key}`;
  const area = h("textarea", { id, name: id, rows: 2, maxlength: MAX_LENGTH, dir: "auto" });
  const button = h(
    "button",
    {
      type: "button",
      class: "plain bare",
      "aria-label": `${t("addNote")}: ${localize(text)}`,
      onclick: open,
    },
    t("addNote"),
  );
  const remove = h(
    "button",
    {
      type: "button",
      class: "plain bare",
      "aria-label": `${t("remove")}: ${localize(text)}`,
      onclick: close,
    },
    t("remove"),
  );
  const label = h(
    "label",
    { for: id },
    t("noteOn"),
    h("span", { class: "visually-hidden" }, ` ${localize(text)}`),
  );
  const element = h("div", { class: "note-field" }, button);
  function open() {
    element.replaceChildren(label, area, remove);
    area.focus();
  }
  function close() {
    area.value = "";
    element.replaceChildren(button);
    button.focus();
  }
  return { element, open, text: () => area.value.trim() };
}
