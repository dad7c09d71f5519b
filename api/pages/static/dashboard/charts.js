/** Charts of scores, in SVG. Each has an axis from `axis.low` to `axis.high`. */
import { h, t } from "../shared/page.js";
import { percent, range, tick as tickName } from "../staff/numbers.js";
import { svg } from "../staff/svg.js";
import { periodName } from "./figures.js";
import { runningMonth } from "./filters.js";

const ROW = { width: 150, height: 20, margin: 6 };
const LABEL_WIDTH = 56;
const HALF_LABEL = 22;
const TREND = { width: 110, height: 28, margin: 4 };
/** The height of the line that says which month has not ended, below the names of the months. */
const SO_FAR_HEIGHT = 14;

/** Returns an axis for all of these scores with their intervals. Its ends are whole tenths. */
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

const round = (length) => Math.round(length * 10) / 10;
/** Returns a function from a score to its position, in pixels. */
const scale =
  ({ low, high }, start, end) =>
  (score) =>
    round(start + ((score - low) / (high - low)) * (end - start));

const chart = ({ width, height }, label, ...children) =>
  svg(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    children,
  );

function setAttributes(element, attributes) {
  for (const key in attributes) element.setAttribute(key, attributes[key]);
}

/** For each axis, a dot chart without figures. Copying it is faster than creating it for each row. */
const emptyRows = new WeakMap();

function emptyRow(axis, x) {
  const middle = ROW.height / 2;
  if (!emptyRows.has(axis)) {
    emptyRows.set(
      axis,
      chart(
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

/** Returns a score as a dot on its 95 % interval. `other` is a second score, shown as a ring. */
export function dot({ score, interval, indicative }, axis, other) {
  if (score == null) return null;
  const x = scale(axis, ROW.margin, ROW.width - ROW.margin);
  const element = emptyRow(axis, x);
  const [, line, circle] = element.children;
  setAttributes(element, {
    "aria-label": t("scoreAndInterval", { score: percent(score), interval: range(interval) }),
    ...(indicative && { class: "thin" }),
  });
  setAttributes(circle, { cx: x(score) });
  if (interval) setAttributes(line, { x1: x(interval.low), x2: x(interval.high) });
  else line.remove();
  if (other?.score != null)
    circle.before(svg("circle", { class: "other", cx: x(other.score), cy: ROW.height / 2, r: 4 }));
  return element;
}

/** Returns the ends of the axis that a column of dots shares, for the head of the column. */
export function axisHead({ low, high }) {
  return h(
    "span",
    { class: "axis", "aria-hidden": "true" },
    h("span", {}, tickName(low)),
    h("span", {}, tickName(high)),
  );
}

let emptyTrend = null;

/**
 * Returns a line through the scores of months, with gaps for months without visits. `scoreByMonth` has them by
 * `YYYY-MM`. The last dot is hollow if its month has not ended.
 */
export function trend(scoreByMonth, axis) {
  const months = Object.keys(scoreByMonth);
  const scores = Object.values(scoreByMonth);
  const step = (TREND.width - 2 * TREND.margin) / Math.max(1, scores.length - 1);
  const x = (index) => round(TREND.margin + index * step);
  const y = scale(axis, TREND.height - TREND.margin, TREND.margin);
  const present = scores.filter((score) => score != null);
  if (!present.length) return null;
  emptyTrend ??= chart(TREND, null, svg("path", { class: "line" }), svg("circle", { class: "dot", r: 3 }));
  const element = emptyTrend.cloneNode(true);
  const last = scores.findLastIndex((score) => score != null);
  const isSoFar = months[last] === runningMonth();
  setAttributes(element, {
    "aria-label": t(isSoFar ? "trendSoFarWords" : "trendWords", {
      first: percent(present[0]),
      last: percent(present.at(-1)),
      n: present.length,
      of: scores.length,
    }),
  });
  if (isSoFar) element.lastChild.setAttribute("class", "dot so-far");
  setAttributes(element.firstChild, { d: path(scores, x, y) });
  setAttributes(element.lastChild, { cx: x(last), cy: y(scores[last]) });
  return element;
}

/** Returns the path through the scores. A single score between two gaps is a short stroke. */
function path(scores, x, y) {
  return scores
    .map((score, index) => {
      if (score == null) return "";
      const isFirst = scores[index - 1] == null;
      const isSingle = isFirst && scores[index + 1] == null;
      return `${isFirst ? "M" : "L"}${x(index)} ${y(score)}${isSingle ? "h0.1" : ""}`;
    })
    .join("");
}

/**
 * Returns the scores of months as a line with their intervals. `width` and `height` are in pixels. `targets` are
 * scores to reach, drawn across.
 */
export function months(rows, axis, width, height, targets = []) {
  const box = { left: 44, right: width - 8, top: 8, bottom: height - 24 };
  const step = (box.right - box.left) / rows.length;
  const x = (index) => box.left + step * (index + 0.5);
  const y = scale(axis, box.bottom, box.top);
  const scores = rows.map((row) => row.score);
  const isSoFar = rows.some(hasNotEnded);
  return chart(
    { width, height: height + (isSoFar ? SO_FAR_HEIGHT : 0) },
    t("monthsWords", { n: scores.filter((score) => score != null).length }),
    axis.ticks.map((tick) => [
      svg("line", { class: "tick", x1: box.left, x2: box.right, y1: y(tick), y2: y(tick) }),
      svg("text", { x: box.left - 6, y: y(tick), dy: "0.35em", "text-anchor": "end" }, tickName(tick)),
    ]),
    targets.map((target) =>
      svg("line", { class: "target", x1: box.left, x2: box.right, y1: y(target), y2: y(target) }),
    ),
    monthLabels(rows, step, (index) => ({ x: Math.min(x(index), width - HALF_LABEL), y: height - 6 })),
    isSoFar && svg("text", { x: box.right, y: height + 8, "text-anchor": "end" }, t("soFarLegend")),
    svg("path", { class: "line", d: path(scores, x, y) }),
    rows.map((row, index) => row.score != null && monthMark(row, x(index), y)),
  );
}

/** Returns whether a month, or several that are joined, has not ended. */
const hasNotEnded = ({ month, to = month }) => to === runningMonth();

/** Returns as many labels as fit, counted from the last month. */
function monthLabels(rows, step, place) {
  const every = Math.ceil(LABEL_WIDTH / step);
  return rows.map(
    (row, index) =>
      (rows.length - 1 - index) % every === 0 &&
      svg("text", { ...place(index), "text-anchor": "middle" }, periodName(row)),
  );
}

function monthMark(row, x, y) {
  const { score, interval, indicative, visits } = row;
  const isSoFar = hasNotEnded(row);
  const name = periodName(row);
  const words = {
    month: isSoFar ? t("soFar", { month: name }) : name,
    score: percent(score),
    interval: range(interval),
    n: visits,
  };
  return svg(
    "g",
    { class: indicative ? "thin" : null },
    svg("title", {}, t("monthWords", words)),
    svg("line", { class: "span", x1: x, x2: x, y1: y(interval.low), y2: y(interval.high) }),
    svg("circle", { class: isSoFar ? "dot so-far" : "dot", cx: x, cy: y(score), r: 4 }),
  );
}
