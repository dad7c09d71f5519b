/** Releases: a new one is on the phone before it is used, and takes over once no tab has a draft open. */
import { h, t } from "../shared/page.js";
import { get, read } from "./database.js";
import { anyDraftOpen } from "./locks.js";
import { LISTED } from "./visits.js";

const ASK_AGAIN = 2000;
const LOOK_EVERY = 3_600_000;
const workers = navigator.serviceWorker;
let isReplaced = false; // another release than this page's serves it
let isBusy = () => false; // whether this tab has a checklist open
let timer = null;
let onready = () => {};

let controller = workers?.controller;
// From the start: the list may ask a release to take over before the registration is done.
workers?.addEventListener("controllerchange", () => {
  isReplaced = Boolean(controller); // the first worker is of this page's own release
  ({ controller } = workers);
  replaceRelease();
});

/** Registers the service worker, which keeps the files of a release. */
export async function registerRelease(hooks) {
  ({ isBusy, onready } = hooks);
  if (!workers) return;
  try {
    const registration = await workers.register("/sw.js");
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", () => replaceRelease());
    });
    setInterval(() => registration.update().catch(() => {}), LOOK_EVERY);
    await workers.ready;
    onready();
    replaceRelease();
  } catch (error) {
    console.error(error); // it works with a signal all the same
  }
}

/**
 * Moves this page to the newest release that is on the phone. While that cannot be, it is tried again every
 * two seconds: the draft of another tab may be closed, and a message may be lost.
 */
export async function replaceRelease() {
  clearTimeout(timer);
  const waiting = (await workers?.getRegistration())?.waiting;
  clearTimeout(timer);
  if (!waiting && !isReplaced) return;
  if (isReplaced && !isBusy() && !isTyping()) {
    location.reload(); // once: a second call would stop the first one, which takes seconds on a slow phone
    return;
  }
  timer = setTimeout(replaceRelease, ASK_AGAIN);
  if (!waiting || (await anyDraftOpen())) return;
  waiting.postMessage("take-over");
}

/** Asks the browser, where it can, to wake this page once there is a signal again. */
export async function requestSync() {
  const registration = await workers?.getRegistration();
  await registration?.sync?.register("send").catch(() => {}); // the shopper may have switched it off
}

/** Returns whether something typed would be lost: the sign-in form, or a dialog. */
function isTyping() {
  /** @type {NodeListOf<HTMLInputElement | HTMLTextAreaElement>} */
  const inputs = document.querySelectorAll("form input, dialog[open] textarea");
  return [...inputs].some(({ value }) => value);
}

/** Says whether what is on this page works without a signal. */
export const offlineFooter = {
  element: h("footer", {
    "data-testid": "offline-ready",
    "data-state": "no",
    role: "contentinfo",
    hidden: true,
  }),
  async update(who, visit) {
    const active = (await workers?.getRegistration())?.active;
    const isReady = Boolean(active && who && (await isStored(who, visit)));
    this.element.hidden = !who;
    this.element.dataset.state = isReady ? "yes" : "no";
    this.element.textContent = t(isReady ? "offlineReady" : "offlineNotReady");
  },
};

async function isStored(who, visit) {
  if (!visit) return (await get("accounts", LISTED))?.account === who;
  const [queued, known] = await read(["queue", "visits"], (store) => [
    store("queue").get([who, visit]),
    store("visits").get([who, visit]),
  ]);
  return queued ?? known;
}
