/** Drawings of plans, in SVG. */
import { h, t } from "../../shared/page.js";
import { svg } from "../../staff/svg.js";

const WIDTH = 132;
const HEIGHT = 22;
const MIDDLE = WIDTH / 2;
/** The half-width that reaches the edges. Wider intervals are cut there. */
const WIDEST = 0.25;
/** An interval that is wider than this, on each side, says nothing. */
const MEANINGLESS = 0.5;
const BAR = { width: 320, height: 14 };

const position = (halfWidth) => Math.round((Math.min(halfWidth, WIDEST) / WIDEST) * (MIDDLE - 2) * 10) / 10;

/** Returns a bar of a half-width on both sides of the middle, `y` pixels from the top and the bottom. */
function centredBar(kind, halfWidth, y, rx) {
  const reach = position(halfWidth);
  return svg("rect", { class: kind, x: MIDDLE - reach, y, width: 2 * reach, height: HEIGHT - 2 * y, rx });
}

/**
 * Returns half-widths as points, rounded up to one decimal, so that what does not reach a goal never seems to:
 * "±9.8".
 */
export function plusMinus(halfWidth) {
  if (halfWidth === null) return "–";
  if (halfWidth > MEANINGLESS) return t("over", { points: plusMinus(MEANINGLESS) });
  const tenths = Math.ceil(halfWidth * 1000 - 1e-6);
  return `±${Math.floor(tenths / 10)}${tenths % 10 ? `${t("decimalMark")}${tenths % 10}` : ""}`;
}

/**
 * Returns the interval of a location now and after the visits of a plan, as two bars around a middle, between
 * two marks for what was asked for.
 */
export function intervalBars({ half_width: now, half_width_after: after }, goal) {
  const marks = goal === null ? [] : [-1, 1];
  return svg(
    "svg",
    {
      class: "interval-bars",
      width: WIDTH,
      height: HEIGHT,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": t("intervalBars", { now: plusMinus(now), after: plusMinus(after) }),
    },
    now !== null && centredBar("now", now, 3, 3),
    after !== null && centredBar("after", after, 8, 2),
    marks.map((side) =>
      svg("line", {
        class: "goal",
        x1: MIDDLE + side * position(goal),
        x2: MIDDLE + side * position(goal),
        y1: 0,
        y2: HEIGHT,
      }),
    ),
  );
}

/** Returns the meaning of the parts of `intervalBars`. */
export function intervalLegend(goal) {
  const sample = (name, shape) =>
    h(
      "span",
      {},
      svg(
        "svg",
        { class: "interval-bars", width: 24, height: 14, viewBox: "0 0 24 14", "aria-hidden": "true" },
        shape,
      ),
      t(`legend-${name}`, { points: goal === null ? "" : plusMinus(goal) }),
    );
  return h(
    "p",
    { class: "legend quiet" },
    sample("now", svg("rect", { class: "now", x: 1, y: 1, width: 22, height: 12, rx: 3 })),
    sample("after", svg("rect", { class: "after", x: 1, y: 5, width: 22, height: 4, rx: 2 })),
    goal !== null && sample("goal", svg("line", { class: "goal", x1: 12, x2: 12, y1: 0, y2: 14 })),
  );
}

/** Returns how far a quota is as a bar: accepted visits filled, those in progress in outline, the rest empty. */
export function progressBar({ accepted, out, missing }, words) {
  const total = Math.max(1, accepted + out + missing);
  const scale = (visits) => Math.round((visits / total) * BAR.width * 10) / 10;
  return svg(
    "svg",
    {
      class: "progress-bar",
      viewBox: `0 0 ${BAR.width} ${BAR.height}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": words,
    },
    svg("rect", { class: "missing", x: 0, y: 0, width: BAR.width, height: BAR.height }),
    svg("rect", { class: "out", x: scale(accepted), y: 0, width: scale(out), height: BAR.height }),
    svg("rect", { class: "accepted", x: 0, y: 0, width: scale(accepted), height: BAR.height }),
  );
}
