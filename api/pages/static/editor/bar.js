/** The bar of the editor: whether everything is saved, and what concerns the whole draft. */
import { h, t } from "../shared/page.js";
import { button } from "./controls.js";
import { languagesDialog } from "./languages-dialog.js";
import { revisionsDialog } from "./revisions.js";

/** Returns the bar as `{ element, draw, showState }`. */
export function bar(editing, key) {
  const state = h("span", { "data-testid": "save-state", "data-state": "saved", role: "status" }, t("saved"));
  const undo = button(t("undo"), () => editing.undo(), { title: "Ctrl+Z" });
  const redo = button(t("redo"), () => editing.redo(), { title: "Ctrl+Shift+Z" });
  const publish = h(
    "a",
    { class: "primary", href: `/dashboard/admin/checklists/${key}/publish`, "data-testid": "publish" },
    t("publish"),
  );
  return {
    element: h(
      "div",
      { class: "editor-bar row" },
      state,
      undo,
      redo,
      button(t("languages"), () => languagesDialog(editing)),
      button(t("revisions"), () => revisionsDialog(editing, key)),
      publish,
    ),
    draw() {
      undo.disabled = !editing.canUndo;
      redo.disabled = !editing.canRedo;
    },
    showState(name, problem) {
      const reason = problem?.status ? problem.detail : null;
      const words = name === "offline" && reason ? t("state-rejected", { reason }) : t(`state-${name}`);
      state.dataset.state = name;
      if (state.textContent !== words) state.textContent = words;
    },
  };
}
