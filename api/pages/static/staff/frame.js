/**
 * The frame of the pages for staff: the bar, sign-in, navigation between screens, and what is shown if a screen
 * cannot be. A screen is a module whose default export returns its title and content.
 */
import { signIn, signOut } from "../shared/api.js";
import { showDemoBanner } from "../shared/demo-banner.js";
import { forgetLogo, organizationName } from "../shared/logo.js";
import { clock, h, languageButtons, setBrandColor, showScreen, t } from "../shared/page.js";
import { leadToSetup, SETUP_NEEDED } from "../shared/second-factor.js";
import { filters } from "./address.js";
import { apiReader } from "./api-reader.js";
import { handleKey } from "./keys.js";
import { loadModule } from "./load.js";
import { rememberUser, signInAgain } from "./session.js";

/** The part of a path that is an ID, as the parameter `id` of a screen. */
export const ID = "(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})";

const html = document.documentElement;
/** How many seconds to wait for a busy server that does not say how long. */
const BUSY_WAIT = 5;

/**
 * @typedef {{ name: string, params: Record<string, string> }} Place
 *
 * @typedef {{
 *   root: string, elsewhere?: RegExp, screens: Record<string, string>, title: () => string,
 *   load: (name: string) => Promise<any>,
 *   links: (me: any) => string[][],
 *   tools?: (me: any) => any,
 *   keepOut?: (me: any, place: Place) => any[] | null,
 *   prepare?: (place: Place, read: (path: string) => Promise<any>) => Promise<any>,
 *   explainFilters?: () => any[],
 *   showsTime?: boolean,
 * }} Page
 */

/** @type {Page} */
let page;
let me = null;
/** The number of the latest rendering; an earlier one that is still loading is dropped. */
let rendering = 0;
/** Ends the current screen. */
let leave = null;
let shownPath = null;

/**
 * Starts a page. `screens` maps paths below `root`, which may contain `ID` or other named groups, to the names
 * of screens, and `load` fetches the module of a screen. Paths below `root` that match `elsewhere` belong to
 * another page. `links` returns those of the bar, each as its address and words, and `tools` what comes after
 * them. `keepOut` returns what to show to users who may not see a screen. `prepare` runs before a screen and may change the filters in the
 * address. `explainFilters` returns what helps if the API rejects them. With `showsTime`, each screen shows the
 * time of its figures.
 *
 * The function of a screen receives `params` (the named groups of its path), `filters` (the query of the
 * address), `me`, `read` and `readAll` (see `api-reader.js`), and `refresh`, which draws the screen again. It
 * returns `title` and `content`, and optionally `ready`, called once it is shown, and `leave`, called at its end.
 * @param {Page} options
 */
export async function startPage(options) {
  page = options;
  history.scrollRestoration = "manual";
  addEventListener("popstate", ({ state }) =>
    render({ isNavigation: shownPath !== location.pathname, position: state }),
  );
  addEventListener("scrollend", () => savePosition());
  addEventListener("click", followLink);
  addEventListener("keydown", handleKey);
  document.addEventListener("visibilitychange", checkAccount);
  await render({ isNavigation: Boolean(location.hash), position: history.state });
}

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
    const place = findPlace();
    if (!place) return showMessage("missing", t("notFound"));
    const [user, { default: screen }] = await Promise.all([
      me ?? read("/me"),
      loadModule(() => page.load(place.name)),
    ]);
    showUser(user);
    const reason = page.keepOut?.(me, place);
    if (reason) return showMessage("missing", ...reason);
    await page.prepare?.(place, read);
    if (number !== rendering) return undefined;
    drawBar();
    const refresh = () => render({ isNavigation: false });
    const content = await screen({ params: place.params, filters: filters(), me, read, readAll, refresh });
    if (number !== rendering) return content.leave?.();
    showContent(content, status);
    if (position) restorePosition(position, isNavigation);
    else if (isNavigation) focusStart();
  } catch (problem) {
    if (number === rendering) await explain(problem);
  }
  return undefined;
}

/** Goes to another screen of this page. */
export function goTo(path) {
  savePosition();
  history.pushState(null, "", path);
  return render();
}

/** Returns the screen of the address with its parameters, or undefined if there is none. */
function findPlace() {
  for (const [path, name] of Object.entries(page.screens)) {
    const match = new RegExp(`^${page.root}${path}$`).exec(location.pathname);
    if (match) return { name, params: match.groups ?? {} };
  }
  return undefined;
}

function showUser(user) {
  me = user;
  rememberUser(me.id);
  setBrandColor(me.organization.accent_color);
  showDemoBanner(me.organization.name);
  drawBar();
}

/** Reads the account and its organization again, because they have changed, and draws the bar. */
export async function updateUser() {
  forgetLogo();
  showUser(await apiReader().read("/me"));
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
    `${content.title} · ${page.title()}`,
    h("h1", { tabindex: -1, dir: "auto" }, content.title),
    (page.showsTime || status.isStale) && status.at && asOf(status),
    content.content,
  );
  status.isShown = true;
  setState(status.isStale ? "stale" : "ready");
  html.dataset.ready = "1";
  content.ready?.();
}

/** Replaces the content. A control that had the focus has it again, or else the heading does. */
function replaceContent(title, ...children) {
  const { activeElement: focused } = document;
  const isLost = Boolean(focused.id) || document.getElementById("screen").contains(focused);
  showScreen(title, ...children);
  const again = focused.id && document.getElementById(focused.id);
  if (isLost) (again || document.querySelector("h1")).focus({ preventScroll: true });
}

function setState(state) {
  const screen = document.getElementById("screen");
  screen.dataset.state = state;
  screen.removeAttribute("aria-busy");
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
  // A space before an empty element would move when the time follows.
  setTimeout(() => (time.textContent = ` ${clock(at)}`));
  if (!isStale) return h("p", { class: "quiet as-of" }, t("asOf"), time);
  const text = [t("stale"), " ", t("asOf"), time, " "];
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
  if (problem.code === SETUP_NEEDED) return leadToSetup();
  if (problem.status === 403 || problem.status === 404) return showMessage("missing", t("notFound"));
  if (problem.status === 422 && page.explainFilters)
    return showMessage(
      "failed",
      t("badFilter"),
      page.explainFilters(),
      h("a", { href: location.pathname }, t("withoutFilters")),
    );
  console.error(problem);
  if (problem.status === 503) return waitForServer(problem.wait);
  return showMessage("failed", t("failed"), tryAgain());
}

/** Says that the server is busy, and draws the screen again as soon as the server allows it. */
function waitForServer(wait) {
  const number = rendering;
  setTimeout(() => number === rendering && render({ isNavigation: false }), 1000 * (wait ?? BUSY_WAIT));
  return showMessage("busy", t("serverBusy"), tryAgain());
}

function showMessage(state, heading, ...more) {
  replaceContent(
    `${heading} · ${page.title()}`,
    h("h1", { tabindex: -1 }, heading),
    h("p", { role: "alert" }, t(`why-${state}`)),
    h("div", {}, more),
  );
  setState(state);
}

async function askToSignIn() {
  const { signInScreen } = await loadModule(() => import("../shared/sign-in.js"));
  const bar = document.getElementById("bar");
  bar.replaceChildren();
  bar.className = "";
  showDemoBanner(null);
  await signInScreen({ signIn, done: () => location.reload() });
  setState("signed-out");
}

/** Draws the bar. On small screens, a bar at the side is folded behind a button. */
function drawBar() {
  const bar = document.getElementById("bar");
  const links = page.links(me);
  // The longest link that the address begins with is the page of this screen.
  const [current] = links
    .map(([href]) => href.split("?")[0])
    .filter((path) => path === location.pathname || location.pathname.startsWith(`${path}/`))
    .filter((path) => path.startsWith(page.root) && (path !== page.root || path === location.pathname))
    .sort((one, other) => other.length - one.length);
  const nav = h(
    "nav",
    { id: "pages", "aria-label": t("pages") },
    links.map(([href, words]) =>
      h("a", { href, "aria-current": href.split("?")[0] === current && "page" }, words),
    ),
    page.tools?.(me),
  );
  const menu = h(
    "button",
    {
      type: "button",
      id: "menu",
      class: "plain",
      "aria-expanded": "false",
      "aria-controls": "pages",
      onclick: () => openMenu(menu.getAttribute("aria-expanded") !== "true"),
    },
    t("menu"),
  );
  const openMenu = (isOpen) => menu.setAttribute("aria-expanded", String(isOpen));
  bar.onkeydown = ({ key }) => {
    if (key !== "Escape" || menu.getAttribute("aria-expanded") !== "true") return;
    openMenu(false);
    menu.focus();
  };
  bar.replaceChildren(
    organizationName(me.organization, { class: "organization" }),
    menu,
    nav,
    h(
      "div",
      { class: "account" },
      h("a", { href: "/dashboard/account", class: "quiet", dir: "auto" }, me.name),
      h("span", { id: "languages" }),
      h("button", { type: "button", class: "plain", onclick: endSession }, t("signOut")),
    ),
  );
  offerLanguages();
}

/** Looking up the names of languages takes long, so nothing waits for it. */
function offerLanguages() {
  setTimeout(() => document.getElementById("languages")?.replaceChildren(...languageButtons()));
}

async function endSession() {
  try {
    await signOut();
    location.assign("/dashboard");
  } catch (problem) {
    await explain(problem);
  }
}

/** Follows links within the page without reloading it. */
function followLink(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || link.target || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const { origin, pathname } = new URL(link.href);
  const isBelow = pathname === page.root || pathname.startsWith(`${page.root}/`);
  if (origin !== location.origin || !isBelow || page.elsewhere?.test(pathname)) return;
  // A link to a part of this screen is the browser's.
  if (link.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  savePosition(link);
  history.pushState(null, "", link.href);
  render();
}

/**
 * Asks to sign in again if the session has ended, and reloads if another account has signed in in another tab,
 * so that it does not see this account's data.
 */
async function checkAccount() {
  if (document.hidden || !me) return;
  const current = await apiReader()
    .read("/me")
    .catch((problem) => problem);
  if (current.status === 401) await signInAgain();
  else if (current.id && current.id !== me.id) location.reload();
}
