/**
 * Sends what waits: one sender across all tabs. A visit's answers go first, then its photos, each on its own.
 * What the server has is not sent again, and leaves the phone only when the server has all of the visit.
 */
import { call, NoSignal, Problem } from "../shared/api.js";
import { account as currentAccount, recall, whoami } from "./account.js";
import { announce, notify } from "./channel.js";
import { change, get, list, put, write } from "./database.js";
import { fileOf, keyOf } from "./photos.js";
import { PhotoError } from "./picture.js";
import { prepare } from "./prepare.js";
import { completeVisit, unsentVisits } from "./queue.js";

const FIRST_WAIT = 2;
const LONGEST_WAIT = 300;
const STALLED = 60_000;
const MOST_CHECKS = 60;
/** Statuses that the same request would get again: a person has to look. */
const FOR_A_PERSON = new Set([400, 403, 404, 405, 409, 413, 415, 422]);
/** Statuses of a server that cannot answer now: nothing else that waits need be tried. */
const FOR_ALL = new Set([429, 503]);
/**
 * The slot of the time until which nothing at all is sent. It survives a reload, as each row's own `retry`
 * does.
 */
const PAUSE = "pause";
let timer = null;
let failures = 0;
let requested = null;
let running = null;

/** Sends what is due and keeps going; `eager`, for when the signal is back, skips back-offs. */
export function send(eager = false) {
  requested = { eager: eager || Boolean(requested?.eager) };
  running ??= navigator.locks.request("sender", run).finally(() => {
    running = null;
    if (requested) send(requested.eager);
  });
  return running;
}

async function run() {
  const { eager } = requested;
  requested = null;
  clearTimeout(timer);
  const who = (currentAccount() ?? (await recall()))?.id;
  if (!who) return;
  let pause = (await get("accounts", PAUSE)) ?? null;
  if (eager && pause && !pause.ordered) pause = null;
  await recover(who, eager);
  try {
    // The cookies may belong to another account by now: phones are lent.
    if (isDue(pause) && (await nextDue(who)) && (await whoami()).id === who) {
      await drain(who);
      failures = 0;
      pause = null;
    }
  } catch (error) {
    if (error.status === 401) {
      announce("signed-out");
      return;
    }
    pause = { slot: PAUSE, ...waitAfter(error, ++failures) };
  }
  await remember(pause);
  await schedule(who, pause);
}

const remember = (pause) =>
  pause ? put("accounts", pause) : write("accounts", (store) => void store("accounts").delete([PAUSE]));

/** Returns milliseconds to wait after so many failures: from 2 s to 5 min, with full jitter. */
const backOff = (tries) => 1000 * Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1));

/** Returns until when to wait after an error: as long as the server ordered, or else a back-off. */
function waitAfter(error, tries) {
  const ordered = error.wait != null;
  const wait = ordered ? 1000 * error.wait : backOff(tries);
  return { at: Date.now() + wait, wait, ordered };
}

/**
 * Resets what a killed tab left in the middle, skips back-offs if asked to, and completes what was all sent.
 */
async function recover(who, eager) {
  for (const row of await unsentVisits(who)) if (row.receipt) await completeVisit(who, row.visit);
  for (const { store, key, row } of await pending(who)) {
    const part = {};
    if (row.state === "sending") part.state = "waiting";
    if (eager && row.retry && !row.retry.ordered) part.retry = null;
    if (Object.keys(part).length) await update(store, key, part);
  }
}

/** Returns what is not sent yet, the least tried first. */
async function pending(who) {
  const visits = await unsentVisits(who);
  const received = new Set(visits.filter(({ receipt }) => receipt).map(({ visit }) => visit));
  const answers = visits.filter(({ receipt }) => !receipt);
  const photos = (await list("photos", who)).filter(({ visit }) => received.has(visit));
  return [
    ...answers.map((row) => ({ store: "queue", key: [who, row.visit], row, work: sendAnswers })),
    ...photos.map((row) => ({ store: "photos", key: keyOf(row), row, work: sendPhoto })),
  ]
    .filter(({ row }) => ["waiting", "sending"].includes(row.state))
    .sort((a, b) => (a.row.tries ?? 0) - (b.row.tries ?? 0));
}

const nextDue = async (who) => (await pending(who)).find(({ row }) => isDue(row.retry));

/** Returns whether a wait is over. It holds by the clock that set it: a clock that was set back ends it. */
const isDue = (retry) => !retry || Date.now() >= retry.at || Date.now() < retry.at - retry.wait;

async function drain(who) {
  for (let next; (next = await nextDue(who));) {
    try {
      await update(next.store, next.key, { state: "sending" });
      await next.work(next.row);
      await completeVisit(who, next.row.visit);
    } catch (error) {
      await handleFailure(next, error, who);
    }
  }
}

/** Keeps an item that was not sent, to be sent again or for a person; throws what concerns all that waits. */
async function handleFailure({ store, key, row }, error, who) {
  if (error instanceof Problem && error.status === 401) {
    await update(store, key, { state: "waiting" });
    throw error;
  }
  // Without a code it is a proxy's response, not the API's.
  if (error instanceof Problem && error.code && FOR_A_PERSON.has(error.status)) {
    // Another account is told that the visit does not exist: nothing is wrong with the item.
    if ([403, 404].includes(error.status) && (await whoami()).id !== who) {
      await update(store, key, { state: "waiting" });
      throw new NoSignal("another account");
    }
    const { code, detail, errors, status } = error;
    await update(store, key, { state: "needs-you", reason: { code, detail, errors, status } });
    return;
  }
  if (error instanceof PhotoError) {
    await update(store, key, { state: "needs-you", reason: { code: error.code } });
    return;
  }
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
  const photo = await prepare(given);
  const path = `/visits/${photo.visit}/photos/${photo.id}`;
  if (!photo.uploaded) await declareAndUpload(photo, path);
  try {
    await confirm(path);
  } catch (error) {
    if (error.code !== "photo-not-uploaded") throw error;
    await update("photos", keyOf(photo), { uploaded: false });
    throw new Error("declare it again");
  }
  await update("photos", keyOf(photo), { state: "sent", retry: null });
}

async function declareAndUpload(photo, path) {
  const { question, sha256, size, type, taken_at, position } = photo;
  const declaration = { question, sha256, size, content_type: type, taken_at, position };
  const { body } = await call("PUT", path, declaration);
  if (body.upload) {
    const file = await fileOf(photo);
    if (!file) throw new PhotoError("photo-unreadable");
    await upload(body.upload, photo.id, file);
  }
  await change("photos", keyOf(photo), { uploaded: true });
}

/** Sends the bytes to the photo store. After anything but success, the photo is declared and sent again. */
function upload({ method, url, headers }, id, file) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not report the progress of an upload
    let stalled;
    const watch = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), STALLED);
    };
    request.upload.onprogress = ({ loaded, total }) => {
      watch();
      notify(`progress ${id} ${loaded / total}`);
    };
    request.onloadend = () => {
      clearTimeout(stalled);
      const { status } = request;
      // 412: the store has these bytes already.
      if (status === 412 || (status >= 200 && status < 300)) resolve(status);
      else reject(new Error(`upload ${status}`));
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    watch();
    request.send(file);
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

async function update(store, key, part) {
  await change(store, key, part);
  announce("queue");
}

/** Comes back when the first wait and the pause are over, but after five minutes at the latest. */
async function schedule(who, pause) {
  const rows = (await pending(who)).map(({ row }) => row);
  if (!rows.length) return;
  const first = Math.min(...rows.map(({ retry }) => retry?.at ?? 0));
  const wait = Math.max(first, pause?.at ?? 0) - Date.now();
  timer = setTimeout(() => send(), Math.min(LONGEST_WAIT * 1000, Math.max(wait, 500)));
}
