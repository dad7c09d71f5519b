/** The words of planning, and how it writes days. */
import { loadMoreWords, locale } from "../../shared/page.js";

await loadMoreWords((language) => import(`../words/planning/${language}.js`));

let format = null;

/** Returns days as people of this language write them: "1–31 Dec 2026". */
export function daysText({ from, to }) {
  format ??= new Intl.DateTimeFormat(locale(), {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
  return from > to
    ? `${format.format(new Date(from))} – ${format.format(new Date(to))}`
    : format.formatRange(new Date(from), new Date(to));
}

/** Returns a day as people of this language write it. */
export const dayText = (day) => daysText({ from: day, to: day });
