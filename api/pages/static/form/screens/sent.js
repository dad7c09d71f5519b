import { call } from "../../shared/api.js";
import { h, knows, moment, put, show, t } from "../../shared/page.js";
import { giveUp, reopen } from "../draft.js";
import { change, get, list, put as keep, tell, whoami, write } from "../store.js";
import { keyOf } from "../photos.js";
import { photosIn, takesAnswers } from "../rules.js";

/**
 * Shows a visit that was sent or waits to be: its answers, each photo, and the receipt. Returns how to draw it as
 * it is by now, item by item, which says whether the visit is still in the queue.
 */
export function sentScreen(account, visit, { wake, signIn, toList }) {
  const heading = h("h1", { dir: "auto" });
  const notice = h("p", { class: "notice", hidden: true }, t("signedOut"), " ", button(t("signIn"), signIn));
  const cards = h("ul", { class: "cards" });
  const end = h("div", {});
  const maySwitchOff = h("p", { class: "quiet" }, t("maySwitchOff"));
  const items = new Map();
  let asked = false;
  const itemOf = (id, name) => {
    if (!items.has(id)) {
      items.set(id, item(id, name));
      cards.append(items.get(id).element);
    }
    return items.get(id);
  };
  put(t("title"), h("header", { class: "bar" }, h("a", { href: "/", class: "back" }, t("back"))), heading, notice, cards, end, maySwitchOff);
  return async (signedOut) => {
    const [row, photos] = await Promise.all([get("queue", account, visit), list("photos", account, visit)]);
    if (!row) return false;
    heading.textContent = row.place;
    show(notice, signedOut);
    itemOf("answers", t("answers")).draw(row.receipt ? "sent" : row.state, row.reason, () => forAnswers(row, photos, wake, toList));
    if (row.state === "needs-you" && row.reason.status === 409 && !(asked && row.reason.now)) {
      asked = true;
      standing(row).catch(() => {}); // without a signal, what was known before has to do
    }
    const ids = [...(row.receipt?.photos ?? photosIn(row.body.answers))].sort();
    ids.forEach((id, index) => {
      const photo = photos.find((each) => each.id === id);
      const state = row.leftOut?.includes(id) ? "left-out" : photo?.state ?? "sent";
      itemOf(id, t("photo", { n: index + 1 })).draw(state, photo?.reason, () => forPhoto(row, photo, wake));
    });
    if (row.receipt && !end.firstChild) end.append(receipt(row.receipt));
    const states = row.receipt ? photos.map((photo) => photo.state) : [row.state];
    show(maySwitchOff, states.some((state) => ["waiting", "sending"].includes(state)));
    return true;
  };
}

/** Returns an item of the queue, and how to draw its state; what has not changed stays as it is. */
function item(id, name) {
  const status = h("span", { role: "status" });
  const progress = h("progress", { id: `progress-${id}`, max: 1, "aria-label": name });
  const reason = h("p", {});
  const actions = h("p", { class: "row" });
  const element = h("li", { tabindex: -1 }, h("p", {}, h("strong", {}, name), " · ", status), progress, reason, actions);
  let drawn = null;
  const draw = (state, why, actionsFor) => {
    const words = state === "needs-you" ? reasonOf(why) : "";
    if (drawn === state + words) return;
    drawn = state + words;
    element.dataset.state = state;
    // What was left out is in the queue no more.
    if (state === "left-out") delete element.dataset.testid;
    else element.dataset.testid = "queue-item";
    status.textContent = t(`state-${state}`);
    progress.setAttribute("value", 0);
    show(progress, state === "sending" && id !== "answers");
    reason.textContent = words;
    show(reason, words);
    if (actions.contains(document.activeElement)) element.focus();
    actions.replaceChildren(...(words ? actionsFor() : []));
    show(actions, words);
  };
  return { element, draw };
}

/** Says in words why something was refused, and how the visit stands by now. */
function reasonOf({ code, detail, errors, now }) {
  const words = knows(`problem-${code}`) ? t(`problem-${code}`) : detail;
  const by = knows(`now-${now}`) ? ` ${t(`now-${now}`)}` : "";
  return [words + by, ...(errors ?? []).map((error) => `${error.pointer}: ${error.detail}`)].join(" · ");
}

/** Asks how the visit of a conflict stands by now, so that only what can work is offered. */
async function standing({ account, visit, body: sent, reason }) {
  if ((await whoami()).id !== account) return;
  const { body } = await call("GET", `/visits/${visit}`);
  const next = takesAnswers(body) && sent.revision === body.revision + 1;
  await keep("visits", { ...body, account });
  const row = await get("queue", account, visit);
  if (row?.state !== "needs-you" || row.reason.status !== 409) return; // sent again in the meantime
  await change("queue", [account, visit], { reason: { ...reason, now: next ? "open" : body.status } });
  tell("queue");
}

// What the shopper can do about an item that needs him.

/** What other answers can change; the same ones would be refused again. */
const MENDABLE = new Set([400, 413, 422]);

const button = (words, onclick) => h("button", { type: "button", class: "plain", onclick }, words);
const copyOf = (row) => button(t("saveCopy"), async () => (await import("../copy.js")).saveCopy(row));

async function sendAgain(store, key, wake, part) {
  await change(store, key, { state: "waiting", reason: null, retry: null, ...part });
  tell("queue");
  wake(true);
}

function forAnswers(row, photos, wake, toList) {
  const takeOff = async () => {
    if (!confirm(t("takeOffSure", { n: photos.length, place: row.place }))) return;
    await giveUp(row);
    toList();
  };
  const again = () => sendAgain("queue", [row.account, row.visit], wake);
  const { status, now } = row.reason;
  return [
    copyOf(row),
    (status === 409 ? now === "returned" : MENDABLE.has(status)) && button(t("correct"), () => reopen(row)),
    (status === 409 ? !now || now === "open" : !MENDABLE.has(status)) && button(t("tryAgain"), again),
    button(t("takeOff"), takeOff),
  ].filter(Boolean);
}

function forPhoto(row, photo, wake) {
  const again = (part) => sendAgain("photos", keyOf(photo), wake, { uploaded: false, ...part });
  // An id whose photo is not stored yet may be declared anew with other bytes.
  const another = h("input", { type: "file", accept: "image/*", onchange: () => again({ blob: another.files[0], ready: false }) });
  // Where another picture is stored under its id, neither would be taken.
  const taken = photo.reason.status === 409;
  return [
    copyOf(row),
    !taken && button(t("tryAgain"), () => again()),
    !taken && h("label", { class: "plain file" }, t("anotherPhoto"), another),
    button(t("leavePhotoOut"), () => leaveOut(photo, wake)),
  ].filter(Boolean);
}

/** Gives a photo up that the server will not take; the reviewer sees that it is missing. */
async function leaveOut(photo, wake) {
  await write(["queue", "photos"], (store) => {
    store("photos").delete(keyOf(photo));
    const row = store("queue").get([photo.account, photo.visit]);
    row.onsuccess = () => store("queue").put({ ...row.result, leftOut: [...(row.result.leftOut ?? []), photo.id] });
  });
  tell("queue");
  wake(true);
}

function receipt({ received_at, content_sha256, revision }) {
  const line = (name, value) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, value));
  return h("section", { class: "receipt" }, h("h2", {}, t("receipt")),
    h("dl", {}, line("receivedAt", moment(received_at)), line("revision", `${revision}`), line("hash", h("code", {}, content_sha256.slice(0, 16)))));
}
