import { dayName, h, localize, recallSetting, t } from "../../shared/page.js";
import { change } from "../../staff/address.js";
import { percent } from "../../staff/numbers.js";
import { recordOf, recordPath } from "../../staff/shopper-record.js";
import { loadModule } from "../../staff/load.js";
import { onward } from "../filters.js";
import { answersOf, isClosed } from "../answers.js";
import { DECISIONS, decisionForm, decisionsOf, outcome } from "../decide.js";
import { factsOf, flagsOf } from "../evidence.js";
import { explained } from "../figures.js";
import { paymentOf } from "../payment.js";
import { questionNotes } from "../question-notes.js";
import { claimOf } from "../review-claims.js";
import { countFilters, filterPanel, queuePath } from "../review-filters.js";
import { firstUnclaimed, queueOf, watch } from "../review-queue.js";
import { messagesOf } from "../shopper-messages.js";
import { shortcuts } from "../shortcuts.js";

const LISTS = ["waiting", "decided", "answers"];
/** The answers of shoppers to this reviewer's messages, and the setting with the time of the latest one seen. */
const ANSWERS = "/messages?mine=true&status=answered&limit=50";
const ANSWERS_SEEN = "answers-seen";
/** To somebody who has never looked at them, the answers of so many milliseconds are new. */
const NEW_AT_FIRST = 14 * 86_400_000;

/** The visits that wait for a decision, what was decided, and the answers of shoppers to messages. */
export default async function (context) {
  const shown = LISTS.includes(context.filters.show) ? context.filters.show : "waiting";
  const answers = context.read(ANSWERS).then(({ items }) => items);
  if (shown === "waiting") return waitingScreen(context, answers);
  const title = t("page-reviews");
  const { historyOf, answerList } = await loadModule(() => import("../review-history.js"));
  if (shown === "decided") return { title, content: [tabs(shown, await answers), historyOf(context)] };
  const items = await answers;
  return { title, content: [tabs(shown, items), answerList(items, answersSeenUntil(), ANSWERS_SEEN)] };
}

/** Returns the time after which answers are new. */
const answersSeenUntil = () =>
  recallSetting(ANSWERS_SEEN) ?? new Date(Date.now() - NEW_AT_FIRST).toISOString();

/** Returns the links to the lists. That to the answers says how many are new. */
function tabs(shown, answers) {
  const seenUntil = answersSeenUntil();
  const n = answers.filter(({ answered_at: at }) => at > seenUntil).length;
  const words = { answers: n ? t("showNewAnswers", { n }) : t("showReviews-answers") };
  const link = (name) =>
    h(
      "a",
      {
        href: onward("/dashboard/reviews", { show: name === "waiting" ? "" : name }),
        "aria-current": name === shown && "page",
      },
      words[name] ?? t(`showReviews-${name}`),
    );
  return h("nav", { class: "tabs", "aria-label": t("reviewLists") }, LISTS.map(link));
}

async function waitingScreen({ filters, me, read, readAll, refresh }, fetchedAnswers) {
  const path = queuePath(filters);
  const [{ items, next: more }, answers] = await Promise.all([read(path), fetchedAnswers]);
  const row = items.find((item) => item.visit_id === filters.visit) ?? firstUnclaimed(items, me);
  const showAgain = (visit) => {
    change({ visit: visit.id }, { quietly: true });
    refresh();
  };
  const message = outcome(showAgain) ?? (countFilters(filters) ? null : noLongerWaiting(filters.visit, row));
  const title = t("page-reviews");
  const head = [tabs("waiting", answers), filterPanel(filters, readAll)];
  if (!row) {
    const leave = watch(path, (rows) => rows.length > 0 && refresh());
    const nothing = h("p", { class: "empty" }, t(countFilters(filters) ? "nothingMatches" : "queueEmpty"));
    return { title, content: [head, message, nothing], ready: () => message?.focus(), leave };
  }
  const [visit, submission] = await Promise.all([
    read(`/visits/${row.visit_id}?include=checklist`),
    read(`/visits/${row.visit_id}/submission`),
  ]);
  const notes = questionNotes(visit);
  const content = await caseOf(visit, submission, notes, { read, refresh });
  const queue = queueOf(items, row, { more, me, filters });
  const claim = claimOf(row, me);
  let isDecided = false;
  const showNext = () => {
    change({ visit: queue.next()?.visit_id }, { quietly: true });
    refresh();
  };
  const onDecided = () => {
    isDecided = true;
    showNext();
  };
  const notice = h("p", { class: "notice", role: "alert" });
  const keys = reviewShortcuts();
  const stop = watch(path, (rows) => {
    queue.update(rows);
    const current = rows.find((item) => item.visit_id === row.visit_id && item.revision === row.revision);
    if (current) claim.update(current);
    // With a filter by who is looking, the visit may be missing because this reviewer is.
    if (notice.childNodes.length || current || filters.claimed) return;
    notice.append(
      t("decidedMeanwhile"),
      " ",
      h("button", { type: "button", class: "plain", onclick: showNext }, t("showNext")),
    );
  });
  return {
    title,
    content: [
      head,
      h(
        "div",
        { class: "review" },
        queue.element,
        h("div", { class: "case" }, message, notice, claim.element, content),
        h("div", { class: "aside" }, decisionForm(visit, notes, onDecided), keys.element),
      ),
    ],
    ready: () => message?.focus(),
    leave() {
      keys.stop();
      stop();
      claim.end({ isDecided });
    },
  };
}

const reviewShortcuts = () =>
  shortcuts([
    ...Object.entries(DECISIONS).map(([decision, key]) => [
      key,
      t(`decide-${decision}`),
      `[data-decision=${decision}]`,
    ]),
    ["u", t("undo"), "[data-undo]"],
    ["j", t("nextVisit"), ".queue li:has([aria-current]) + li a"],
    ["k", t("previousVisit"), ".queue li:has(+ li [aria-current]) a"],
  ]);

/** Returns a message if the visit in the address no longer waits, and another is shown. */
function noLongerWaiting(id, row) {
  if (!id || id === row?.visit_id) return null;
  return h(
    "p",
    { class: "notice", tabindex: -1 },
    t("noLongerWaiting"),
    " ",
    h("a", { href: onward(`/dashboard/visits/${id}`) }, t("viewVisit")),
  );
}

async function caseOf(visit, submission, notes, { read, refresh }) {
  const { location, checklist, revision } = visit;
  const [flags, record, messages, payment] = await Promise.all([
    flagsOf(visit, submission, read),
    recordOfShopper(visit, read),
    messagesOf(visit, read),
    visit.payment && paymentOf(visit, refresh),
  ]);
  return [
    h(
      "h2",
      { id: "case", tabindex: -1, dir: "auto" },
      t("visitTo", { location: location.name, day: dayName(visit.day) }),
    ),
    h(
      "p",
      { class: "quiet" },
      h(
        "a",
        { href: onward(`/dashboard/visits/${visit.id}`) },
        t("byVersion", { title: localize(checklist.title), version: checklist.version }),
      ),
      " · ",
      t("ofRevision", { n: revision }),
    ),
    !isClosed(submission) &&
      h("p", { class: "big" }, explained(percent(submission.score.score), "visit", submission.score)),
    flags,
    record,
    factsOf(visit, submission),
    decisionsOf(visit),
    messages,
    payment,
    answersOf(visit, submission, notes.fieldOf),
  ];
}

/** Returns the record of the shopper, unless they were deleted. A decision does not need it. */
async function recordOfShopper({ shopper }, read) {
  if (shopper.name === null) return null;
  try {
    return recordOf(await read(recordPath(shopper.id)), (code) => t(`flag-${code}`));
  } catch {
    return h("p", { class: "quiet" }, t("recordFailed"));
  }
}
