import { h, loadMoreWords, t } from "../../shared/page.js";
import { address } from "../../staff/address.js";
import { common, filterBar, onward, scoreQuery } from "../filters.js";
import { score } from "../figures.js";
import { locationMap, positionsOf } from "../map.js";
import { chartWidth } from "../report.js";
import { verdictOf, verdictOrder } from "../verdict.js";

/** All locations on a map, and beside it as a list, those that are clearly below first. */
export default async function ({ filters, readAll }) {
  await loadMoreWords((language) => import(`../words/places/${language}.js`));
  const shared = common(filters);
  const [rows, positions] = await Promise.all([
    readAll(address("/scores", scoreQuery("region-stores", shared))),
    positionsOf(filters.region_id, readAll),
  ]);
  return {
    title: t("page-map"),
    content: [
      h("p", { class: "quiet" }, t("mapWords")),
      filterBar(filters, readAll),
      rows.length
        ? h(
            "div",
            { class: "map-and-list" },
            h("div", {}, locationMap(rows, positions, Math.min(760, chartWidth()), 520)),
            list(rows, positions),
          )
        : h("p", { class: "empty" }, t("noLocations")),
    ],
  };
}

/** Returns the locations as a list. The mark of one that has the pointer or the focus stands out on the map. */
function list(rows, positions) {
  const sorted = rows.toSorted(
    (one, other) => verdictOrder(one.verdict) - verdictOrder(other.verdict) || one.score - other.score,
  );
  const point = ({ target, type }) => {
    const id = target.closest("li")?.dataset.location;
    document
      .querySelector(`.map [data-location="${id}"]`)
      ?.classList.toggle("lit", type === "focusin" || type === "pointerover");
  };
  return h(
    "ul",
    {
      class: "plain-list places",
      onpointerover: point,
      onpointerout: point,
      onfocusin: point,
      onfocusout: point,
    },
    sorted.map((row) =>
      h(
        "li",
        { "data-location": row.location.id },
        h("a", { href: onward(`/dashboard/locations/${row.location.id}`), dir: "auto" }, row.location.name),
        score(row),
        verdictOf(row),
        positions.get(row.location.id)?.latitude == null && h("span", { class: "quiet" }, t("noPosition")),
      ),
    ),
  );
}
