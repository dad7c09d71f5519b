/** The draft of a visit: its answers and photos, which are written to the phone after each change. */
import { account as currentAccount } from "./account.js";
import { announce, listen } from "./channel.js";
import { read, write } from "./database.js";
import { fileOf, fileRow, keyOf } from "./photos.js";
import { isHandedOver, setPhotoStates } from "./queue.js";
import { answersToSend, photosIn, questionsOf } from "./rules.js";
import { elapsed, resumeTimer, startTimer } from "../shared/timers.js";
import { below, onResult } from "../shared/database.js";
import { newId } from "../shared/ids.js";

const RETRY_AFTER = 4000;
/** The key of the draft's own row, in addition to the keys of its answers. */
export const DRAFT = "";

/** Another tab wrote answers or photos after this tab read them. */
export class DraftChanged extends Error {}

export class Draft {
  #unsaved = new Set(); // keys of answers that are not on the disk, and DRAFT
  #unsavedPhotos = new Map(); // photos that are not on the disk, with their questions
  #files = new Map(); // photo's ID → its bytes as a Blob, if this page has loaded them
  #writing = null;
  #errors = new Map(); // key of an answer, or question of a photo → the error that prevented saving
  #retry = null;
  #isStored = false; // whether the draft has been on the disk
  #isSuspended = false; // whether another tab has the draft, so that nothing is written here
  #isClosed = false; // whether the answers are in the queue, so that nothing more is written

  /**
   * `onsave(state, errors)` is called with "saving", "saved" or "error", and with the error for each key that
   * is not saved. `onhandover` is called when another tab has put the answers into the queue.
   */
  constructor(row, { answers, photos, visit, checklist, onsave = () => {} }) {
    this.row = row;
    this.answers = answers;
    this.photos = photos;
    this.visit = visit;
    this.checklist = checklist;
    /** @type {(state: string, errors: Map<string, Error>) => void} */
    this.onsave = onsave;
    this.onhandover = () => {};
  }

  /** Reads the draft of a visit, or creates one. */
  static async open(account, visit, checklist, hooks = {}) {
    const key = [account, visit.id];
    const [stored, answers, photos, queued] = await read(
      ["drafts", "answers", "photos", "queue"],
      (store) => [
        store("drafts").get(key),
        store("answers").getAll(below(key)),
        store("photos").getAll(below(key)),
        store("queue").get(key),
      ],
    );
    const row = stored ?? newDraft(account, visit);
    row.clock = resumeTimer(row.clock);
    row.checklist = { key: checklist.key, version: checklist.version };
    for (const { answer } of answers) if (answer.timer) answer.timer = resumeTimer(answer.timer);
    const draft = new Draft(row, {
      ...hooks,
      answers: Object.fromEntries(answers.map(({ question, answer }) => [question, answer])),
      photos: photos.sort((a, b) => a.at - b.at),
      visit,
      checklist,
    });
    draft.#isStored = Boolean(stored);
    draft.#isClosed = isHandedOver(queued, row.revision);
    return draft;
  }

  /** Writes everything again if the browser clears the storage of the open page. Returns a stop function. */
  watchStorage() {
    return listen((topic) => topic === "storage-lost" && this.#isStored && this.save(DRAFT));
  }

  /** Returns the answers with their photos. */
  answersWithPhotos() {
    const answers = Object.fromEntries(
      Object.entries(this.answers).map(([key, answer]) => [key, { ...answer }]),
    );
    for (const { question, id } of this.photos) {
      if (question !== null) ((answers[question] ??= {}).photos ??= []).push(id);
    }
    return answers;
  }

  /** Returns the photos of a question, or of the whole visit if the question is null. */
  photosOf(question) {
    return this.photos.filter((photo) => photo.question === question);
  }

  /** Returns whether the answers were put into the queue, here or in another tab. */
  get isHandedOver() {
    return this.#isClosed;
  }

  /** Returns whether something is only in memory. */
  get isUnsaved() {
    return this.#unsaved.size > 0 || this.#unsavedPhotos.size > 0 || this.#writing !== null;
  }

  /** Changes a part of an answer and writes it. Changes during a write are part of the next write. */
  set(key, part) {
    this.answers[key] = { ...this.answers[key], ...part };
    return this.save(key);
  }

  /** Changes a part of the draft itself, such as its comment, and writes it. */
  setRow(part) {
    Object.assign(this.row, part);
    return this.save(DRAFT);
  }

  /** Writes what is not on the disk yet. Resolves when it is there, or when writing has failed. */
  save(...keys) {
    if (this.#isClosed) return this.#writing;
    for (const key of keys) this.#unsaved.add(key);
    clearTimeout(this.#retry);
    if (this.#isSuspended) return this.#writing;
    if (keys.length) this.onsave("saving", new Map());
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
      this.#report();
    });
    return this.#writing;
  }

  #report() {
    if (this.#isClosed) return undefined;
    if (!this.isUnsaved) return this.onsave("saved", new Map());
    if (!this.#errors.size) return this.save(); // changed after the last write, before it was reported
    this.onsave("error", this.#errors);
    this.#retry = setTimeout(() => this.save(), RETRY_AFTER);
    return undefined;
  }

  async #write() {
    this.#errors = new Map();
    const failed = new Set();
    const nextPhoto = () => [...this.#unsavedPhotos.keys()].find((id) => !failed.has(id));
    // Answers first, because they may fit when a photo does not. A photo that fails does not stop the others.
    while (!this.#isSuspended && (this.#unsaved.size || nextPhoto())) {
      if (this.#unsaved.size) {
        try {
          await this.#writeAnswers();
        } catch (error) {
          const photos = [...this.#unsavedPhotos.values()].map((question) => question ?? DRAFT);
          for (const key of [...this.#unsaved, ...photos]) this.#errors.set(key, error);
          return;
        }
      } else {
        const id = nextPhoto();
        await this.#writePhoto(id).catch((error) => {
          failed.add(id);
          this.#errors.set(this.#unsavedPhotos.get(id) ?? DRAFT, error);
        });
      }
    }
  }

  /** Stops writing while another tab has the draft, and continues when this tab has it again. */
  suspend(isSuspended) {
    this.#isSuspended = isSuspended;
    clearTimeout(this.#retry);
    if (!isSuspended && this.isUnsaved) this.save(DRAFT);
  }

  async #writeAnswers() {
    const keys = [...this.#unsaved];
    this.#unsaved.clear();
    let state;
    try {
      state = await this.#storeAnswers(keys);
    } catch (error) {
      for (const key of keys) this.#unsaved.add(key);
      throw error;
    }
    if (state === "handed-over") this.#handOver();
    if (state === "cleared")
      for (const photo of this.photos) this.#unsavedPhotos.set(photo.id, photo.question);
    this.#isStored = true;
  }

  /** Writes answers. Returns "handed-over" if nothing was written, or "cleared" if all answers were. */
  async #storeAnswers(keys) {
    const { account, visit } = this.row;
    Object.assign(this.row, { clock: resumeTimer(this.row.clock), changed: Date.now() });
    let state = "stored";
    await write(["accounts", "visits", "checklists", "drafts", "answers", "queue"], (store) => {
      const queued = store("queue").get([account, visit]);
      onResult(store("drafts").get([account, visit]), (draft) => {
        state = "stored";
        if (isHandedOver(queued.result, this.row.revision)) return (state = "handed-over");
        if (this.#isStored && !draft) state = "cleared";
        const changed = state === "cleared" ? Object.keys(this.answers) : keys.filter((key) => key !== DRAFT);
        if (state === "cleared") this.#storeContext(store);
        store("drafts").put(this.row);
        for (const question of changed) {
          store("answers").put({ account, visit, question, answer: this.answers[question] });
        }
        return state;
      });
    });
    return state;
  }

  /** Writes the data that the page needs to open the visit without a signal. */
  #storeContext(store) {
    const { account } = this.row;
    const { key, version } = this.checklist;
    if (currentAccount()) store("accounts").put(currentAccount());
    store("visits").put({ ...this.visit, account });
    store("checklists").put({ account, key, version, document: this.checklist });
  }

  /** Adds photos with their original bytes. A photo counts as saved when it is on the disk. */
  async addPhotos(question, files) {
    if (this.#isClosed) return [];
    const { account, visit } = this.row;
    const added = files.map((file, index) => {
      const photo = {
        account,
        visit,
        id: newId(),
        question,
        at: Date.now() + index,
        ready: false,
        state: "kept",
      };
      this.#files.set(photo.id, file);
      this.#unsavedPhotos.set(photo.id, question);
      return photo;
    });
    this.photos.push(...added);
    await this.save(DRAFT);
    return added;
  }

  async #writePhoto(id) {
    const photo = this.photos.find((other) => other.id === id);
    const file = photo && (await this.fileOf(photo));
    const bytes = await file?.arrayBuffer();
    const isPresent = this.photos.some((other) => other.id === id); // it may have been removed
    if (photo && isPresent) {
      if (!bytes && photo.state !== "sent") throw new DOMException("The bytes are gone", "NotReadableError");
      await write(["photos", "files"], (store) => {
        store("photos").put(photo);
        if (bytes) store("files").put(fileRow(photo, bytes, file.type));
      });
    }
    this.#unsavedPhotos.delete(id);
  }

  /** Returns whether a photo is on the disk. */
  isSaved = ({ id }) => !this.#unsavedPhotos.has(id);

  /** Returns the bytes of a photo as a Blob, or null if this phone does not have them. */
  async fileOf(photo) {
    if (!this.#files.has(photo.id)) {
      const file = await fileOf(photo);
      if (file) this.#files.set(photo.id, file);
    }
    return this.#files.get(photo.id) ?? null;
  }

  /** Makes a photo smaller, and replaces it with its stored version. */
  async preparePhoto(photo) {
    const { prepare } = await import("./prepare.js");
    const prepared = await prepare(photo);
    this.#files.delete(photo.id);
    this.photos = this.photos.map((other) => (other.id === photo.id ? prepared : other));
  }

  /** Removes a photo, unless it is in the queue. */
  async removePhoto(photo) {
    if (this.#isClosed) return;
    await write(["photos", "files"], (store) => {
      store("photos").delete(keyOf(photo));
      store("files").delete(keyOf(photo));
    });
    this.photos = this.photos.filter(({ id }) => id !== photo.id);
    this.#unsavedPhotos.delete(photo.id);
    this.#files.delete(photo.id);
    this.save(DRAFT);
  }

  /**
   * Puts the answers into the queue, exactly as every attempt will send them. Throws `DraftChanged` if
   * another tab has written answers or photos that this draft does not have.
   */
  async finish(place) {
    await this.save(DRAFT);
    if (this.isUnsaved) throw [...this.#errors.values()][0] ?? new Error("not saved");
    this.#isClosed = true;
    try {
      await this.#enqueue(place);
    } catch (error) {
      this.#isClosed = false;
      if (!(error instanceof DraftChanged)) this.save(...Object.keys(this.answers));
      throw error;
    }
    announce("queue");
  }

  async #enqueue(place) {
    const { account, visit, revision } = this.row;
    const body = this.#createBody();
    const photosToSend = new Set([...photosIn(body.answers), ...(body.photos ?? [])]);
    const row = {
      account,
      visit,
      place,
      body,
      state: "waiting",
      at: Date.now(),
      tries: 0,
      receipt: null,
      reason: null,
    };
    const ownIds = new Set([...Object.keys(this.answers), ...this.photos.map(({ id }) => id)]);
    await write(["queue", "answers", "photos", "files"], (store) => {
      const answers = store("answers").getAllKeys(below([account, visit]));
      const photos = store("photos").getAllKeys(below([account, visit]));
      onResult(store("queue").get([account, visit]), (queued) => {
        // Another tab may have put the same answers into the queue. Those must not change.
        if (isHandedOver(queued, revision)) return;
        if ([...answers.result, ...photos.result].some(([, , id]) => !ownIds.has(id)))
          throw new DraftChanged();
        store("queue").put(row);
        setPhotoStates(store, [account, visit], ({ id }) => (photosToSend.has(id) ? "waiting" : null));
      });
    });
  }

  /** Returns the body of the submission. The report of a closed store has no answers to questions. */
  #createBody() {
    const { revision, comment, position, clock, outcome, briefing_version } = this.row;
    const isClosed = outcome === "store-closed";
    return {
      revision,
      checklist_version: this.checklist.version,
      ...getTimes(clock),
      position: position ?? null,
      answers: isClosed ? {} : answersToSend(questionsOf(this.checklist), this.answersWithPhotos()),
      comment: comment?.trim() || null,
      ...(briefing_version && { briefing_version }),
      ...(isClosed && { outcome, photos: this.photosOf(null).map(({ id }) => id) }),
    };
  }

  #handOver() {
    this.#isClosed = true;
    this.#unsaved.clear();
    this.#unsavedPhotos.clear();
    this.onhandover();
  }
}

/** Returns the row of a new draft of the visit's next revision. */
export function newDraft(account, visit) {
  return { account, visit: visit.id, revision: visit.revision + 1, clock: startTimer(), changed: Date.now() };
}

/** Returns start and finish, both by the current clock, so that setting it during the visit does no harm. */
function getTimes(clock) {
  const now = Date.now();
  return {
    started_at: new Date(now - elapsed(clock)).toISOString(),
    finished_at: new Date(now).toISOString(),
  };
}
