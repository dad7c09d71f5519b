import { h, knows, moment, put, show, t } from "../../shared/page.js";
import { giveUp, reopen } from "../draft.js";
import { change, get, list, tell, write } from "../store.js";
import { keyOf } from "../photos.js";
import { photosIn } from "../rules.js";

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
    const ids = [...(row.receipt?.photos ?? photosIn(row.body.answers))].sort();
    ids.forEach((id, index) => {
      const photo = photos.find((each) => each.id === id);
      const state = row.leftOut?.includes(id) ? "left-out" : photo?.state ?? "sent";
      itemOf(id, t("photo", { n: index + 1 })).draw(state, photo?.reason, () => forPhoto(row, photo, wake));
    });
    if (row.receipt && !end.firstChild) end.append(receipt(row.receipt));
    show(maySwitchOff, [row.receipt ? "sent" : row.state, ...photos.map((photo) => photo.state)].some((state) => ["waiting", "sending"].includes(state)));
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

/** Says in words why something was refused. */
function reasonOf({ code, detail, errors }) {
  const words = knows(`problem-${code}`) ? t(`problem-${code}`) : detail;
  return [words, ...(errors ?? []).map((error) => `${error.pointer}: ${error.detail}`)].join(" · ");
}

// What the shopper can do about an item that needs him.

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
  return [
    copyOf(row),
    button(t("tryAgain"), () => sendAgain("queue", [row.account, row.visit], wake)),
    button(t("correct"), () => reopen(row)),
    button(t("takeOff"), takeOff),
  ];
}

function forPhoto(row, photo, wake) {
  const again = (part) => sendAgain("photos", keyOf(photo), wake, { uploaded: false, ...part });
  // An id whose photo is not stored yet may be declared anew with other bytes.
  const another = h("input", { type: "file", accept: "image/*", onchange: () => again({ blob: another.files[0], ready: false }) });
  return [
    copyOf(row),
    button(t("tryAgain"), () => again()),
    h("label", { class: "plain file" }, t("anotherPhoto"), another),
    button(t("leavePhotoOut"), () => leaveOut(photo, wake)),
  ];
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
  return h("section", { class: "receipt" }, h("h2", {}, t("receipt")),
    h("dl", {},
      h("dt", {}, t("receivedAt")), h("dd", {}, moment(received_at)),
      h("dt", {}, t("revision")), h("dd", {}, `${revision}`),
      h("dt", {}, t("hash")), h("dd", {}, h("code", {}, content_sha256.slice(0, 16)))));
}
