import { call, NoSignal, signIn, signOut } from "../shared/api.js";
import { showDemoBanner } from "../shared/demo-banner.js";
import { h, languages, paint, put, speak, t } from "../shared/page.js";
import { address, change, common, filterBar, filters } from "./address.js";
import { clock } from "./figures.js";
import { load } from "./load.js";
import { openingFilters } from "./opening-filters.js";

const html = document.documentElement;
const ID = "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})";
const SCREENS = Object.entries({
  "": "overview",
  "/locations": "locations",
  [`/locations/${ID}`]: "location",
  [`/regions/${ID}`]: "region",
  [`/visits/${ID}`]: "visit",
  "/sections": "sections",
  "/questions": "questions",
  "/reviews": "reviews",
}).map(([path, name]) => ({ name, pattern: new RegExp(`^/dashboard${path}/?$`) }));
const LINKS = ["", "locations", "sections", "questions"];
const REVIEWERS = ["reviewer", "admin"];
const API = "/api/v1";
const MOST_KEPT = 60;

/** The last answer to each question, for when none comes. */
const kept = new Map();
let me = null;
let turn = 0;
let leave = null;
let shownAt = null;

/**
 * Shows what the address names, from where it was `left`; whoever is not signed in signs in first, and goes
 * on there.
 * @param {{ moved?: boolean, left?: any }} [options]
 */
async function render({ moved = true, left } = {}) {
  const mine = ++turn;
  leave?.();
  leave = null;
  delete html.dataset.ready;
  begin(shownAt !== location.pathname);
  shownAt = location.pathname;
  const { read, readAll, told } = reader();
  try {
    const found = SCREENS.find(({ pattern }) => pattern.test(location.pathname));
    if (!found) return say("missing", t("notFound"));
    const [who, { default: screen }] = await Promise.all([
      me ?? read("/me"),
      load(`screens/${found.name}.js`),
    ]);
    me = who;
    paint(me.organization.accent_color);
    showDemoBanner(me.organization.name);
    drawBar();
    if (me.role === "shopper") return say("missing", t("forManagers"), h("a", { href: "/" }, t("toTheForm")));
    const id = found.pattern.exec(location.pathname)[1];
    if (needsOpeningFilters(found.name)) {
      change(await openingFilters(placeOf(found.name, id), read), { quietly: true });
      if (mine !== turn) return;
      drawBar();
    }
    const shown = await screen({
      id,
      filters: filters(),
      me,
      read,
      readAll,
      refresh: () => render({ moved: false }),
    });
    if (mine !== turn) return shown.leave?.();
    leave = shown.leave ?? null;
    show(
      `${shown.title} · ${t("title")}`,
      h("h1", { tabindex: -1, dir: "auto" }, shown.title),
      asOf(told),
      shown.content,
    );
    told.shown = true;
    settle(told.stale ? "stale" : "ready");
    html.dataset.ready = "1";
    shown.ready?.();
    if (left) backTo(left, moved);
    else if (moved) toTheTop();
  } catch (problem) {
    if (mine === turn) await explain(problem);
  }
}

const UNFILTERED = ["visit", "reviews"];

/** Whether the address leaves open which visits a screen is about. */
function needsOpeningFilters(screen) {
  const { from, to, checklist } = filters();
  return !UNFILTERED.includes(screen) && !from && !to && !checklist;
}

function placeOf(screen, id) {
  if (screen === "location") return { location_id: id };
  return { region_id: screen === "region" ? id : filters().region_id };
}

/** Says that something is on its way: what is shown stays, unless another page is to come. */
function begin(another) {
  const screen = document.getElementById("screen");
  screen.dataset.state = "loading";
  screen.setAttribute("aria-busy", "true");
  const line = h("p", { class: "quiet loading", role: "status" }, t("loading"));
  if (another) screen.replaceChildren(line);
  else screen.prepend(line);
}

/** Puts a page in place of the one before; the control that had the focus has it again where it still is. */
function show(title, ...children) {
  const { id } = document.activeElement;
  put(title, ...children);
  if (id) (document.getElementById(id) ?? document.querySelector("h1")).focus({ preventScroll: true });
}

function settle(state) {
  const screen = document.getElementById("screen");
  screen.dataset.state = state;
  screen.removeAttribute("aria-busy");
  setTimeout(offerLanguages);
}

/** After a step, begins at the place that the address names, or at the heading. */
function toTheTop() {
  const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (place) {
    if (place instanceof HTMLDetailsElement) place.open = true;
    place.scrollIntoView({ block: "start" });
    (place.querySelector("summary, button") ?? place).focus({ preventScroll: true });
    return;
  }
  scrollTo(0, 0);
  document.querySelector("h1")?.focus({ preventScroll: true });
}

/** After Back, begins where one was: with the link that led away at the same place of the screen. */
function backTo({ top, href, nth, at }, moved) {
  const link = href && linksTo(href)[nth];
  const align = () => scrollTo(0, link ? scrollY + link.getBoundingClientRect().top - at : top);
  align();
  // Rows have their real height only when they have been in sight.
  requestAnimationFrame(() => requestAnimationFrame(align));
  if (link || moved) (link ?? document.querySelector("h1"))?.focus({ preventScroll: true });
}

const linksTo = (href) =>
  [...document.querySelectorAll("main a")].filter((each) => each.getAttribute("href") === href);

/** Keeps with the address where on its page one is, and the link by which one leaves it. */
function remember(link) {
  const href = link?.getAttribute("href");
  const left = link && { href, nth: linksTo(href).indexOf(link), at: link.getBoundingClientRect().top };
  if (html.dataset.ready) history.replaceState({ top: scrollY, ...left }, "");
}

function asOf({ at, stale }) {
  const time = h("time", { datetime: at.toISOString() });
  // The browser takes long to make its first date format, so the figures do not wait for it.
  setTimeout(() => (time.textContent = clock(at)));
  if (!stale) return h("p", { class: "quiet as-of" }, t("asOf"), " ", time);
  return h(
    "p",
    { class: "notice as-of", role: "status" },
    t("stale"),
    " ",
    t("asOf"),
    " ",
    time,
    " ",
    again(),
  );
}

const again = () =>
  h(
    "button",
    { type: "button", id: "again", class: "plain", onclick: () => render({ moved: false }) },
    t("tryAgain"),
  );

async function explain(problem) {
  if (problem.status === 401) return askToSignIn();
  if (problem.status === 404) return say("missing", t("notFound"));
  if (problem.status === 403) return say("missing", t("notFound"));
  if (problem.status === 422)
    return say(
      "failed",
      t("badFilter"),
      filterBar(filters(), reader().readAll, ["from", "checklist"]),
      h("a", { href: location.pathname }, t("withoutFilters")),
    );
  console.error(problem);
  say("failed", t("failed"), again());
}

function say(state, words, ...more) {
  show(
    t("title"),
    h("h1", { tabindex: -1 }, words),
    h("p", { role: "alert" }, t(`why-${state}`)),
    h("div", {}, more),
  );
  settle(state);
}

async function askToSignIn() {
  const { signInScreen } = await load("../shared/sign-in.js");
  const bar = document.getElementById("bar");
  bar.replaceChildren();
  bar.className = "";
  await signInScreen({ signIn, done: () => location.reload() });
  settle("signed-out");
}

function drawBar() {
  const same = common(filters());
  const link = (name, words) => {
    const path = name ? `/dashboard/${name}` : "/dashboard";
    return h("a", { href: address(path, same), "aria-current": location.pathname === path && "page" }, words);
  };
  const names = REVIEWERS.includes(me.role) ? [...LINKS, "reviews"] : LINKS;
  document.getElementById("bar").replaceChildren(
    h("span", { class: "organization", dir: "auto" }, me.organization.name),
    h(
      "nav",
      { "aria-label": t("pages") },
      names.map((name) => link(name, t(`page-${name || "overview"}`))),
    ),
    h(
      "div",
      { class: "account" },
      h("span", { class: "quiet", dir: "auto" }, me.name),
      h("span", { id: "languages" }),
      h("button", { type: "button", class: "plain", onclick: end }, t("signOut")),
    ),
  );
}

/** Looking up what languages are called takes a while, so nothing waits for it. */
function offerLanguages() {
  document.getElementById("languages")?.replaceChildren(...languages());
}

async function end() {
  try {
    await signOut();
    location.assign("/dashboard");
  } catch (problem) {
    await explain(problem);
  }
}

/** Follows links to our own pages without loading everything again. */
function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (
    !link ||
    event.ctrlKey ||
    event.metaKey ||
    event.shiftKey ||
    event.button ||
    !/^\/dashboard([/?#]|$)/.test(link.getAttribute("href"))
  )
    return;
  event.preventDefault();
  remember(link);
  history.pushState(null, "", link.href);
  render();
}

/** Another account may have signed in in another tab: what was shown to the one before goes out of sight. */
async function isStillMe() {
  if (document.hidden || !me) return;
  const now = await reader()
    .read("/me")
    .catch((problem) => problem);
  if (now.status === 401 || (now.id && now.id !== me.id)) location.reload();
}

// Reading the API.

/**
 * Returns how a screen reads the API: `read(path)` gives the JSON of an answer, `readAll(path)` all items of
 * a list, and `told` the time of the oldest answer among them (`at`) and whether any is only the last known
 * one (`stale`). Once that is `shown`, no old answer comes any more, for nothing would say that it is old.
 */
function reader() {
  const told = { at: null, stale: false, shown: false };

  async function read(path) {
    const answer = await fresh(path).catch((problem) => {
      if (told.shown || !kept.has(path) || !isPassing(problem)) throw problem;
      told.stale = true;
      return kept.get(path);
    });
    if (!told.at || answer.at < told.at) told.at = answer.at;
    return answer.body;
  }

  async function readAll(path) {
    const items = [];
    for (let next = path; next;) {
      const page = await read(next);
      items.push(...page.items);
      next = page.next && following(page.next);
    }
    return items;
  }

  return { read, readAll, told };
}

async function fresh(path) {
  const answer = { body: (await call("GET", path)).body, at: new Date() };
  kept.delete(path);
  kept.set(path, answer);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  return answer;
}

/** Says whether it is likely to be better soon: what was known is still worth showing. */
const isPassing = (problem) => problem instanceof NoSignal || problem.status >= 500 || problem.status === 429;

function following(next) {
  const { pathname, search } = new URL(next);
  return pathname.slice(API.length) + search;
}

async function start() {
  await speak((language) => import(`./words/${language}.js`));
  history.scrollRestoration = "manual";
  addEventListener("popstate", ({ state }) => render({ moved: shownAt !== location.pathname, left: state }));
  addEventListener("scrollend", () => remember());
  addEventListener("click", follow);
  document.addEventListener("visibilitychange", isStillMe);
  await render({ moved: Boolean(location.hash), left: history.state });
}

start();
