/** The links of a visit to the one before and the one after it at the same location, in the same period. */
import { dayName, h, t } from "../shared/page.js";
import { address } from "../staff/address.js";
import { onward } from "./filters.js";
import { visitQuery } from "./visit-table.js";

/** The most visits that are looked through. A location has fewer, unless the period is very long. */
const MOST_VISITS = 500;

/** Returns the links. They are filled once the page is shown, so that nothing waits for them. */
export function neighbours(visit, filters, read) {
  const links = h("nav", { class: "row neighbours", "aria-label": t("otherVisits") });
  const fill = ({ items }) => {
    const visits = items.toReversed();
    const index = visits.findIndex(({ id }) => id === visit.id);
    if (index < 0) return;
    links.replaceChildren(
      linkTo(visits[index - 1], "prev", "visitBefore", (day) => `← ${day}`),
      h("span", { class: "quiet" }, t("visitNumber", { n: index + 1, of: visits.length })),
      linkTo(visits[index + 1], "next", "visitAfter", (day) => `${day} →`),
    );
  };
  const query = visitQuery({ location_id: visit.location.id }, filters, MOST_VISITS);
  setTimeout(() => read(address("/visits", query)).then(fill, () => links.remove()));
  return links;
}

function linkTo(visit, rel, words, withArrow) {
  if (!visit) return "";
  const day = dayName(visit.day);
  const href = onward(`/dashboard/visits/${visit.id}`);
  return h("a", { href, rel, "aria-label": t(words, { day }) }, withArrow(day));
}
