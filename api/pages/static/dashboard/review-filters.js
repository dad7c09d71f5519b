/** The filters of the reviewers' queue. They are in the address, under names that no other page uses. */
import { h, localize, t } from "../shared/page.js";
import { address, change } from "../staff/address.js";
import { choice, onward } from "./filters.js";

const FLAGS = [
  "late",
  "early",
  "clock-off",
  "too-fast",
  "far-from-location",
  "photo-seen-before",
  "photo-not-from-visit",
  "comment-seen-before",
  "photos-missing",
  "cancelled",
  "store-closed",
  "none",
];
const HOURS = ["24", "48", "168"];
const CLAIMED = ["free", "me", "others"];
/** The names of filters in the address, and those of the API. */
const NAMES = {
  flag: "flag",
  for_checklist: "checklist_key",
  for_region: "region_id",
  location_id: "location_id",
  waiting_hours: "waiting_hours",
  claimed: "claimed",
};

/** Returns the path of the queue in the API, with the filters of the address. */
export const queuePath = (filters) =>
  address("/reviews", {
    limit: "100",
    ...Object.fromEntries(Object.entries(NAMES).map(([name, parameter]) => [parameter, filters[name]])),
  });

/** Returns how many filters are set. */
export const countFilters = (filters) => Object.keys(NAMES).filter((name) => filters[name]).length;

/** Returns the address of a visit in the queue, which keeps the filters. */
export const toVisit = (id, filters) =>
  onward("/dashboard/reviews", {
    ...Object.fromEntries(Object.keys(NAMES).map((name) => [name, filters[name]])),
    visit: id,
  });

/** Returns the filters, closed unless one is set. Their choices are fetched once they are open. */
export function filterPanel(filters, readAll) {
  const n = countFilters(filters);
  const element = h(
    "details",
    { class: "queue-filters", open: n > 0, ontoggle: () => element.children.length > 1 || open() },
    h("summary", {}, n ? t("queueFiltersSet", { n }) : t("queueFilters")),
  );
  const open = () => element.append(filterForm(filters, readAll, n));
  if (n) open();
  return element;
}

function filterForm(filters, readAll, n) {
  const clear = () => change(Object.fromEntries(Object.keys(NAMES).map((name) => [name, ""])));
  return h(
    "form",
    { class: "filters", "aria-label": t("queueFilters"), onsubmit: (event) => event.preventDefault() },
    words("flag", "anyFlag", filters, FLAGS, (code) => t(code === "none" ? "unflagged" : `flag-${code}`)),
    words("waiting_hours", "anyAge", filters, HOURS, (hours) => t(`waited-${hours}`)),
    words("claimed", "claimedByAnyone", filters, CLAIMED, (who) => t(`claimed-${who}`)),
    choice("for_checklist", t("checklist"), t("allChecklists"), filters.for_checklist, async () =>
      (await readAll("/checklists?limit=500")).map(({ key, title }) => [key, localize(title)]),
    ),
    choice("for_region", t("region"), t("allRegions"), filters.for_region, async () =>
      (await readAll("/regions?limit=500")).map(({ id, name }) => [id, name]),
    ),
    choice("location_id", t("location"), t("anyLocation"), filters.location_id, async () =>
      (await readAll(address("/locations", { within: filters.for_region, limit: "500" }))).map(
        ({ id, name }) => [id, name],
      ),
    ),
    n > 0 && h("p", {}, h("button", { type: "button", class: "plain", onclick: clear }, t("clearFilters"))),
  );
}

const words = (name, all, filters, values, wordsOf) =>
  choice(name, t(`filter-${name}`), t(all), filters[name], async () =>
    values.map((value) => [value, wordsOf(value)]),
  );
