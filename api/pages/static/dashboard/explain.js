/** Explains how a number is calculated, with the actual figures. `api/domain/scoring.py` has the formulas. */
import { h, t } from "../shared/page.js";
import { count, percent, points, pointsRange, range } from "../staff/numbers.js";
import { openBeside } from "./beside.js";
import { ENOUGH, changeWords } from "./figures.js";

const EXPLANATIONS = {
  score: explainScore,
  part: explainPart,
  change: explainChange,
  rank: explainRank,
  verdict: explainVerdict,
  visit: explainVisit,
};

/** Opens the explanation next to the button of a number. */
export function explain(button, kind, figures) {
  const box = h(
    "div",
    { class: "explanation", role: "dialog", "aria-label": t("howCalculated"), tabindex: -1 },
    EXPLANATIONS[kind](figures)
      .filter(Boolean)
      .map((sentence) => h("p", {}, sentence)),
  );
  openBeside(button, box);
}

const pointsOf = ({ points_earned: earned, points_possible: possible, visits }) =>
  t("explain-points", { earned: count(earned), possible: count(possible), n: count(visits) });

function explainScore(figures) {
  if (!figures.visits) return [t("explain-nothing")];
  return [
    pointsOf(figures),
    t("explain-score", { score: percent(figures.score) }),
    t("explain-interval", { interval: range(figures.interval) }),
    figures.spread != null && t("explain-spread", { spread: percent(figures.spread) }),
    figures.indicative && t("explain-indicative", { n: ENOUGH }),
  ];
}

function explainPart(figures) {
  if (!figures.visits) return [t("explain-nothing")];
  return [
    pointsOf(figures),
    t("explain-score", { score: percent(figures.score) }),
    t("explain-wilson", { interval: range(figures.interval) }),
    figures.indicative && t("explain-indicative", { n: ENOUGH }),
  ];
}

function explainChange(figures) {
  const { score, visits, change, previous_visits: before } = figures;
  return [
    t("explain-change", {
      now: percent(score),
      n: count(visits),
      before: percent(score - change.difference),
      m: count(before),
      difference: points(change.difference),
    }),
    change.interval && t("explain-change-interval", { interval: pointsRange(change.interval) }),
    change.significant == null
      ? t("explain-mixed")
      : t("explain-significant", { verdict: changeWords(figures), n: ENOUGH }),
  ];
}

function explainRank({ rank, rank_range: { best, worst }, ranked }) {
  return [
    t("explain-rank", { rank, of: ranked }),
    t("explain-rank-range", { best, worst, above: best - 1, below: ranked - worst }),
  ];
}

function explainVerdict({ verdict, comparison, visits, verdict_interval: interval }) {
  if (verdict === "too_few")
    return [t("explain-verdict-too_few", { n: ENOUGH }), t("explain-verdict-visits", { n: count(visits) })];
  if (verdict == null) return [t("explain-verdict-none")];
  return [
    t("explain-verdict-comparison", { comparison: percent(comparison) }),
    t("explain-verdict-interval", { interval: range(interval) }),
    t(`explain-verdict-${verdict}`),
    verdict !== "as_expected" && t("explain-verdict-chance"),
  ];
}

function explainVisit({
  points_earned: earned,
  points_possible: possible,
  score,
  passed,
  critical_failures: failures,
}) {
  if (score == null) return [t("explain-visit-unscored")];
  return [
    t("explain-visit", { earned: count(earned), possible: count(possible), score: percent(score) }),
    failures.length
      ? t("explain-visit-critical", { n: failures.length })
      : t(passed ? "explain-visit-passed" : "explain-visit-failed"),
  ];
}
