/**
 * Single-key shortcuts for the controls on the page. They can be turned off, because people who use speech
 * input may trigger them by accident (WCAG 2.1.4).
 */
import { h, recallSetting, saveSetting, t } from "../shared/page.js";

/** Elements in which a key is part of a text or selects an option. */
const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable]";

/**
 * Returns the list of shortcuts with their switch, and `stop`, which stops listening. Each of `keys` is
 * `[key, label, selector]`, with the selector of the control that the key activates.
 */
export function shortcuts(keys) {
  const checkbox = h("input", {
    type: "checkbox",
    id: "shortcuts",
    checked: recallSetting("shortcuts") !== "off",
    onchange: () => saveSetting("shortcuts", checkbox.checked ? "on" : "off"),
  });
  const onKeyDown = (event) => {
    const isShortcut = checkbox.checked && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    if (!isShortcut || event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
    const shortcut = keys.find(([key]) => key === event.key.toLowerCase());
    const control = shortcut && document.querySelector(shortcut[2]);
    if (!control) return;
    event.preventDefault();
    control.click();
  };
  document.addEventListener("keydown", onKeyDown);
  const element = h(
    "section",
    { class: "shortcuts", "aria-labelledby": "shortcuts-title" },
    h("h2", { id: "shortcuts-title" }, t("keyboard")),
    h(
      "dl",
      {},
      keys.map(([key, label]) =>
        h("div", {}, h("dt", {}, h("kbd", {}, key.toUpperCase())), h("dd", {}, label)),
      ),
    ),
    h("label", { class: "switch" }, checkbox, " ", t("shortcutsOn")),
  );
  return { element, stop: () => document.removeEventListener("keydown", onKeyDown) };
}
