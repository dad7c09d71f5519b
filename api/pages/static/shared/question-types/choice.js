/** One of several options, or several of them. The value is the key of an option, or a list of keys. */
import { localize } from "../page.js";
import { buttons } from "./inputs.js";

export const role = ({ multiple }) => (multiple ? "group" : "radiogroup");

export const answers = ({ options }) => options.map(({ key, label }) => [key, label]);

export const input = (question, field) =>
  buttons(field, answers(question), { isMultiple: question.multiple, isList: true });

export const value = ({ multiple }, keys) => (multiple ? keys : keys[0]);

export const isEmpty = ({ multiple }, keys) =>
  keys == null || (multiple && Array.isArray(keys) && !keys.length);

export function findError(question, keys) {
  if (Array.isArray(keys) !== Boolean(question.multiple)) return "value";
  const chosen = [keys].flat();
  const areOptions = chosen.every((key) => question.options.some((option) => option.key === key));
  return areOptions && new Set(chosen).size === chosen.length ? null : "value";
}

export const choices = ({ multiple }, keys) =>
  Array.isArray(keys) === Boolean(multiple) ? [keys].flat() : [];

/** The points of all chosen options together. */
export const points = ({ options }, keys) =>
  options
    .filter(({ key }) => [keys].flat().includes(key))
    .reduce((sum, option) => sum + (option.points ?? 0), 0);

export function pointsPossible({ multiple, options }) {
  const worths = options.map((option) => option.points ?? 0);
  return multiple ? worths.reduce((sum, worth) => sum + worth, 0) : Math.max(0, ...worths);
}

export const show = (question, keys) =>
  [keys]
    .flat()
    .map((key) => labelOf(question, key) || key)
    .join(", ");

/** Returns the label of an option, or an empty text if the question has no such option. */
export const labelOf = (question, key) =>
  localize(question?.options?.find((option) => option.key === key)?.label);
