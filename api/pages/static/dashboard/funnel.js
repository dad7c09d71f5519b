/**
 * The funnel plot: which places lie outside what chance alone gives (Spiegelhalter, "Funnel plots", 2005).
 */
import { h, t } from "../shared/page.js";
import { svg } from "./charts.js";
import { count, ENOUGH, percent } from "./figures.js";

/** How many standard errors hold 95 % and 99.8 % of what chance gives. */
const LIMITS = [1.96, 3.09];
const HEIGHT = 280;
const MOST_TICKS = 8;
const MOST_NAMED = 12;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, Infinity];

/**
 * Returns the pooled score of places and the spread of a visit's score within them, all visits alike in
 * weight.
 */
function pooled(rows) {
  const sum = (value) => rows.reduce((total, row) => total + value(row), 0);
  const freedom = sum(({ visits }) => Math.max(0, visits - 1));
  const scatter = sum(({ visits, spread }) => (visits > 1 ? (visits - 1) * spread ** 2 : 0));
  return {
    score: sum((row) => row.points_earned) / sum((row) => row.points_possible),
    spread: freedom ? Math.sqrt(scatter / freedom) : 0,
  };
}

/** Returns what the places outside the funnel are, and a drawing of it, `width` pixels wide. */
export function funnel(rows, width) {
  const judged = rows.filter((row) => row.visits >= ENOUGH);
  if (judged.length < 2) return [h("p", { class: "quiet" }, t("funnelTooFew"))];
  const whole = pooled(rows.filter((row) => row.visits));
  const distance = (row) => (row.score - whole.score) / (whole.spread / Math.sqrt(row.visits));
  const outside = (z) => judged.filter((row) => Math.abs(distance(row)) > z);
  return [
    h("p", {}, t("funnelWords", { score: percent(whole.score), spread: percent(whole.spread) })),
    listed(t("outside998"), outside(LIMITS[1]), distance),
    listed(
      t("outside95"),
      outside(LIMITS[0]).filter((row) => Math.abs(distance(row)) <= LIMITS[1]),
      distance,
    ),
    h(
      "p",
      { class: "quiet" },
      t("outsideByChance", { n: Math.round(judged.length / 20), of: count(judged.length) }),
    ),
    draw(judged, whole, distance, width),
  ];
}

function listed(title, rows, distance) {
  const far = (row) => -Math.round(Math.abs(distance(row)) * 100);
  const names = (some) => {
    const named = some
      .toSorted((one, other) => far(one) - far(other))
      .slice(0, MOST_NAMED)
      .map((row) => row.location.name);
    return [
      ...named,
      ...(some.length > MOST_NAMED ? [t("andMore", { n: some.length - MOST_NAMED })] : []),
    ].join(", ");
  };
  const above = rows.filter((row) => distance(row) > 0);
  const below = rows.filter((row) => distance(row) < 0);
  return h(
    "p",
    {},
    h("strong", {}, title),
    " ",
    rows.length
      ? [
          above.length > 0 && t("above", { names: names(above) }),
          " ",
          below.length > 0 && t("below", { names: names(below) }),
        ]
      : t("none"),
  );
}

function draw(rows, whole, distance, width) {
  const most = Math.max(...rows.map((row) => row.visits)) * 1.05;
  const lowest = Math.min(
    ...rows.map((row) => row.score),
    whole.score - (LIMITS[1] * whole.spread) / Math.sqrt(ENOUGH),
  );
  const low = Math.max(0, Math.floor(lowest * 10) / 10);
  const box = { left: 44, right: width - 12, top: 10, bottom: HEIGHT - 34 };
  const x = (visits) => box.left + (visits / most) * (box.right - box.left);
  const y = (share) =>
    box.bottom - ((Math.min(1, Math.max(low, share)) - low) / (1 - low)) * (box.bottom - box.top);
  const steps = Array.from({ length: 60 }, (_, index) => ENOUGH + ((most - ENOUGH) * index) / 59);
  const limit = (z) =>
    svg("path", {
      class: Math.abs(z) > 2 ? "limit" : "limit near",
      d: steps
        .map(
          (n, index) =>
            `${index ? "L" : "M"}${x(n).toFixed(1)} ${y(whole.score + (z * whole.spread) / Math.sqrt(n)).toFixed(1)}`,
        )
        .join(""),
    });
  const ticks = Array.from({ length: Math.round((1 - low) * 10) + 1 }, (_, index) => low + index / 10);
  const every = STEPS.find((step) => most / step < MOST_TICKS);
  const visits = Array.from({ length: Math.floor(most / every) + 1 }, (_, index) => index * every);
  const kind = (row) =>
    Math.abs(distance(row)) <= LIMITS[0] ? "dot" : distance(row) < 0 ? "dot worse" : "dot better";
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": t("funnel") },
    ticks.map((tick) => [
      svg("line", { class: "tick", x1: box.left, x2: box.right, y1: y(tick), y2: y(tick) }),
      svg(
        "text",
        { x: box.left - 6, y: y(tick), dy: "0.35em", "text-anchor": "end" },
        `${Math.round(tick * 100)}`,
      ),
    ]),
    visits.map((n) => svg("text", { x: x(n), y: HEIGHT - 18, "text-anchor": "middle" }, `${n}`)),
    svg("text", { x: box.right, y: HEIGHT - 3, "text-anchor": "end" }, t("visits")),
    svg("line", { class: "middle", x1: box.left, x2: box.right, y1: y(whole.score), y2: y(whole.score) }),
    LIMITS.flatMap((z) => [limit(z), limit(-z)]),
    rows.map((row) =>
      svg(
        "circle",
        { class: kind(row), cx: x(row.visits).toFixed(1), cy: y(row.score).toFixed(1), r: 4 },
        svg("title", {}, `${row.location.name}: ${percent(row.score)}, ${row.visits}`),
      ),
    ),
  );
}
