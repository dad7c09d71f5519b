/** An answer in the shopper's own words. */
import { h } from "../page.js";
import { refill } from "./inputs.js";

const MAX_CHARACTERS = 10_000;

/** Returns whether a text has nothing but white space, as Python on the server defines it. */
// eslint-disable-next-line no-control-regex
export const isBlank = (text) => /^(?:[^\S\ufeff]|[\x1c-\x1f\x85])*$/.test(text ?? "");

/** Returns whether a text has too many characters. An emoji is one character, as on the server. */
export const isTooLong = (text) => text?.length > MAX_CHARACTERS && [...text].length > MAX_CHARACTERS;

export const hasClearButton = false;

export const isFreeText = true;

export function input(question, field) {
  const attributes = { id: `${field.id}-input`, rows: 4, dir: "auto" };
  const area = h("textarea", { ...attributes, ...field.labels, oninput: () => field.enter(area.value) });
  return {
    element: area,
    redraw: () => !area.matches(":focus") && refill(area, field.answer().value),
  };
}

export const value = (question, text) => (isBlank(text) ? null : text);

export function findError(question, text) {
  if (typeof text !== "string" || isBlank(text)) return "value";
  return isTooLong(text) ? "text" : null;
}
