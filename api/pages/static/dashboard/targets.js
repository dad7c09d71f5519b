/** The targets of a place, which its months are compared with. */
import { h, localize, t } from "../shared/page.js";
import { address } from "../staff/address.js";
import { count, percent } from "../staff/numbers.js";

/** Reads the targets of a place for a checklist. Without a checklist, the score is not that of any target. */
export const readTargets = async (place, checklist, readAll) =>
  checklist ? readAll(address("/targets", { ...place, checklist_key: checklist, limit: "100" })) : [];

/** Returns the scores that whole visits are to reach, as lines of a chart. */
export const targetLines = (targets) =>
  targets.filter(({ section }) => section === null).map(({ score }) => score);

/** Returns each target with whether it is met, and if that is not clear, about how many visits would tell. */
export const targetWords = (targets) =>
  targets.length > 0 &&
  h(
    "ul",
    { class: "targets" },
    targets.map((target) =>
      h(
        "li",
        { "data-testid": "target", "data-status": target.status },
        target.section_title !== null && `${localize(target.section_title)}: `,
        t("targetOf", { score: percent(target.score), n: target.months }),
        " ",
        h("b", { class: target.status }, t(`target-${target.status}`)),
        target.visits_to_tell !== null &&
          ` ${t("visitsToTell", { n: target.visits_to_tell, count: count(target.visits_to_tell) })}`,
      ),
    ),
  );
