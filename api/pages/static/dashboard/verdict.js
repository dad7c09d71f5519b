/**
 * Verdicts: how a score compares with all others, in words, colour and shape. The API decides it, by one rule
 * (``docs/scoring.md``). Every page that shows one uses this module.
 */
import { h, t } from "../shared/page.js";
import { svg } from "../staff/svg.js";
import { expectedByChance, explained } from "./figures.js";

/** The verdicts of the API in the order in which a reader looks at them. */
export const VERDICTS = ["below", "above", "as_expected", "too_few"];
/** Shapes that are drawn around 0, 12 pixels wide: they differ without colour, too. */
const SHAPES = {
  below: "M-6-5H6L0 6z",
  above: "M-6 5H6L0-6z",
  as_expected: "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
  too_few: "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",
};

/** Returns a verdict as words: "Clearly below". It is null if there is nothing to compare with. */
export const verdictWords = (verdict) => t(`verdict-${verdict ?? "none"}`);

/** Returns where a verdict is in the order of `VERDICTS`, for sorting. */
export const verdictOrder = (verdict) => (verdict == null ? VERDICTS.length : VERDICTS.indexOf(verdict));

/**
 * Returns the shape of a verdict for a drawing, at a position in pixels. CSS colours it. Its title is for the
 * pointer; screen readers need the words elsewhere.
 */
export const verdictMark = (verdict, x, y, title) =>
  svg(
    "path",
    {
      class: "verdict-mark",
      "data-verdict": verdict ?? "none",
      d: SHAPES[verdict] ?? SHAPES.too_few,
      transform: `translate(${x} ${y})`,
    },
    title && svg("title", {}, title),
  );

/** Returns a verdict's shape and words, for places where it cannot be explained, such as legends. */
export const verdictLabel = (verdict, words = verdictWords(verdict)) =>
  h("span", { class: "verdict", "data-verdict": verdict ?? "none" }, shape(verdict), words);

/**
 * Returns a verdict as a button with its shape and words that explains it. `figures` are those of the API with
 * `include=verdict`.
 */
export const verdictOf = (figures) =>
  explained([shape(figures.verdict), verdictWords(figures.verdict)], "verdict", figures, {
    class: "number verdict",
    "data-verdict": figures.verdict ?? "none",
  });

/** The probability that a score looks clearly above or below by chance alone. */
const BY_CHANCE = 0.02;

/** Returns how many rows were judged, and how many of them would look clear by chance alone. */
export function verdictsByChance(rows) {
  const { length } = rows.filter(({ verdict }) => verdict && verdict !== "too_few");
  return length ? expectedByChance("verdictsByChance", length, BY_CHANCE) : t("noneJudged");
}

const shape = (verdict) =>
  svg(
    "svg",
    { viewBox: "-8 -8 16 16", width: 14, height: 14, "aria-hidden": "true" },
    verdictMark(verdict, 0, 0),
  );
