/** Releases: a new one is downloaded completely, and takes over when no tab has a draft open. */
import { h, t } from "../shared/page.js";
import { get, read } from "./database.js";
import { anyDraftOpen } from "./locks.js";
import { LISTED } from "./visits.js";

const RETRY_AFTER = 2000;
const CHECK_EVERY = 3_600_000;
const workers = navigator.serviceWorker;
let isReplaced = false; // whether the service worker is of another release than this page
let isBusy = () => false; // whether this tab has a checklist open
let timer = null;
let onready = () => {};

let controller = workers?.controller;
// This listens before the registration is done, because the list may let a release take over earlier.
workers?.addEventListener("controllerchange", () => {
  isReplaced = Boolean(controller); // the first worker is of the same release as this page
  ({ controller } = workers);
  replaceRelease();
});

/** Registers the service worker, which stores the files of a release. */
export async function registerRelease(hooks) {
  ({ isBusy, onready } = hooks);
  if (!workers) return;
  try {
    const registration = await workers.register("/sw.js");
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", () => replaceRelease());
    });
    setInterval(() => registration.update().catch(() => {}), CHECK_EVERY);
    await workers.ready;
    onready();
    replaceRelease();
  } catch (error) {
    console.error(error); // the form still works with a signal
  }
}

/**
 * Moves this page to the newest release on the phone. If that is not possible, it tries again every two
 * seconds: another tab may close its draft, and a message may be lost.
 */
export async function replaceRelease() {
  clearTimeout(timer);
  const waiting = (await workers?.getRegistration())?.waiting;
  clearTimeout(timer);
  if (!waiting && !isReplaced) return;
  if (isReplaced && !isBusy() && !isTyping()) {
    location.reload(); // only once: a second reload would abort the first, which takes seconds
    return;
  }
  timer = setTimeout(replaceRelease, RETRY_AFTER);
  if (!waiting || (await anyDraftOpen())) return;
  waiting.postMessage("take-over");
}

/** Asks the browser to wake this page when there is a signal again, if it supports that. */
export async function requestSync() {
  const registration = await workers?.getRegistration();
  await registration?.sync?.register("send").catch(() => {}); // the shopper may have disabled it
}

/** Returns whether a reload would lose typed text, in the sign-in form or a dialog. */
function isTyping() {
  /** @type {NodeListOf<HTMLInputElement | HTMLTextAreaElement>} */
  const inputs = document.querySelectorAll("form input, dialog[open] textarea, .messages textarea:focus");
  return [...inputs].some(({ value }) => value);
}

/** The footer that shows whether this page works without a signal. */
export const offlineFooter = {
  element: h("footer", {
    "data-testid": "offline-ready",
    "data-state": "no",
    role: "contentinfo",
    hidden: true,
  }),
  async update(accountId, visit) {
    const active = (await workers?.getRegistration())?.active;
    const isReady = Boolean(active && accountId && (await isStored(accountId, visit)));
    this.element.hidden = !accountId;
    this.element.dataset.state = isReady ? "yes" : "no";
    this.element.textContent = t(isReady ? "offlineReady" : "offlineNotReady");
  },
};

async function isStored(accountId, visit) {
  if (!visit) return (await get("accounts", LISTED))?.account === accountId;
  const [queued, stored] = await read(["queue", "visits"], (store) => [
    store("queue").get([accountId, visit]),
    store("visits").get([accountId, visit]),
  ]);
  return queued ?? stored;
}
