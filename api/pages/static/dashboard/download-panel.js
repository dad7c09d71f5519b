import { h, t } from "../shared/page.js";
import { loadModule } from "../staff/load.js";

/**
 * Returns a panel to download the scores of a page, and the visits and answers behind them, as a file. Its
 * options are those of `downloadForm` in downloads.js, which is fetched when the panel is opened.
 */
export function downloadPanel(options) {
  const content = h("div");
  async function open() {
    if (!panel.open || content.firstChild) return;
    const { downloadForm } = await loadModule(() => import("./downloads.js"));
    if (!content.firstChild) content.append(downloadForm(options));
  }
  const panel = h(
    "details",
    { class: "data", "data-testid": "downloads", ontoggle: open },
    h("summary", {}, t("download")),
    content,
  );
  return panel;
}
