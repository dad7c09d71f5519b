/** The replay: what the last accepted visits would have scored under the draft, drawn from now to then. */
import { dayName, h, t, textElement } from "../../shared/page.js";
import { count, percent, points, pointsRange, tick } from "../../staff/numbers.js";
import { svg } from "../../staff/svg.js";

const SIZE = { width: 240, height: 26, margin: 9 };
const LIMITS = [0, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95];

/** Returns the replay. `version` is the current version, and `textOf` returns the text of a question. */
export function replayOf(replay, version, textOf) {
  if (!replay.visits) return h("p", { "data-testid": "replay" }, t("replayNone"));
  const axis = axisOf(replay);
  return h(
    "div",
    { class: "replay", "data-testid": "replay" },
    h(
      "p",
      {},
      t(replay.first_day === replay.last_day ? "replayOfDay" : "replayOf", {
        n: count(replay.visits),
        from: dayName(replay.first_day),
        to: dayName(replay.last_day),
        version,
      }),
    ),
    verdict(replay.score),
    h(
      "table",
      {},
      h("thead", {}, head(axis)),
      h(
        "tbody",
        {},
        scoreRow(h("strong", {}, t("allVisits")), replay.visits, replay.score, axis),
        replay.locations.map((row) => scoreRow(row.location.name, row.visits, row, axis)),
      ),
    ),
    h("p", { class: "quiet" }, t("legend"), replay.locations.length > 0 && [" ", t("mostMoved")]),
    h(
      "dl",
      { class: "numbers" },
      number("passed", replay.passed, replay.visits),
      number("critical", replay.critical_failures, replay.visits),
    ),
    unanswered(replay, textOf),
    replay.skipped > 0 && h("p", { class: "quiet" }, t("replaySkipped", { n: count(replay.skipped) })),
  );
}

/** Returns in words how the score moves, and how sure that is. */
function verdict({ now, then, difference, interval }) {
  const values = {
    now: percent(now),
    then: percent(then),
    change: points(difference),
    size: points(Math.abs(difference)).replace("+", ""),
    range: pointsRange(interval),
  };
  const isSame = interval ? interval.low <= 0 && interval.high >= 0 : difference === 0;
  const key = isSame ? "verdictSame" : difference < 0 ? "verdictLower" : "verdictHigher";
  return h(
    "p",
    { class: "verdict", "data-verdict": isSame ? "same" : difference < 0 ? "lower" : "higher" },
    h("strong", {}, t(key, values)),
    " ",
    interval ? t("verdictRange", values) : t("verdictOne", values),
  );
}

/** Returns an axis for all scores, from a round limit below the lowest of them to 100 %. */
function axisOf({ score, locations }) {
  const scores = [score, ...locations].flatMap(({ now, then }) => [now, then]);
  const ends = score.interval ? [score.now + score.interval.low] : [];
  const lowest = Math.min(...scores, ...ends);
  const low = LIMITS.findLast((limit) => limit <= lowest - 0.01) ?? 0;
  const x = (value) =>
    Math.round(
      (SIZE.margin + ((clamp(value, low) - low) / (1 - low)) * (SIZE.width - 2 * SIZE.margin)) * 10,
    ) / 10;
  return { low, x };
}

const clamp = (value, low) => Math.min(1, Math.max(low, value));

const head = ({ low }) =>
  h(
    "tr",
    {},
    h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, t("location"))),
    h(
      "th",
      { scope: "col", class: "axis-cell" },
      h("span", { class: "visually-hidden" }, t("drawing")),
      h("span", { class: "axis", "aria-hidden": "true" }, h("span", {}, tick(low)), h("span", {}, tick(1))),
    ),
    h("th", { scope: "col", class: "figure" }, t("now")),
    h("th", { scope: "col", class: "figure" }, t("then")),
    h("th", { scope: "col", class: "figure" }, t("difference")),
  );

function scoreRow(name, visits, score, axis) {
  return h(
    "tr",
    {},
    h(
      "th",
      { scope: "row", dir: "auto" },
      name,
      h("span", { class: "quiet" }, t("visitCount", { n: count(visits) })),
    ),
    h("td", { class: "axis-cell" }, drawing(score, axis)),
    h("td", { class: "figure", "data-label": t("now") }, percent(score.now)),
    h("td", { class: "figure", "data-label": t("then") }, percent(score.then)),
    h("td", { class: "figure", "data-label": t("difference") }, points(score.difference)),
  );
}

/** Returns the score now as a ring and then as a dot, joined by a line; the interval is a band around the dot. */
function drawing({ now, then, interval }, { low, x }) {
  const middle = SIZE.height / 2;
  const { width, height } = SIZE;
  return svg(
    "svg",
    {
      class: "nowThen",
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": t("nowThen", { now: percent(now), then: percent(then) }),
    },
    svg("path", { class: "tick", d: `M${x(low)} ${middle}H${x(1)}` }),
    interval &&
      svg("rect", {
        class: "interval",
        x: x(now + interval.low),
        y: middle - 8,
        width: Math.max(0, x(now + interval.high) - x(now + interval.low)),
        height: 16,
        rx: 3,
      }),
    svg("line", { class: "move", x1: x(now), x2: x(then), y1: middle, y2: middle }),
    svg("circle", { class: "now", cx: x(now), cy: middle, r: 5 }),
    svg("circle", { class: "then", cx: x(then), cy: middle, r: 5 }),
  );
}

/** Returns how many visits pass, or fail critically, now and then. */
const number = (key, { now, then }, visits) =>
  h(
    "div",
    {},
    h("dt", {}, t(key)),
    h(
      "dd",
      {},
      now === then
        ? t("stays", { n: count(now), of: count(visits) })
        : t("becomes", { now: count(now), then: count(then), of: count(visits) }),
    ),
  );

/** Returns which answers nobody knows, and between which limits the score therefore is. */
function unanswered({ unanswered: rows, score, visits }, textOf) {
  if (!rows.length) return null;
  return h(
    "div",
    { class: "notice", "data-testid": "unanswered" },
    h("h3", {}, t("unanswered")),
    h("p", {}, t("unansweredWhy")),
    h(
      "ul",
      {},
      rows.map((row) =>
        h(
          "li",
          {},
          textElement("strong", {}, textOf(row.question)),
          " ",
          t("unansweredRow", { n: count(row.visits), of: count(visits), points: count(row.points_possible) }),
        ),
      ),
    ),
    h("p", {}, t("unansweredRange", { low: percent(score.lowest), high: percent(score.highest) })),
  );
}
