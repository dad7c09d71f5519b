/**
 * Sends what waits: one sender across all tabs; a visit's answers first, then its photos, each on its own.
 * What the server has is not sent again, and what is on the phone goes only when the server has all of it.
 */
import { call, NoSignal, Problem } from "../shared/api.js";
import { account as current, whoami } from "./account.js";
import { below, change, list, tell, write } from "./store.js";
import { keyOf, prepare } from "./photos.js";

const FIRST_WAIT = 2;
const LONGEST_WAIT = 300;
const STALLED = 60_000;
const MOST_CHECKS = 60;
/** What will not be otherwise the next time: a person has to look. */
const FOR_A_PERSON = new Set([400, 403, 404, 405, 409, 413, 415, 422]);
let timer = null;
let misses = 0;
let wanted = null;
let running = null;

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
  const mine = current()?.id;
  const { eager } = wanted;
  wanted = null;
  clearTimeout(timer);
  if (!mine) return;
  await settle(mine, eager);
  let wait = 0;
  try {
    // The cookies may be another account's by now: a phone can be lent.
    if ((await pending(mine)).length && (await whoami()).id === mine) await drain(mine);
    misses = 0;
  } catch (error) {
    if (error.status === 401) return tell("signed-out");
    wait = error.wait != null ? 1000 * error.wait : backOff(++misses);
  }
  await schedule(mine, wait);
}

/** Returns milliseconds to wait after so many failures: from 2 s to 5 min, with full jitter. */
const backOff = (tries) => 1000 * Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1));

/** Takes back what a killed tab left as being sent, and where asked for the waits as well. */
async function settle(mine, eager) {
  for (const { store, key, row } of await pending(mine)) {
    const part = {};
    if (row.state === "sending") part.state = "waiting";
    if (eager && row.retry && !row.retry.told) part.retry = null;
    if (Object.keys(part).length) await update(store, key, part);
  }
}

/** Returns what is not sent yet, the least tried first. */
async function pending(mine) {
  const visits = (await list("queue", mine)).filter((row) => row.state !== "sent");
  const sent = new Set(visits.filter((row) => row.receipt).map((row) => row.visit));
  const photos = (await list("photos", mine)).filter((row) => sent.has(row.visit));
  return [
    ...visits.filter((row) => !row.receipt).map((row) => ({ store: "queue", key: [mine, row.visit], row, work: sendAnswers })),
    ...photos.map((row) => ({ store: "photos", key: keyOf(row), row, work: sendPhoto })),
  ].filter(({ row }) => ["waiting", "sending"].includes(row.state)).sort((a, b) => (a.row.tries ?? 0) - (b.row.tries ?? 0));
}

async function drain(mine) {
  for (;;) {
    const next = (await pending(mine)).find(({ row }) => isDue(row.retry));
    if (!next) return;
    await update(next.store, next.key, { state: "sending" });
    try {
      await next.work(next.row);
      await finish(mine, next.row.visit);
    } catch (error) {
      await failed(next, error, mine);
    }
  }
}

// A wait holds by the clock it was set by; one that was set back ends it.
const isDue = (retry) => !retry || Date.now() >= retry.at || Date.now() < retry.at - retry.wait;

async function failed({ store, key, row }, error, mine) {
  if (error instanceof Problem && error.status === 401) {
    await update(store, key, { state: "waiting" });
    throw error;
  }
  if (error instanceof Problem && FOR_A_PERSON.has(error.status)) {
    // To another account the visit is not there: that is no fault of the item.
    if ([403, 404].includes(error.status) && (await whoami()).id !== mine) {
      await update(store, key, { state: "waiting" });
      throw new NoSignal("another account");
    }
    const { code, detail, errors, status } = error;
    return update(store, key, { state: "needs-you", reason: { code, detail, errors, status } });
  }
  if (error.message === "no-photo") return update(store, key, { state: "needs-you", reason: { code: "photo-unusable" } });
  const tries = (row.tries ?? 0) + 1;
  const wait = error.wait != null ? 1000 * error.wait : backOff(tries);
  await update(store, key, { state: "waiting", tries, retry: { at: Date.now() + wait, wait, told: error.wait != null } });
  if (error instanceof NoSignal) throw error;
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

/** Takes a visit off the phone once its receipt and every photo's `stored` are there; the receipt stays. */
async function finish(mine, visit) {
  const photos = await list("photos", mine, visit);
  if (photos.some((photo) => photo.state !== "sent")) return;
  await write(["queue", "drafts", "answers", "photos"], (store) => {
    const row = store("queue").get([mine, visit]);
    row.onsuccess = () => {
      if (!row.result?.receipt) return;
      store("queue").put({ ...row.result, body: null, state: "sent" });
      store("drafts").delete([mine, visit]);
      for (const name of ["answers", "photos"]) store(name).delete(below([mine, visit]));
    };
  });
  tell("queue");
}

async function update(store, key, part) {
  await change(store, key, part);
  tell("queue");
}

/** Comes back when the first wait is over, and not before the one that the network set for all. */
async function schedule(mine, wait) {
  const rows = (await pending(mine)).map(({ row }) => row);
  if (!rows.length) return;
  const first = Math.min(...rows.map(({ retry }) => (retry ? retry.at - Date.now() : 0)));
  timer = setTimeout(() => send(), Math.min(LONGEST_WAIT * 1000, Math.max(first, wait, 500)));
}
