/** The list of the visits that wait for a decision. It keeps itself up to date, because others decide too. */
import { call } from "../shared/api.js";
import { ago, h, localize, t } from "../shared/page.js";
import { claimWords, isClaimedByOther } from "./review-claims.js";
import { toVisit } from "./review-filters.js";

/** How often the queue is fetched again, in milliseconds. */
const POLL_INTERVAL = 20_000;

/** Fetches the queue periodically, and calls `onChange` with its rows. Returns a function that stops this. */
export function watch(path, onChange) {
  const poll = async () => {
    const response = document.hidden ? null : await call("GET", path).catch(() => null);
    if (response) onChange(response.body.items);
  };
  const timer = setInterval(poll, POLL_INTERVAL);
  document.addEventListener("visibilitychange", poll);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", poll);
    onChange = () => {};
  };
}

/** Returns the first of these rows that no other reviewer is looking at, or else the first one. */
export const firstUnclaimed = (rows, me) => rows.find((row) => !isClaimedByOther(row, me)) ?? rows[0];

/**
 * Returns the list of waiting visits. `update` removes those that no longer wait, adds new ones, and shows who is
 * looking at which. `next` returns the row to show after `current`, without those that others are looking at.
 */
export function queueOf(items, current, { more, me, filters }) {
  let rows = items;
  const draw = (row) => itemOf(row, current, me, filters);
  const list = h("ol", {}, items.map(draw));
  const heading = h("h2", {}, headingOf(items, more));
  const update = (waiting) => {
    rows = waiting;
    const byId = new Map(waiting.map((row) => [row.visit_id, row]));
    for (const item of list.querySelectorAll("li")) {
      const row = byId.get(item.dataset.visit);
      if (!row) item.remove();
      else item.querySelector(".claim").textContent = claimLine(row, me);
    }
    const listedIds = new Set([...list.querySelectorAll("li")].map((item) => item.dataset.visit));
    list.append(...waiting.filter((row) => !listedIds.has(row.visit_id)).map(draw));
    heading.textContent = headingOf(waiting, more);
  };
  const next = () => {
    const others = rows.filter((row) => row.visit_id !== current.visit_id);
    const laterIds = new Set(items.slice(items.indexOf(current) + 1).map((row) => row.visit_id));
    const later = others.filter((row) => laterIds.has(row.visit_id));
    return [...later, ...others].find((row) => !isClaimedByOther(row, me)) ?? later[0] ?? others[0];
  };
  return { element: h("nav", { class: "queue", "aria-label": t("queue") }, heading, list), update, next };
}

const headingOf = (rows, more) => t(more ? "moreWaiting" : "waiting", { n: rows.length });

const claimLine = (row, me) => (isClaimedByOther(row, me) ? claimWords(row.claim) : "");

function itemOf(row, current, me, filters) {
  const { visit_id: id, location, checklist, submitted_at: since, flags } = row;
  const reasons = new Set(flags.map(({ code }) => t(`flag-${code}`)));
  return h(
    "li",
    { "data-visit": id },
    h(
      "a",
      { href: `${toVisit(id, filters)}#case`, "aria-current": id === current.visit_id && "true" },
      h("strong", { dir: "auto" }, location.name),
      h("span", { class: "quiet" }, ago(since)),
      h("span", { class: "quiet about", dir: "auto" }, [localize(checklist.title), ...reasons].join(" · ")),
      h("span", { class: "claim" }, claimLine(row, me)),
    ),
  );
}
