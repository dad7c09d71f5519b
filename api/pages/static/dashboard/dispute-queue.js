/** The queue of open disputes, as reviewers decide them. */
import { dayName, h, t } from "../shared/page.js";
import { answersOf } from "./answers.js";
import { disputeForm, OUTCOMES } from "./decide-dispute.js";
import { timesOf } from "./dispute.js";
import { factsOf } from "./evidence.js";
import { onward } from "./filters.js";
import { shortcuts } from "./shortcuts.js";

/**
 * Returns the open disputes, and one of them with its evidence and the form to decide it: `{element, leave}`.
 * `onDecided` is called with the dispute, whether it was decided or withdrawn in the meantime, and the next one.
 */
export async function openQueue(items, { rowOf, more, message, onDecided }, { filters, read }) {
  const current = items.find(({ id }) => id === filters.dispute) ?? items[0];
  const [visit, submission] = await Promise.all([
    read(`/visits/${current.visit.id}?include=checklist`),
    read(`/visits/${current.visit.id}/submission`),
  ]);
  const next = items[items.indexOf(current) + 1] ?? items.find((item) => item !== current);
  const keys = shortcuts([
    ...Object.entries(OUTCOMES).map(([outcome, key]) => [
      key,
      t(`choose-${outcome}`),
      `[data-testid=outcome]:not(:has([type=radio]:checked)) [value=${outcome}]`,
    ]),
    ["j", t("nextDispute"), ".queue li:has([aria-current]) + li a"],
    ["k", t("previousDispute"), ".queue li:has(+ li [aria-current]) a"],
  ]);
  const form = formOf(current, visit, (isConflict) => onDecided(current, isConflict, next));
  const element = h(
    "div",
    { class: "review" },
    queueOf(
      items.map((dispute) => rowOf(dispute, linkTo(dispute, current))),
      more,
    ),
    h("div", { class: "case" }, message, caseOf(current, visit, submission)),
    h("div", { class: "aside" }, form, keys.element),
  );
  return { element, leave: keys.stop };
}

const linkTo = (dispute, current) => ({
  href: `${onward("/dashboard/disputes", { dispute: dispute.id })}#case`,
  "aria-current": dispute === current && "true",
});

const queueOf = (rows, more) =>
  h(
    "nav",
    { class: "queue", "aria-label": t("disputeQueue") },
    h("h2", {}, t("disputesWaiting", { n: rows.length })),
    h("ol", {}, rows),
    more,
  );

function caseOf(dispute, visit, submission) {
  const { location, day } = visit;
  const visitLink = onward(`/dashboard/visits/${visit.id}`);
  return [
    h(
      "h2",
      { id: "case", tabindex: -1, dir: "auto" },
      t("visitTo", { location: location.name, day: dayName(day) }),
    ),
    timesOf(dispute),
    h("p", {}, h("a", { href: visitLink }, t("viewVisitOf"))),
    factsOf(visit, submission),
    answersOf(visit, submission),
  ];
}

function formOf(dispute, visit, onDecided) {
  if (dispute.is_own_decision) return h("p", { class: "notice" }, t("ownDecision"));
  return disputeForm(dispute, visit, onDecided);
}
