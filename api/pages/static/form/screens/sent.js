/** A visit in the queue or already sent: its state, what became of it, its messages, and the receipt. */
import { call } from "../../shared/api.js";
import { confirmAction, h, hasWords, moment, show, showScreen, t } from "../../shared/page.js";
import { fetchAccount } from "../account.js";
import { announce } from "../channel.js";
import { onResult } from "../../shared/database.js";
import { change, get, list, put, write } from "../database.js";
import { showPayment } from "../expenses.js";
import { showMessages } from "../messages.js";
import { obstacleNotice } from "../obstacle.js";
import { hasOutcome, outcomeOf } from "../outcomes.js";
import { fileRow, keyOf } from "../photos.js";
import { discard, reopen } from "../queue.js";
import { photosIn, acceptsAnswers } from "../rules.js";
import { isInQueue, refreshVisit } from "../visits.js";

/**
 * Shows a sent visit. Returns a function that redraws it, which resolves to whether it is still in the queue.
 */
export function sentScreen(account, visit, { wake, signIn, toList }) {
  const heading = h("h1", { dir: "auto" });
  const outcome = h("p", { class: "outcome", role: "status" });
  const overall = h("progress", { max: 1, "aria-label": t("sendingProgress") });
  const notice = h("div", {});
  const messages = h("div", {});
  const became = h("p", { class: "became", role: "status" });
  let shownObstacle = null;
  const cards = h("ul", { class: "cards" });
  const payment = h("div", {});
  const details = h("div", {});
  const mayClose = h("p", { class: "quiet" }, t("mayClose"));
  const items = new Map();
  let hasFetchedStatus = false;
  let hasFetchedOutcome = false;
  const itemOf = (id, name) => {
    if (!items.has(id)) {
      items.set(id, queueItem(id, name));
      cards.append(items.get(id).element);
    }
    return items.get(id);
  };
  showScreen(
    `${t("sentTitle")} – ${t("product")}`,
    h("header", { class: "bar" }, h("a", { href: "/", class: "back" }, t("back"))),
    heading,
    outcome,
    became,
    overall,
    notice,
    messages,
    mayClose,
    cards,
    payment,
    details,
  );
  showMessages(messages, account, visit);
  showPayment(payment, account, visit);
  return async (obstacle) => {
    const [row, photos, known] = await Promise.all([
      get("queue", account, visit),
      list("photos", account, visit),
      get("visits", account, visit),
    ]);
    if (!isInQueue(known, row)) return false;
    heading.textContent = row.place;
    if (obstacle !== shownObstacle)
      notice.replaceChildren(...[obstacleNotice(obstacle, signIn)].filter(Boolean));
    shownObstacle = obstacle;
    const answersState = row.receipt ? "sent" : row.state;
    itemOf("answers", t("answers")).draw(answersState, row.reason, () =>
      answerActions(row, photos, wake, toList),
    );
    if (row.state === "needs-you" && row.reason.status === 409 && !(hasFetchedStatus && row.reason.now)) {
      hasFetchedStatus = true;
      fetchStatus(row).catch(() => {}); // without a signal, the last known status stays
    }
    const ids = [...(row.receipt?.photos ?? photoIds(row.body))].sort();
    const states = [answersState];
    ids.forEach((id, index) => {
      const photo = photos.find((other) => other.id === id);
      const state = row.leftOut?.includes(id)
        ? "left-out"
        : (photo?.state ?? (row.state === "sent" ? "sent" : "waiting"));
      states.push(state);
      itemOf(id, t("photo", { n: index + 1 })).draw(state, photo?.reason, () =>
        photoActions(row, photo, wake),
      );
    });
    drawOutcome(outcome, overall, states);
    drawDecision(became, row, known);
    show(
      mayClose,
      states.some((state) => ["waiting", "sending"].includes(state)),
    );
    if (row.state === "sent" && !hasFetchedOutcome) {
      hasFetchedOutcome = true;
      refreshVisit(account, visit).catch(() => {}); // without a signal, the last known status stays
    }
    if (row.receipt && !details.firstChild) details.append(receipt(row.receipt));
    return true;
  };
}

const photoIds = ({ answers, photos }) => [...photosIn(answers), ...(photos ?? [])];

/** Shows the progress of sending in one sentence. */
function drawOutcome(outcome, overall, states) {
  const done = states.filter((state) => ["sent", "left-out"].includes(state)).length;
  const needsYou = states.includes("needs-you");
  const isDone = done === states.length;
  const words = isDone ? t("done") : needsYou ? t("needsYou") : t("onItsWay", { done, all: states.length });
  if (outcome.textContent !== words) outcome.textContent = words;
  outcome.classList.toggle("done", isDone);
  outcome.classList.toggle("fault", needsYou);
  overall.setAttribute("value", done / states.length);
  show(overall, !isDone && !needsYou);
}

/** Shows what became of a visit that was sent completely. */
function drawDecision(element, row, visit) {
  const isKnown = row.state === "sent" && hasOutcome(visit);
  const content = h("p", {}, isKnown ? outcomeOf(visit) : []);
  if (content.textContent !== element.textContent) element.replaceChildren(...content.childNodes);
  show(element, isKnown);
}

/** Returns an item of the queue: `{element, draw}`. Drawing the same state again changes nothing. */
function queueItem(id, name) {
  const status = h("span", { role: "status" });
  const progress = h("progress", { id: `progress-${id}`, max: 1, "aria-label": name });
  const reason = h("p", {});
  const actions = h("p", { class: "row" });
  const element = h(
    "li",
    { tabindex: -1 },
    h("p", {}, h("strong", {}, name), " · ", status),
    progress,
    reason,
    actions,
  );
  let lastDrawn = null;
  const draw = (state, problem, createActions) => {
    const words = state === "needs-you" ? reasonWords(problem) : "";
    if (lastDrawn === state + words) return;
    lastDrawn = state + words;
    element.dataset.state = state;
    // A photo that is not sent is no longer in the queue.
    if (state === "left-out") delete element.dataset.testid;
    else element.dataset.testid = "queue-item";
    status.textContent = t(`state-${state}`);
    progress.setAttribute("value", "0");
    show(progress, state === "sending" && id !== "answers");
    reason.textContent = words;
    show(reason, words);
    if (actions.contains(document.activeElement)) element.focus();
    actions.replaceChildren(...(words ? createActions() : []));
    show(actions, words);
  };
  return { element, draw };
}

/** Returns the reason for a rejection, and the current status of the visit, in words. */
function reasonWords({ code, detail, errors, now }) {
  const words = hasWords(`problem-${code}`) ? t(`problem-${code}`) : detail;
  const status = hasWords(`now-${now}`) ? ` ${t(`now-${now}`)}` : "";
  return [words + status, ...(errors ?? []).map((error) => `${error.pointer}: ${error.detail}`)].join(" · ");
}

/** Fetches the status of the visit after a conflict, so that only useful actions are offered. */
async function fetchStatus({ account, visit, body: submission, reason }) {
  if ((await fetchAccount()).id !== account) return;
  const { body } = await call("GET", `/visits/${visit}`);
  const isNext = acceptsAnswers(body) && submission.revision === body.revision + 1;
  await put("visits", { ...body, account });
  const row = await get("queue", account, visit);
  if (row?.state !== "needs-you" || row.reason.status !== 409) return; // sent again in the meantime
  await change("queue", [account, visit], { reason: { ...reason, now: isNext ? "open" : body.status } });
  announce("queue");
}

// Actions for an item that needs the shopper.

/**
 * Statuses that the shopper can avoid by correcting the answers. The same answers would be rejected again.
 */
const CORRECTABLE = new Set([400, 413, 422]);

const button = (words, onclick) => h("button", { type: "button", class: "plain", onclick }, words);
const copyButton = (row) => button(t("saveCopy"), async () => (await import("../copy.js")).saveCopy(row));

async function sendAgain(name, key, wake, part) {
  await change(name, key, { state: "waiting", reason: null, retry: null, ...part });
  announce("queue");
  wake(true);
}

function answerActions(row, photos, wake, toList) {
  const remove = async () => {
    const question = t("removeSure", { n: photos.length, place: row.place });
    if (!(await confirmAction(question, { yes: t("removeYes"), no: t("cancel") }))) return;
    await discard(row);
    toList();
  };
  const retry = () => sendAgain("queue", [row.account, row.visit], wake);
  const { status, now } = row.reason;
  const isConflict = status === 409;
  return [
    copyButton(row),
    (isConflict ? now === "returned" : CORRECTABLE.has(status)) && button(t("correct"), () => reopen(row)),
    (isConflict ? !now || now === "open" : !CORRECTABLE.has(status)) && button(t("tryAgain"), retry),
    button(t("removeFromPhone"), remove),
  ].filter(Boolean);
}

function photoActions(row, photo, wake) {
  const retry = () => sendAgain("photos", keyOf(photo), wake, { uploaded: false });
  const another = h("input", {
    type: "file",
    accept: "image/*",
    onchange: () => replaceFile(photo, another.files[0], wake),
  });
  // Another photo is stored with the same ID, so neither this one nor a third would be accepted.
  const isConflict = photo.reason.status === 409;
  return [
    copyButton(row),
    !isConflict && button(t("tryAgain"), retry),
    !isConflict && h("label", { class: "plain file" }, t("anotherPhoto"), another),
    button(t("leavePhotoOut"), () => removePhoto(photo, wake)),
  ].filter(Boolean);
}

/** Replaces the file of a photo. A photo that is not stored can be declared again with other bytes. */
async function replaceFile(photo, file, wake) {
  if (!file) return; // the shopper cancelled
  const bytes = await file.arrayBuffer();
  await write(["photos", "files"], (store) => {
    onResult(store("photos").get(keyOf(photo)), (row) => {
      store("photos").put({
        ...row,
        state: "waiting",
        reason: null,
        retry: null,
        uploaded: false,
        ready: false,
        blob: undefined,
      });
      store("files").put(fileRow(photo, bytes, file.type));
    });
  });
  announce("queue");
  wake(true);
}

/** Removes a photo that the server rejects. The reviewer sees that it is missing. */
async function removePhoto(photo, wake) {
  await write(["queue", "photos", "files"], (store) => {
    store("photos").delete(keyOf(photo));
    store("files").delete(keyOf(photo));
    onResult(store("queue").get([photo.account, photo.visit]), (row) => {
      store("queue").put({ ...row, leftOut: [...(row.leftOut ?? []), photo.id] });
    });
  });
  announce("queue");
  wake(true);
}

function receipt({ received_at, content_sha256, revision }) {
  const line = (name, value) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, value));
  const hash = h("code", {}, content_sha256.slice(0, 16));
  return h(
    "details",
    { class: "receipt" },
    h("summary", {}, t("details")),
    h("dl", {}, line("receivedAt", moment(received_at)), line("revision", `${revision}`), line("hash", hash)),
  );
}
