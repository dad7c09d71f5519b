/** The sections of a checklist with their questions, of which only those are shown that are asked. */
import { h, show, textElement } from "../shared/page.js";
import { field } from "./fields.js";
import { questionsOf, visible } from "./rules.js";

/**
 * Returns `draw(checklist)`, which returns the elements of the sections, and `fields`, the elements of the
 * questions by key. Answers are stored in `draft`. `onchange` is called after each change. If a checklist is
 * drawn again, the elements of sections and questions that are the same objects as before are kept, unless
 * `forget` was called.
 */
export function sectionList(draft, onchange) {
  const drawn = new Map(); // key → the question that was drawn
  const fields = new Map();
  let questions = [];
  let sections = new Map(); // section → its element
  const changed = () => {
    redraw();
    onchange();
  };
  const redraw = () => {
    const asked = visible(questions, draft.answers);
    for (const { key } of questions) show(fields.get(key), asked.has(key));
    for (const [section, element] of sections) {
      show(
        element,
        section.questions.some(({ key }) => asked.has(key)),
      );
    }
  };
  const fieldOf = (question) => {
    if (drawn.get(question.key) !== question) {
      drawn.set(question.key, question);
      fields.set(question.key, field(question, draft, changed).element);
    }
    return fields.get(question.key);
  };
  const sectionOf = (section) =>
    sections.get(section) ??
    h("section", {}, textElement("h2", {}, section.title), section.questions.map(fieldOf));
  return {
    fields,
    forget() {
      drawn.clear();
      sections.clear();
    },
    draw(checklist) {
      questions = questionsOf(checklist);
      sections = new Map(checklist.sections.map((section) => [section, sectionOf(section)]));
      redraw();
      return [...sections.values()];
    },
  };
}
