/** Actions on sections and questions. What other questions depend on is listed first; deletions offer Undo. */
import { confirmAction, localize, t } from "../shared/page.js";
import { announce, offerUndo } from "../staff/undo.js";
import { anyText } from "../staff/checklist-keys.js";
import {
  addQuestion,
  addSection,
  copy,
  findQuestion,
  findTarget,
  listDependentsOutside,
  listTooEarly,
  moveStep,
  remove,
} from "./document.js";
import { newQuestion } from "./type-fields.js";

/** Returns what a target is called in the outline. */
export function nameOf(document, target) {
  const row = findTarget(document, target);
  const text = target.kind === "question" ? row.text : row.title;
  return localize(text) || anyText(text) || t(`unnamed-${target.kind}`);
}

const listNames = (questions) =>
  questions.map(({ key, text }) => `“${localize(text) || anyText(text) || key}”`).join(", ");

/** Adds a question after the selected one, or at the end of a section. */
export function addQuestionTo(editing, sectionKey) {
  const place = editing.selected.kind === "question" && findQuestion(editing.document, editing.selected.key);
  const section = findTarget(editing.document, { kind: "section", key: sectionKey });
  const index = place && place.section === section ? place.q + 1 : section.questions.length;
  const [document, select] = addQuestion(editing.document, sectionKey, index, newQuestion("yes_no"));
  editing.change(document, { select });
}

/** Adds a section at the end. */
export function addSectionTo(editing) {
  const [document, select] = addSection(editing.document, editing.document.sections.length);
  editing.change(document, { select });
}

/** Copies a target, and selects the copy. */
export function copyTarget(editing, target) {
  const [document, select] = copy(editing.document, target);
  editing.change(document, { select });
  announce(t("copiedTarget", { name: nameOf(document, select) }));
}

/** Removes a target. If questions outside depend on it, it lists them and asks first. */
export async function removeTarget(editing, target) {
  const dependents = listDependentsOutside(editing.document, target);
  const question = t("removeDependents", { n: dependents.length, list: listNames(dependents) });
  if (dependents.length && !(await confirmAction(question, { yes: t("remove"), no: t("cancel") }))) return;
  const before = editing.document;
  const name = nameOf(before, target);
  const neighbour = findNeighbour(before, target);
  editing.change(remove(before, target), { select: neighbour });
  const removed = editing.lastChange();
  const withdraw = offerUndo(t("removedTarget", { name }), () => editing.undoChange(removed, target), {
    redraws: false,
  });
  editing.onleave(withdraw);
}

/** Returns what is selected after a target is removed: the next row, or the one before it. */
function findNeighbour(document, { kind, key }) {
  if (kind === "section") {
    const index = document.sections.findIndex((section) => section.key === key);
    const other = document.sections[index + 1] ?? document.sections[index - 1];
    return other ? { kind, key: other.key } : { kind: "checklist" };
  }
  const { section, q } = findQuestion(document, key);
  const other = section.questions[q + 1] ?? section.questions[q - 1];
  return other ? { kind, key: other.key } : { kind: "section", key: section.key };
}

/** Moves a target by one step. */
export const moveTarget = (editing, target, step) =>
  applyMove(editing, moveStep(editing.document, target, step));

/**
 * Replaces the document with one in which rows have moved. If a question would come before one that it depends
 * on, it lists them and asks first.
 */
export async function applyMove(editing, document) {
  if (document === editing.document) return;
  const before = new Set(listTooEarly(editing.document).map(({ key }) => key));
  const broken = listTooEarly(document).filter(({ key }) => !before.has(key));
  const question = t("moveDependents", { n: broken.length, list: listNames(broken) });
  if (broken.length && !(await confirmAction(question, { yes: t("move"), no: t("cancel") }))) return;
  editing.change(document);
}
