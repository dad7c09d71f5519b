/** A number, with or without a unit. */
import { formatNumber, localize } from "../page.js";
import { singleInput } from "./inputs.js";

/** Beyond this, programs no longer read the same number. */
const MAX_NUMBER = 2 ** 53;

export const input = ({ unit }, field) =>
  singleInput(field, { type: "number", step: "any", inputmode: "decimal" }, unit);

/** The text of an incomplete number, such as a lone minus, is empty. */
export const value = (question, text) => (text === "" ? null : Number(text));

export const findError = (question, number) =>
  Number.isFinite(number) && Math.abs(number) <= MAX_NUMBER ? null : "number";

export const show = ({ unit }, number) => [formatNumber(number), localize(unit)].filter(Boolean).join(" ");
