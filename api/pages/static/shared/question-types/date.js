/** A date as YYYY-MM-DD. */
import { dayName } from "../page.js";
import { singleInput } from "./inputs.js";

const FIRST_DATE = "1900-01-01";
const LAST_DATE = "2100-12-31";

export const input = (question, field) =>
  singleInput(field, { type: "date", min: FIRST_DATE, max: LAST_DATE });

export const findError = (question, date) =>
  typeof date === "string" && date >= FIRST_DATE && date <= LAST_DATE && isDate(date) ? null : "date";

/** Returns whether a day exists. Some browsers read 30 February as 2 March. */
function isDate(text) {
  const date = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? text : NaN);
  return !Number.isNaN(+date) && date.toISOString().startsWith(text);
}

/** A draft may contain an invalid date, such as one with a year of five digits. */
export const show = (question, date) => (isDate(date) ? dayName(date) : `${date}`);
