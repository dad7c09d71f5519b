/** The number of errors that prevent publishing, with links to what they belong to. */
import { h, t } from "../shared/page.js";
import { nameOf } from "./actions.js";
import { button } from "./controls.js";
import { findTarget } from "./document.js";
import { translated } from "../staff/api-words.js";

const MAX_SHOWN = 50;

/** Returns the summary as `{ element, draw }`. `onselect` is called with the target of an error. */
export function errorSummary(editing, onselect) {
  const words = h("summary", {});
  const list = h("ul", { class: "plain-list" });
  const element = h("details", { class: "errors", hidden: true }, words, list);
  let drawn = null;
  return {
    element,
    draw() {
      const errors = editing.errors.filter(({ target }) => findTarget(editing.document, target));
      element.hidden = !errors.length;
      if (editing.errors === drawn) return;
      drawn = editing.errors;
      words.textContent = t("errorsToCorrect", { n: errors.length });
      list.replaceChildren(
        ...errors.slice(0, MAX_SHOWN).map(({ target, detail }) => {
          const name =
            target.kind === "checklist" ? t("checklistSettings") : nameOf(editing.document, target);
          return h(
            "li",
            {},
            button(name, () => onselect(target), { class: "plain bare" }),
            " ",
            h("span", { class: "quiet" }, translated(detail)),
          );
        }),
      );
    },
  };
}
