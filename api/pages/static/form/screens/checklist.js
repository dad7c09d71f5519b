/** The checklist of a visit. Every answer is stored immediately. */
import { h, showScreen, recallSetting, saveSetting, show, t, textElement } from "../../shared/page.js";
import { briefingBody, isBriefingUnread } from "../briefing.js";
import { announce, listen, notify } from "../channel.js";
import { Draft } from "../draft.js";
import { kindOf, timing, placeLinks } from "../facts.js";
import { field } from "../fields.js";
import { holdDraft } from "../locks.js";
import { showPayment } from "../expenses.js";
import { showMessages } from "../messages.js";
import { progress, questionsOf } from "../rules.js";
import { sectionList } from "../sections.js";

const FLUSH_TIMEOUT = 1500;

/** The question about a closed store: photos of the whole visit. */
const CLOSED_STORE = {
  key: null,
  type: "photo",
  required: false,
  comment: "never",
  photos: { minimum: 0, maximum: 3 },
};

/** Drafts by visit that were left before everything was saved. They keep their lock and continue to save. */
const unsavedDrafts = new Map();
addEventListener("beforeunload", (event) => unsavedDrafts.size && event.preventDefault());

/** Returns whether a draft that was left has unsaved changes. */
export const hasUnsavedDrafts = () => unsavedDrafts.size > 0;

/** Keeps a draft and its lock until everything is on the disk. */
function keepUntilSaved(visitId, draft, lock) {
  unsavedDrafts.set(visitId, { draft, lock });
  draft.onsave = (state) => {
    if (state !== "saved") return;
    unsavedDrafts.delete(visitId);
    lock.leave();
  };
}

/** Shows the checklist of a visit, with the messages about it. Returns a function that leaves it. */
export async function checklistScreen(
  account,
  { visit, checklist, messages: known },
  { onsent, ondeclined },
) {
  const status = h("div", { role: "status" });
  const form = h("div", {});
  const bar = saveBar();
  const title = `${kindOf(checklist)}, ${visit.location.name} – ${t("product")}`;
  const unsaved = unsavedDrafts.get(visit.id);
  unsavedDrafts.delete(visit.id);
  unsaved?.lock.leave();
  let draft = unsaved?.draft;
  let isOurs; // whether this tab holds the draft; null after the screen was left
  let stopWatching = () => {};
  const messages = h("div", {});
  await showMessages(messages, account, visit.id, known);
  showScreen(
    title,
    h("header", { class: "bar" }, h("a", { href: "/", class: "back" }, t("back")), bar.element),
    textElement("h1", {}, checklist.title),
    h(
      "p",
      {},
      textElement("strong", {}, visit.location.name),
      h("br"),
      t(`channel-${checklist.channel}`),
      h("br"),
      timing(visit),
    ),
    h("p", { class: "row" }, placeLinks(visit, checklist.channel)),
    messages,
    visit.status === "returned" && returnReasons(visit, checklist),
    textElement("p", {}, checklist.introduction),
    status,
    form,
  );
  const stopFitting = fitScrolling(bar.element.parentElement);

  const draw = async (hasLock) => {
    isOurs = hasLock;
    const hadFocus = status.contains(document.activeElement) || form.contains(document.activeElement);
    delete document.documentElement.dataset.ready;
    draft?.suspend(true);
    const current = draft?.isUnsaved ? draft : await Draft.open(account, visit, checklist);
    draft = current;
    Object.assign(draft, { onsave: bar.showState, onhandover: onsent });
    draft.suspend(!hasLock);
    if (isOurs !== hasLock || !form.isConnected) return;
    // Answers that another tab has put into the queue must not be sent again.
    if (draft.isHandedOver) {
      onsent();
      return;
    }
    stopWatching();
    stopWatching = draft.watchStorage();
    bar.watch(draft);
    const redraw = () => form.replaceChildren(...chooseBody(draft, checklist)(context));
    const onstale = () => draw(hasLock).catch(fail);
    const context = { draft, visit, checklist, bar, title, isOurs, onsent, onstale, ondeclined, redraw };
    redraw();
    status.replaceChildren(...(hasLock ? [] : [openElsewhere(takeOver)]));
    // The control with the focus may have been removed.
    if (hadFocus && document.activeElement === document.body)
      form.querySelector("fieldset")?.focus({ preventScroll: true });
    if (hasLock) document.documentElement.dataset.ready = "1";
  };
  // The tab with the draft saves its changes before it loses the lock.
  const takeOver = async () => {
    const flushed = new Promise((resolve) => {
      const stop = listen((topic) => topic === `flushed ${visit.id}` && resolve(stop()));
      setTimeout(() => resolve(stop()), FLUSH_TIMEOUT);
    });
    announce(`flush ${visit.id}`);
    await flushed;
    lock.take();
  };
  const stopFlushing = listen(async (topic) => {
    if (topic !== `flush ${visit.id}` || !isOurs || !draft) return;
    await draft.save();
    announce(`flushed ${visit.id}`);
  });
  const fail = (error) => (console.error(error), notify("storage-broken"));
  let lock;
  await new Promise((resolve) => {
    lock = holdDraft(account, visit.id, (hasLock) => {
      if (isOurs !== null) draw(hasLock).catch(fail).then(resolve);
    });
  });
  return () => {
    const wasOurs = isOurs;
    isOurs = null;
    stopWatching();
    stopFlushing();
    stopFitting();
    bar.remove();
    if (draft) Object.assign(draft, { onsave: () => {}, onhandover: () => {} });
    if (wasOurs && draft?.isUnsaved) keepUntilSaved(visit.id, draft, lock);
    else lock.leave();
  };
}

/** Returns the function that draws what the shopper does next. */
function chooseBody(draft, checklist) {
  if (draft.row.outcome === "store-closed") return closedBody;
  return isBriefingUnread(checklist, draft.row) ? briefingBody : body;
}

/** Keeps headings and questions below the bar when the page scrolls to them, whatever the bar's height. */
function fitScrolling(bar) {
  const observer = new ResizeObserver(() => {
    document.documentElement.style.setProperty("--bar", `${bar.offsetHeight}px`);
  });
  observer.observe(bar);
  return () => observer.disconnect();
}

/** Returns why the visit was returned, with a link to each question that the reviewer has a note on. */
function returnReasons({ return_reason, question_reasons, message_to_shopper }, checklist) {
  const noted = questionsOf(checklist).filter(({ key }) => question_reasons?.[key]);
  return h(
    "div",
    { class: "notice" },
    h("h2", {}, t("returned")),
    [return_reason, message_to_shopper].filter(Boolean).map((words) => h("p", { dir: "auto" }, words)),
    noted.length > 0 && h("p", {}, t("notes", { n: noted.length })),
    h(
      "ul",
      {},
      noted.map(({ key, text }) => h("li", {}, textElement("a", { href: `#q-${key}` }, text))),
    ),
  );
}

const openElsewhere = (take) =>
  h(
    "p",
    { class: "notice" },
    t("openElsewhere"),
    " ",
    h("button", { type: "button", class: "plain", onclick: take }, t("goOnHere")),
  );

/** The bar with the progress and the state of saving, which is always visible. */
function saveBar() {
  const count = h("span", {});
  const state = h("span", { "data-testid": "save-state", "data-state": "saved", role: "status" }, t("saved"));
  let draft = null;
  const warn = (event) => draft?.isUnsaved && event.preventDefault();
  const showState = (name, errors) => {
    if (state.dataset.state === "error" && name === "saving") return; // an error stays until the next success
    state.dataset.state = name;
    const words = t(name === "error" ? "notSaved" : name);
    if (state.textContent !== words) state.textContent = words;
    if (name === "saving") return;
    for (const line of document.querySelectorAll("[data-unsaved]")) {
      if (!errors.has(line.dataset.unsaved)) clearError(line);
    }
    for (const [key, error] of errors) showUnsaved(key, error, () => draft.save());
    if (name === "saved") askToPersist();
  };
  addEventListener("beforeunload", warn);
  return {
    element: h("div", { class: "state" }, count, state),
    showState,
    watch: (newDraft) => (draft = newDraft),
    showProgress: (numbers) => {
      const { n } = numbers;
      count.textContent = `${t("progress", numbers)}${n ? ` · ${t("optionalCount", { n })}` : ""} · `;
    },
    clearProgress: () => (count.textContent = ""),
    remove: () => removeEventListener("beforeunload", warn),
  };
}

/** The words for an error that prevented saving, by the name of the error. */
const SAVE_ERRORS = {
  QuotaExceededError: "diskFull",
  NotReadableError: "problem-photo-unreadable",
  NotFoundError: "problem-photo-unreadable",
};

/** Shows that a change is not saved, at its question, or at the last comment for the draft itself. */
function showUnsaved(key, error, retry) {
  const line = document.getElementById(`q-${key}-error`);
  const words = t(SAVE_ERRORS[error?.name] ?? "notStored");
  if (!line || line.textContent.startsWith(words)) return; // do not announce it after every letter
  line.dataset.unsaved = key;
  const button = h("button", { type: "button", class: "plain", onclick: retry }, t("tryAgain"));
  line.replaceChildren(h("span", { role: "alert" }, words), " ", button);
  show(line, true);
}

function clearError(line) {
  delete line.dataset.unsaved;
  line.replaceChildren();
  show(line, false);
}

let hasAsked = false;

/** Asks the browser once, after the first answer, not to delete the storage of this page. */
async function askToPersist() {
  if (hasAsked || !document.documentElement.dataset.ready) return;
  hasAsked = true;
  const persists = await navigator.storage?.persist?.().catch(() => false);
  saveSetting("persists", persists ? "yes" : "no");
}

function body(context) {
  const { draft, checklist, bar, isOurs } = context;
  const questions = questionsOf(checklist);
  const end = h("div");
  let redrawEnd = () => {};
  addEnd(end, context, questions).then((redraw) => (redrawEnd = redraw));
  const onchange = () => {
    bar.showProgress(progress(questions, draft.answersWithPhotos()));
    redrawEnd();
  };
  const { draw, fields } = sectionList(draft, onchange);
  const sections = draw(checklist);
  onchange();
  if (!isOurs) for (const element of fields.values()) element.disabled = true;
  return [...sections, end];
}

/** The report of a closed store. Photos, comment and position are the evidence, and a reviewer decides. */
function closedBody(context) {
  const { draft, bar, isOurs, redraw } = context;
  const end = h("div");
  const photo = field({ ...CLOSED_STORE, text: t("closedPhoto") }, draft, () => {});
  photo.element.disabled = !isOurs;
  bar.clearProgress();
  addEnd(end, context, []);
  const showQuestions = async () => {
    await draft.setRow({ outcome: null });
    redraw();
    scrollTo(0, 0);
    document.querySelector("[data-question]")?.focus({ preventScroll: true });
  };
  const hasAnswers = Object.keys(draft.answers).length > 0;
  return [
    h(
      "div",
      { class: "notice" },
      h("h2", { id: "store-closed", tabindex: -1 }, t("closedTitle")),
      h("p", {}, t("closedWords"), hasAnswers && ` ${t("closedAnswers")}`),
      h(
        "p",
        {},
        h(
          "button",
          { type: "button", class: "plain", disabled: !isOurs, onclick: showQuestions },
          t("notClosed"),
        ),
      ),
    ),
    photo.element,
    end,
  ];
}

/** Adds the end of the page last, so that it does not delay the questions. Resolves to its `redraw`. */
async function addEnd(end, context, questions) {
  const [{ review }, { unable }] = await Promise.all([import("./review.js"), import("./unable.js")]);
  const { element, redraw } = review({ ...context, questions });
  const payment = h("div", {});
  if (context.visit.payment) {
    const { draft, visit } = context;
    showPayment(payment, draft.row.account, visit.id, visit);
  }
  end.replaceChildren(element, payment, ...unable(context));
  if (!context.isOurs)
    for (const control of end.querySelectorAll("button, textarea, summary")) control.disabled = true;
  redraw();
  return redraw;
}

/** Returns whether this browser may delete the storage of this page. */
export const mayClearStorage = () => recallSetting("persists") === "no";
