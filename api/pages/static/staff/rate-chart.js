/** Draws a rate or a difference with its interval as a dot on a line. The words beside it say the same. */
import { svg } from "./svg.js";

const WIDTH = 200;
const HEIGHT = 16;
const MARGIN = 6;

/**
 * Returns the drawing on an axis from `from` to `to`, with a tick at `tick`, if any. What is beyond the axis is
 * cut off.
 */
export function rateChart(value, { low, high }, { from = 0, to = 1, tick = null } = {}) {
  const x = (number) =>
    MARGIN + ((Math.min(Math.max(number, from), to) - from) / (to - from)) * (WIDTH - 2 * MARGIN);
  const middle = HEIGHT / 2;
  const line = (start, end, attributes) =>
    svg("line", { x1: x(start), x2: x(end), y1: middle, y2: middle, ...attributes });
  return svg(
    "svg",
    { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" },
    line(from, to, { stroke: "var(--hair)", "stroke-width": 2 }),
    tick !== null &&
      svg("line", { x1: x(tick), x2: x(tick), y1: 0, y2: HEIGHT, stroke: "var(--quiet)", "stroke-width": 2 }),
    line(low, high, { stroke: "var(--accent)", "stroke-width": 4, "stroke-linecap": "round" }),
    svg("circle", { cx: x(value), cy: middle, r: 5, fill: "var(--accent)" }),
  );
}
