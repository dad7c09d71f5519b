import { t } from "../shared/page.js";

/** Returns why a call failed, in words. A problem without a status is a lost connection. */
export function explainFailure({ status, detail }) {
  if (status === 503) return t("busy");
  return status ? detail : t("noSignal");
}
