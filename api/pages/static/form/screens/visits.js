/** The list: messages, visits to do, what waits to be sent, and what became of past visits. */
import { organizationName } from "../../shared/logo.js";
import { formatAmount } from "../../shared/money.js";
import { ago, confirmAction, formatMinutes, h, languageButtons, t, textElement } from "../../shared/page.js";
import { typeOf } from "../../shared/question-types/index.js";
import { elapsed, redrawEverySecond, toggleTimer } from "../../shared/timers.js";
import { account as currentAccount, signOut } from "../account.js";
import { isBriefingUnread } from "../briefing.js";
import { list } from "../database.js";
import { Draft } from "../draft.js";
import { kindOf, timing, placeLinks } from "../facts.js";
import { installOffer, notice } from "../install.js";
import { ifFree } from "../locks.js";
import { obstacleNotice } from "../obstacle.js";
import { dayOf, hasOutcome, outcomeOf } from "../outcomes.js";
import { progress, questionsOf, acceptsAnswers, visible } from "../rules.js";
import { isToDo, PAST, storedChecklist } from "../visits.js";
import { hasUnsavedDrafts, mayClearStorage } from "./checklist.js";

const WORST_FIRST = ["needs-you", "sending", "waiting", "sent"];

/** Returns the children of the screen. */
export async function visitsScreen(account, { wake, obstacle, signIn }) {
  const names = ["visits", "drafts", "queue", "photos", "messages", "expenses"];
  const [visits, drafts, queue, photos, messages, expenses] = await Promise.all(
    names.map((name) => list(name, account)),
  );
  const queued = new Map(queue.map((row) => [row.visit, row]));
  const draftOf = ({ id }) => drafts.find(({ visit }) => visit === id);
  const isOpen = (visit) => isToDo(visit, queued.get(visit.id), draftOf(visit));
  const cards = await Promise.all(
    visits
      .filter(isOpen)
      .sort(byDue)
      .map((visit) => card(account, visit, draftOf(visit))),
  );
  const unsent = queue.filter(({ state }) => state !== "sent");
  const openIds = new Set(visits.filter(isOpen).map(({ id }) => id));
  const sent = queue.filter(({ state, visit }) => state === "sent" && !openIds.has(visit));
  const toAnswer = messages.filter(({ state }) => state === "open");
  const answered = messages.filter(({ state }) => !["open", "sent"].includes(state));
  const unfinished = drafts.filter(({ visit }) => !unsent.some((row) => row.visit === visit));
  const unsentAnswers = messages.filter(({ state, answer }) => state !== "sent" && answer);
  // An expense that is only begun is shown once nothing else leads back to it.
  const begun = expenses.filter(({ state, visit }) => state === "open" && !openIds.has(visit));
  const claimed = expenses.filter(({ state }) => state !== "open");
  const signOutButton = h(
    "button",
    {
      type: "button",
      class: "plain",
      onclick: () => confirmSignOut([...unsent, ...unfinished, ...unsentAnswers, ...expenses]),
    },
    t("signOut"),
  );
  return [
    h(
      "header",
      { class: "bar" },
      h("h1", {}, t("title")),
      organizationName(
        { name: currentAccount().organization, logo: currentAccount().logo },
        { class: "quiet" },
      ),
    ),
    obstacleNotice(obstacle, signIn),
    hasUnsavedDrafts() && h("p", { class: "notice" }, t("notStored")),
    unsentNotice(unsent, unfinished),
    storageNotice(unsent, unfinished, sent, wake),
    messageList(toAnswer),
    begunList(begun),
    waitingList(
      [
        ...unsent.map((row) => visitLine(row, photos)),
        ...answered.map((row) => partLine(row, t("yourAnswer"))),
        ...claimed.map((row) => partLine(row, t("expense"))),
      ],
      wake,
    ),
    h(
      "section",
      {},
      h("h2", {}, t("toDo")),
      cards.length ? h("ul", { class: "cards" }, cards) : h("p", {}, t("noVisits")),
    ),
    pastList(
      sent,
      visits.filter((visit) => !isOpen(visit)),
      unsent,
    ),
    h(
      "nav",
      { class: "row", "aria-label": t("more") },
      languageButtons(),
      signOutButton,
      h("a", { href: "/dashboard/account", class: "touch" }, currentAccount().name),
    ),
  ];
}

const byDue = (a, b) => isFirst(b) - isFirst(a) || a.window.closes_at.localeCompare(b.window.closes_at);
const isFirst = ({ status }) => Number(status === "returned");

async function card(account, visit, draft) {
  const checklist = await storedChecklist(account, visit);
  // A draft on this phone would prevent fetching the answers of a returned visit.
  const canAnswer = checklist && (visit.status !== "returned" || draft?.revision === visit.revision + 1);
  const reason = visit.return_reason && `: ${visit.return_reason}`;
  const lines = [
    checklist && h("span", {}, kindOf(checklist)),
    visit.status === "returned" &&
      h("span", { dir: "auto" }, h("span", { class: "mark" }, t("returned")), reason),
    ["cancelled", "declined"].includes(visit.status) && h("span", { class: "mark" }, t("withdrawn")),
    !acceptsAnswers(visit) && h("span", { class: "mark" }, t("problem-submission-conflict")),
    timing(visit),
    feeOf(visit),
    checklist && draft && (await progressOf(account, visit, checklist)),
    !checklist && h("span", { class: "quiet" }, t("notYetHere")),
  ];
  return h(
    "li",
    {},
    h(
      "a",
      { href: `/visits/${visit.id}`, "data-testid": "visit", "data-visit": visit.id },
      textElement("strong", {}, visit.location.name),
      lines,
    ),
    h("p", { class: "row" }, placeLinks(visit, checklist?.channel)),
    canAnswer && !isBriefingUnread(checklist, draft) && (await timers(account, visit, checklist)),
  );
}

/** Returns the fee of a visit, if it has one. */
function feeOf({ payment }) {
  const fee = payment?.items.find(({ kind }) => kind === "fee")?.amount;
  return fee > 0 && h("span", {}, t("fee", { amount: formatAmount(fee, payment.currency) }));
}

async function progressOf(account, visit, checklist) {
  const draft = await Draft.open(account, visit, checklist);
  return h("span", {}, t("progress", progress(questionsOf(checklist), draft.answersWithPhotos())));
}

/** Returns a button for each question with a timer: one tap starts it without opening the checklist. */
async function timers(account, visit, checklist) {
  const rows = await list("answers", account, visit.id);
  const answers = Object.fromEntries(rows.map(({ question, answer }) => [question, answer]));
  const asked = visible(questionsOf(checklist), answers);
  return questionsOf(checklist)
    .filter((question) => typeOf(question).hasTimer && asked.has(question.key))
    .map((question) => timerButton(account, visit, checklist, question, answers[question.key] ?? {}));
}

function timerButton(account, visit, checklist, question, answer) {
  const state = h("span", {});
  const tap = async () => {
    let failed = false;
    const isFree = await ifFree(account, visit.id, async () => {
      const onsave = (name) => (failed = name === "error");
      const draft = await Draft.open(account, visit, checklist, { onsave });
      answer = draft.answers[question.key] ?? {};
      if (answer.value != null || draft.isHandedOver) return; // another tab was faster
      await draft.set(question.key, toggleTimer(answer));
      // The lock is released now. A later write could overwrite an answer from the checklist.
      draft.suspend(true);
      answer = draft.answers[question.key];
    });
    redraw();
    if (!isFree || failed) state.textContent = t(isFree ? "notSaved" : "openElsewhere");
  };
  const button = h(
    "button",
    { type: "button", class: "plain timer", onclick: tap },
    textElement("span", { class: "quiet" }, question.text),
    state,
  );
  const redraw = () => {
    const { timer, value } = answer;
    button.disabled = value != null; // to measure again, open the checklist
    state.textContent = timer
      ? `${t("stop")} · ${formatMinutes(elapsed(timer) / 1000)}`
      : value == null
        ? t("startTimer")
        : formatMinutes(value);
  };
  redraw();
  redrawEverySecond(state, () => answer.timer && redraw());
  return button;
}

/** Shows how much is unsent, and since when. Drafts count if the browser may delete them. */
function unsentNotice(unsent, unfinished) {
  const started = mayClearStorage() ? unfinished.map(({ clock }) => Date.now() - elapsed(clock)) : [];
  const times = [...unsent.map(({ at }) => at), ...started];
  if (!times.length) return null;
  return h("p", { class: "notice" }, t("unsent", { n: times.length, time: ago(Math.min(...times)) }));
}

/** Warns that this browser may delete unsent data, or offers to install the form. Both can be dismissed. */
function storageNotice(unsent, unfinished, sent, wake) {
  const install = installOffer();
  if (mayClearStorage() && unsent.length + unfinished.length) {
    const sendNow =
      unsent.length > 0 &&
      h("button", { type: "button", class: "plain", onclick: () => wake(true) }, t("sendNow"));
    return notice("clearing", t("mayBeCleared"), install, sendNow);
  }
  return install && sent.length ? notice("install", t("installWords"), install) : null;
}

/** Returns the questions of reviewers that the shopper has not answered yet. */
function messageList(messages) {
  if (!messages.length) return null;
  const line = ({ id, visit, place, text }) =>
    h(
      "li",
      {},
      h(
        "a",
        { href: `/visits/${visit}#message-${id}`, "data-testid": "message", "data-message": id },
        h("strong", { dir: "auto" }, place),
        h("span", { dir: "auto" }, text),
        h("span", { class: "mark" }, t("answerNow")),
      ),
    );
  return h(
    "section",
    {},
    h("h2", {}, t("messages", { n: messages.length })),
    h("ul", { class: "cards" }, messages.map(line)),
  );
}

/** Returns the expenses that are written and not claimed, although the answers were sent. */
function begunList(expenses) {
  if (!expenses.length) return null;
  const line = ({ visit, place }) =>
    h(
      "li",
      { "data-testid": "begun-expense" },
      h(
        "a",
        { href: `/visits/${visit}` },
        h("strong", { dir: "auto" }, place),
        h("span", { class: "mark" }, t("claimNow")),
      ),
    );
  return h(
    "section",
    {},
    h("h2", {}, t("notClaimed", { n: expenses.length })),
    h("ul", { class: "cards" }, expenses.map(line)),
  );
}

function waitingList(lines, wake) {
  if (!lines.length) return null;
  return h(
    "section",
    {},
    h("h2", {}, t("waiting")),
    h("ul", { class: "cards" }, lines),
    h("p", {}, h("button", { type: "button", class: "plain", onclick: () => wake(true) }, t("sendNow"))),
  );
}

function visitLine(row, photos) {
  const state = stateOf(
    row,
    photos.filter(({ visit }) => visit === row.visit),
  );
  return queueLine(row, state, [h("span", { role: "status" }, t(`state-${state}`))]);
}

/** Returns the line of an answer to a message, or of an expense. */
const partLine = (row, name) =>
  queueLine(row, row.state, [h("span", {}, name), h("span", { role: "status" }, t(`state-${row.state}`))]);

const queueLine = ({ visit, place }, state, lines) =>
  h(
    "li",
    { "data-testid": "queue-item", "data-state": state },
    h("a", { href: `/visits/${visit}` }, h("strong", { dir: "auto" }, place), lines),
  );

/**
 * Returns what became of the visits that are no longer to do, the latest first. Of a visit that was sent from
 * this phone, that is known at least.
 */
function pastList(sent, visits, unsent) {
  const known = new Map(visits.map((visit) => [visit.id, visit]));
  const waits = new Set(unsent.map(({ visit }) => visit));
  const isRecent = ({ visit, at }) => known.has(visit) || at > Date.now() - PAST;
  const ours = sent.filter(isRecent).map(({ visit, place, at }) => ({
    day: known.get(visit)?.day ?? new Date(at).toISOString(),
    line: (words) => queueLine({ visit, place }, "sent", words),
    visit: known.get(visit),
  }));
  const sentIds = new Set(sent.map(({ visit }) => visit));
  const others = visits
    .filter(({ id }) => !sentIds.has(id) && !waits.has(id))
    .map((visit) => ({ day: visit.day, line: (words) => pastLine(visit, words), visit }));
  const rows = [...ours, ...others].sort((a, b) => b.day.localeCompare(a.day));
  if (!rows.length) return null;
  const wordsOf = ({ day, visit }) =>
    hasOutcome(visit) ? outcomeOf(visit) : h("span", {}, h("strong", {}, t("state-sent")), dayOf(day));
  return h(
    "section",
    {},
    h("h2", {}, t("past")),
    h(
      "ul",
      { class: "cards" },
      rows.map((row) => row.line(wordsOf(row))),
    ),
  );
}

/** Returns a line for a visit that this phone has not sent. One without answers has nothing more to show. */
function pastLine({ id, location, revision }, words) {
  const content = [textElement("strong", {}, location.name), words];
  return h(
    "li",
    { "data-testid": "past-visit" },
    revision ? h("a", { href: `/visits/${id}` }, content) : h("p", { class: "lines" }, content),
  );
}

/** Returns the state of a visit: the worst state of its answers and photos. */
function stateOf(row, photos) {
  if (row.state === "sent") return "sent";
  const states = [
    row.receipt && row.state === "waiting" ? "sent" : row.state,
    ...photos.map(({ state }) => state),
  ];
  return WORST_FIRST.find((state) => states.includes(state)) ?? "waiting";
}

/** Signs out. If something is unsent, the shopper has to confirm it. */
async function confirmSignOut({ length: n }) {
  const question = t("signOutSure", { n });
  if (n && !(await confirmAction(question, { yes: t("signOut"), no: t("cancel") }))) return;
  await signOut();
}
