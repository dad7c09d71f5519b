/** The outline: the checklist, its sections and their questions, to select, move and add. */
import { h, show, t } from "../shared/page.js";
import { addQuestionTo, addSectionTo, applyMove, moveTarget, nameOf } from "./actions.js";
import { arrange } from "./arrange.js";
import { button, signButton } from "./controls.js";
import { moveQuestion, moveSection } from "./document.js";
import { lacksTranslation } from "./languages.js";

/** @param {{ kind: string, key?: string }} target */
const idOf = ({ kind, key }) => `${kind} ${key ?? ""}`;

/**
 * Returns the outline as `{ element, draw }`. `onselect` is called when someone selects a row, and `onadd` when
 * they have added one, which is selected then.
 */
export function outline(editing, onselect, onadd) {
  const items = new Map(); // id → what is drawn of a target
  const sections = h("ol", { class: "sections" });
  const up = signButton("↑", t("moveUp"), () => move(-1), { title: `${t("moveUp")} (Alt+↑)` });
  const down = signButton("↓", t("moveDown"), () => move(1), { title: `${t("moveDown")} (Alt+↓)` });
  /** The buttons that move the selected row. They are beside it. */
  const tools = h("span", { class: "tools" }, up, down);
  const settings = itemOf({ kind: "checklist" });
  const move = async (step) => {
    await moveTarget(editing, editing.selected, step);
    (step < 0 ? up : down).focus();
  };

  /** Returns the item of a target, which is kept while its key stays. */
  function itemOf(target) {
    const id = idOf(target);
    if (!items.has(id)) items.set(id, newItem(target));
    return items.get(id);
  }

  function newItem(target) {
    const words = h("span", { class: "words", dir: "auto" });
    const marks = h("span", { class: "marks" });
    const hook = target.kind === "question" ? { "data-testid": "question", "data-key": target.key } : {};
    const onclick = () => onselect(target);
    const select = h("button", { type: "button", class: "target", ...hook, onclick }, words, marks);
    const line = h("div", { class: "line" }, select);
    const element = target.kind === "checklist" ? line : h("li", { draggable: "true" }, line);
    if (target.kind !== "checklist") makeDraggable(editing, element, target);
    const list = target.kind === "section" && h("ol", { class: "questions" });
    if (list) {
      const add = button(t("addQuestion"), () => {
        addQuestionTo(editing, target.key);
        onadd();
      });
      element.append(list, h("p", { class: "add" }, add));
    }
    return { element, line, select, words, marks, list };
  }

  function drawItem(target, row) {
    const item = itemOf(target);
    const errors = editing.errorsOf(target).length;
    const isUntranslated = lacksTranslation(target.kind, row, editing.languages);
    const drawn = JSON.stringify([errors, isUntranslated]);
    if (item.row !== row) {
      item.row = row;
      item.words.textContent =
        target.kind === "checklist" ? t("checklistSettings") : nameOf(editing.document, target);
    }
    if (item.drawn !== drawn) {
      item.drawn = drawn;
      item.marks.replaceChildren(
        ...(errors ? [h("span", { class: "mark bad" }, t("errorCount", { n: errors }))] : []),
        ...(isUntranslated ? [h("span", { class: "mark" }, t("untranslated"))] : []),
      );
    }
    const isSelected = idOf(editing.selected) === idOf(target);
    if (isSelected) {
      item.select.setAttribute("aria-current", "true");
      if (target.kind !== "checklist" && tools.parentElement !== item.line) item.line.append(tools);
    } else item.select.removeAttribute("aria-current");
    return item;
  }

  function draw() {
    const { document, selected } = editing;
    const seen = new Set([idOf({ kind: "checklist" })]);
    drawItem({ kind: "checklist" }, document);
    const drawn = document.sections.map((section) => {
      const target = { kind: "section", key: section.key };
      seen.add(idOf(target));
      const item = drawItem(target, section);
      const questions = section.questions.map((question) => {
        const own = { kind: "question", key: question.key };
        seen.add(idOf(own));
        return drawItem(own, question).element;
      });
      arrange(item.list, questions);
      return item.element;
    });
    arrange(sections, drawn);
    for (const id of [...items.keys()]) if (!seen.has(id)) items.delete(id);
    show(tools, selected.kind !== "checklist");
  }

  return {
    element: h(
      "section",
      { class: "outline", "aria-label": t("outline") },
      settings.element,
      sections,
      h(
        "p",
        { class: "add" },
        button(t("addSection"), () => {
          addSectionTo(editing);
          onadd();
        }),
      ),
    ),
    draw,
  };
}

/** What is being dragged. */
let dragged = null;

/** Lets a row be dragged to another place. The buttons do the same. */
function makeDraggable(editing, element, target) {
  const isAllowed = () => dragged && (dragged.kind === target.kind || dragged.kind === "question");
  const isAfter = (event) => {
    const { top, height } = element.firstChild.getBoundingClientRect();
    return event.clientY > top + height / 2;
  };
  element.addEventListener("dragstart", (event) => {
    event.stopPropagation();
    dragged = target;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", target.key);
  });
  element.addEventListener("dragend", () => (dragged = null));
  element.addEventListener("dragover", (event) => {
    if (!isAllowed()) return;
    event.preventDefault();
    event.stopPropagation();
    element.dataset.drop = isAfter(event) ? "after" : "before";
  });
  element.addEventListener("dragleave", () => delete element.dataset.drop);
  element.addEventListener("drop", (event) => {
    delete element.dataset.drop;
    if (!isAllowed()) return;
    event.preventDefault();
    event.stopPropagation();
    applyMove(editing, drop(editing.document, dragged, target, isAfter(event)));
    dragged = null;
  });
}

/** Returns the document after a row was dropped on another one. */
function drop(document, { kind, key }, target, isAfter) {
  if (key === target.key && kind === target.kind) return document;
  if (kind === "section") {
    const keys = document.sections.map((section) => section.key).filter((other) => other !== key);
    return moveSection(document, key, keys.indexOf(target.key) + (isAfter ? 1 : 0));
  }
  // A question that is dropped on the title of a section becomes its first one.
  if (target.kind === "section") return moveQuestion(document, key, target.key, 0);
  const section = document.sections.find(({ questions }) =>
    questions.some((other) => other.key === target.key),
  );
  const keys = section.questions.map((question) => question.key).filter((other) => other !== key);
  return moveQuestion(document, key, section.key, keys.indexOf(target.key) + (isAfter ? 1 : 0));
}
