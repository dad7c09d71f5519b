/**
 * Single keys that press what is on the page; they can be turned off, for whoever speaks to the computer or
 * mistypes.
 */
import { h, t } from "../shared/page.js";

/** Where a key is a letter of what is being written, or chooses from a list. */
const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable]";

/**
 * Returns the list of `keys` (each with its words and the selector of what it presses) with the switch, and
 * how to stop listening.
 */
export function shortcuts(keys) {
  const on = h("input", {
    type: "checkbox",
    id: "shortcuts",
    checked: localStorage.shortcuts !== "off",
    onchange: () => (localStorage.shortcuts = on.checked ? "on" : "off"),
  });
  const press = (event) => {
    const isOurs = on.checked && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    if (!isOurs || event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
    const found = keys.find(([key]) => key === event.key.toLowerCase());
    const pressed = found && document.querySelector(found[2]);
    if (!pressed) return;
    event.preventDefault();
    pressed.click();
  };
  document.addEventListener("keydown", press);
  const element = h(
    "section",
    { class: "shortcuts", "aria-labelledby": "shortcuts-title" },
    h("h2", { id: "shortcuts-title" }, t("keyboard")),
    h(
      "dl",
      {},
      keys.map(([key, words]) =>
        h("div", {}, h("dt", {}, h("kbd", {}, key.toUpperCase())), h("dd", {}, words)),
      ),
    ),
    h("label", { class: "switch" }, on, " ", t("shortcutsOn")),
  );
  return { element, stop: () => document.removeEventListener("keydown", press) };
}
