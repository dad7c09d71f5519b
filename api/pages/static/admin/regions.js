/** The regions that limit an API client or a webhook. */
import { h, t } from "../shared/page.js";

/**
 * Returns the field of a form to choose regions, by the name `region_ids`.
 * @returns {import("../staff/form.js").Field}
 */
export const regionsField = (regions, value, hint) => ({
  name: "region_ids",
  label: t("regionsOnly"),
  hint,
  type: "checkboxes",
  options: regions.map(({ id, name }) => [id, name]),
  value,
  attributes: { class: "scrolling" },
});

/** Returns the names of regions, or that there is no limit. */
export function regionsText(ids, regions) {
  if (!ids.length) return t("allRegions");
  const names = new Map(regions.map(({ id, name }) => [id, name]));
  return h("span", { dir: "auto" }, ids.map((id) => names.get(id) ?? "–").join(", "));
}
