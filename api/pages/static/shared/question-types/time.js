/** A time of day as HH:MM, by the clock of the store. */
import { t } from "../page.js";
import { singleInput } from "./inputs.js";

export const input = (question, field) => singleInput(field, { type: "time" });

export const findError = (question, time) =>
  typeof time === "string" && /^([01]\d|2[0-3]):[0-5]\d$/.test(time) ? null : "time";

/** Managers get the part of the day instead of the time. */
export const show = (question, time) => (/^[a-z]/.test(time) ? t(`part-${time}`) : time);
