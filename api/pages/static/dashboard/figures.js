/** Formats numbers, and creates the buttons that explain how each of them is calculated. */
import { h, locale, t } from "../shared/page.js";
import { load } from "./load.js";

const html = document.documentElement;
const NONE = "–";

/**
 * Returns a proportion as tenths of a per cent, rounded half up: 0.8765 → 877. The API returns at most six
 * decimals. In millionths, the proportion is therefore an integer, which rounds exactly.
 */
export const tenths = (proportion) =>
  Math.sign(proportion) * Math.floor((Math.abs(Math.round(proportion * 1e6)) + 500) / 1000);

// Formatted without Intl: the browser takes long to create its first number format, and tables wait for it.

/** Returns tenths with one decimal and without a sign: 877 → "87.7". */
const decimal = (tenths) => `${Math.floor(Math.abs(tenths) / 10)}${t("decimalMark")}${Math.abs(tenths) % 10}`;

/** Returns a proportion in per cent with one decimal: "87.7%". */
export const percent = (proportion) =>
  proportion == null ? NONE : t("percent", { n: decimal(tenths(proportion)) });

/** Returns a position on an axis in whole per cent: "50%". */
export const tick = (proportion) => t("percent", { n: Math.round(proportion * 100) });

/** Returns a difference of proportions in percentage points with its sign: "+3.1". */
export function points(difference) {
  if (difference == null) return NONE;
  const rounded = tenths(difference);
  return `${rounded > 0 ? "+" : rounded < 0 ? "−" : ""}${decimal(rounded)}`;
}

/** Returns an interval of proportions: "82.3–89.4%". */
export const range = (interval) =>
  interval ? `${decimal(tenths(interval.low))}–${percent(interval.high)}` : NONE;

/** Returns an interval of differences: "−1.2 to +7.4". */
export const pointsRange = (interval) =>
  interval ? t("fromTo", { low: points(interval.low), high: points(interval.high) }) : NONE;

/** Returns a count, with separators from 1,000 on. */
export const count = (number) =>
  Number.isInteger(number) && number < 1000 ? `${number}` : new Intl.NumberFormat(html.lang).format(number);

const dates = (options) => new Intl.DateTimeFormat(locale(), options);

/** Returns a month (YYYY-MM) in short: "Jan 26". */
export const monthName = (month) =>
  dates({ month: "short", year: "2-digit", timeZone: "UTC" }).format(new Date(`${month}-15`));

/**
 * Returns a number as a button that explains how it is calculated. `kind` names an explanation of
 * ``explain.js``, which is fetched with the first click, and `figures` are the numbers in it.
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

/** Returns a score as such a button. A score of too few visits is less prominent. */
export function score(figures, kind = "score") {
  return explained(percent(figures.score), kind, figures, {
    class: figures.indicative ? "number thin" : "number",
    "data-score": figures.score,
  });
}

/** Returns in a few words what a change between two periods shows. */
export function verdict({ change, visits, previous_visits: before }) {
  if (change.significant) return t(change.difference < 0 ? "fell" : "rose");
  if (change.difference == null) return t("nothingBefore");
  if (change.significant == null) return t("notComparable");
  if (visits < ENOUGH) return t("tooFewNow");
  return t(before < ENOUGH ? "tooFewBefore" : "mayBeChance");
}

/** Returns the change of a score since the previous period: its size, its interval and its verdict. */
export function changed(figures) {
  const { change } = figures;
  const kind = change.significant ? (change.difference < 0 ? "fell" : "rose") : "quiet";
  const element = h("span", { class: `verdict ${kind}` }, verdict(figures));
  if (change.difference == null) return element;
  return [
    explained(points(change.difference), "change", figures),
    " ",
    change.interval && h("span", { class: "quiet" }, pointsRange(change.interval)),
    " ",
    element,
  ];
}

/** A score of fewer visits is indicative. */
export const ENOUGH = 5;

/** The probability that a change looks clear by chance alone. */
const BY_CHANCE = 1 / 20;

/** Returns how many changes were tested, and how many of them would look clear by chance alone. */
export const byChance = (rows) => testedChanges(rows, "byChance", BY_CHANCE);

/** Returns the same for drops, which are half of the changes that look clear by chance. */
export const fallsByChance = (rows) => testedChanges(rows, "fallsByChance", BY_CHANCE / 2);

function testedChanges(rows, key, probability) {
  const { length } = rows.filter(
    (row) => row.change.significant != null && !row.indicative && row.previous_visits >= ENOUGH,
  );
  if (!length) return t("noneTested");
  const expected = Math.round(length * probability);
  return t(key, { n: count(length), expected: expected ? t("about", { n: expected }) : t("fewerThanOne") });
}
