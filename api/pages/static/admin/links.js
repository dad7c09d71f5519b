/** The addresses of the administration. */
import { t } from "../shared/page.js";

export const ROOT = "/dashboard/admin";
/** The key of a checklist in a path, as the parameter `key` of a screen. */
export const KEY = "(?<key>[a-z0-9][a-z0-9_-]*)";
/** The path of the editor of a checklist below `ROOT`, which is a page of its own. */
export const EDITOR = `/checklists/${KEY}`;
/** The areas of the administration, in the order of the bar. */
const AREAS = [
  "people",
  "places",
  "checklists",
  "plan",
  "assign",
  "visits",
  "targets",
  "api",
  "webhooks",
  "audit",
  "settings",
];

/** Returns the links of the bar. Only administrators have those of the areas. */
export function adminLinks({ role }) {
  const areas = AREAS.map((area) => [`${ROOT}/${area}`, t(`page-${area}`)]);
  const scores = ["/dashboard", t("page-scores")];
  return role === "admin" ? [[ROOT, t("page-start")], ...areas, scores] : [scores];
}
