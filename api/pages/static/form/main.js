import { call } from "../shared/api.js";
import { h, put, speak, t } from "../shared/page.js";
import { anyOpen, fetchReturned } from "./draft.js";
import { takesAnswers } from "./rules.js";
import { checklistScreen, keptChecklist } from "./screens/checklist.js";
import { account, get, hear, list, put as keep, recall, signIn as enter, whoami } from "./store.js";

const html = document.documentElement;
const CHECK_EVERY = 60_000;
const ASK_AGAIN = 5_000;
let leave = null; // an open checklist
let again = null; // draws a sent visit as it is by now
let turn = 0;
let rendering = null;
let shownAt = null;
let shownTo = null;
let signedOut = false;
let outdated = false; // another release than this page's serves it

const visitOf = () => /^\/visits\/([0-9a-f-]{36})/.exec(location.pathname)?.[1];

/** Shows what the address names; whoever is not signed in signs in first, and goes on there. */
function render(options) {
  return (rendering = draw(options));
}

async function draw({ first = false } = {}) {
  const mine = ++turn;
  end();
  delete html.dataset.ready;
  shownAt = location.pathname;
  const id = visitOf();
  try {
    // Both at once: a link to a visit is often opened before anything is known of the account.
    const early = id && !account() ? fetchVisit(id).catch((problem) => problem) : null;
    const who = account() ?? (await whoami());
    if (mine !== turn) return;
    shownTo = who.id;
    if (id) await showVisit(who.id, id, early, mine);
    else await showList(who.id, mine);
  } catch (problem) {
    if (mine === turn) await explain(problem);
  }
  if (mine !== turn || first) return;
  scrollTo(0, 0);
  const heading = document.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  if (!document.activeElement || document.activeElement === document.body) heading?.focus();
}

/** Lets go of the screen that was shown. */
function end() {
  leave?.();
  leave = again = null;
}

async function explain(problem) {
  if (problem.status === 401) return askToSignIn();
  if (problem.status === 404) return message(t("notFound"));
  console.error(problem);
  if (problem instanceof DOMException) return message(t("storageBroken"), true);
  return message(t("noSignalYet"), true);
}

function message(words, again) {
  const retry = h("button", { type: "button", class: "primary", onclick: () => location.reload() }, t("tryAgain"));
  put(t("title"), h("header", { class: "bar" }, h("a", { href: "/", class: "back" }, t("back"))), h("h1", {}, t("title")), h("p", { role: "alert" }, words), again && h("p", {}, retry));
}

const signIn = () => askToSignIn(t("signedOut"));

/** Asks for the password where the shopper is; all that is kept stays, and goes on afterwards. */
async function askToSignIn(words) {
  shownTo = null;
  const { signInScreen } = await import("../shared/sign-in.js");
  end();
  const done = () => {
    signedOut = false;
    render();
    wake(true);
  };
  await signInScreen({ signIn: enter, done, notice: words });
}

// A visit.

async function showVisit(who, id, early, mine) {
  const queued = await get("queue", who, id);
  if (queued && !supersedes(await get("visits", who, id), queued)) return showSent(who, id, mine);
  const [visit, checklist] = await knownVisit(who, id, early);
  const draft = await get("drafts", who, id);
  if (!draft && !takesAnswers(visit)) return message(t("sentAlready"));
  if (visit.status === "returned") await fetchReturned(who, visit);
  if (mine !== turn) return;
  const gone = await checklistScreen(who, visit, checklist, () => (render(), wake(true)));
  if (mine !== turn) return gone();
  leave = gone;
  ready();
}

/** Says whether a visit was returned since the answers in the queue were taken. */
const supersedes = (visit, queued) => visit?.status === "returned" && queued.receipt && visit.revision >= queued.receipt.revision;

async function knownVisit(who, id, early) {
  const visit = await get("visits", who, id);
  const checklist = visit && (await keptChecklist(who, visit));
  if (checklist) return [visit, checklist];
  const fetched = (await early) ?? (await fetchVisit(id));
  if (fetched instanceof Error) throw fetched;
  return keepVisit(who, fetched);
}

const fetchVisit = async (id) => (await call("GET", `/visits/${id}?include=checklist`)).body;

async function keepVisit(who, { checklist: document, ...visit }) {
  const { key, version } = document;
  const row = { ...visit, checklist: { key, version }, account: who };
  await keep("checklists", { account: who, key, version, document });
  await keep("visits", row);
  return [row, document];
}

async function showSent(who, id, mine) {
  const { sentScreen } = await import("./screens/sent.js");
  if (mine !== turn) return;
  again = sentScreen(who, id, { wake, signIn, toList });
  await again(signedOut);
  ready();
}

function toList() {
  history.pushState(null, "", "/");
  render();
}

// The list.

async function showList(who, mine) {
  const known = (await list("visits", who)).length > 0;
  if (known) await drawList(who, mine);
  await refresh(who).then(() => (signedOut = false), (problem) => {
    if (problem.status === 401) signedOut = true;
    else if (problem instanceof DOMException) throw problem;
  });
  await drawList(who, mine);
}

let lists = 0;
let newest = 0;

/** Draws the list, unless while it was read another screen was asked for, or a later reading was drawn. */
async function drawList(who, mine) {
  const nth = ++lists;
  const { visitsScreen } = await import("./screens/visits.js");
  if (mine !== turn || account()?.id !== who) return;
  const parts = await visitsScreen(who, { wake, signedOut, signIn });
  if (mine !== turn || nth < newest || account()?.id !== who) return;
  newest = nth;
  const at = placeOfFocus();
  put(t("title"), parts);
  at?.();
  installable();
  ready();
  takeOver();
}

/** It is installed from the list, which is where it begins. */
function installable() {
  if (!document.querySelector("link[rel=manifest]")) document.head.append(h("link", { rel: "manifest", href: "/manifest.webmanifest" }));
}

/** Returns how to give the focus back to what has it, after the list was drawn anew. */
function placeOfFocus() {
  const all = () => [...document.querySelectorAll("#screen a, #screen button")];
  const index = all().indexOf(document.activeElement);
  return index < 0 ? null : () => all()[index]?.focus({ preventScroll: true });
}

/** Fetches the visits, and all that is needed to make them without a signal. */
async function refresh(who) {
  if ((await whoami()).id !== who) return render();
  const { fetchList } = await import("./visits.js");
  await fetchList(who);
  localStorage.listed = who;
}

// What waits, and when.

/** Starts the sender where something waits; `eager` sets back-offs aside. */
async function wake(eager = false) {
  const who = account();
  if (!who || signedOut) return;
  const rows = await list("queue", who.id).catch(() => []);
  if (rows.some((row) => row.state !== "sent")) (await import("./sender.js")).send(eager);
}

hear(async (topic) => {
  if (topic === "account") {
    // Somebody signed in or out, perhaps in another tab: what is another's goes out of sight.
    if ((await recall())?.id !== shownTo && shownTo) return render();
    signedOut = false;
    wake(true);
  }
  if (topic === "signed-out") signedOut = true;
  const progress = /^progress (\S+) (\S+)/.exec(topic);
  if (progress) document.getElementById(`progress-${progress[1]}`)?.setAttribute("value", progress[2]);
  else if (topic === "broken") message(t("storageBroken"), true);
  else redraw();
});

let drawing = null;

/** Draws the list or the sent visit anew; changes that come together are drawn once. */
function redraw() {
  if (!account() || leave || drawing || document.querySelector("form")) return;
  drawing = requestAnimationFrame(async () => {
    drawing = null;
    if (!visitOf()) return account() && drawList(account().id, turn);
    const mine = turn;
    await rendering; // which may have read what was there before
    // What is in the queue no more can be answered again.
    if (mine === turn && again && !(await again(signedOut)) && mine === turn) render();
  });
}

// The release: a new one waits until no draft is open in any tab.

const onList = () => !visitOf() && account() && !document.querySelector("form");

let asking = null;

/** Asks for it while the list stands, again and again: a draft of another tab may be let go, and a wish may be lost. */
async function takeOver() {
  const waiting = (await navigator.serviceWorker?.getRegistration())?.waiting;
  if (!outdated && !(waiting && onList())) return;
  clearTimeout(asking);
  asking = setTimeout(takeOver, ASK_AGAIN);
  if (await anyOpen()) return;
  if (outdated) location.reload();
  else waiting.postMessage("take-over");
}

async function register() {
  if (!navigator.serviceWorker) return;
  let { controller } = navigator.serviceWorker;
  navigator.serviceWorker.oncontrollerchange = () => {
    outdated = Boolean(controller); // the first one is of this page's own release
    ({ controller } = navigator.serviceWorker);
    takeOver();
  };
  const registration = await navigator.serviceWorker.register("/sw.js");
  registration.onupdatefound = () => {
    const { installing } = registration;
    installing.onstatechange = () => installing.state === "installed" && takeOver();
  };
  await navigator.serviceWorker.ready;
  ready();
}

const offline = h("footer", { "data-testid": "offline-ready", "data-state": "no", role: "contentinfo" });

/** Says whether all that is on this page works without a signal. */
async function ready() {
  const active = (await navigator.serviceWorker?.getRegistration())?.active;
  const who = account()?.id;
  const id = visitOf();
  const kept = who && (id ? (await get("queue", who, id)) ?? (await get("visits", who, id)) : localStorage.listed === who);
  offline.dataset.state = active && kept ? "yes" : "no";
  offline.textContent = t(active && kept ? "offlineReady" : "offlineNotReady");
}

function listen() {
  addEventListener("online", () => wake(true));
  addEventListener("popstate", () => location.pathname !== shownAt && render());
  addEventListener("click", follow);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    wake(true);
    if (onList()) render({ first: true });
  });
  setInterval(() => wake(), CHECK_EVERY);
}

/** Follows links of our own without loading the page anew. */
function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button || !/^\/(visits\/|$)/.test(link.getAttribute("href"))) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  render();
}

async function begin() {
  const speaking = speak((language) => import(`./words/${language}.js`));
  if (!isSecureContext) return speaking.then(() => message(t("needsHttps")));
  await speaking;
  try {
    await recall();
  } catch (error) {
    return explain(error);
  }
  listen();
  await render({ first: true });
  document.body.append(offline);
  wake(true);
  await register().catch(() => {});
}

begin();
