/** What became of a visit, in words. Shoppers never see points. */
import { dayName, h, hasWords, t } from "../shared/page.js";

/** Returns whether a visit is in a status of which the shopper reads. */
export const hasOutcome = (visit) => hasWords(`outcome-${visit?.status}`);

/** Returns what became of a visit, the day on which it was made, and what the reviewer wrote about it. */
export function outcomeOf({ status, day, message_to_shopper: message }) {
  return [
    h(
      "span",
      { class: "outcome-words", "data-outcome": status },
      h("strong", {}, t(`outcome-${status}`)),
      dayOf(day),
    ),
    message && h("span", { dir: "auto", class: "quote" }, message),
  ].filter(Boolean);
}

/** Returns a day as it follows an outcome. */
export const dayOf = (day) => h("span", { class: "quiet" }, ` · ${dayName(day)}`);
