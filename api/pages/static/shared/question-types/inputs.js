/** Native inputs for several question types. */
import { h, textElement } from "../page.js";

/**
 * Returns large buttons with native radios, or checkboxes if several answers can be chosen. Their content is
 * the list of chosen keys.
 * @param {any[][]} choices keys with their labels
 */
export function buttons(field, choices, { isMultiple = false, isList = false } = {}) {
  const type = isMultiple ? "checkbox" : "radio";
  const enter = () => field.enter(inputs.filter(({ checked }) => checked).map(({ value }) => value));
  const options = choices.map(([key, label]) => option(type, field.id, key, label, enter));
  const inputs = options.map((element) => element.querySelector("input"));
  return {
    element: h("div", { class: isList ? "options list" : "options" }, options),
    redraw() {
      const keys = [field.answer().value ?? []].flat().map(String);
      for (const input of inputs) input.checked = keys.includes(input.value);
    },
  };
}

/** Returns one large button: a label around a native radio or checkbox. */
export const option = (type, name, value, label, onchange) =>
  h(
    "label",
    { class: "option" },
    h("input", { type, name, value, onchange }),
    textElement("span", {}, label),
  );

/** Returns a single native input with these attributes. Its content is its text. */
export function singleInput(field, attributes = {}, unit = null) {
  const oninput = () => field.enter(input.value);
  const input = h("input", { ...attributes, id: `${field.id}-input`, ...field.labels, oninput });
  return {
    element: h("div", { class: "row" }, input, unit && textElement("span", { class: "quiet" }, unit)),
    redraw: () => refill(input, field.answer().value),
  };
}

/** Shows a value in an input, except while the shopper is typing there. */
export function refill(input, value) {
  if (input.matches(":focus") && (value != null || input.validity.badInput)) return;
  input.value = value ?? "";
}
