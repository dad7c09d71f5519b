import { h, loadWords, t } from "../shared/page.js";
import { address, change, filters } from "../staff/address.js";
import { apiReader } from "../staff/api-reader.js";
import { ID, startPage } from "../staff/frame.js";
import { loadModule } from "../staff/load.js";
import { common, filterBar } from "./filters.js";
import { openingFilters } from "./opening-filters.js";

const UNFILTERED_SCREENS = ["visit", "reviews", "payments", "disputes", "account"];
const LINKS = ["", "locations", "sections", "questions", "comments", "photos", "disputes"];
const REVIEWERS = ["reviewer", "admin"];

/** Returns the links of the bar. They keep the filters that pages share. */
function links({ role, has_payments: hasPayments }) {
  if (role === "shopper") return [["/", t("toTheForm")]];
  const shared = common(filters());
  const names = REVIEWERS.includes(role)
    ? [...LINKS, "reviews", ...(hasPayments ? ["payments"] : [])]
    : LINKS;
  const pages = names.map((name) => {
    const path = name ? `/dashboard/${name}` : "/dashboard";
    return [address(path, shared), t(`page-${name || "overview"}`)];
  });
  return role === "admin" ? [...pages, ["/dashboard/admin", t("administration")]] : pages;
}

/** Returns the button that opens the saved views. */
function savedViews({ role, organization }) {
  if (role === "shopper") return null;
  const open = async () =>
    (await loadModule(() => import("./saved-views.js"))).openSavedViews(button, organization.name);
  const button = h(
    "button",
    { type: "button", id: "saved-views", class: "plain", "aria-haspopup": "dialog", onclick: open },
    t("savedViews"),
  );
  return button;
}

const keepOut = ({ role }, { name }) =>
  role === "shopper" && name !== "account" ? [t("forManagers"), h("a", { href: "/" }, t("toTheForm"))] : null;

/** Opens a screen whose address names neither a period nor a checklist with the most useful filters. */
async function prepare({ name, params }, read) {
  const { from, to, checklist } = filters();
  if (UNFILTERED_SCREENS.includes(name) || from || to || checklist) return;
  const opening = await openingFilters(scopeOf(name, params), read);
  if (opening) change(opening, { quietly: true });
}

function scopeOf(screen, { id }) {
  if (screen === "location") return { location_id: id };
  return { region_id: screen === "region" ? id : filters().region_id };
}

async function start() {
  await loadWords((language) => import(`./words/${language}.js`));
  await startPage({
    root: "/dashboard",
    elsewhere: /^\/dashboard\/admin(\/|$)/,
    screens: {
      "": "overview",
      "/locations": "locations",
      [`/locations/${ID}`]: "location",
      [`/regions/${ID}`]: "region",
      "/map": "map",
      [`/visits/${ID}`]: "visit",
      "/sections": "sections",
      "/questions": "questions",
      "/comments": "comments",
      "/photos": "photos",
      "/reviews": "reviews",
      "/disputes": "disputes",
      "/payments": "payments",
      "/account": "account",
    },
    title: () => t("title"),
    load: (name) => import(`./screens/${name}.js`),
    links,
    tools: savedViews,
    keepOut,
    prepare,
    explainFilters: () => [filterBar(filters(), apiReader().readAll, ["from", "checklist"])],
    showsTime: true,
  });
}

start();
