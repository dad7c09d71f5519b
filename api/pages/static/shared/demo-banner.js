/** The banner on every page of an organization whose name says that it contains demo data. */
import { h, t } from "./page.js";

/** How the name of the demo organization ends: see `api/services/demo/filling.py`. */
const DEMO_SUFFIX = "(demo data)";
const ID = "demo-banner";

/** Shows the banner if the organization with this name is a demo, and removes it otherwise. */
export function showDemoBanner(organizationName) {
  const banner = document.getElementById(ID);
  if (!organizationName?.endsWith(DEMO_SUFFIX)) return banner?.remove();
  if (banner) return undefined;
  const element = h("aside", { id: ID, "aria-label": t("demoData") }, t("demoBanner"));
  return document.getElementById("screen").before(element);
}
