import { t } from "../../shared/page.js";

/** What to do next. */
export default async function () {
  return { title: t("page-start"), content: [] };
}
