/** The list of visits: to do, returned, waiting to be sent, and sent. It shows what is on the phone. */
import { organizationName } from "../../shared/logo.js";
import { ago, confirmAction, h, languageButtons, formatMinutes, t, textElement } from "../../shared/page.js";
import { typeOf } from "../../shared/question-types/index.js";
import { elapsed, redrawEverySecond, toggleTimer } from "../../shared/timers.js";
import { account as currentAccount, signOut } from "../account.js";
import { list } from "../database.js";
import { Draft } from "../draft.js";
import { kindOf, timing, placeLinks } from "../facts.js";
import { installOffer, notice } from "../install.js";
import { ifFree } from "../locks.js";
import { obstacleNotice } from "../obstacle.js";
import { progress, questionsOf, acceptsAnswers, visible } from "../rules.js";
import { isInQueue, storedChecklist } from "../visits.js";
import { hasUnsavedDrafts, mayClearStorage } from "./checklist.js";

const WORST_FIRST = ["needs-you", "sending", "waiting", "sent"];

/** Returns the children of the screen. */
export async function visitsScreen(account, { wake, obstacle, signIn }) {
  const names = ["visits", "drafts", "queue", "photos"];
  const [visits, drafts, queue, photos] = await Promise.all(names.map((name) => list(name, account)));
  const queued = new Map(queue.map((row) => [row.visit, row]));
  const draftOf = ({ id }) => drafts.find(({ visit }) => visit === id);
  const isOpen = (visit) =>
    !isInQueue(visit, queued.get(visit.id)) && (acceptsAnswers(visit) || draftOf(visit));
  const cards = await Promise.all(
    visits
      .filter(isOpen)
      .sort(byDue)
      .map((visit) => card(account, visit, draftOf(visit))),
  );
  const unsent = queue.filter(({ state }) => state !== "sent");
  const sent = queue.filter(({ state }) => state === "sent");
  const unfinished = drafts.filter(({ visit }) => !unsent.some((row) => row.visit === visit));
  const signOutButton = h(
    "button",
    { type: "button", class: "plain", onclick: () => confirmSignOut(unsent, unfinished) },
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
    queueList(t("waiting"), unsent, photos, wake),
    h(
      "section",
      {},
      h("h2", {}, t("toDo")),
      cards.length ? h("ul", { class: "cards" }, cards) : h("p", {}, t("noVisits")),
    ),
    queueList(t("sent"), sent, photos),
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
    canAnswer && (await timers(account, visit, checklist)),
  );
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

function queueList(title, rows, photos, wake) {
  if (!rows.length) return null;
  const line = (row) => {
    const state = stateOf(
      row,
      photos.filter(({ visit }) => visit === row.visit),
    );
    return h(
      "li",
      { "data-testid": "queue-item", "data-state": state },
      h(
        "a",
        { href: `/visits/${row.visit}` },
        h("strong", { dir: "auto" }, row.place),
        h("span", { role: "status" }, t(`state-${state}`)),
      ),
    );
  };
  return h(
    "section",
    {},
    h("h2", {}, title),
    h("ul", { class: "cards" }, rows.map(line)),
    wake &&
      h("p", {}, h("button", { type: "button", class: "plain", onclick: () => wake(true) }, t("sendNow"))),
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
async function confirmSignOut(unsent, unfinished) {
  const n = unsent.length + unfinished.length;
  const question = t("signOutSure", { n });
  if (n && !(await confirmAction(question, { yes: t("signOut"), no: t("cancel") }))) return;
  await signOut();
}
