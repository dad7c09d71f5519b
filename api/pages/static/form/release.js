/** Releases: a new one is on the phone before it is used, and takes over once no tab has a draft open. */
import { h, recallSetting, t } from "../shared/page.js";
import { read } from "./database.js";
import { anyDraftOpen } from "./locks.js";

const ASK_AGAIN = 2000;
const LOOK_EVERY = 3_600_000;
const RELEASE = /\/static\/([0-9a-f]+)\//.exec(import.meta.url)[1];
const workers = navigator.serviceWorker;
let isBusy = () => false; // whether this tab has a checklist open
let timer = null;
let onready = () => {};

/** Registers the service worker, which keeps the files of a release. */
export async function registerRelease(hooks) {
  ({ isBusy, onready } = hooks);
  if (!workers) return;
  workers.addEventListener("controllerchange", () => replaceRelease());
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
 * Moves this page to the newest release that is on the phone. While that cannot be, it is tried again every two
 * seconds: the draft of another tab may be closed, and a message may be lost.
 */
export async function replaceRelease() {
  clearTimeout(timer);
  const waiting = (await workers?.getRegistration())?.waiting;
  const isOld = await isReplaced();
  clearTimeout(timer);
  if (!waiting && !isOld) return;
  if (isOld && !isBusy() && !isTyping()) {
    location.reload(); // once: a second call would stop the first one, which takes seconds on a slow phone
    return;
  }
  timer = setTimeout(replaceRelease, ASK_AGAIN);
  if (!waiting || (await anyDraftOpen())) return;
  waiting.postMessage("take-over");
}

/** Returns whether the next load of this page would be of another release. */
async function isReplaced() {
  const page = await globalThis.caches?.match("/", { ignoreVary: true });
  return page ? !(await page.text()).includes(`/static/${RELEASE}/`) : false;
}

/** Returns whether something typed would be lost: the sign-in form, or a dialog. */
const isTyping = () => [...document.querySelectorAll("form input, dialog[open] textarea")].some(({ value }) => value);

/** Says whether what is on this page works without a signal. */
export const offlineFooter = {
  element: h("footer", { "data-testid": "offline-ready", "data-state": "no", role: "contentinfo", hidden: true }),
  async update(who, visit) {
    const active = (await workers?.getRegistration())?.active;
    const isReady = Boolean(active && who && (await isStored(who, visit)));
    this.element.hidden = !who;
    this.element.dataset.state = isReady ? "yes" : "no";
    this.element.textContent = t(isReady ? "offlineReady" : "offlineNotReady");
  },
};

async function isStored(who, visit) {
  if (!visit) return recallSetting("listed") === who;
  const [queued, known] = await read(["queue", "visits"], (store) => [
    store("queue").get([who, visit]),
    store("visits").get([who, visit]),
  ]);
  return queued ?? known;
}
