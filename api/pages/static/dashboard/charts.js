/**
 * Drawings of scores: every one on an axis from `axis.low` to `axis.high`, in SVG, which a strict policy lets
 * pass.
 */
import { fill, h, t } from "../shared/page.js";
import { monthName, percent, range, tick as tickName } from "./figures.js";

const NS = "http://www.w3.org/2000/svg";
const ROW = { width: 150, height: 20, margin: 6 };
const HALF_LABEL = 22;
const TREND = { width: 110, height: 28, margin: 4 };

/** Makes an element of a drawing, as `h` makes one of a page. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(NS, name);
  for (const key in attributes) if (attributes[key] != null) element.setAttribute(key, attributes[key]);
  return fill(element, children);
}

/**
 * Returns an axis on which all of these figures have room, with their intervals; its ends are whole tenths.
 */
export function axisOf(rows) {
  const lows = rows.map(({ interval, score }) => interval?.low ?? score).filter((low) => low != null);
  const low = Math.floor(Math.min(...lows, 0.9) * 10) / 10;
  return { low, high: 1, ticks: ticks(low) };
}

function ticks(low) {
  const step = low < 0.5 ? 0.25 : 0.1;
  return Array.from(
    { length: Math.floor((1 - low) / step + 1e-9) + 1 },
    (_, index) => 1 - index * step,
  ).reverse();
}

const short = (length) => Math.round(length * 10) / 10;
const along =
  ({ low, high }, start, end) =>
  (share) =>
    short(start + ((share - low) / (high - low)) * (end - start));

const drawing = ({ width, height }, words, ...parts) =>
  svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words }, parts);

function set(element, attributes) {
  for (const key in attributes) element.setAttribute(key, attributes[key]);
}

/** Of each axis a row without figures: a table copies it, which is faster than drawing it again. */
const emptyRows = new WeakMap();

function emptyRow(axis, x) {
  const middle = ROW.height / 2;
  if (!emptyRows.has(axis)) {
    emptyRows.set(
      axis,
      drawing(
        ROW,
        null,
        svg("path", { class: "tick", d: axis.ticks.map((tick) => `M${x(tick)} 0v${ROW.height}`).join("") }),
        svg("line", { class: "span", y1: middle, y2: middle }),
        svg("circle", { class: "dot", cy: middle, r: 4.5 }),
      ),
    );
  }
  return emptyRows.get(axis).cloneNode(true);
}

/** Draws a score as a dot on its 95 % interval. */
export function dot({ score, interval, indicative }, axis, extra) {
  if (score == null) return null;
  const x = along(axis, ROW.margin, ROW.width - ROW.margin);
  const element = emptyRow(axis, x);
  const [, line, circle] = element.children;
  set(element, {
    "aria-label": t("scoreAndInterval", { score: percent(score), interval: range(interval) }),
    ...(indicative && { class: "thin" }),
  });
  set(circle, { cx: x(score) });
  if (interval) set(line, { x1: x(interval.low), x2: x(interval.high) });
  else line.remove();
  if (extra?.score != null)
    circle.before(svg("circle", { class: "other", cx: x(extra.score), cy: ROW.height / 2, r: 4 }));
  return element;
}

/** Draws the axis that a column of dots shares: its ends, for the column's head. */
export function axisHead({ low, high }) {
  return h(
    "span",
    { class: "axis", "aria-hidden": "true" },
    h("span", {}, tickName(low)),
    h("span", {}, tickName(high)),
  );
}

let emptyTrend = null;

/** Draws the scores of a period's months, with gaps where nobody came. */
export function trend(scores, axis) {
  const step = (TREND.width - 2 * TREND.margin) / Math.max(1, scores.length - 1);
  const x = (index) => short(TREND.margin + index * step);
  const y = along(axis, TREND.height - TREND.margin, TREND.margin);
  const known = scores.filter((score) => score != null);
  if (!known.length) return null;
  emptyTrend ??= drawing(TREND, null, svg("path", { class: "line" }), svg("circle", { class: "dot", r: 3 }));
  const element = emptyTrend.cloneNode(true);
  const last = scores.findLastIndex((score) => score != null);
  set(element, {
    "aria-label": t("trendWords", {
      first: percent(known[0]),
      last: percent(known.at(-1)),
      n: known.length,
      of: scores.length,
    }),
  });
  set(element.firstChild, { d: path(scores, x, y) });
  set(element.lastChild, { cx: x(last), cy: y(scores[last]) });
  return element;
}

/** Returns the way through all scores that are there; one alone between two gaps is a short stroke. */
function path(scores, x, y) {
  return scores
    .map((score, index) => {
      if (score == null) return "";
      const begins = scores[index - 1] == null;
      const alone = begins && scores[index + 1] == null;
      return `${begins ? "M" : "L"}${x(index)} ${y(score)}${alone ? "h0.1" : ""}`;
    })
    .join("");
}

/**
 * Draws a place's months with their intervals, in so many pixels, for the eye that wants to see how sure each
 * is.
 */
export function months(rows, axis, width, height) {
  const size = { width, height };
  const box = { left: 44, right: width - 8, top: 8, bottom: height - 24 };
  const step = (box.right - box.left) / rows.length;
  const x = (index) => box.left + step * (index + 0.5);
  const y = along(axis, box.bottom, box.top);
  const every = Math.ceil(56 / step);
  const scores = rows.map((row) => row.score);
  return drawing(
    size,
    t("monthsWords", { n: scores.filter((score) => score != null).length }),
    axis.ticks.map((tick) => [
      svg("line", { class: "tick", x1: box.left, x2: box.right, y1: y(tick), y2: y(tick) }),
      svg("text", { x: box.left - 6, y: y(tick), dy: "0.35em", "text-anchor": "end" }, tickName(tick)),
    ]),
    rows.map(
      (row, index) =>
        (rows.length - 1 - index) % every === 0 &&
        svg(
          "text",
          { x: Math.min(x(index), width - HALF_LABEL), y: height - 6, "text-anchor": "middle" },
          monthName(row.month),
        ),
    ),
    svg("path", { class: "line", d: path(scores, x, y) }),
    rows.map(
      (row, index) =>
        row.score != null &&
        svg(
          "g",
          { class: row.indicative ? "thin" : null },
          svg(
            "title",
            {},
            t("monthWords", {
              month: monthName(row.month),
              score: percent(row.score),
              interval: range(row.interval),
              n: row.visits,
            }),
          ),
          svg("line", {
            class: "span",
            x1: x(index),
            x2: x(index),
            y1: y(row.interval.low),
            y2: y(row.interval.high),
          }),
          svg("circle", { class: "dot", cx: x(index), cy: y(row.score), r: 4 }),
        ),
    ),
  );
}
