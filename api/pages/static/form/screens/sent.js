/** A visit that was sent or waits to be: what is on its way, what needs the shopper, and the receipt. */
import { call } from "../../shared/api.js";
import { ask, h, knows, moment, put, show, t } from "../../shared/page.js";
import { whoami } from "../account.js";
import { announce } from "../channel.js";
import { change, get, list, onResult, put as store, write } from "../database.js";
import { fileRow, keyOf } from "../photos.js";
import { discard, reopen } from "../queue.js";
import { photosIn, acceptsAnswers } from "../rules.js";

/**
 * Returns how to draw the visit as it is now, item by item; that returns whether it is still in the queue.
 */
export function sentScreen(account, visit, { wake, signIn, toList }) {
  const heading = h("h1", { dir: "auto" });
  const outcome = h("p", { class: "outcome", role: "status" });
  const overall = h("progress", { max: 1, "aria-label": t("sendingProgress") });
  const notice = h("p", { class: "notice", hidden: true }, t("signedOut"), " ", button(t("signIn"), signIn));
  const cards = h("ul", { class: "cards" });
  const details = h("div", {});
  const mayPutAway = h("p", { class: "quiet" }, t("mayPutAway"));
  const items = new Map();
  let asked = false;
  const itemOf = (id, name) => {
    if (!items.has(id)) {
      items.set(id, queueItem(id, name));
      cards.append(items.get(id).element);
    }
    return items.get(id);
  };
  put(
    `${t("sentTitle")} – ${t("product")}`,
    h("header", { class: "bar" }, h("a", { href: "/", class: "back" }, t("back"))),
    heading,
    outcome,
    overall,
    notice,
    mayPutAway,
    cards,
    details,
  );
  return async (signedOut) => {
    const [row, photos] = await Promise.all([get("queue", account, visit), list("photos", account, visit)]);
    if (!row) return false;
    heading.textContent = row.place;
    show(notice, signedOut);
    const answersState = row.receipt ? "sent" : row.state;
    itemOf("answers", t("answers")).draw(answersState, row.reason, () =>
      answerActions(row, photos, wake, toList),
    );
    if (row.state === "needs-you" && row.reason.status === 409 && !(asked && row.reason.now)) {
      asked = true;
      fetchStatus(row).catch(() => {}); // without a signal, what was known before has to do
    }
    const ids = [...(row.receipt?.photos ?? photoIds(row.body))].sort();
    const states = [answersState];
    ids.forEach((id, index) => {
      const photo = photos.find((each) => each.id === id);
      const state = row.leftOut?.includes(id)
        ? "left-out"
        : (photo?.state ?? (row.state === "sent" ? "sent" : "waiting"));
      states.push(state);
      itemOf(id, t("photo", { n: index + 1 })).draw(state, photo?.reason, () =>
        photoActions(row, photo, wake),
      );
    });
    drawOutcome(outcome, overall, states);
    show(
      mayPutAway,
      states.some((state) => ["waiting", "sending"].includes(state)),
    );
    if (row.receipt && !details.firstChild) details.append(receipt(row.receipt));
    return true;
  };
}

const photoIds = ({ answers, photos }) => [...photosIn(answers), ...(photos ?? [])];

/** Says in one sentence how far sending is. */
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

/** Returns an item of the queue, and how to draw its state; what has not changed stays as it is. */
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
  let drawn = null;
  const draw = (state, why, actionsFor) => {
    const words = state === "needs-you" ? reasonWords(why) : "";
    if (drawn === state + words) return;
    drawn = state + words;
    element.dataset.state = state;
    // What was left out is no longer in the queue.
    if (state === "left-out") delete element.dataset.testid;
    else element.dataset.testid = "queue-item";
    status.textContent = t(`state-${state}`);
    progress.setAttribute("value", "0");
    show(progress, state === "sending" && id !== "answers");
    reason.textContent = words;
    show(reason, words);
    if (actions.contains(document.activeElement)) element.focus();
    actions.replaceChildren(...(words ? actionsFor() : []));
    show(actions, words);
  };
  return { element, draw };
}

/** Says why the server rejected something, and what the status of the visit is now. */
function reasonWords({ code, detail, errors, now }) {
  const words = knows(`problem-${code}`) ? t(`problem-${code}`) : detail;
  const status = knows(`now-${now}`) ? ` ${t(`now-${now}`)}` : "";
  return [words + status, ...(errors ?? []).map((error) => `${error.pointer}: ${error.detail}`)].join(" · ");
}

/** Asks for the status of the visit in a conflict, so that only what can work is offered. */
async function fetchStatus({ account, visit, body: sent, reason }) {
  if ((await whoami()).id !== account) return;
  const { body } = await call("GET", `/visits/${visit}`);
  const isNext = acceptsAnswers(body) && sent.revision === body.revision + 1;
  await store("visits", { ...body, account });
  const row = await get("queue", account, visit);
  if (row?.state !== "needs-you" || row.reason.status !== 409) return; // sent again in the meantime
  await change("queue", [account, visit], { reason: { ...reason, now: isNext ? "open" : body.status } });
  announce("queue");
}

// What the shopper can do about an item.

/** Statuses that other answers can change; the same ones would be rejected again. */
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
    if (!(await ask(question, { yes: t("removeYes"), no: t("cancel") }))) return;
    await discard(row);
    toList();
  };
  const again = () => sendAgain("queue", [row.account, row.visit], wake);
  const { status, now } = row.reason;
  const isConflict = status === 409;
  return [
    copyButton(row),
    (isConflict ? now === "returned" : CORRECTABLE.has(status)) && button(t("correct"), () => reopen(row)),
    (isConflict ? !now || now === "open" : !CORRECTABLE.has(status)) && button(t("tryAgain"), again),
    button(t("removeFromPhone"), remove),
  ].filter(Boolean);
}

function photoActions(row, photo, wake) {
  const again = () => sendAgain("photos", keyOf(photo), wake, { uploaded: false });
  const another = h("input", {
    type: "file",
    accept: "image/*",
    onchange: () => replaceFile(photo, another.files[0], wake),
  });
  // Another picture is stored under this photo's ID: neither would be taken.
  const isTaken = photo.reason.status === 409;
  return [
    copyButton(row),
    !isTaken && button(t("tryAgain"), again),
    !isTaken && h("label", { class: "plain file" }, t("anotherPhoto"), another),
    button(t("leavePhotoOut"), () => leaveOut(photo, wake)),
  ].filter(Boolean);
}

/**
 * Takes another file for a photo. The ID of a photo that is not stored may be declared again with other
 * bytes.
 */
async function replaceFile(photo, file, wake) {
  if (!file) return; // the shopper has chosen none
  const bytes = await file.arrayBuffer();
  await write(["photos", "files"], (from) => {
    onResult(from("photos").get(keyOf(photo)), (row) => {
      from("photos").put({
        ...row,
        state: "waiting",
        reason: null,
        retry: null,
        uploaded: false,
        ready: false,
        blob: undefined,
      });
      from("files").put(fileRow(photo, bytes, file.type));
    });
  });
  announce("queue");
  wake(true);
}

/** Gives up a photo that the server rejects; the reviewer sees that it is missing. */
async function leaveOut(photo, wake) {
  await write(["queue", "photos", "files"], (from) => {
    from("photos").delete(keyOf(photo));
    from("files").delete(keyOf(photo));
    onResult(from("queue").get([photo.account, photo.visit]), (row) => {
      from("queue").put({ ...row, leftOut: [...(row.leftOut ?? []), photo.id] });
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
