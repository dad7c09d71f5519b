import { signIn, signOut } from "../shared/api.js";
import { showDemoBanner } from "../shared/demo-banner.js";
import { h, languageButtons, setBrandColor, showScreen, loadWords, t } from "../shared/page.js";
import { address, change, common, filterBar, filters } from "./address.js";
import { apiReader } from "./api-reader.js";
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
}).map(([path, name]) => ({ name, pattern: new RegExp(`^/dashboard${path}$`) }));
const UNFILTERED_SCREENS = ["visit", "reviews"];
const LINKS = ["", "locations", "sections", "questions"];
const REVIEWERS = ["reviewer", "admin"];

let me = null;
/** The number of the latest rendering; an earlier one that is still loading is dropped. */
let rendering = 0;
/** Ends the current screen. */
let leave = null;
let shownPath = null;

/**
 * Shows the screen that the address names, or the sign-in form first. `isNavigation` moves the focus to the
 * heading. `position` is where the reader was when they left this history entry.
 * @param {{ isNavigation?: boolean, position?: any }} [options]
 */
async function render({ isNavigation = true, position } = {}) {
  const number = ++rendering;
  leave?.();
  leave = null;
  delete html.dataset.ready;
  showLoading(shownPath !== location.pathname);
  shownPath = location.pathname;
  const { read, readAll, status } = apiReader();
  try {
    const match = SCREENS.find(({ pattern }) => pattern.test(location.pathname));
    if (!match) return showMessage("missing", t("notFound"));
    const [user, { default: screen }] = await Promise.all([
      me ?? read("/me"),
      load(`screens/${match.name}.js`),
    ]);
    showUser(user);
    if (me.role === "shopper")
      return showMessage("missing", t("forManagers"), h("a", { href: "/" }, t("toTheForm")));
    const id = match.pattern.exec(location.pathname)[1];
    if (needsOpeningFilters(match.name)) {
      const opening = await openingFilters(placeOf(match.name, id), read);
      if (number !== rendering) return undefined;
      if (opening) {
        change(opening, { quietly: true });
        drawBar();
      }
    }
    const refresh = () => render({ isNavigation: false });
    const content = await screen({ id, filters: filters(), me, read, readAll, refresh });
    if (number !== rendering) return content.leave?.();
    showContent(content, status);
    if (position) restorePosition(position, isNavigation);
    else if (isNavigation) focusStart();
  } catch (problem) {
    if (number === rendering) await explain(problem);
  }
  return undefined;
}

function showUser(user) {
  me = user;
  setBrandColor(me.organization.accent_color);
  showDemoBanner(me.organization.name);
  drawBar();
}

/** Returns whether a screen has filters and the address names neither a period nor a checklist. */
function needsOpeningFilters(screen) {
  const { from, to, checklist } = filters();
  return !UNFILTERED_SCREENS.includes(screen) && !from && !to && !checklist;
}

function placeOf(screen, id) {
  if (screen === "location") return { location_id: id };
  return { region_id: screen === "region" ? id : filters().region_id };
}

/** Shows that a screen is loading. The content stays unless it belongs to another path. */
function showLoading(isOtherPath) {
  const screen = document.getElementById("screen");
  screen.dataset.state = "loading";
  screen.setAttribute("aria-busy", "true");
  const line = h("p", { class: "quiet loading", role: "status" }, t("loading"));
  if (isOtherPath) screen.replaceChildren(line);
  else screen.prepend(line);
}

/** Shows the content that a screen returned, with the time of its figures. */
function showContent(content, status) {
  leave = content.leave ?? null;
  replaceContent(
    `${content.title} · ${t("title")}`,
    h("h1", { tabindex: -1, dir: "auto" }, content.title),
    asOf(status),
    content.content,
  );
  status.isShown = true;
  setState(status.isStale ? "stale" : "ready");
  html.dataset.ready = "1";
  content.ready?.();
}

/** Replaces the content. A control that had the focus has it again if it is in the new content too. */
function replaceContent(title, ...children) {
  const { id } = document.activeElement;
  showScreen(title, ...children);
  if (id) (document.getElementById(id) ?? document.querySelector("h1")).focus({ preventScroll: true });
}

function setState(state) {
  const screen = document.getElementById("screen");
  screen.dataset.state = state;
  screen.removeAttribute("aria-busy");
  setTimeout(offerLanguages);
}

/** After navigation, moves to the element that the fragment of the address names, or to the heading. */
function focusStart() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target) {
    if (target instanceof HTMLDetailsElement) target.open = true;
    target.scrollIntoView({ block: "start" });
    (target.querySelector("summary, button") ?? target).focus({ preventScroll: true });
    return;
  }
  scrollTo(0, 0);
  document.querySelector("h1")?.focus({ preventScroll: true });
}

/** After Back, restores the scroll position, so that the link by which the reader left is where it was. */
function restorePosition({ top, href, index, linkTop }, isNavigation) {
  const link = href && linksTo(href)[index];
  const align = () => scrollTo(0, link ? scrollY + link.getBoundingClientRect().top - linkTop : top);
  align();
  // Rows have their real height only after they have been visible.
  requestAnimationFrame(() => requestAnimationFrame(align));
  if (link || isNavigation) (link ?? document.querySelector("h1"))?.focus({ preventScroll: true });
}

const linksTo = (href) =>
  [...document.querySelectorAll("main a")].filter((link) => link.getAttribute("href") === href);

/** Stores the scroll position in the history entry, and the link by which the reader leaves. */
function savePosition(link) {
  const href = link?.getAttribute("href");
  const left = link && {
    href,
    index: linksTo(href).indexOf(link),
    linkTop: link.getBoundingClientRect().top,
  };
  if (html.dataset.ready) history.replaceState({ top: scrollY, ...left }, "");
}

function asOf({ at, isStale }) {
  const time = h("time", { datetime: at.toISOString() });
  // The browser takes long to create its first date format, so the figures do not wait for it.
  setTimeout(() => (time.textContent = clock(at)));
  if (!isStale) return h("p", { class: "quiet as-of" }, t("asOf"), " ", time);
  const text = [t("stale"), " ", t("asOf"), " ", time, " "];
  return h("p", { class: "notice as-of", role: "status" }, text, tryAgain());
}

const tryAgain = () =>
  h(
    "button",
    { type: "button", id: "again", class: "plain", onclick: () => render({ isNavigation: false }) },
    t("tryAgain"),
  );

async function explain(problem) {
  if (problem.status === 401) return askToSignIn();
  if (problem.status === 403 || problem.status === 404) return showMessage("missing", t("notFound"));
  if (problem.status === 422)
    return showMessage(
      "failed",
      t("badFilter"),
      filterBar(filters(), apiReader().readAll, ["from", "checklist"]),
      h("a", { href: location.pathname }, t("withoutFilters")),
    );
  console.error(problem);
  return showMessage("failed", t("failed"), tryAgain());
}

function showMessage(state, heading, ...more) {
  replaceContent(
    `${heading} · ${t("title")}`,
    h("h1", { tabindex: -1 }, heading),
    h("p", { role: "alert" }, t(`why-${state}`)),
    h("div", {}, more),
  );
  setState(state);
}

async function askToSignIn() {
  const { signInScreen } = await load("../shared/sign-in.js");
  const bar = document.getElementById("bar");
  bar.replaceChildren();
  bar.className = "";
  showDemoBanner(null);
  await signInScreen({ signIn, done: () => location.reload() });
  setState("signed-out");
}

function drawBar() {
  const shared = common(filters());
  const link = (name, words) => {
    const path = name ? `/dashboard/${name}` : "/dashboard";
    const isCurrent = location.pathname === path;
    return h("a", { href: address(path, shared), "aria-current": isCurrent && "page" }, words);
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
      h("button", { type: "button", class: "plain", onclick: endSession }, t("signOut")),
    ),
  );
}

/** Looking up the names of languages takes long, so nothing waits for it. */
function offerLanguages() {
  document.getElementById("languages")?.replaceChildren(...languageButtons());
}

async function endSession() {
  try {
    await signOut();
    location.assign("/dashboard");
  } catch (problem) {
    await explain(problem);
  }
}

/** Follows links within the dashboard without reloading it. */
function followLink(event) {
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
  savePosition(link);
  history.pushState(null, "", link.href);
  render();
}

/** Reloads if another account has signed in in another tab, so that it does not see this account's data. */
async function checkAccount() {
  if (document.hidden || !me) return;
  const current = await apiReader()
    .read("/me")
    .catch((problem) => problem);
  if (current.status === 401 || (current.id && current.id !== me.id)) location.reload();
}

async function start() {
  await loadWords((language) => import(`./words/${language}.js`));
  history.scrollRestoration = "manual";
  addEventListener("popstate", ({ state }) =>
    render({ isNavigation: shownPath !== location.pathname, position: state }),
  );
  addEventListener("scrollend", () => savePosition());
  addEventListener("click", followLink);
  document.addEventListener("visibilitychange", checkAccount);
  await render({ isNavigation: Boolean(location.hash), position: history.state });
}

start();
