/** A dialog with a heading. */
import { h } from "../shared/page.js";

/** Opens a dialog, and returns it for its content to be added. `closed` is called once it is closed. */
export function openDialog(heading, closed = () => {}) {
  const dialog = h(
    "dialog",
    { "aria-labelledby": "dialog-heading", onclose: () => (dialog.remove(), closed()) },
    h("h2", { id: "dialog-heading", dir: "auto" }, heading),
  );
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
