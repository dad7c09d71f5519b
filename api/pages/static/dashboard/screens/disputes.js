import { dayName, h, loadMoreWords, t } from "../../shared/page.js";
import { change } from "../../staff/address.js";
import { loadModule } from "../../staff/load.js";
import { onward } from "../filters.js";
import { openQueue } from "../dispute-queue.js";

await loadMoreWords((language) => import(`../words/disputes/${language}.js`));

const REVIEWERS = ["reviewer", "admin"];
const LISTS = ["open", "decided", "withdrawn"];
const LIMIT = 100;

let lastDecision = null;

/** Disputes by status, the queue of the open ones for reviewers, and how often disputes are overturned. */
export default async function (context) {
  const { filters, me, read, refresh } = context;
  const shown = [...LISTS, "rates"].includes(filters.show) ? filters.show : "open";
  const isReviewer = REVIEWERS.includes(me.role);
  const title = t("page-disputes");
  if (shown === "rates") {
    const { ratesOf } = await loadModule(() => import("../overturn-rates.js"));
    return { title, content: [tabs(shown), await ratesOf(isReviewer, read)] };
  }
  const order = shown === "open" ? "opened_at" : "-opened_at";
  const place = filters.location_id ? `&location_id=${encodeURIComponent(filters.location_id)}` : "";
  const { items, next } = await read(`/disputes?status=${shown}&sort=${order}&limit=${LIMIT}${place}`);
  const more = next && h("p", { class: "quiet" }, t("latestOnly", { n: items.length }));
  const message = resultOf();
  const ready = () => message?.focus();
  if (!isReviewer || shown !== "open" || !items.length) {
    const list = items.length ? listOf(items) : emptyList(shown, isReviewer);
    return { title, content: [tabs(shown), message, list, more], ready };
  }
  const onDecided = (dispute, isConflict, following) => {
    lastDecision = { dispute, isConflict };
    change({ dispute: following?.id }, { quietly: true });
    refresh();
  };
  const { element, leave } = await openQueue(items, { rowOf, more, message, onDecided }, context);
  return { title, content: [tabs(shown), element], ready, leave };
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
  const outcomes = questions.flatMap(({ decision }) => decision?.outcome ?? []);
  const counts = [...new Set(outcomes)].map((outcome) =>
    t(`count-${outcome}`, { n: outcomes.filter((other) => other === outcome).length }),
  );
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
