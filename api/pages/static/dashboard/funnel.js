/**
 * The funnel plot: which locations lie outside the range expected by chance (Spiegelhalter, "Funnel plots for
 * comparing institutional performance", 2005).
 */
import { h, t } from "../shared/page.js";
import { count, percent } from "../staff/numbers.js";
import { svg } from "../staff/svg.js";
import { ENOUGH } from "./figures.js";

/** How many standard errors contain 95 % and 99.8 % of what is expected by chance. */
const LIMITS = [1.96, 3.09];
const HEIGHT = 280;
const MOST_TICKS = 8;
const MOST_NAMED = 12;
const TICK_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, Infinity];
/** How many points each limit line has. */
const LINE_POINTS = 60;

/** Returns which locations lie outside the funnel, and the plot, `width` pixels wide. */
export function funnel(rows, width) {
  const tested = rows.filter((row) => row.visits >= ENOUGH);
  if (tested.length < 2) return [h("p", { class: "quiet" }, t("funnelTooFew"))];
  const overall = poolVisits(rows.filter((row) => row.visits));
  const points = tested.map((row) => ({ row, distance: distanceFrom(overall, row) }));
  const outside = (low, high) =>
    points.filter(({ distance }) => Math.abs(distance) > low && Math.abs(distance) <= high);
  const byChance = { n: Math.round(tested.length / 20), of: count(tested.length) };
  return [
    h("p", {}, t("funnelWords", { score: percent(overall.score), spread: percent(overall.spread) })),
    outsideText(t("outside998"), outside(LIMITS[1], Infinity)),
    outsideText(t("outside95"), outside(LIMITS[0], LIMITS[1])),
    h("p", { class: "quiet" }, t("outsideByChance", byChance)),
    plot(points, overall, width),
  ];
}

/** Returns the score of all visits together, and the spread of a visit's score within its location. */
function poolVisits(rows) {
  const sum = (value) => rows.reduce((total, row) => total + value(row), 0);
  const degreesOfFreedom = sum(({ visits }) => Math.max(0, visits - 1));
  const squares = sum(({ visits, spread }) => (visits > 1 ? (visits - 1) * spread ** 2 : 0));
  return {
    score: sum((row) => row.points_earned) / sum((row) => row.points_possible),
    spread: degreesOfFreedom ? Math.sqrt(squares / degreesOfFreedom) : 0,
  };
}

/** Returns how many standard errors a location's score is above or below the overall score. */
function distanceFrom(overall, row) {
  const difference = row.score - overall.score;
  // Without any spread within locations, the standard error is 0.
  return difference && difference / (overall.spread / Math.sqrt(row.visits));
}

/** Returns the names of the locations above and below, the farthest first. */
function outsideText(title, points) {
  const above = points.filter(({ distance }) => distance > 0);
  const below = points.filter(({ distance }) => distance < 0);
  const names = [
    above.length > 0 && t("above", { names: namesOf(above) }),
    " ",
    below.length > 0 && t("below", { names: namesOf(below) }),
  ];
  return h("p", {}, h("strong", {}, title), " ", points.length ? names : t("none"));
}

function namesOf(points) {
  // In hundredths, so that equal distances keep the order of the rows.
  const rank = ({ distance }) => -Math.round(Math.abs(distance) * 100);
  const names = points.toSorted((one, other) => rank(one) - rank(other)).map(({ row }) => row.location.name);
  const more = names.length > MOST_NAMED ? [t("andMore", { n: names.length - MOST_NAMED })] : [];
  return [...names.slice(0, MOST_NAMED), ...more].join(", ");
}

function plot(points, overall, width) {
  const most = Math.max(...points.map(({ row }) => row.visits)) * 1.05;
  const box = { left: 44, right: width - 12, top: 10, bottom: HEIGHT - 34 };
  const low = lowestScore(points, overall);
  const x = (visits) => box.left + (visits / most) * (box.right - box.left);
  const y = (score) =>
    box.bottom - ((Math.min(1, Math.max(low, score)) - low) / (1 - low)) * (box.bottom - box.top);
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": t("funnel") },
    scoreTicks(low, box, y),
    visitTicks(most, x),
    svg("text", { x: box.right, y: HEIGHT - 3, "text-anchor": "end" }, t("visits")),
    svg("line", { class: "middle", x1: box.left, x2: box.right, y1: y(overall.score), y2: y(overall.score) }),
    LIMITS.flatMap((limit) => [
      limitLine(limit, overall, most, x, y),
      limitLine(-limit, overall, most, x, y),
    ]),
    points.map((point) => mark(point, x, y)),
  );
}

/** Returns where the axis of scores begins: below all scores and limits, in whole tenths. */
function lowestScore(points, overall) {
  const lowestLimit = overall.score - (LIMITS[1] * overall.spread) / Math.sqrt(ENOUGH);
  const lowest = Math.min(...points.map(({ row }) => row.score), lowestLimit);
  return Math.max(0, Math.floor(lowest * 10) / 10);
}

function scoreTicks(low, box, y) {
  const ticks = Array.from({ length: Math.round((1 - low) * 10) + 1 }, (_, index) => low + index / 10);
  return ticks.map((tick) => [
    svg("line", { class: "tick", x1: box.left, x2: box.right, y1: y(tick), y2: y(tick) }),
    svg(
      "text",
      { x: box.left - 6, y: y(tick), dy: "0.35em", "text-anchor": "end" },
      `${Math.round(tick * 100)}`,
    ),
  ]);
}

function visitTicks(most, x) {
  const step = TICK_STEPS.find((size) => most / size < MOST_TICKS);
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
  return ticks.map((n) => svg("text", { x: x(n), y: HEIGHT - 18, "text-anchor": "middle" }, `${n}`));
}

function limitLine(limit, overall, most, x, y) {
  const points = Array.from({ length: LINE_POINTS }, (_, index) => {
    const visits = ENOUGH + ((most - ENOUGH) * index) / (LINE_POINTS - 1);
    const score = overall.score + (limit * overall.spread) / Math.sqrt(visits);
    return `${x(visits).toFixed(1)} ${y(score).toFixed(1)}`;
  });
  return svg("path", { class: Math.abs(limit) > 2 ? "limit" : "limit near", d: `M${points.join("L")}` });
}

function mark({ row, distance }, x, y) {
  const isInside = Math.abs(distance) <= LIMITS[0];
  return svg(
    "circle",
    {
      class: isInside ? "dot" : distance < 0 ? "dot worse" : "dot better",
      cx: x(row.visits).toFixed(1),
      cy: y(row.score).toFixed(1),
      r: 4,
    },
    svg("title", {}, `${row.location.name}: ${percent(row.score)}, ${row.visits}`),
  );
}
