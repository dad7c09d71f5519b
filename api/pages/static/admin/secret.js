/** A secret that the API returns only once, with buttons to copy it. */
import { h, t } from "../shared/page.js";
import { copyText } from "../staff/copying.js";

/**
 * Shows a new secret in place of the content of a screen. `values` are the values to store, each as its name and
 * text; the last one is the secret. `back` is the address to continue at.
 * @param {HTMLElement} content
 * @param {{ title: string, values: [label: string, text: string][], back: string }} options
 */
export function showSecret(content, { title, values, back }) {
  const heading = h("h2", { tabindex: -1, dir: "auto" }, title);
  const secret = values.at(-1);
  content.replaceChildren(
    h(
      "section",
      { class: "card secret", "aria-live": "polite" },
      heading,
      h("p", {}, t("secretOnce")),
      h(
        "dl",
        {},
        values.map((value) => [
          h("dt", {}, value[0]),
          h("dd", {}, copiable(...value, value === secret && "secret-once")),
        ]),
      ),
      h("p", {}, h("a", { class: "primary", href: back }, t("secretStored"))),
    ),
  );
  heading.focus();
}

function copiable(label, text, hook) {
  const code = h("code", { dir: "ltr", tabindex: 0, "aria-label": label, "data-testid": hook }, text);
  const copy = () => copyText(text, code);
  return [
    code,
    h(
      "button",
      { type: "button", class: "plain", "aria-label": `${t("copy")}: ${label}`, onclick: copy },
      t("copy"),
    ),
  ];
}
