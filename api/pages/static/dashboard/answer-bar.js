/** How often each answer to a question was given, drawn as a bar and in words, and which answer is good. */
import { h, localize, t } from "../shared/page.js";
import { typeOf } from "../shared/question-types/index.js";
import { labelOf } from "../shared/question-types/choice.js";
import { count } from "../staff/numbers.js";
import { svg } from "../staff/svg.js";

const WIDTH = 160;
const HEIGHT = 12;
/** Answers of questions whose values are not counted one by one */
const UNCOUNTED = ["answered", "not_applicable"];

/** Returns the bar of a score row by question, with how often each answer was given in words below it. */
export function answerBar(row, definition) {
  const parts = partsOf(row, definition).filter(({ n }) => n);
  const total = parts.reduce((sum, { n }) => sum + n, 0);
  let x = 0;
  const segments = parts.map(({ n, kind }) => {
    const width = (n / total) * WIDTH;
    const segment = svg("rect", { class: kind, x, width: Math.max(width - 1, 1), height: HEIGHT });
    x += width;
    return segment;
  });
  return h(
    "div",
    { class: "answer-bar" },
    total > 0 &&
      svg(
        "svg",
        { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true", preserveAspectRatio: "none" },
        segments,
      ),
    h("p", { class: "quiet" }, countsInWords(row, definition)),
  );
}

/**
 * Returns the parts of the bar, from good to bad: answers, or the points earned and lost where values are not
 * counted one by one.
 */
function partsOf({ answers, points_earned: earned, points_possible: possible }, definition) {
  const counted = Object.entries(answers).filter(([answer]) => !UNCOUNTED.includes(answer));
  if (!counted.length) {
    if (!possible) return [];
    return [
      { n: earned, kind: "good" },
      { n: possible - earned, kind: "bad" },
    ];
  }
  return counted
    .map(([answer, n]) => ({ n, share: shareOf(definition, answer) }))
    .sort((one, other) => other.share - one.share)
    .map(({ n, share }) => ({ n, kind: kindOf(share) }));
}

/** Returns the share of points that an answer earns, or NaN if the question has no points. */
function shareOf(definition, answer) {
  if (!definition) return NaN;
  const type = typeOf(definition);
  const possible = definition.multiple
    ? Math.max(...definition.options.map((option) => option.points ?? 0))
    : type.pointsPossible(definition);
  return possible ? type.points(definition, type.value(definition, [answer])) / possible : NaN;
}

function kindOf(share) {
  if (Number.isNaN(share)) return "neutral";
  if (share >= 1) return "good";
  if (share <= 0) return "bad";
  return share >= 0.5 ? "rather-good" : "rather-bad";
}

function countsInWords({ answers, points_earned: earned, points_possible: possible }, definition) {
  const words = Object.entries(answers)
    .filter(([, n]) => n)
    .map(([answer, n]) => `${wordsOf(definition, answer)}: ${count(n)}`);
  if (possible && !Object.keys(answers).some((answer) => !UNCOUNTED.includes(answer)))
    words.push(t("earnedOf", { earned: count(earned), possible: count(possible) }));
  return words.join(" · ");
}

const wordsOf = (definition, answer) =>
  labelOf(definition, answer) ||
  (/^(yes|no|answered|not_applicable)$/.test(answer) ? t(`answer-${answer}`) : answer);

/** Returns which answer to a question is good, in words: "Yes is good". Empty if it has no points. */
export function goodAnswer(definition) {
  const best = definition ? bestAnswers(definition) : [];
  if (!best.length) return "";
  const list = new Intl.ListFormat(document.documentElement.lang, { type: "disjunction" });
  return t("goodAnswer", { answer: list.format(best) });
}

function bestAnswers(definition) {
  const type = typeOf(definition);
  if (!type.pointsPossible(definition)) return [];
  const answers = type.answers(definition).filter(([answer]) => shareOf(definition, answer) >= 1);
  return [...type.bestValues(definition), ...answers.map(([, label]) => localize(label))];
}
