/** The changes of a checklist, grouped by what they do to answers and scores. */
import { h, t, textElement } from "../../shared/page.js";
import { describe, subjectOf } from "./values.js";

/** The effects, those that matter most first. */
const EFFECTS = ["not-comparable", "points", "asked", "words"];

/**
 * Returns the changes from one document of a checklist to the next. Texts are those of the later document, or of
 * the earlier one for what was removed.
 */
export function changeGroups(changes, earlier, later) {
  const texts = new Map(
    [earlier, later].flatMap((document) =>
      (document?.sections ?? []).flatMap((section) =>
        (section.questions ?? []).map((question) => [question.key, question.text]),
      ),
    ),
  );
  const textOf = (key) => texts.get(key) ?? key;
  return EFFECTS.map((effect) => [effect, changes.filter((change) => change.effect === effect)])
    .filter(([, rows]) => rows.length)
    .map(([effect, rows]) =>
      h(
        "section",
        { class: `effect ${effect}` },
        h("h3", {}, t(`effect-${effect}`), " ", h("span", { class: "quiet" }, rows.length)),
        h("p", { class: "quiet" }, t(`why-${effect}`)),
        h(
          "ul",
          { class: "plain-list changes" },
          rows.map((change, index) => changeItem(change, rows[index - 1], later, textOf)),
        ),
      ),
    );
}

/** Returns a change. What it is about is named once for all changes of it that follow one another. */
function changeItem(change, previous, later, textOf) {
  const subject = subjectOf(change, later);
  const isSame = previous && change.question === previous.question && subject === subjectOf(previous, later);
  return h(
    "li",
    { "data-testid": "change", "data-effect": change.effect, "data-pointer": change.pointer },
    !isSame && (subject ? textElement("strong", {}, subject) : h("strong", {}, t("wholeChecklist"))),
    h("div", {}, describe(change, textOf)),
  );
}
