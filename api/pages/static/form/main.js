/** Shows the screen that the address names, and starts the sender where something waits. */
import { showDemoBanner } from "../shared/demo-banner.js";
import { h, paint, put, speak, t } from "../shared/page.js";
import { account, endSession, recall, signIn as enter, whoami } from "./account.js";
import { listen } from "./channel.js";
import { isBlocked, list, warmUp } from "./database.js";
import { installable, setBadge, watchInstallation } from "./install.js";
import { offlineFooter, registerRelease, replaceRelease, requestSync } from "./release.js";
import { unsentVisits } from "./queue.js";
import { hasUnsavedDrafts } from "./screens/checklist.js";
import { refreshVisits, VisitData } from "./visits.js";

const html = document.documentElement;
const CHECK_EVERY = 60_000;
let leave = null; // leaves an open checklist
let redrawSent = null; // draws a sent visit as it is now
let turn = 0;
let rendering = null;
let shownPath = null;
let shownAccount = null;
let signedOut = false;

const visitId = () => /^\/visits\/([0-9a-f-]{36})/.exec(location.pathname)?.[1];

/** Shows the screen that the address names. Whoever is not signed in signs in first, and continues there. */
function render(options) {
  return (rendering = draw(options));
}

async function draw({ first = false } = {}) {
  const mine = ++turn;
  leaveScreen();
  delete html.dataset.ready;
  shownPath = location.pathname;
  const id = visitId();
  try {
    // Both at once: a link to a visit is often opened before this phone knows the account.
    const data = id && new VisitData(id, { early: !account() });
    const who = account() ?? (await whoami());
    if (mine !== turn) return;
    shownAccount = who.id;
    paint(who.accent);
    showDemoBanner(who.organization);
    if (id) await showVisit(who.id, data, mine);
    else await showList(who.id, mine);
  } catch (problem) {
    if (mine === turn) await explain(problem);
  }
  if (mine !== turn || first) return;
  scrollTo(0, 0);
  focusHeading();
}

function focusHeading() {
  const heading = document.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  if (!document.activeElement || document.activeElement === document.body) heading?.focus();
}

function leaveScreen() {
  leave?.();
  leave = redrawSent = null;
}

async function explain(problem) {
  if (problem.status === 401) return askToSignIn();
  if (problem.status === 404) return showMessage("notFound");
  console.error(problem);
  return showMessage(problem instanceof DOMException ? "storageBroken" : "noSignalYet", { retry: true });
}

function showMessage(key, { retry = false } = {}) {
  const again = h(
    "button",
    { type: "button", class: "primary", onclick: () => (hasUnsavedDrafts() ? render() : location.reload()) },
    t("tryAgain"),
  );
  put(
    `${t("title")} – ${t("product")}`,
    h("header", { class: "bar" }, h("a", { href: "/", class: "back" }, t("back"))),
    h("h1", {}, t("product")),
    h("p", { role: "alert", "data-message": key }, t(key)),
    retry && h("p", {}, again),
  );
}

const signIn = () => askToSignIn(t("signedOut"));

/**
 * Asks for the password where the shopper is; everything on the phone stays, and sending continues
 * afterwards.
 */
async function askToSignIn(notice) {
  shownAccount = null;
  const { signInScreen } = await import("../shared/sign-in.js");
  leaveScreen();
  const done = () => {
    signedOut = false;
    render();
    wake(true);
  };
  await signInScreen({ signIn: enter, done, notice, product: t("product") });
  offlineFooter.update(null);
}

// A visit.

async function showVisit(who, data, mine) {
  const found = await data.load(who);
  if (mine !== turn) return;
  if (found.isHandedOver) return showSent(who, data.id, mine);
  if (found.isSentElsewhere) return showMessage("sentAlready");
  const { checklistScreen } = await import("./screens/checklist.js");
  const onsent = () => (render(), wake(true));
  const ondeclined = () => toList();
  const left = await checklistScreen(who, found.visit, found.checklist, { onsent, ondeclined });
  if (mine !== turn) return left();
  leave = left;
  await found.stored;
  return updateFooter();
}

async function showSent(who, id, mine) {
  const { sentScreen } = await import("./screens/sent.js");
  if (mine !== turn) return;
  redrawSent = sentScreen(who, id, { wake, signIn, toList });
  await redrawSent(signedOut);
  updateFooter();
  replaceRelease();
}

function toList() {
  history.pushState(null, "", "/");
  render();
}

// The list.

async function showList(who, mine) {
  const isKnown = (await list("visits", who)).length > 0;
  if (isKnown) await drawList(who, mine);
  await refresh(who).then(
    () => (signedOut = false),
    (problem) => {
      if (problem.status === 401) signedOut = true;
      else if (problem instanceof DOMException && !isKnown) throw problem;
    },
  );
  await drawList(who, mine);
}

let readings = 0;
let newest = 0;

/** Draws the list, unless another screen was asked for meanwhile, or a later reading was drawn. */
async function drawList(who, mine) {
  const reading = ++readings;
  const { visitsScreen } = await import("./screens/visits.js");
  if (mine !== turn || account()?.id !== who) return;
  const children = await visitsScreen(who, { wake, signedOut, signIn });
  if (mine !== turn || reading < newest || account()?.id !== who) return;
  newest = reading;
  const restoreFocus = keepFocus();
  put(`${t("title")} – ${t("product")}`, children);
  restoreFocus();
  installable();
  updateFooter();
  replaceRelease();
}

/** Returns a function that gives the focus back to what has it, after the list was drawn again. */
function keepFocus() {
  const controls = () => [...document.querySelectorAll("#screen a, #screen button")];
  const index = controls().indexOf(/** @type {HTMLElement} */ (document.activeElement));
  return () => index >= 0 && controls()[index]?.focus({ preventScroll: true });
}

/** Fetches the visits, and all that is needed to make them without a signal. */
async function refresh(who) {
  if ((await whoami()).id !== who) return render();
  return refreshVisits(who);
}

const updateFooter = () => offlineFooter.update(account()?.id, visitId());

// What waits, and when.

/** Starts the sender where something waits; `eager` skips back-offs. */
async function wake(eager = false) {
  const who = account();
  if (!who || signedOut) return;
  const waiting = await unsentVisits(who.id).catch(() => []);
  showBadge();
  if (!waiting.length) return;
  requestSync();
  (await import("./sender.js")).send(eager);
}

/** Shows on the app's icon how many visits wait to be sent. */
async function showBadge() {
  const waiting = account() ? await unsentVisits(account().id).catch(() => null) : [];
  if (waiting) setBadge(waiting.length);
}

const TOPICS = {
  /** Somebody signed in or out, perhaps in another tab: what belongs to another person disappears. */
  async account() {
    const who = await recall();
    paint(who?.accent);
    showDemoBanner(who?.organization);
    if (who?.id !== shownAccount && shownAccount) return render();
    signedOut = false;
    redraw();
    return wake(true);
  },
  "signed-out": () => {
    signedOut = true;
    redraw();
  },
  // An open checklist stays: it says beside each question what is not saved, and keeps trying.
  "storage-broken": () => leave || showMessage("storageBroken", { retry: true }),
  "storage-blocked": () => leave || showMessage("storageBlocked"),
  "storage-open": () => leave || !shownPath || render(),
  queue: () => (redraw(), showBadge()),
};

function hear(topic) {
  const progress = /^progress (\S+) (\S+)/.exec(topic);
  if (progress) document.getElementById(`progress-${progress[1]}`)?.setAttribute("value", progress[2]);
  else TOPICS[topic]?.();
}

let drawing = null;

/** Draws the list or the sent visit again; changes that come together are drawn once. */
function redraw() {
  if (!account() || leave || drawing || document.querySelector("form")) return;
  drawing = requestAnimationFrame(async () => {
    drawing = null;
    if (!visitId()) return account() && drawList(account().id, turn);
    const mine = turn;
    await rendering; // it may have read the state before the change
    // What is no longer in the queue can be answered again.
    if (mine === turn && redrawSent && !(await redrawSent(signedOut)) && mine === turn) return render();
    return replaceRelease();
  });
}

function watch() {
  listen(hear);
  addEventListener("online", () => (endSession(), wake(true)));
  addEventListener("popstate", () => location.pathname !== shownPath && render());
  addEventListener("click", follow);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    wake(true);
    if (!visitId() && account() && !document.querySelector("form")) render({ first: true });
  });
  navigator.serviceWorker?.addEventListener("message", ({ data }) => data === "send" && wake(true));
  setInterval(() => wake(), CHECK_EVERY);
}

/** Follows links to this form's own screens without loading the page again. */
function follow(event) {
  const link = event.target.closest?.("a[href]");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
  if (!link || !isPlain || !/^\/(visits\/|$)/.test(link.getAttribute("href"))) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  render();
}

const isSupported = () => window.indexedDB && window.BroadcastChannel && navigator.locks && crypto.subtle;

async function start() {
  const speaking = speak((language) => import(`./words/${language}.js`));
  if (!isSecureContext) return speaking.then(() => showMessage("needsHttps"));
  if (!isSupported()) return speaking.then(() => showMessage("oldBrowser"));
  await speaking;
  watch();
  watchInstallation();
  if (isBlocked()) showMessage("storageBlocked");
  try {
    const who = await recall();
    paint(who?.accent);
    showDemoBanner(who?.organization);
  } catch (error) {
    return explain(error);
  }
  await render({ first: true });
  document.body.append(offlineFooter.element);
  endSession().catch(() => {});
  wake(true);
  return registerRelease({ isBusy: () => Boolean(leave) || hasUnsavedDrafts(), onready: updateFooter });
}

warmUp();
start();
