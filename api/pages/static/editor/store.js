/**
 * The draft that is being edited. It is stored in this browser at each change, and on the server a second
 * after the last one. What others have changed is merged.
 */
import { locateErrors, repair } from "./document.js";
import { isEqual, merge, resolve } from "./merge.js";

const SAVE_AFTER = 1000;
const RETRY_AFTER = [2000, 5000, 10_000, 30_000];

/**
 * @typedef {object} Server
 * @property {() => Promise<{ document: any, etag: string }>} read
 * @property {(document: any, etag: string) => Promise<string>} write returns the new ETag
 * @property {() => Promise<any[]>} check returns the errors that prevent the stored draft from being published
 */

/**
 * The storage of this browser. `rows` are the drafts of tabs that were closed before everything was saved.
 * @typedef {object} Storage
 * @property {any[]} rows
 * @property {(row: any) => Promise<void>} save stores the row of this tab, and removes `rows`
 * @property {() => Promise<void>} clear removes the row of this tab, and `rows`
 */

export class DraftStore {
  /** The draft with the latest changes. */
  document = null;
  /** The draft as the server has it. */
  base = null;
  /** Conflicts to decide. Until then, nothing is sent. */
  conflicts = [];
  state = "saved";
  #etag = null;
  #sent = null; // the document of a request whose response has not arrived
  #saving = null;
  #keeping = null;
  #isKept = true; // whether this browser has stored the latest change
  #timer = null;
  #failures = 0;
  #isLeft = false;

  /**
   * @param {Server} server
   * @param {Storage} storage
   * @param {object} hooks
   * @param {(state: string, problem: any) => void} hooks.onstate called with "saving", "saved", "offline" (with
   *   the problem) or "conflict"
   * @param {(renamed: Map<string, string>) => void} hooks.onmerge called when others' changes were merged
   * @param {(errors: any[]) => void} hooks.onerrors called with the errors of the draft, by target
   */
  constructor(server, storage, { onstate, onmerge, onerrors }) {
    this.server = server;
    this.storage = storage;
    this.onstate = onstate;
    this.onmerge = onmerge;
    this.onerrors = onerrors;
  }

  /** Reads the draft from the server, and adds what was not saved when a tab was closed. */
  async open() {
    const current = await this.server.read();
    this.base = this.document = repair(current.document);
    this.#etag = current.etag;
    for (const row of this.storage.rows) this.#adopt(row);
    if (!this.isSaved) {
      this.#keep();
      this.#schedule(0);
    } else {
      await this.storage.clear().catch(() => {});
      this.#check();
    }
    this.#setState(this.#stateNow());
  }

  #adopt(row) {
    const base = row.sent && isEqual(row.sent, this.base) ? row.sent : row.base;
    const merged = merge(base, row.document, this.document);
    this.document = merged.document;
    this.conflicts.push(...row.conflicts, ...merged.conflicts);
  }

  /** Whether the server has everything. */
  get isSaved() {
    return !this.conflicts.length && isEqual(this.document, this.base);
  }

  /** Replaces the document with a changed one. */
  change(document) {
    if (document === this.document) return;
    this.document = document;
    this.#keep();
    if (this.state !== "offline") this.#setState(this.#stateNow());
    this.#schedule(this.state === "offline" ? RETRY_AFTER[0] : SAVE_AFTER);
  }

  /** Sends what the server does not have. Resolves to whether it has everything. */
  async save() {
    await this.#sendOnce();
    // What was changed during a request is part of the next one.
    if (this.state === "saving") await this.#sendOnce();
    return this.isSaved;
  }

  /** Sends the document, unless a request is in progress. Resolves when that has ended. */
  #sendOnce() {
    clearTimeout(this.#timer);
    this.#saving ??= this.#send().finally(() => (this.#saving = null));
    return this.#saving;
  }

  /** Fetches what others have changed, unless it cannot be fetched now. */
  async refresh() {
    if (this.#saving) return;
    const current = await this.server.read().catch(() => null);
    if (!current || this.#saving || this.#isLeft || current.etag === this.#etag) return;
    this.#mergeWith(current);
    await this.save();
    if (this.isSaved) this.#check();
  }

  /** Decides a conflict: `side` is "ours" or "theirs". The last decision continues saving. */
  async decide(conflict, side) {
    this.conflicts = this.conflicts.filter((other) => other !== conflict);
    // Our value is in the document, perhaps changed since, except for a row that we have removed.
    if (side === "theirs" || conflict.ours === undefined)
      this.document = resolve(this.document, conflict, side);
    this.#keep();
    this.#setState(this.#stateNow());
    if (!this.conflicts.length) await this.save();
  }

  /** Saves, and stops. What cannot be saved now stays in this browser. */
  async leave() {
    this.#isLeft = true;
    await this.save();
    clearTimeout(this.#timer);
  }

  #stateNow() {
    if (this.conflicts.length) return "conflict";
    return this.isSaved ? "saved" : "saving";
  }

  #setState(state, problem = null) {
    this.state = state;
    this.onstate(state, problem);
  }

  #schedule(delay) {
    clearTimeout(this.#timer);
    if (!this.conflicts.length && !this.#isLeft) this.#timer = setTimeout(() => this.#sendOnce(), delay);
  }

  async #send() {
    try {
      if (this.#sent) await this.#findOutcome();
      while (!this.isSaved && !this.conflicts.length) {
        const document = this.document;
        if (this.state !== "offline") this.#setState("saving");
        this.#sent = document;
        await this.#keep();
        if (await this.#write(document)) break;
      }
      this.#failures = 0;
      if (this.isSaved) this.#check();
      this.#setState(this.#stateNow());
      if (!this.isSaved) this.#schedule(SAVE_AFTER);
    } catch (problem) {
      this.#fail(problem);
    }
  }

  /** Finds out whether a request without a response was processed. */
  async #findOutcome() {
    const current = await this.server.read();
    if (current.etag === this.#etag) this.#sent = null;
    else this.#mergeWith(current);
  }

  /** Returns whether the server has stored a document. Otherwise, what others have changed was merged. */
  async #write(document) {
    try {
      this.#etag = await this.server.write(document, this.#etag);
    } catch (problem) {
      if (problem.status !== 412) throw problem;
      this.#mergeWith(await this.server.read());
      return false;
    }
    this.base = document;
    this.#sent = null;
    this.#keep();
    return true;
  }

  #mergeWith(current) {
    const theirs = repair(current.document);
    // The response to our own request may have been lost.
    const base = this.#sent && isEqual(this.#sent, theirs) ? theirs : this.base;
    const { document, conflicts, renamed } = merge(base, this.document, theirs);
    this.base = theirs;
    this.#etag = current.etag;
    this.#sent = null;
    this.document = document;
    this.conflicts = [...this.conflicts, ...conflicts];
    this.#keep();
    this.onmerge(renamed);
    this.#setState(this.#stateNow());
  }

  #fail(problem) {
    this.#setState("offline", problem);
    if (!isTemporary(problem)) return;
    this.#schedule(RETRY_AFTER[Math.min(this.#failures, RETRY_AFTER.length - 1)]);
    this.#failures += 1;
  }

  /** Stores the draft in this browser. Resolves when the latest change is stored, or cannot be. */
  #keep() {
    this.#isKept = false;
    this.#keeping ??= this.#writeRows().finally(() => (this.#keeping = null));
    return this.#keeping;
  }

  async #writeRows() {
    while (!this.#isKept) {
      this.#isKept = true;
      const { base, document, conflicts } = this;
      const row = { base, document, conflicts, sent: this.#sent };
      const isNeeded = !this.isSaved || this.#sent;
      await (isNeeded ? this.storage.save(row) : this.storage.clear()).catch(() => {});
    }
  }

  /** Fetches the errors of the saved draft. */
  async #check() {
    const { base } = this;
    const errors = await this.server.check().catch(() => null);
    if (errors && base === this.base) this.onerrors(locateErrors(base, errors));
  }
}

/** Returns whether the same request may succeed later. Requests without a response have no status. */
const isTemporary = ({ status }) => !status || status === 401 || status === 429 || status >= 500;
