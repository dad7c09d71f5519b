/** Creates the buttons that explain how a number is calculated, and describes changes in words. */
import { h, locale, t } from "../shared/page.js";
import { count, percent, points, pointsRange } from "../staff/numbers.js";
import { loadModule } from "../staff/load.js";

const dates = (options) => new Intl.DateTimeFormat(locale(), options);

/** Returns a month (YYYY-MM) in short: "Jan 26". */
export const monthName = (month) =>
  dates({ month: "short", year: "2-digit", timeZone: "UTC" }).format(new Date(`${month}-15`));

/**
 * Returns a month of the API in short, or several: "Jan 26", "Aug–Oct 26", "Nov 25–Jan 26".
 * @param {{ month?: string, from?: string, to?: string }} period
 */
export function periodName({ month, from = month, to = month }) {
  if (from === to) return monthName(to);
  const isSameYear = from.slice(0, 4) === to.slice(0, 4);
  return `${isSameYear ? shortMonth(from) : monthName(from)}–${monthName(to)}`;
}

const shortMonth = (month) => dates({ month: "short", timeZone: "UTC" }).format(new Date(`${month}-15`));

/**
 * Returns a number as a button that explains how it is calculated. `kind` names an explanation of
 * ``explain.js``, which is fetched with the first click, and `figures` are the numbers in it.
 */
export function explained(text, kind, figures, attributes = {}) {
  const open = async () => (await loadModule(() => import("./explain.js"))).explain(button, kind, figures);
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
export function changeWords({ change, visits, previous_visits: before }) {
  if (change.significant) return t(change.difference < 0 ? "fell" : "rose");
  if (change.difference == null) return t("nothingBefore");
  if (change.significant == null) return t("notComparable");
  if (visits < ENOUGH) return t("tooFewNow");
  return t(before < ENOUGH ? "tooFewBefore" : "mayBeChance");
}

/** Returns the change of a score since the previous period: its size, its interval and whether it is clear. */
export function changed(figures) {
  const { change } = figures;
  const kind = change.significant ? (change.difference < 0 ? "fell" : "rose") : "quiet";
  const element = h("span", { class: `tested ${kind}` }, changeWords(figures));
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
export function byChance(rows) {
  const { length } = rows.filter(
    (row) => row.change.significant != null && !row.indicative && row.previous_visits >= ENOUGH,
  );
  return length ? expectedByChance("byChance", length, BY_CHANCE) : t("noneTested");
}

/** Returns how many of `n` claims are expected by chance alone. `key` names the words. */
export function expectedByChance(key, n, probability) {
  const expected = Math.round(n * probability);
  return t(key, { n: count(n), expected: expected ? t("about", { n: expected }) : t("fewerThanOne") });
}
