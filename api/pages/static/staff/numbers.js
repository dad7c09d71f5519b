/** Formats counts, proportions and their differences. */
import { t } from "../shared/page.js";

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
