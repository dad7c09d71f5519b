import { dayName, h, t } from "../../shared/page.js";
import { change } from "../../staff/address.js";
import { answersOf } from "../answers.js";
import { disputeForm, OUTCOMES } from "../decide-dispute.js";
import { factsOf } from "../evidence.js";
import { timesOf } from "../dispute.js";
import { onward } from "../filters.js";
import { load } from "../load.js";
import { shortcuts } from "../shortcuts.js";

const REVIEWERS = ["reviewer", "admin"];
const LISTS = ["open", "decided", "withdrawn"];
const LIMIT = 100;

let lastDecision = null;

/** Disputes by status, the queue of the open ones for reviewers, and how often disputes are overturned. */
export default async function (context) {
  const { filters, me, read } = context;
  const shown = [...LISTS, "rates"].includes(filters.show) ? filters.show : "open";
  const isReviewer = REVIEWERS.includes(me.role);
  const title = t("page-disputes");
  if (shown === "rates") {
    const { ratesOf } = await load("overturn-rates.js");
    return { title, content: [tabs(shown), await ratesOf(isReviewer, read)] };
  }
  const order = shown === "open" ? "opened_at" : "-opened_at";
  const place = filters.location_id ? `&location_id=${encodeURIComponent(filters.location_id)}` : "";
  const { items, next } = await read(`/disputes?status=${shown}&sort=${order}&limit=${LIMIT}${place}`);
  const more = next && h("p", { class: "quiet" }, t("latestOnly", { n: items.length }));
  const message = resultOf();
  if (isReviewer && shown === "open" && items.length)
    return queueScreen(title, items, more, message, context);
  return {
    title,
    content: [tabs(shown), message, items.length ? listOf(items) : emptyList(shown, isReviewer), more],
    ready: () => message?.focus(),
  };
}

function tabs(shown) {
  const link = (name) =>
    h(
      "a",
      { href: onward("/dashboard/disputes", { show: name }), "aria-current": name === shown && "page" },
      t(`show-${name}`),
    );
  return h("nav", { class: "tabs", "aria-label": t("statuses") }, [...LISTS, "rates"].map(link));
}

const emptyList = (shown, isReviewer) =>
  h(
    "p",
    { class: "empty" },
    t(shown === "open" ? "noOpenDisputes" : "noDisputes"),
    !isReviewer && ` ${t("managersDispute")}`,
  );

const listOf = (items) =>
  h(
    "ol",
    { class: "dispute-list" },
    items.map((dispute) => rowOf(dispute, { href: onward(`/dashboard/visits/${dispute.visit.id}`) })),
  );

/** Returns one dispute in a list: the visit, how many answers are disputed, and what was decided. */
function rowOf(dispute, attributes) {
  const { location, visit, questions, status } = dispute;
  const outcomes = questions.map(({ decision }) => decision?.outcome);
  const counts = Object.keys(OUTCOMES)
    .map((outcome) => [outcome, outcomes.filter((other) => other === outcome).length])
    .filter(([, n]) => n)
    .map(([outcome, n]) => t(`count-${outcome}`, { n }));
  const words = counts.length ? counts.join(", ") : t("questionsDisputed", { n: questions.length });
  return h(
    "li",
    { "data-testid": "dispute-row", "data-status": status, "data-dispute": dispute.id },
    h(
      "a",
      attributes,
      h("strong", { dir: "auto" }, location.name),
      h("span", { class: "quiet" }, dayName(visit.day)),
      dispute.overdue && h("span", { class: "fell" }, t("overdue")),
      h("span", { class: "quiet" }, words),
    ),
  );
}

// The queue.

async function queueScreen(title, items, more, message, { filters, read, refresh }) {
  const current = items.find(({ id }) => id === filters.dispute) ?? items[0];
  const [visit, submission] = await Promise.all([
    read(`/visits/${current.visit.id}?include=checklist`),
    read(`/visits/${current.visit.id}/submission`),
  ]);
  const next = items[items.indexOf(current) + 1] ?? items.find((item) => item !== current);
  const onDecided = (isConflict) => {
    lastDecision = { dispute: current, isConflict };
    change({ dispute: next?.id }, { quietly: true });
    refresh();
  };
  const keys = shortcuts([
    ...Object.entries(OUTCOMES).map(([outcome, key]) => [
      key,
      t(`choose-${outcome}`),
      `[data-testid=outcome]:not(:has([type=radio]:checked)) [value=${outcome}]`,
    ]),
    ["j", t("nextDispute"), ".queue li:has([aria-current]) + li a"],
    ["k", t("previousDispute"), ".queue li:has(+ li [aria-current]) a"],
  ]);
  return {
    title,
    content: [
      tabs("open"),
      h(
        "div",
        { class: "review" },
        queueOf(items, current, more),
        h("div", { class: "case" }, message, caseOf(current, visit, submission)),
        h("div", { class: "aside" }, formOf(current, visit, onDecided), keys.element),
      ),
    ],
    ready: () => message?.focus(),
    leave: keys.stop,
  };
}

function queueOf(items, current, more) {
  const rows = items.map((dispute) =>
    rowOf(dispute, {
      href: `${onward("/dashboard/disputes", { dispute: dispute.id })}#case`,
      "aria-current": dispute === current && "true",
    }),
  );
  return h(
    "nav",
    { class: "queue", "aria-label": t("disputeQueue") },
    h("h2", {}, t("disputesWaiting", { n: items.length })),
    h("ol", {}, rows),
    more,
  );
}

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
    // The API shows reviewers their own visits as it shows them to shoppers, without the evidence.
    visit.photo_evidence && factsOf(visit, submission),
    submission.score && answersOf(visit, submission),
  ];
}

function formOf(dispute, visit, onDecided) {
  if (!visit.flags) return h("p", { class: "notice" }, t("ownVisit"));
  if (dispute.is_own_decision) return h("p", { class: "notice" }, t("ownDecision"));
  return disputeForm(dispute, visit, onDecided);
}

/** Returns the result of the decision that caused this redraw, if any. The caller moves the focus to it. */
function resultOf() {
  if (!lastDecision) return null;
  const { dispute, isConflict } = lastDecision;
  lastDecision = null;
  return h(
    "p",
    { class: "notice", role: "status", tabindex: -1 },
    t(isConflict ? "disputeConflict" : "disputeDone", { location: dispute.location.name }),
    " ",
    h("a", { href: onward(`/dashboard/visits/${dispute.visit.id}`) }, t("viewVisitOf")),
  );
}
