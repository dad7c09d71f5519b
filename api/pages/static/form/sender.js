/**
 * Sends what waits: one sender across all tabs; a visit's answers first, then its photos, each on its own.
 * What the server has is not sent again, and what is on the phone goes only when the server has all of it.
 */
import { call, NoSignal, Problem } from "../shared/api.js";
import { drop } from "./draft.js";
import { account as current, change, list, tell, whoami, write } from "./store.js";
import { keyOf, prepare } from "./photos.js";

const FIRST_WAIT = 2;
const LONGEST_WAIT = 300;
const STALLED = 60_000;
const MOST_CHECKS = 60;
/** What will not be otherwise the next time: a person has to look. */
const FOR_A_PERSON = new Set([400, 403, 404, 405, 409, 413, 415, 422]);
/** Where it is the server, or the way to it, that cannot now: what else waits need not be tried. */
const FOR_ALL = new Set([429, 503]);
let timer = null;
let misses = 0;
let wanted = null;
let running = null;
/** How long nothing at all is sent, as a row's own `retry` says of that row; `ordered` is what a server asked for. */
let pause = null;

/** Sends what is due, and goes on by itself; `eager` is for when the signal is back: it waits for no back-off. */
export function send(eager = false) {
  wanted = { eager: eager || Boolean(wanted?.eager) };
  running ??= navigator.locks.request("sender", run).finally(() => {
    running = null;
    if (wanted) send(wanted.eager);
  });
  return running;
}

async function run() {
  const who = current()?.id;
  const { eager } = wanted;
  wanted = null;
  clearTimeout(timer);
  if (!who) return;
  if (eager && !pause?.ordered) pause = null;
  await settle(who, eager);
  try {
    // The cookies may be another account's by now: a phone can be lent.
    if (isDue(pause) && (await nextDue(who)) && (await whoami()).id === who) {
      await drain(who);
      misses = 0;
    }
  } catch (error) {
    if (error.status === 401) return tell("signed-out");
    pause = waitAfter(error, ++misses);
  }
  await schedule(who);
}

/** Returns milliseconds to wait after so many failures: from 2 s to 5 min, with full jitter. */
const backOff = (tries) => 1000 * Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1));

/** Returns until when to wait after an error: as long as the server asked for, or else a back-off. */
function waitAfter(error, tries) {
  const ordered = error.wait != null;
  const wait = ordered ? 1000 * error.wait : backOff(tries);
  return { at: Date.now() + wait, wait, ordered };
}

/** Takes back what a killed tab left as being sent, and where asked for the waits as well; ends what has all been sent. */
async function settle(who, eager) {
  for (const row of await unsent(who)) if (row.receipt) await finish(who, row.visit);
  for (const { store, key, row } of await pending(who)) {
    const part = {};
    if (row.state === "sending") part.state = "waiting";
    if (eager && row.retry && !row.retry.ordered) part.retry = null;
    if (Object.keys(part).length) await update(store, key, part);
  }
}

/** Returns the visits that are in the queue still. */
const unsent = async (who) => (await list("queue", who)).filter((row) => row.state !== "sent");

/** Returns what is not sent yet, the least tried first. */
async function pending(who) {
  const visits = await unsent(who);
  const received = new Set(visits.filter((row) => row.receipt).map((row) => row.visit));
  const photos = (await list("photos", who)).filter((row) => received.has(row.visit));
  return [
    ...visits.filter((row) => !row.receipt).map((row) => ({ store: "queue", key: [who, row.visit], row, work: sendAnswers })),
    ...photos.map((row) => ({ store: "photos", key: keyOf(row), row, work: sendPhoto })),
  ].filter(({ row }) => ["waiting", "sending"].includes(row.state)).sort((a, b) => (a.row.tries ?? 0) - (b.row.tries ?? 0));
}

const nextDue = async (who) => (await pending(who)).find(({ row }) => isDue(row.retry));

async function drain(who) {
  for (let next; (next = await nextDue(who)); ) {
    await update(next.store, next.key, { state: "sending" });
    try {
      await next.work(next.row);
      await finish(who, next.row.visit);
    } catch (error) {
      await failed(next, error, who);
    }
  }
}

// A wait holds by the clock it was set by; one that was set back ends it.
const isDue = (retry) => !retry || Date.now() >= retry.at || Date.now() < retry.at - retry.wait;

/** Keeps an item that was not sent, to be sent again or for a person; throws what concerns all that waits. */
async function failed({ store, key, row }, error, who) {
  if (error instanceof Problem && error.status === 401) {
    await update(store, key, { state: "waiting" });
    throw error;
  }
  // Without a code it is some proxy's answer, not the API's.
  if (error instanceof Problem && error.code && FOR_A_PERSON.has(error.status)) {
    // To another account the visit is not there: that is no fault of the item.
    if ([403, 404].includes(error.status) && (await whoami()).id !== who) {
      await update(store, key, { state: "waiting" });
      throw new NoSignal("another account");
    }
    const { code, detail, errors, status } = error;
    return update(store, key, { state: "needs-you", reason: { code, detail, errors, status } });
  }
  if (error.message === "no-photo") return update(store, key, { state: "needs-you", reason: { code: error.message } });
  const tries = (row.tries ?? 0) + 1;
  await update(store, key, { state: "waiting", tries, retry: waitAfter(error, tries) });
  if (error instanceof NoSignal || FOR_ALL.has(error.status)) throw error;
}

async function sendAnswers(row) {
  const headers = { "Device-Time": new Date().toISOString() };
  const { body } = await call("PUT", `/visits/${row.visit}/submission`, row.body, headers);
  await update("queue", [row.account, row.visit], { receipt: body, state: "waiting", tries: 0, retry: null });
}

async function sendPhoto(given) {
  const row = await prepare(given);
  const path = `/visits/${row.visit}/photos/${row.id}`;
  if (!row.uploaded) await declareAndUpload(row, path);
  try {
    await confirm(path);
  } catch (error) {
    if (error.code !== "photo-not-uploaded") throw error;
    await update("photos", keyOf(row), { uploaded: false });
    throw new Error("declare it again");
  }
  await update("photos", keyOf(row), { state: "sent", retry: null });
}

async function declareAndUpload(row, path) {
  const { body } = await call("PUT", path, {
    question: row.question,
    sha256: row.sha256,
    size: row.blob.size,
    content_type: row.type,
    taken_at: row.taken_at,
    position: row.position,
  });
  if (body.upload) await upload(body.upload, row);
  await change("photos", keyOf(row), { uploaded: true });
}

/** Sends the bytes to the store; 412 says that it has them. Anything else is declared and sent again. */
function upload({ method, url, headers }, row) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells no progress of what it sends
    let stalled;
    const moved = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), STALLED);
    };
    request.upload.onprogress = ({ loaded, total }) => {
      moved();
      tell(`progress ${row.id} ${loaded / total}`);
    };
    request.onloadend = () => {
      clearTimeout(stalled);
      if (request.status === 412 || (request.status >= 200 && request.status < 300)) resolve();
      else reject(new Error(`upload ${request.status}`));
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    moved();
    request.send(row.blob);
  });
}

async function confirm(path) {
  for (let checks = 0; checks < MOST_CHECKS; checks++) {
    const { status, headers } = await call("POST", `${path}/confirm`);
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 1000 * (Number(headers.get("Retry-After")) || 2)));
  }
  throw new Error("still being checked");
}

/**
 * Takes a visit off the phone once its receipt and every photo's `stored` are there; the receipt stays. So does
 * a draft of the next revision, with its photos, which are only kept.
 */
async function finish(who, visit) {
  const photos = await list("photos", who, visit);
  if (photos.some((photo) => !["sent", "kept"].includes(photo.state))) return;
  await write(["queue", "drafts", "answers", "photos"], (store) => {
    const row = store("queue").get([who, visit]);
    const draft = store("drafts").get([who, visit]);
    draft.onsuccess = () => {
      if (!row.result?.receipt) return;
      store("queue").put({ ...row.result, body: null, state: "sent" });
      if (!(draft.result?.revision > row.result.receipt.revision)) drop(store, who, visit);
    };
  });
  tell("queue");
}

async function update(store, key, part) {
  await change(store, key, part);
  tell("queue");
}

/** Comes back when the first wait is over and the pause of all, but after five minutes at the latest. */
async function schedule(who) {
  const rows = (await pending(who)).map(({ row }) => row);
  if (!rows.length) return;
  const first = Math.max(Math.min(...rows.map(({ retry }) => retry?.at ?? 0)), pause?.at ?? 0) - Date.now();
  timer = setTimeout(() => send(), Math.min(LONGEST_WAIT * 1000, Math.max(first, 500)));
}
