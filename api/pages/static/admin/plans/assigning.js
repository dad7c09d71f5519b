/** The way from a plan to the page that assigns its visits. */
import { t } from "../../shared/page.js";
import { goTo } from "../../staff/frame.js";
import { count } from "../../staff/numbers.js";
import { announce, offerUndo } from "../../staff/undo.js";
import { beginDraft, keepDraft } from "../planning/draft.js";
import { daysLeft } from "./periods.js";

/** The API takes up to this many visits at a time. */
const MAX_VISITS = 1000;

/**
 * Opens the page that assigns visits, with those that are `wanted`: by the ID of the location, how many, and
 * from which day on. They are shared out over the days that are left of the period. More than can be assigned at
 * once are left for the next time.
 */
export async function assignSuggested(userId, { checklist, period, wanted, between = 0 }) {
  const taken = {};
  let left = MAX_VISITS;
  for (const [id, { visits, from = null }] of Object.entries(wanted)) {
    if (left === 0) break;
    taken[id] = { visits: Math.min(visits, left), from };
    left -= taken[id].visits;
  }
  const before = beginDraft(userId, { checklist, days: daysLeft(period), wanted: taken, between });
  await goTo("/dashboard/admin/assign");
  if (left === 0) announce(t("firstVisitsTaken", { n: count(MAX_VISITS) }));
  if (before) offerUndo(t("planReplaced"), () => keepDraft(userId, before));
}
