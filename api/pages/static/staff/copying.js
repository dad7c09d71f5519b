import { t } from "../shared/page.js";
import { announce } from "./undo.js";

/** Copies a text that `element` shows. Where the browser does not allow that, marks it to copy with the keyboard. */
export async function copyText(text, element) {
  try {
    await navigator.clipboard.writeText(text);
    announce(t("copied"));
  } catch {
    // Browsers copy only over https.
    getSelection().selectAllChildren(element);
  }
}
