/** The briefing: what the shopper reads before the first question of a visit. */
import { h, localize, t } from "../shared/page.js";
import { account } from "./account.js";

/** Returns whether the shopper has to read the briefing before they go on. `row` is the draft, if there is one. */
export function isBriefingUnread(checklist, row) {
  const briefing = account()?.briefing;
  return (
    Boolean(briefing) && checklist.channel !== "self_check" && row?.briefing_version !== briefing.version
  );
}

/** Returns the briefing with a button to confirm it, after which `redraw` shows the questions. */
export function briefingBody({ draft, bar, isOurs, redraw }) {
  const { version, text } = account().briefing;
  bar.clearProgress();
  const confirm = async () => {
    await draft.setRow({ briefing_version: version });
    redraw();
    scrollTo(0, 0);
    /** @type {HTMLElement | null} */
    const first = document.querySelector("[data-question]");
    first?.focus({ preventScroll: true });
  };
  const paragraphs = localize(text)
    .split(/\n+/)
    .filter((line) => line.trim());
  return [
    h(
      "section",
      { class: "briefing", "data-testid": "briefing", "aria-labelledby": "briefing" },
      h("h2", { id: "briefing" }, t("briefing")),
      paragraphs.map((line) => h("p", { dir: "auto" }, line)),
      h(
        "p",
        {},
        h("button", { type: "button", class: "primary", disabled: !isOurs, onclick: confirm }, t("haveRead")),
      ),
    ),
  ];
}
