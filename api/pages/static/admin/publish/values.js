/** Describes the changes of a checklist in the language of the page: what, and its value before and after. */
import { h, hasWords, localize, t, textElement } from "../../shared/page.js";
import { percent } from "../../staff/numbers.js";

/** Fields with a text, in one language or in several. */
const TEXTS = new Set(["title", "introduction", "text", "help", "label", "unit"]);
/** Fields whose value is true or false, and the others whose values have words. */
const SWITCHES = new Set(["required", "not_applicable", "critical", "private", "multiple"]);
const WORDS = new Set(["channel", "review", "comment", "type", "good_answer"]);

/**
 * Returns what a change is about: the text of its question or section, or null for the checklist as a whole.
 * `document` is the later document.
 */
export function subjectOf(change, document) {
  if (change.kind !== "changed" && change.field !== "option" && change.kind !== "moved")
    return change.after ?? change.before ?? change.question;
  const [, section, question] = /^\/sections\/(\d+)(?:\/questions\/(\d+))?/.exec(change.pointer) ?? [];
  if (section === undefined) return null;
  const parent = document.sections[section];
  return question === undefined ? parent.title : (parent.questions[question].text ?? change.question);
}

/** Returns the sentence or the values of a change. `textOf` returns the text of the question with a key. */
export function describe(change, textOf) {
  const { kind, field, before, after } = change;
  if (kind === "moved" && field === "section" && change.question) return steps(field, before, after, named);
  if (kind !== "changed") {
    const name = field === "option" && (before ?? after);
    return [t(`${kind}-${field}`), name && [" ", named(name)]];
  }
  if (SWITCHES.has(field)) return t(`${field}-${after}`);
  if (TEXTS.has(field))
    return before && after ? rewording(field, before, after) : steps(field, before, after, named);
  return steps(field, before, after, (value) => formatted(field, value, textOf));
}

const named = (text) => (text ? textElement("q", {}, text) : t("nothing"));

const deleted = (value) => h("del", {}, h("span", { class: "visually-hidden" }, t("before"), " "), value);
const inserted = (value) => h("ins", {}, h("span", { class: "visually-hidden" }, t("after"), " "), value);

/** Returns the name of a field with its value before and after. */
const steps = (field, before, after, format) => [
  h("span", { class: "quiet" }, t(`field-${field}`)),
  " ",
  deleted(format(before)),
  h("span", { "aria-hidden": "true" }, " → "),
  inserted(format(after)),
];

/** Returns the texts before and after, in each language in which they differ. */
function rewording(field, before, after) {
  const languages = [before, after].every((text) => typeof text === "object")
    ? [...new Set([...Object.keys(after), ...Object.keys(before)])].filter(
        (tag) => before[tag] !== after[tag],
      )
    : [null];
  return languages.map((tag) =>
    h(
      "span",
      { class: "rewording" },
      h("span", { class: "quiet" }, t(`field-${field}`), tag && ` (${tag})`),
      " ",
      deleted(h("span", { dir: "auto", lang: tag }, (tag ? before[tag] : localize(before)) ?? t("nothing"))),
      " ",
      inserted(h("span", { dir: "auto", lang: tag }, (tag ? after[tag] : localize(after)) ?? t("nothing"))),
    ),
  );
}

function formatted(field, value, textOf) {
  if (field === "only_if") return value ? condition(value, textOf) : t("always");
  if (value == null) return t("nothing");
  if (WORDS.has(field)) return hasWords(`${field}-${value}`) ? t(`${field}-${value}`) : String(value);
  if (field === "pass_mark") return percent(value);
  if (field === "photos") return t("photoRange", value);
  if (field === "scale_points") return value.length ? value.join(" · ") : t("nothing");
  if (field === "bands") return value.length ? value.map(band).join(" · ") : t("nothing");
  return String(value);
}

const band = ({ up_to: limit, points }) =>
  limit == null ? t("bandRest", { points }) : t("band", { limit, points });

const condition = ({ question, is }, textOf) => [
  t("onlyIf"),
  " ",
  named(textOf(question)),
  ` = ${is.map((key) => (hasWords(`good_answer-${key}`) ? t(`good_answer-${key}`) : key)).join(", ")}`,
];
