/** A dialog with a title and a button that closes it. */
import { h, t } from "../shared/page.js";
import { button } from "./controls.js";

/** Opens a dialog, and returns it. Its content may be replaced. */
export function openDialog(title, content) {
  const dialog = h(
    "dialog",
    { class: "editor-dialog", "aria-labelledby": "dialog-title", onclose: () => dialog.remove() },
    h("h2", { id: "dialog-title" }, title),
    content,
    h(
      "p",
      {},
      button(t("close"), () => dialog.close()),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
