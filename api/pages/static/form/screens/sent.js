import { h, knows, moment, put, t } from "../../shared/page.js";
import { reopen } from "../draft.js";
import { change, get, list, tell, write } from "../store.js";
import { keyOf } from "../photos.js";

/** Shows a visit that was sent or waits to be: its answers, each photo, and the receipt. */
export async function sentScreen(account, visit, { wake, signedOut, signIn }) {
  const row = await get("queue", account, visit);
  const photos = await list("photos", account, visit);
  put(t("title"),
    h("header", { class: "bar" }, h("a", { href: "/", class: "back" }, t("back"))),
    h("h1", { dir: "auto" }, row.place),
    signedOut && h("p", { class: "notice" }, t("signedOut"), " ", h("button", { type: "button", class: "plain", onclick: signIn }, t("signIn"))),
    h("ul", { class: "cards" },
      item(t("answers"), row.receipt ? "sent" : row.state, row, actions(row, null, wake), row.state === "sent"),
      photoItems(row, photos, wake)),
    row.receipt && receipt(row.receipt),
    [row, ...photos].some((each) => ["waiting", "sending"].includes(each.state)) && h("p", { class: "quiet" }, t("maySwitchOff")));
}

function photoItems(row, photos, wake) {
  if (row.state === "sent") return row.receipt.photos.map((_, index) => item(t("photo", { n: index + 1 }), "sent", {}, []));
  return photos.map((photo, index) => item(t("photo", { n: index + 1 }), photo.state, photo, actions(row, photo, wake), photo.id));
}

function item(name, state, { reason, id }, buttons) {
  return h("li", { "data-testid": "queue-item", "data-state": state },
    h("p", {}, h("strong", {}, name), " · ", h("span", { role: "status" }, t(`state-${state}`))),
    state === "sending" && id && h("progress", { id: `progress-${id}`, max: 1, value: 0, "aria-label": name }),
    state === "needs-you" && [h("p", {}, reasonOf(reason)), h("p", { class: "row" }, buttons)]);
}

/** Says in words why something was refused. */
export function reasonOf({ code, detail, errors }) {
  const words = knows(`problem-${code}`) ? t(`problem-${code}`) : detail;
  return [words, ...(errors ?? []).map((error) => `${error.pointer}: ${error.detail}`)].join(" · ");
}

/** Returns what the shopper can do about an item that needs him. */
function actions(row, photo, wake) {
  const button = (words, onclick) => h("button", { type: "button", class: "plain", onclick }, words);
  const again = async (part) => {
    const [store, key] = photo ? ["photos", keyOf(photo)] : ["queue", [row.account, row.visit]];
    await change(store, key, { state: "waiting", reason: null, retry: null, ...part });
    tell("queue");
    wake(true);
  };
  // An id whose photo is not stored yet may be declared anew with other bytes.
  const another = h("input", { type: "file", accept: "image/*", onchange: () => again({ blob: another.files[0], ready: false, uploaded: false }) });
  return [
    button(t("saveCopy"), async () => (await import("../copy.js")).saveCopy(row)),
    button(t("tryAgain"), () => again({ uploaded: false })),
    photo && h("label", { class: "plain file" }, t("anotherPhoto"), another),
    photo ? button(t("leavePhotoOut"), () => leaveOut(photo, wake)) : button(t("correct"), () => reopen(row)),
  ];
}

/** Gives a photo up that the server will not take; the reviewer sees that it is missing. */
async function leaveOut(photo, wake) {
  await write("photos", (store) => void store("photos").delete(keyOf(photo)));
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
