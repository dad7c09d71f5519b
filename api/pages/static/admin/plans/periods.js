/** The periods that visits are planned for: months, quarters, half-years and years of the calendar. */
import { locale } from "../../shared/page.js";

/**
 * Each with its length in months, and how many periods after the current one it is.
 * @type {[kind: string, length: number, ahead: number][]}
 */
const CHOICES = [
  ["month", 1, 0],
  ["month", 1, 1],
  ["quarter", 3, 0],
  ["quarter", 3, 1],
  ["half", 6, 0],
  ["half", 6, 1],
  ["year", 12, 0],
  ["year", 12, 1],
];
/** The period that a plan opens with: the current half-year, because the dashboard opens with six months. */
const OPENING = 4;

let format = null;

/** Returns the periods to choose from, on a day: their `name`, their months, and whether a plan opens with them. */
export function periodsOn(day) {
  const current = day.getUTCFullYear() * 12 + day.getUTCMonth();
  return CHOICES.map(([kind, length, ahead], index) => {
    const first = current - (current % length) + length * ahead;
    return {
      name: `${ahead ? "next" : "this"}-${kind}`,
      from: monthOf(first),
      to: monthOf(first + length - 1),
      isFirst: index === OPENING,
    };
  });
}

const monthOf = (number) =>
  `${String(Math.floor(number / 12)).padStart(4, "0")}-${String((number % 12) + 1).padStart(2, "0")}`;

/** Returns months as people of this language write them: "Oct – Dec 2026". */
export function monthsText({ from, to }) {
  format ??= new Intl.DateTimeFormat(locale(), { month: "short", year: "numeric", timeZone: "UTC" });
  return format.formatRange(new Date(`${from}-01`), new Date(`${to}-01`));
}

/** Returns the days of a period that are left for new visits: from tomorrow on. Null if none is. */
export function daysLeft({ from, to }) {
  const tomorrow = new Date(Date.now() + 24 * 3600 * 1000).toISOString().slice(0, 10);
  const first = `${from}-01`;
  const [year, month] = to.split("-").map(Number);
  const last = new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
  const begin = first > tomorrow ? first : tomorrow;
  return begin <= last ? { from: begin, to: last } : null;
}
