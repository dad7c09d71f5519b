/** Undo and redo. Undoing removes a change from the current document and keeps what others have changed. */
import { merge } from "./merge.js";

const MAX_STEPS = 200;
const JOIN_WITHIN = 2000;

export class History {
  #done = [];
  #undone = [];

  /**
   * Records a change. Changes with the same `name`, such as the letters typed in a field, are one step if
   * they follow each other closely.
   */
  record(before, after, name = null, now = Date.now()) {
    const last = this.#done.at(-1);
    this.#undone = [];
    if (name && last?.name === name && last.after === before && now - last.at < JOIN_WITHIN) {
      Object.assign(last, { after, at: now });
      return;
    }
    this.#done.push({ before, after, name, at: now });
    if (this.#done.length > MAX_STEPS) this.#done.shift();
  }

  /** Returns the current document without the last change, or null if there is none. */
  undo(current) {
    return move(this.#done, this.#undone, current, "after", "before");
  }

  /** Returns the current document with the last change that was undone, or null if there is none. */
  redo(current) {
    return move(this.#undone, this.#done, current, "before", "after");
  }

  /** The last change, for `without`. */
  get last() {
    const { before, after } = this.#done.at(-1);
    return { before, after };
  }

  /** Returns the current document without a change, also if others followed. */
  without({ before, after }, current) {
    return merge(after, before, current).document;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }
}

function move(from, to, current, present, wanted) {
  const step = from.pop();
  if (!step) return null;
  const document = merge(step[present], step[wanted], current).document;
  // The next step is compared with the document that this one leaves.
  to.push({ ...step, [present]: current, [wanted]: document, name: null });
  return document;
}
