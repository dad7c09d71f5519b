/** Drawings of targets, in SVG. */
import { t } from "../../shared/page.js";
import { percent, range } from "../../staff/numbers.js";
import { svg } from "../../staff/svg.js";

const WIDTH = 150;
const HEIGHT = 22;
const MARGIN = 6;

/** The shapes of the statuses: they differ in more than their colour. */
const SHAPES = {
  met: "M2 7l3.5 3.5L12 3.5",
  missed: "M3 3l8 8M11 3l-8 8",
  unsure: "M2 7h10",
};

/** Returns a score with its interval on an axis from 0 to 100%, and the target as a line across. */
export function targetBar({ score: target, actual }) {
  if (actual.score === null) return null;
  const x = (score) => Math.round((MARGIN + score * (WIDTH - 2 * MARGIN)) * 10) / 10;
  const middle = HEIGHT / 2;
  return svg(
    "svg",
    {
      class: "target-bar",
      width: WIDTH,
      height: HEIGHT,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": t("targetDrawn", {
        score: percent(actual.score),
        interval: range(actual.interval),
        target: percent(target),
      }),
    },
    svg("line", { class: "axis", x1: x(0), x2: x(1), y1: middle, y2: middle }),
    svg("line", {
      class: "interval",
      x1: x(actual.interval.low),
      x2: x(actual.interval.high),
      y1: middle,
      y2: middle,
    }),
    svg("line", { class: "target", x1: x(target), x2: x(target), y1: 1, y2: HEIGHT - 1 }),
    svg("circle", { class: "score", cx: x(actual.score), cy: middle, r: 4.5 }),
  );
}

/** Returns the shape of a status, which its words follow. */
export const statusShape = (status) =>
  svg(
    "svg",
    { class: "status-shape", width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" },
    svg("path", { d: SHAPES[status] }),
  );
