/**
 * The caterpillar: the intervals of all locations in the order of their scores, and the line that they are
 * compared with. What ends before the line is clearly above or below, so the reader sees the rule at work.
 */
import { h, t } from "../shared/page.js";
import { count, percent, range, tick as tickName } from "../staff/numbers.js";
import { svg } from "../staff/svg.js";
import { VERDICTS, verdictLabel, verdictMark, verdictWords } from "./verdict.js";

const HEIGHT = 300;
const MARGIN = { left: 44, right: 12, top: 12, bottom: 26 };
/** With less room for each location than this, in pixels, only clear verdicts have a shape. */
const ROOM_FOR_SHAPES = 9;
const MOST_ROOM = 88;
/** The width of a letter of a code, in pixels: at most, since digits are narrower. */
const LETTER = 8;

/** Returns how many locations have which verdict, and the plot of those that have one, `width` pixels wide. */
export function caterpillar(rows, width) {
  const judged = rows.filter((row) => row.verdict && row.verdict !== "too_few");
  if (!judged.length) return [legend(rows), h("p", { class: "quiet" }, t("caterpillarTooFew"))];
  const { comparison } = judged[0];
  return [
    h("p", {}, t("caterpillarWords", { comparison: percent(comparison) })),
    legend(rows),
    plot(
      judged.toSorted((one, other) => one.score - other.score),
      comparison,
      width,
    ),
  ];
}

const legend = (rows) =>
  h(
    "ul",
    { class: "verdict-counts" },
    VERDICTS.map((verdict) => [verdict, rows.filter((row) => row.verdict === verdict).length])
      .filter(([, n]) => n)
      .map(([verdict, n]) =>
        h("li", {}, verdictLabel(verdict, t("verdictCount", { words: verdictWords(verdict), n: count(n) }))),
      ),
  );

function plot(rows, comparison, width) {
  const right = width - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const room = Math.min(MOST_ROOM, (right - MARGIN.left) / rows.length);
  const lowest = Math.min(comparison, ...rows.map((row) => row.verdict_interval.low));
  const low = Math.floor(lowest * 10) / 10;
  const x = (index) => round(MARGIN.left + room * (index + 0.5));
  const y = (score) => round(bottom - ((score - low) / (1 - low)) * (bottom - MARGIN.top));
  const hasCodes = rows.every(({ location }) => location.code.length * LETTER < room);
  const step = low < 0.5 ? 0.2 : 0.1;
  const ticks = Array.from(
    { length: Math.floor((1 - low) / step + 1e-9) + 1 },
    (_, index) => 1 - index * step,
  );
  return svg(
    "svg",
    {
      class: "caterpillar",
      viewBox: `0 0 ${width} ${HEIGHT}`,
      width,
      height: HEIGHT,
      role: "img",
      "aria-label": t("caterpillarLabel", { n: rows.length }),
    },
    ticks.map((tick) => [
      svg("line", { class: "tick", x1: MARGIN.left, x2: right, y1: y(tick), y2: y(tick) }),
      svg("text", { x: MARGIN.left - 6, y: y(tick), dy: "0.35em", "text-anchor": "end" }, tickName(tick)),
    ]),
    hasCodes
      ? rows.map(({ location }, index) =>
          svg("text", { x: x(index), y: HEIGHT - 6, "text-anchor": "middle" }, location.code),
        )
      : svg("text", { x: MARGIN.left, y: HEIGHT - 6 }, t("lowestFirst")),
    rows.map((row, index) => locationMark(row, x(index), y, room)),
    svg("line", {
      class: "middle",
      x1: MARGIN.left,
      x2: round(MARGIN.left + room * rows.length),
      y1: y(comparison),
      y2: y(comparison),
    }),
  );
}

function locationMark(row, x, y, room) {
  const { verdict, verdict_interval: interval, score, location } = row;
  const title = t("caterpillarTitle", {
    name: location.name,
    score: percent(score),
    interval: range(interval),
    verdict: verdictWords(verdict),
  });
  const hasShape = room >= ROOM_FOR_SHAPES || verdict !== "as_expected";
  return svg(
    "g",
    {},
    svg("title", {}, title),
    svg("line", {
      class: "span",
      "data-verdict": verdict,
      x1: x,
      x2: x,
      y1: y(interval.low),
      y2: y(interval.high),
      "stroke-width": Math.min(2.5, round(room * 0.6)),
    }),
    hasShape && verdictMark(verdict, x, y(score)),
  );
}

const round = (length) => Math.round(length * 10) / 10;
