/** How numbers are written, and the buttons that say how each of them is made. */
import { h, region, t } from "../shared/page.js";
import { load } from "./load.js";

const html = document.documentElement;
const NONE = "–";

/**
 * Returns a share as tenths of a per cent, a whole number, half up: 0.8765 → 877. The API gives six decimals
 * at most, so as millionths it is a whole number, which rounds exactly.
 */
export const tenths = (share) =>
  Math.sign(share) * Math.floor((Math.abs(Math.round(share * 1e6)) + 500) / 1000);

// Written by hand: the browser takes long to make its first number format, and a table waits for it.

/** Returns whole tenths with one decimal, without a sign: 877 → "87.7". */
const decimal = (tenths) => `${Math.floor(Math.abs(tenths) / 10)}${t("decimalMark")}${Math.abs(tenths) % 10}`;

/** Returns a share in per cent with one decimal: "87.7%". */
export const percent = (share) => (share == null ? NONE : t("percent", { n: decimal(tenths(share)) }));

/** Returns a share of an axis in whole per cent: "50%". */
export const tick = (share) => t("percent", { n: Math.round(share * 100) });

/** Returns a difference of shares in percentage points with its sign: "+3.1". */
export function points(difference) {
  if (difference == null) return NONE;
  const rounded = tenths(difference);
  return `${rounded > 0 ? "+" : rounded < 0 ? "−" : ""}${decimal(rounded)}`;
}

/** Returns an interval of shares: "82.3–89.4%". */
export const range = (interval) =>
  interval ? `${decimal(tenths(interval.low))}–${percent(interval.high)}` : NONE;

/** Returns an interval of differences: "−1.2 to +7.4". */
export const pointsRange = (interval) =>
  interval ? t("fromTo", { low: points(interval.low), high: points(interval.high) }) : NONE;

/** Returns a number of things, in groups of digits where it is long. */
export const count = (number) =>
  Number.isInteger(number) && number < 1000 ? `${number}` : new Intl.NumberFormat(html.lang).format(number);

const dates = (options) => new Intl.DateTimeFormat(region(), options);

/** Returns a month, given as YYYY-MM, in short: "Jan 26". */
export const monthName = (month) =>
  dates({ month: "short", year: "2-digit", timeZone: "UTC" }).format(new Date(`${month}-15`));

/** Returns a day, given as YYYY-MM-DD: "3 Jan 2026". */
export const dayName = (day) =>
  dates({ day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(new Date(day));

/** Returns a moment by the reader's own clock. */
export const clock = (time) => dates({ dateStyle: "medium", timeStyle: "short" }).format(time);

/**
 * Returns a number as a button that says how it is made: `kind` names an explanation of ``explain.js``, which
 * is fetched when somebody asks, and `figures` are what it is about.
 */
export function explained(text, kind, figures, attributes = {}) {
  const open = async () => (await load("explain.js")).explain(button, kind, figures);
  const button = h(
    "button",
    { type: "button", class: "number", "aria-haspopup": "dialog", onclick: open, ...attributes },
    text,
  );
  return button;
}

/** Returns a score as such a button; too few visits are said in words. */
export function score(figures, kind = "score") {
  return explained(percent(figures.score), kind, figures, {
    class: figures.indicative ? "number thin" : "number",
    "data-score": figures.score,
  });
}

/** Says in a word or two what a change between two periods proves. */
export function verdict({ change, visits, previous_visits: before }) {
  if (change.significant) return t(change.difference < 0 ? "fell" : "rose");
  if (change.difference == null) return t("nothingBefore");
  if (change.significant == null) return t("notComparable");
  if (visits < ENOUGH) return t("tooFewNow");
  return t(before < ENOUGH ? "tooFewBefore" : "mayBeChance");
}

/** Returns how a score moved since the period before: by how much, how sure that is, and what it proves. */
export function changed(figures) {
  const { change } = figures;
  const proved = change.significant ? (change.difference < 0 ? "fell" : "rose") : "quiet";
  const words = h("span", { class: `verdict ${proved}` }, verdict(figures));
  if (change.difference == null) return words;
  return [
    explained(points(change.difference), "change", figures),
    " ",
    change.interval && h("span", { class: "quiet" }, pointsRange(change.interval)),
    " ",
    words,
  ];
}

/** With fewer visits, the API calls a score indicative. */
export const ENOUGH = 5;

/** How often chance alone makes a change look beyond it. */
const BY_CHANCE = 1 / 20;

/**
 * Says how many of these changes could be judged, and how many of them chance alone would make look beyond
 * it.
 */
export const byChance = (rows) => judged(rows, "byChance", BY_CHANCE);

/** Says the same of the falls among them, which are half of what chance makes. */
export const fallsByChance = (rows) => judged(rows, "fallsByChance", BY_CHANCE / 2);

function judged(rows, words, share) {
  const { length } = rows.filter(
    (row) => row.change.significant != null && !row.indicative && row.previous_visits >= ENOUGH,
  );
  return length ? t(words, { n: count(length), chance: Math.round(length * share) }) : t("noneJudged");
}
