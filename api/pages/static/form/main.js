/** Shows the screen for the address, and starts the sender if something waits to be sent. */
import { showDemoBanner } from "../shared/demo-banner.js";
import { h, setBrandColor, showScreen, loadWords, t } from "../shared/page.js";
import { SETUP_NEEDED } from "../shared/second-factor.js";
import { account, endSession, fetchAccount, recall, signIn as sendCredentials } from "./account.js";
import { listen } from "./channel.js";
import { isBlocked, list, warmUp } from "./database.js";
import { makeInstallable, setBadge, watchInstallation } from "./install.js";
import { obstacleOf, setupLink, SIGNED_OUT } from "./obstacle.js";
import { offlineFooter, registerRelease, replaceRelease, requestSync } from "./release.js";
import { listUnsent } from "./queue.js";
import { hasUnsavedDrafts } from "./screens/checklist.js";
import { refreshMessages, refreshVisits, VisitData } from "./visits.js";

const html = document.documentElement;
const CHECK_EVERY = 60_000;
/** How many seconds to wait for a busy server that does not say how long. */
const BUSY_WAIT = 5;
let leaveChecklist = null; // leaves the open checklist
let redrawSent = null; // redraws the open sent visit
let lastDraw = 0;
let rendering = null;
let shownPath = null;
let shownAccount = null;
let obstacle = null; // what keeps everything from being sent

const visitId = () => /^\/visits\/([0-9a-f-]{36})/.exec(location.pathname)?.[1];

/** Shows the screen for the address. Someone who is not signed in is asked to sign in first. */
function render(options) {
  return (rendering = draw(options));
}

async function draw({ first = false } = {}) {
  const thisDraw = ++lastDraw;
  leaveScreen();
  delete html.dataset.ready;
  shownPath = location.pathname;
  const id = visitId();
  try {
    // In parallel, because a link to a visit is often opened before this phone knows the account.
    const data = id && new VisitData(id, { early: !account() });
    const person = account() ?? (await fetchAccount());
    if (thisDraw !== lastDraw) return;
    shownAccount = person.id;
    setBrandColor(person.accent);
    showDemoBanner(person.organization);
    if (id) await showVisit(person.id, data, thisDraw);
    else await showList(person.id, thisDraw);
  } catch (problem) {
    if (thisDraw === lastDraw) await showProblem(problem);
  }
  if (thisDraw !== lastDraw || beginAtTarget() || first) return;
  scrollTo(0, 0);
  focusHeading();
}

/**
 * Begins at what the address names, such as a message, or else at the first question of a returned visit with
 * a note of the reviewer. Returns whether there is one of them.
 */
function beginAtTarget() {
  /** @type {HTMLElement | null} */
  const target =
    document.getElementById(location.hash.slice(1)) ?? document.querySelector("fieldset.noted:not([hidden])");
  target?.scrollIntoView({ block: "start" });
  target?.focus({ preventScroll: true });
  return Boolean(target);
}

function focusHeading() {
  const heading = document.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  if (!document.activeElement || document.activeElement === document.body) heading?.focus();
}

function leaveScreen() {
  leaveChecklist?.();
  leaveChecklist = redrawSent = null;
}

async function showProblem(problem) {
  if (problem.status === 401) return askToSignIn();
  if (problem.status === 404) return showMessage("notFound");
  if (problem.code === SETUP_NEEDED) return showMessage("secondFactorNeeded", { more: setupLink() });
  if (problem.status === 503) return waitForServer(problem.wait);
  console.error(problem);
  return showMessage(problem instanceof DOMException ? "storageBroken" : "noSignalYet", { retry: true });
}

/** Says that the server is busy, and draws the screen again as soon as the server allows it. */
function waitForServer(wait) {
  const thisDraw = lastDraw;
  setTimeout(() => thisDraw === lastDraw && render(), 1000 * (wait ?? BUSY_WAIT));
  showMessage("busy", { retry: true });
}

function showMessage(key, { retry = false, more = null } = {}) {
  const retryButton = h(
    "button",
    { type: "button", class: "primary", onclick: () => (hasUnsavedDrafts() ? render() : location.reload()) },
    t("tryAgain"),
  );
  showScreen(
    `${t("title")} – ${t("product")}`,
    h("header", { class: "bar" }, h("a", { href: "/", class: "back" }, t("back"))),
    h("h1", {}, t("product")),
    h("p", { role: "alert", "data-message": key }, t(key)),
    retry && h("p", {}, retryButton),
    more && h("p", {}, more),
  );
}

const signIn = () => askToSignIn(t("signedOut"));

/** Shows the sign-in form at the same address. Everything on the phone stays, and sending continues later. */
async function askToSignIn(notice) {
  shownAccount = null;
  const { signInScreen } = await import("../shared/sign-in.js");
  leaveScreen();
  const done = () => {
    obstacle = null;
    render();
    wake(true);
  };
  await signInScreen({ signIn: sendCredentials, done, notice, product: t("product") });
  offlineFooter.update(null);
}

// A visit.

async function showVisit(accountId, data, thisDraw) {
  const result = await data.load(accountId);
  if (thisDraw !== lastDraw) return;
  if (result.isHandedOver) return showSent(accountId, data.id, thisDraw);
  if (result.isSentElsewhere) return showPast(accountId, result.visit, thisDraw);
  const { checklistScreen } = await import("./screens/checklist.js");
  const onsent = () => (render(), wake(true));
  const ondeclined = () => toList();
  const leave = await checklistScreen(accountId, result, { onsent, ondeclined });
  if (thisDraw !== lastDraw) return leave();
  leaveChecklist = leave;
  refreshMessages(accountId).catch(() => {});
  await result.stored;
  return updateFooter();
}

async function showSent(accountId, id, thisDraw) {
  const { sentScreen } = await import("./screens/sent.js");
  if (thisDraw !== lastDraw) return;
  redrawSent = sentScreen(accountId, id, { wake, signIn, toList });
  await redrawSent(obstacle);
  updateFooter();
  replaceRelease();
  refreshMessages(accountId).catch(() => {}); // without a signal, those on the phone stay
}

async function showPast(accountId, visit, thisDraw) {
  const { pastScreen } = await import("./screens/past.js");
  if (thisDraw === lastDraw) await pastScreen(accountId, visit);
  refreshMessages(accountId).catch(() => {}); // without a signal, those on the phone stay
}

function toList() {
  history.pushState(null, "", "/");
  render();
}

// The list.

async function showList(accountId, thisDraw) {
  const isStored = (await list("visits", accountId)).length > 0;
  if (isStored) await drawList(accountId, thisDraw);
  await refresh(accountId).then(
    () => (obstacle = null),
    (problem) => {
      if (obstacleOf(problem)) obstacle = obstacleOf(problem);
      else if (problem instanceof DOMException && !isStored) throw problem;
    },
  );
  await drawList(accountId, thisDraw);
}

let lastReading = 0;
let newestDrawn = 0;

/** Draws the list, unless another screen was opened in the meantime, or newer data was drawn. */
async function drawList(accountId, thisDraw) {
  const reading = ++lastReading;
  const { visitsScreen } = await import("./screens/visits.js");
  if (thisDraw !== lastDraw || account()?.id !== accountId) return;
  const children = await visitsScreen(accountId, { wake, obstacle, signIn });
  if (thisDraw !== lastDraw || reading < newestDrawn || account()?.id !== accountId) return;
  newestDrawn = reading;
  const restoreFocus = keepFocus();
  showScreen(`${t("title")} – ${t("product")}`, children);
  restoreFocus();
  makeInstallable();
  updateFooter();
  replaceRelease();
}

/** Returns a function that restores the focus after the list was redrawn. */
function keepFocus() {
  const controls = () => [...document.querySelectorAll("#screen a, #screen button")];
  const index = controls().indexOf(/** @type {HTMLElement} */ (document.activeElement));
  return () => index >= 0 && controls()[index]?.focus({ preventScroll: true });
}

/** Fetches the visits, and everything that is needed to work on them without a signal. */
async function refresh(accountId) {
  if ((await fetchAccount()).id !== accountId) return render();
  return refreshVisits(accountId);
}

const updateFooter = () => offlineFooter.update(account()?.id, visitId());

// Sending.

/** Starts the sender if something waits to be sent. With `eager`, back-offs are skipped. */
async function wake(eager = false) {
  const person = account();
  // The shopper may have set up the second factor in another tab.
  if (eager && obstacle === SETUP_NEEDED) obstacle = null;
  if (!person || obstacle) return;
  const waiting = await listUnsent(person.id).catch(() => []);
  showBadge();
  if (!waiting.length) return;
  requestSync();
  (await import("./sender.js")).send(eager);
}

/** Shows on the icon of the app how many visits and messages wait to be sent. */
async function showBadge() {
  const waiting = account() ? await listUnsent(account().id).catch(() => null) : [];
  if (waiting) setBadge(waiting.length);
}

function meet(newObstacle) {
  obstacle = newObstacle;
  redraw();
}

const HANDLERS = {
  /** Someone signed in or out, perhaps in another tab. The data of another person disappears. */
  async account() {
    const person = await recall();
    setBrandColor(person?.accent);
    showDemoBanner(person?.organization);
    if (person?.id !== shownAccount && shownAccount) return render();
    obstacle = null;
    redraw();
    return wake(true);
  },
  [SIGNED_OUT]: () => meet(SIGNED_OUT),
  [SETUP_NEEDED]: () => meet(SETUP_NEEDED),
  // An open checklist stays. It shows what is not saved at each question, and keeps trying.
  "storage-broken": () => leaveChecklist || showMessage("storageBroken", { retry: true }),
  "storage-blocked": () => leaveChecklist || showMessage("storageBlocked"),
  "storage-open": () => leaveChecklist || !shownPath || render(),
  queue: () => (redraw(), showBadge()),
  send: () => wake(true),
};

function handleTopic(topic) {
  const progress = /^progress (\S+) (\S+)/.exec(topic);
  if (progress) document.getElementById(`progress-${progress[1]}`)?.setAttribute("value", progress[2]);
  else HANDLERS[topic]?.();
}

let pendingFrame = null;

/** Redraws the list or the sent visit, once for several changes in the same frame. */
function redraw() {
  if (!account() || leaveChecklist || pendingFrame || document.querySelector("form")) return;
  pendingFrame = requestAnimationFrame(async () => {
    pendingFrame = null;
    if (!visitId()) return account() && drawList(account().id, lastDraw);
    const thisDraw = lastDraw;
    await rendering; // it may have read the state before the change
    // A visit that is no longer in the queue can be answered again.
    if (thisDraw === lastDraw && redrawSent && !(await redrawSent(obstacle)) && thisDraw === lastDraw)
      return render();
    return replaceRelease();
  });
}

function watch() {
  listen(handleTopic);
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

/** Opens links to screens of this form without loading the page again. */
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
  const loading = loadWords((language) => import(`./words/${language}.js`));
  if (!isSecureContext) return loading.then(() => showMessage("needsHttps"));
  if (!isSupported()) return loading.then(() => showMessage("oldBrowser"));
  await loading;
  watch();
  watchInstallation();
  if (isBlocked()) showMessage("storageBlocked");
  try {
    const person = await recall();
    setBrandColor(person?.accent);
    showDemoBanner(person?.organization);
  } catch (error) {
    return showProblem(error);
  }
  await render({ first: true });
  document.body.append(offlineFooter.element);
  endSession().catch(() => {});
  wake(true);
  return registerRelease({
    isBusy: () => Boolean(leaveChecklist) || hasUnsavedDrafts(),
    onready: updateFooter,
  });
}

warmUp();
start();
