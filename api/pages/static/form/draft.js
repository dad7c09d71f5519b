import { call } from "../shared/api.js";
import { below, get, list, tell, write } from "./store.js";
import { photosIn, questionsOf, toSend } from "./rules.js";

const lockOf = (account, visit) => `draft ${account} ${visit}`;

/** Says whether any tab has a draft open: then no new release takes over. */
export async function anyOpen() {
  const { held } = await navigator.locks.query();
  return held.some((lock) => lock.name.startsWith("draft "));
}

/**
 * Holds a draft for this tab alone. `owned(true)` is called once it is ours, `owned(false)` when another tab has it.
 * Returns how to let go, and how to take it from the other tab.
 */
export function hold(account, visit, owned) {
  const name = lockOf(account, visit);
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const leaving = new AbortController();
  const ask = (options) =>
    navigator.locks.request(name, options, (lock) => {
      owned(Boolean(lock));
      return lock ? released : undefined;
    }).catch(() => owned(false)); // taken by another tab, or we left while we waited
  ask({ ifAvailable: true }).then(() => leaving.signal.aborted || ask({ signal: leaving.signal }));
  const leave = () => (leaving.abort(), release());
  return { leave, take: () => ask({ steal: true }) };
}

/** Does something with a draft unless another tab has it open; says whether it was done. */
export const ifFree = (account, visit, work) =>
  navigator.locks.request(lockOf(account, visit), { ifAvailable: true }, async (lock) => {
    if (lock) await work();
    return Boolean(lock);
  });

/** A visit's answers on the phone, each written as it is given. */
export class Draft {
  #pending = new Set(); // keys of answers that are not on the disk
  #unkept = new Set(); // keys of questions whose photos are not
  #writing = null;
  #adding = new Set();
  #fault = null;
  #finished = false;

  constructor(row, answers, photos, onsave) {
    this.row = row;
    this.answers = answers;
    this.photos = photos;
    this.onsave = onsave;
  }

  /** Reads the draft of a visit, or begins one; `onsave` hears saving, saved and error, with the keys concerned. */
  static async open(account, visit, onsave) {
    const row = (await get("drafts", account, visit.id)) ?? begun(account, visit);
    const stored = await list("answers", account, visit.id);
    const photos = (await list("photos", account, visit.id)).sort((a, b) => a.at - b.at);
    const answers = Object.fromEntries(stored.map((each) => [each.question, each.answer]));
    const draft = new Draft({ ...row, clock: resumed(row.clock) }, answers, photos, onsave);
    for (const answer of Object.values(answers)) if (answer.timer) answer.timer = resumed(answer.timer);
    return draft;
  }

  /** Returns the answers with the photos that belong to each. */
  whole() {
    const whole = Object.fromEntries(Object.entries(this.answers).map(([key, answer]) => [key, { ...answer }]));
    for (const photo of this.photos) ((whole[photo.question] ??= {}).photos ??= []).push(photo.id);
    return whole;
  }

  /** Takes a part of an answer and writes it; what is given while a write runs goes with the next one. */
  set(key, part) {
    this.answers[key] = { ...this.answers[key], ...part };
    return this.save(key);
  }

  /** Takes a part of the draft itself, such as its comment, and writes it. */
  setRow(part) {
    Object.assign(this.row, part);
    return this.save("");
  }

  /** Writes what is pending, again where a write failed before. */
  save(...keys) {
    if (this.#finished) return this.#writing; // a write that came now could bring back a draft that was sent
    for (const key of keys) this.#pending.add(key);
    this.onsave("saving", keys);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
      this.#settle();
    });
    return this.#writing;
  }

  /** Once nothing is being written, tells whether all answers and photos are on the disk. */
  #settle() {
    if (this.#writing || this.#adding.size) return;
    if (this.#pending.size || this.#unkept.size) this.onsave("error", [...this.#pending], this.#fault);
    else this.onsave("saved", []);
  }

  async #write() {
    while (this.#pending.size) {
      const keys = [...this.#pending];
      this.#pending.clear();
      try {
        await this.#store(keys);
      } catch (error) {
        for (const key of keys) this.#pending.add(key);
        this.#fault = error;
        return;
      }
    }
  }

  async #store(keys) {
    const { account, visit } = this.row;
    Object.assign(this.row, { clock: resumed(this.row.clock), changed: Date.now() });
    await write(["drafts", "answers"], (store) => {
      store("drafts").put(this.row);
      for (const key of keys.filter(Boolean)) store("answers").put({ account, visit, question: key, answer: this.answers[key] });
    });
  }

  /** Keeps photos as they were given, all or none; resolves when they are on the disk. */
  addPhotos(question, files) {
    if (this.#finished) return Promise.resolve([]);
    this.onsave("saving", []);
    const adding = this.#keep(question, files).finally(() => {
      this.#adding.delete(adding);
      this.#settle();
    });
    this.#adding.add(adding);
    return adding;
  }

  async #keep(question, files) {
    const { account, visit } = this.row;
    const photos = files.map((blob, index) =>
      ({ account, visit, id: crypto.randomUUID(), question, blob, at: Date.now() + index, ready: false, state: "kept" }));
    this.#unkept.add(question);
    await write("photos", (store) => photos.forEach((photo) => void store("photos").put(photo)));
    this.#unkept.delete(question);
    this.photos.push(...photos);
    this.save(""); // photos have rows of their own; the draft tells that it began
    return photos;
  }

  /** Takes a photo as it is now, after it was made smaller. */
  setPhoto(photo) {
    this.photos = this.photos.map((other) => (other.id === photo.id ? photo : other));
  }

  /** Takes a photo off the phone, unless it is in the queue. */
  async removePhoto({ account, visit, id }) {
    if (this.#finished) return;
    await write("photos", (store) => void store("photos").delete([account, visit, id]));
    this.photos = this.photos.filter((photo) => photo.id !== id);
    this.save("");
  }

  /** Puts the draft in the queue, as it will be sent byte for byte however often. */
  async finish(checklist, place) {
    this.#finished = true;
    try {
      await Promise.allSettled(this.#adding);
      await this.#writing;
      await this.#queue(checklist, place);
    } catch (error) {
      this.#finished = false;
      this.save(...Object.keys(this.answers));
      throw error;
    }
    tell("queue");
  }

  async #queue(checklist, place) {
    const { account, visit, revision, comment, position, clock } = this.row;
    const body = {
      revision,
      checklist_version: checklist.version,
      ...times(clock),
      position: position ?? null,
      answers: toSend(questionsOf(checklist), this.whole()),
      comment: comment?.trim() || null,
    };
    const named = new Set(photosIn(body.answers));
    const item = { account, visit, place, body, state: "waiting", at: Date.now(), tries: 0, receipt: null, reason: null };
    await write(["queue", "photos"], (store) => {
      store("queue").put(item);
      setState(store("photos"), [account, visit], (photo) => (named.has(photo.id) ? "waiting" : null));
    });
  }
}

/** Gives all photos of a visit that are not sent another state; null takes them away. */
function setState(photos, beginning, stateFor) {
  photos.openCursor(below(beginning)).onsuccess = ({ target: { result: cursor } }) => {
    if (!cursor) return;
    const state = stateFor(cursor.value);
    if (!state) cursor.delete();
    else if (cursor.value.state !== "sent") cursor.update({ ...cursor.value, state, tries: 0, reason: null });
    cursor.continue();
  };
}

/** Takes a visit out of the queue again, so that its answers can be corrected. */
export async function reopen({ account, visit }) {
  await write(["queue", "photos"], (store) => {
    store("queue").delete([account, visit]);
    setState(store("photos"), [account, visit], () => "kept");
  });
  tell("queue");
}

function begun(account, visit) {
  return { account, visit: visit.id, revision: visit.revision + 1, clock: started(), changed: Date.now() };
}

/** Returns begin and end, both by the clock as it is now: one that was set back in mid-visit spoils nothing. */
function times(clock) {
  const now = Date.now();
  return { started_at: new Date(now - resumed(clock).before).toISOString(), finished_at: new Date(now).toISOString() };
}

/**
 * Fetches the answers of a returned visit, to be mended, unless this phone has a draft of the next revision, or
 * answers that were never received. What it holds of an earlier draft stays, photos that are not sent included.
 */
export async function fetchReturned(account, visit) {
  if ((await get("drafts", account, visit.id))?.revision === visit.revision + 1) return;
  const { body } = await call("GET", `/visits/${visit.id}/submission`);
  await ifFree(account, visit.id, () => beginReturned(account, visit, body));
}

function beginReturned(account, visit, { answers, comment }) {
  const key = [account, visit.id];
  const next = begun(account, visit);
  const { missing, unusable } = visit.photos;
  return write(["drafts", "answers", "photos", "queue"], (store) => {
    const draft = store("drafts").get(key);
    const queued = store("queue").get(key);
    const given = store("answers").getAllKeys(below(key));
    const photos = store("photos").getAllKeys(below(key));
    // Requests are answered in their order, so that with the last one all are there.
    photos.onsuccess = () => {
      if (draft.result?.revision === next.revision || (queued.result && !queued.result.receipt)) return;
      const kept = new Set([...given.result, ...photos.result].map(([, , each]) => each));
      store("drafts").put({ comment, ...draft.result, ...next });
      for (const [question, { photos: ids = [], ...answer }] of Object.entries(answers)) {
        if (!kept.has(question)) store("answers").put({ account, visit: visit.id, question, answer });
        const stored = ids.filter((id) => !kept.has(id) && !missing.includes(id) && !unusable.includes(id));
        stored.forEach((id, index) => store("photos").put({ account, visit: visit.id, id, question, at: index, state: "sent" }));
      }
    };
  });
}

/** Takes a draft off the phone with its answers and photos, within a transaction. */
export function drop(store, account, visit) {
  for (const name of ["answers", "photos"]) store(name).delete(below([account, visit]));
  store("drafts").delete([account, visit]);
}

/** Takes all that the phone has of a visit off it, what was never sent included. */
export async function giveUp({ account, visit }) {
  await write(["queue", "drafts", "answers", "photos"], (store) => {
    store("queue").delete([account, visit]);
    drop(store, account, visit);
  });
  tell("queue");
}

// Timers.

/*
 * Timers that keep running while the app is closed. Within one life of the page the monotonic clock counts,
 * which nobody can set; across restarts, and while the phone slept, the wall clock does.
 */
const PAGE = crypto.randomUUID();
let slept = 0;
let hidden = null;

document.addEventListener("visibilitychange", () => {
  if (document.hidden) hidden = { wall: Date.now(), ticks: performance.now() };
  else if (hidden) {
    // Many phones stop the monotonic clock when they sleep.
    slept += Math.max(0, Date.now() - hidden.wall - (performance.now() - hidden.ticks));
    hidden = null;
  }
});

const ticks = () => performance.now() + slept;

/** Returns a timer that has counted so many milliseconds and runs on. */
export const started = (before = 0) => ({ before, wall: Date.now(), ticks: ticks(), page: PAGE });

/** Returns how many milliseconds a timer has counted. */
export function elapsed(timer) {
  if (timer.page === PAGE) return timer.before + ticks() - timer.ticks;
  return timer.before + Math.max(0, Date.now() - timer.wall);
}

/** Returns the timer as this life of the page goes on with it. */
const resumed = (timer) => started(elapsed(timer));
