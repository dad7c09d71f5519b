/** The draft while it is edited: what is selected, what was changed, and what can be undone. */
import { anyText, isProposed } from "../staff/checklist-keys.js";
import { findQuestion, findTarget, pointerTo, rename, renameOption, setFields } from "./document.js";
import { History } from "./history.js";
import { listLanguages, writeText } from "./languages.js";

export class Editing {
  /** The errors of the saved draft, by target. */
  errors = [];
  /** @type {import("./document.js").Target} */
  selected = { kind: "checklist" };
  /** The keys that a version has published: of the sections, the questions, and their options. */
  published = { section: new Set(), question: new Set(), options: new Map() };
  #addedLanguages = [];
  #history = new History();
  #drawings = [];
  #endings = [];
  #languages = [];
  #languagesOf = null; // the document that they were read from

  /** @param {import("./store.js").DraftStore} store */
  constructor(store) {
    this.store = store;
  }

  get document() {
    return this.store.document;
  }

  /** The languages of the draft, in the order of its texts, and those that were added here. */
  get languages() {
    if (this.#languagesOf === this.document) return this.#languages;
    this.#languagesOf = this.document;
    const languages = [...new Set([...listLanguages(this.document), ...this.#addedLanguages])];
    // The same list stays the same object, so that comparing it shows whether it has changed.
    if (languages.join() !== this.#languages.join()) this.#languages = languages;
    return this.#languages;
  }

  /** The selected row, or undefined if it was removed. */
  get row() {
    return findTarget(this.document, this.selected);
  }

  /** Calls `withdraw` when the editor is left. */
  onleave(withdraw) {
    this.#endings.push(withdraw);
  }

  leave() {
    for (const end of this.#endings) end();
  }

  /** Calls `draw` after each change, now included. */
  watch(draw) {
    this.#drawings.push(draw);
    draw();
  }

  draw() {
    if (!this.row) this.selected = { kind: "checklist" };
    for (const draw of this.#drawings) draw();
  }

  select(target) {
    this.selected = target;
    const hash = target.key ? `#${target.kind}-${target.key}` : "";
    // Safari allows 100 changes of the address in 30 seconds.
    if (hash !== location.hash) history.replaceState(history.state, "", location.pathname + hash);
    this.draw();
  }

  /** Selects what the address names, or else the checklist. */
  selectFromAddress() {
    const [, kind, key] = /^#(section|question)-(.+)$/.exec(location.hash) ?? [];
    const target = { kind, key };
    if (kind && findTarget(this.document, /** @type {any} */ (target)))
      this.selected = /** @type {any} */ (target);
  }

  /**
   * Replaces the document with a changed one, and selects a target. Changes with the same `name` are undone
   * together.
   * @param {any} document
   * @param {{ name?: string, select?: import("./document.js").Target }} [options]
   */
  change(document, { name, select } = {}) {
    if (document !== this.document) this.#history.record(this.document, document, name);
    this.#show(document, select);
  }

  /** The selection comes first, because the store reports its state at once, which draws the editor. */
  #show(document, target = this.selected) {
    this.selected = target;
    this.store.change(document);
    this.select(target);
  }

  /** Changes fields of the selected row. */
  setFields(fields) {
    const name = `${this.selected.kind} ${Object.keys(fields)}`;
    this.change(setFields(this.document, this.selected, fields), { name });
  }

  /** Changes a text of the selected row in one language. A key that was proposed for the text follows it. */
  writeText(field, language, value) {
    const { selected, row } = this;
    const text = writeText(row[field] ?? null, language, value, this.languages);
    const document = setFields(this.document, selected, { [field]: text });
    const name = `${selected.kind} ${field} ${language}`;
    const isNaming = field === (selected.kind === "question" ? "text" : "title");
    if (
      !selected.key ||
      !isNaming ||
      this.isLocked(selected) ||
      !isProposed(selected.key, row[field], selected.kind)
    )
      return this.change(document, { name });
    const [renamed, select] = rename(document, selected, anyText(text));
    return this.change(renamed, { name, select });
  }

  /** Gives the selected row a key that is made from `wanted`. */
  renameSelected(wanted) {
    const [document, select] = rename(this.document, this.selected, wanted);
    this.change(document, { select });
  }

  /** Changes the label of an option of the selected question. */
  writeLabel(index, language, value) {
    const { selected, row } = this;
    const option = row.options[index];
    const label = writeText(option.label ?? null, language, value, this.languages);
    const options = row.options.map((other) => (other === option ? { ...option, label } : other));
    const document = setFields(this.document, selected, { options });
    const isFree = !this.isLocked(selected, option.key) && isProposed(option.key, option.label, "option");
    const renamed = isFree ? renameOption(document, selected.key, option.key, anyText(label)) : document;
    this.change(renamed, { name: `label ${index} ${language}` });
  }

  /**
   * Returns whether the key of a target, or of an option of it, was published and therefore stays.
   * @param {import("./document.js").Target} target
   * @param {string | null} [option]
   */
  isLocked({ kind, key }, option = null) {
    if (option !== null) return this.published.options.get(key)?.has(option) ?? false;
    return this.published[kind]?.has(key) ?? true;
  }

  /** Offers a language also while no text has it. */
  offerLanguage(language) {
    this.#addedLanguages.push(language);
  }

  withdrawLanguage(language) {
    this.#addedLanguages = this.#addedLanguages.filter((other) => other !== language);
  }

  get canUndo() {
    return this.#history.canUndo;
  }

  get canRedo() {
    return this.#history.canRedo;
  }

  /** Returns the last change, for `undoChange`. */
  lastChange() {
    return this.#history.last;
  }

  /** Takes back one change, also if others followed, and selects a target. */
  undoChange(change, select) {
    this.change(this.#history.without(change, this.document), { select });
  }

  undo() {
    this.#replace(this.#history.undo(this.document));
  }

  redo() {
    this.#replace(this.#history.redo(this.document));
  }

  #replace(document) {
    if (!document) return;
    const { selected } = this;
    const place = selected.kind === "question" && findQuestion(this.document, selected.key);
    // A question whose key has changed is still at its place.
    const other = place && !findTarget(document, selected) && document.sections[place.s]?.questions[place.q];
    this.#show(document, other ? { kind: "question", key: other.key } : selected);
  }

  /**
   * Returns the errors of a target as `{ pointer, rest, detail }`, with pointers into the current draft.
   * @param {import("./document.js").Target} target
   */
  errorsOf({ kind, key }) {
    const errors = this.errors.filter(({ target }) => target.kind === kind && target.key === key);
    const base = errors.length ? pointerTo(this.document, { kind, key }) : "";
    return errors.map(({ rest, detail }) => ({ pointer: base + rest, rest, detail }));
  }

  /** Takes over what the server found in the saved draft. */
  setErrors(errors) {
    this.errors = errors;
    this.draw();
  }

  /** Decides a conflict, and shows the value that was chosen. */
  async decide(conflict, side) {
    const saving = this.store.decide(conflict, side);
    this.draw();
    await saving;
  }

  /** Shows the draft after the server has replaced it with an earlier one. */
  restored() {
    return this.store.refresh();
  }

  /** Takes over what was merged: the selected question may have got another key. */
  merged(renamed) {
    const { kind, key } = this.selected;
    if (kind === "question" && renamed.has(key)) this.selected = { kind, key: renamed.get(key) };
    this.draw();
  }
}
