import { t } from "../shared/page.js";

/** Returns why a call failed, in words. A problem without a status is a lost connection. */
export const explainFailure = (problem) => (problem.status ? problem.detail : t("noSignal"));
