/** What must be added before a page is of use. */
import { h, t } from "../shared/page.js";

/** Returns links to the areas in which something is missing: "places", "people" and "checklists". */
export const firstSteps = (areas, heading) =>
  h(
    "div",
    { class: "empty" },
    h("p", {}, heading),
    areas.map((area) => h("p", {}, h("a", { href: `/dashboard/admin/${area}` }, t(`missing-${area}`)))),
  );
