/**
 * Sends what waits in the queue. Only one tab sends at a time. The answers of a visit are sent first, then
 * each of its photos. Answers to messages and expenses are sent on their own. Nothing is sent again after the
 * server has received it. The data of a visit leaves the phone when the server has all of it.
 */
// Waits for a busy server survive a reload here, so no call waits for it.
import { callOnce, NoSignal, Problem } from "../shared/api.js";
import { account as currentAccount, recall, fetchAccount } from "./account.js";
import { announce, notify } from "./channel.js";
import { change, get, list, put, write } from "./database.js";
import { removeExpense } from "./expenses.js";
import { obstacleOf } from "./obstacle.js";
import { fileOf, keyOf } from "./photos.js";
import { PhotoError } from "./picture.js";
import { prepare } from "./prepare.js";
import { completeVisit, unsentExpenses, unsentMessages, unsentVisits } from "./queue.js";

const FIRST_WAIT = 2;
const MAX_WAIT = 300;
const STALL_TIMEOUT = 60_000;
const MAX_CHECKS = 60;
/** Statuses that the same request would get again, so that the shopper has to act. */
const NEEDS_SHOPPER = new Set([400, 403, 404, 405, 409, 413, 415, 422]);
/** Statuses of a server that is not available: no other request would succeed now. */
const UNAVAILABLE = new Set([429, 503]);
/** The slot with the time until which nothing is sent. Like `retry` of each row, it survives a reload. */
const PAUSE = "pause";
let timer = null;
let failures = 0;
let pendingRun = null;
let currentRun = null;

/** Sends what is due, and continues until nothing is. `eager` skips back-offs, when the signal is back. */
export function send(eager = false) {
  pendingRun = { eager: eager || Boolean(pendingRun?.eager) };
  currentRun ??= navigator.locks.request("sender", run).finally(() => {
    currentRun = null;
    if (pendingRun) send(pendingRun.eager);
  });
  return currentRun;
}

async function run() {
  const { eager } = pendingRun;
  pendingRun = null;
  clearTimeout(timer);
  const accountId = (currentAccount() ?? (await recall()))?.id;
  if (!accountId) return;
  let pause = (await get("accounts", PAUSE)) ?? null;
  if (eager && pause && !pause.ordered) pause = null;
  await recover(accountId, eager);
  try {
    // The session may belong to another account now, because people share phones.
    if (isDue(pause) && (await nextDue(accountId)) && (await fetchAccount()).id === accountId) {
      await drain(accountId);
      failures = 0;
      pause = null;
    }
  } catch (error) {
    const obstacle = obstacleOf(error);
    if (obstacle) {
      announce(obstacle);
      return;
    }
    pause = { slot: PAUSE, ...waitAfter(error, ++failures) };
  }
  await storePause(pause);
  await schedule(accountId, pause);
}

const storePause = (pause) =>
  pause ? put("accounts", pause) : write("accounts", (store) => void store("accounts").delete([PAUSE]));

/** Returns the milliseconds to wait after a number of failures: from 2 s to 5 min, with full jitter. */
const backOff = (tries) => 1000 * Math.random() * Math.min(MAX_WAIT, FIRST_WAIT * 2 ** (tries - 1));

/**
 * Returns how long to wait after an error: as long as the server ordered, otherwise a back-off. Up to a second
 * more, so that phones that were told the same do not come back at the same moment.
 */
function waitAfter(error, tries) {
  const ordered = error.wait != null;
  const wait = ordered ? 1000 * (error.wait + Math.random()) : backOff(tries);
  return { at: Date.now() + wait, wait, ordered };
}

/** Resets rows that a killed tab left as "sending", skips back-offs if `eager`, and completes sent visits. */
async function recover(accountId, eager) {
  for (const row of await unsentVisits(accountId)) if (row.receipt) await completeVisit(accountId, row.visit);
  for (const { store, key, row } of await pending(accountId)) {
    const part = {};
    if (row.state === "sending") part.state = "waiting";
    if (eager && row.retry && !row.retry.ordered) part.retry = null;
    if (Object.keys(part).length) await update(store, key, part);
  }
}

/** Returns the rows that are not sent yet, those with the fewest tries first. */
async function pending(accountId) {
  const visits = await unsentVisits(accountId);
  const receivedVisits = new Set(visits.filter(({ receipt }) => receipt).map(({ visit }) => visit));
  const answers = visits.filter(({ receipt }) => !receipt);
  const photos = (await list("photos", accountId)).filter(({ visit }) => receivedVisits.has(visit));
  const messages = await unsentMessages(accountId);
  const expenses = await unsentExpenses(accountId);
  return [
    ...answers.map((row) => ({ store: "queue", key: [accountId, row.visit], row, work: sendAnswers })),
    ...messages.map((row) => ({ store: "messages", key: [accountId, row.id], row, work: sendMessage })),
    ...expenses.map((row) => ({ store: "expenses", key: [accountId, row.id], row, work: sendExpense })),
    ...photos.map((row) => ({ store: "photos", key: keyOf(row), row, work: sendPhoto })),
  ]
    .filter(({ row }) => ["waiting", "sending"].includes(row.state))
    .sort((a, b) => (a.row.tries ?? 0) - (b.row.tries ?? 0));
}

const nextDue = async (accountId) => (await pending(accountId)).find(({ row }) => isDue(row.retry));

/** Returns whether a wait is over. It is also over if the clock was set back to before the wait began. */
const isDue = (retry) => !retry || Date.now() >= retry.at || Date.now() < retry.at - retry.wait;

async function drain(accountId) {
  for (let next; (next = await nextDue(accountId));) {
    try {
      await update(next.store, next.key, { state: "sending" });
      await next.work(next.row);
      await completeVisit(accountId, next.row.visit);
    } catch (error) {
      await handleFailure(next, error, accountId);
    }
  }
}

/** Stores a failure: the row is retried, or needs the shopper. Throws errors that concern every row. */
async function handleFailure({ store, key, row }, error, accountId) {
  if (error instanceof Problem && obstacleOf(error)) {
    await update(store, key, { state: "waiting" });
    throw error;
  }
  // A response without a code is from a proxy, not from the API.
  if (error instanceof Problem && error.code && NEEDS_SHOPPER.has(error.status)) {
    // Another account is signed in, to which the visit does not exist. Nothing is wrong with the row.
    if ([403, 404].includes(error.status) && (await fetchAccount()).id !== accountId) {
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
  if (error instanceof NoSignal || UNAVAILABLE.has(error.status)) throw error;
}

async function sendAnswers(row) {
  const headers = { "Device-Time": new Date().toISOString() };
  const { body } = await callOnce("PUT", `/visits/${row.visit}/submission`, row.body, headers);
  await update("queue", [row.account, row.visit], { receipt: body, state: "waiting", tries: 0, retry: null });
}

/** Sends the answer to a message. The server stores only the first answer, so it can be sent again. */
async function sendMessage(row) {
  await callOnce("PUT", `/me/messages/${row.id}/answer`, { text: row.answer });
  await update("messages", [row.account, row.id], { state: "sent", retry: null });
}

/** Sends an expense after its receipts. The server knows its ID, so it can be sent again. */
async function sendExpense(row) {
  const { account, visit, id, kind, amount, description, receipts } = row;
  for (const receipt of receipts) {
    const path = `/visits/${visit}/photos/${receipt.id}`;
    await declareAndUpload(path, { ...receipt, receipt: true }, { account, visit: id, id: receipt.id });
    await confirm(path);
  }
  const claim = {
    kind,
    amount,
    description: description.trim() || null,
    receipts: receipts.map((receipt) => receipt.id),
  };
  const { body } = await callOnce("PUT", `/visits/${visit}/expenses/${id}`, claim);
  await removeExpense({ account, visit, id }, body);
  announce("queue");
}

async function sendPhoto(row) {
  const photo = await prepare(row);
  const path = `/visits/${photo.visit}/photos/${photo.id}`;
  if (!photo.uploaded) {
    await declareAndUpload(path, photo, photo);
    await change("photos", keyOf(photo), { uploaded: true });
  }
  try {
    await confirm(path);
  } catch (error) {
    if (error instanceof NotUploaded) await update("photos", keyOf(photo), { uploaded: false });
    throw error;
  }
  await update("photos", keyOf(photo), { state: "sent", retry: null });
}

/** Declares a photo, and uploads its bytes, which are in `files` under the key of `file`. */
async function declareAndUpload(path, { question, receipt, sha256, size, type, taken_at, position }, file) {
  const declaration = { question, receipt, sha256, size, content_type: type, taken_at, position };
  const { body } = await callOnce("PUT", path, declaration);
  if (!body.upload) return;
  const bytes = await fileOf(file);
  if (!bytes) throw new PhotoError("photo-unreadable");
  await upload(body.upload, file.id, bytes);
}

/** Sends the bytes to the photo store. If that fails, the photo is declared and sent again. */
function upload({ method, url, headers }, id, file) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not report the progress of an upload
    let stallTimer;
    const watch = () => {
      clearTimeout(stallTimer);
      stallTimer = setTimeout(() => request.abort(), STALL_TIMEOUT);
    };
    request.upload.onprogress = ({ loaded, total }) => {
      watch();
      notify(`progress ${id} ${loaded / total}`);
    };
    request.onloadend = () => {
      clearTimeout(stallTimer);
      const { status } = request;
      // 412: the store already has these bytes.
      if (status === 412 || (status >= 200 && status < 300)) resolve(status);
      else if (UNAVAILABLE.has(status)) reject(new Problem(responseOf(request), {}));
      else reject(new Error(`upload ${status}`));
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    watch();
    request.send(file);
  });
}

/** Returns what a Problem reads of a response. */
const responseOf = (request) => ({
  status: request.status,
  headers: { get: (name) => request.getResponseHeader(name) },
});

/** The store does not have the bytes of a photo, so it has to be declared again. */
class NotUploaded extends Error {}

async function confirm(path) {
  for (let checks = 0; checks < MAX_CHECKS; checks++) {
    const { status, headers } = await callOnce("POST", `${path}/confirm`).catch((error) => {
      throw error.code === "photo-not-uploaded" ? new NotUploaded() : error;
    });
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 1000 * (Number(headers.get("Retry-After")) || 2)));
  }
  throw new Error("the photo is still being checked");
}

async function update(store, key, part) {
  await change(store, key, part);
  announce("queue");
}

/** Schedules the next run for when the first wait and the pause are over, in five minutes at the latest. */
async function schedule(accountId, pause) {
  const rows = (await pending(accountId)).map(({ row }) => row);
  if (!rows.length) return;
  const first = Math.min(...rows.map(({ retry }) => retry?.at ?? 0));
  const wait = Math.max(first, pause?.at ?? 0) - Date.now();
  timer = setTimeout(() => send(), Math.min(MAX_WAIT * 1000, Math.max(wait, 500)));
}
