/** The keys that work on every page for staff. */
import { recallSetting } from "../shared/page.js";
import { undoLatest } from "./undo.js";

/** Elements in which a key is part of a text, and Ctrl+Z takes back typing. */
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

/**
 * Handles a key: `/` moves to the search field, Ctrl+S saves the form that has the focus or comes first, and
 * Ctrl+Z takes back the latest action. `/` is one of the keys that a user can turn off: see `shortcuts.js`.
 */
export function handleKey(event) {
  if (event.defaultPrevented || event.repeat || document.querySelector("dialog[open]")) return;
  const isTyping = event.target.closest?.(TYPING);
  const withControl = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  const key = event.key.toLowerCase();
  let isHandled = false;
  if (withControl && key === "s") isHandled = save(event.target);
  else if (withControl && key === "z" && !isTyping) isHandled = undoLatest();
  else if (key === "/" && !isTyping && !withControl && recallSetting("shortcuts") !== "off")
    isHandled = focusSearch();
  if (isHandled) event.preventDefault();
}

function save(target) {
  const form = target.closest?.("form.edit") ?? document.querySelector("main form.edit");
  form?.requestSubmit();
  return Boolean(form);
}

function focusSearch() {
  const field = document.querySelector("main input[type=search]");
  field?.focus();
  return Boolean(field);
}
