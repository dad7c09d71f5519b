/** A visit's checklist: every answer is stored as it is given. */
import { h, put, recallSetting, saveSetting, show, t, textElement } from "../../shared/page.js";
import { announce, listen, notify } from "../channel.js";
import { Draft } from "../draft.js";
import { kindOf, timing, whereabouts } from "../facts.js";
import { field } from "../fields.js";
import { holdDraft } from "../locks.js";
import { progress, questionsOf, visible } from "../rules.js";

const FLUSH_TIMEOUT = 1500;

/** What is asked where the store was closed: a photo of the visit as a whole. */
const CLOSED = {
  key: null,
  type: "photo",
  required: false,
  comment: "never",
  photos: { minimum: 0, maximum: 3 },
};

/**
 * Drafts that were left while something was in memory alone, by visit: they keep their lock and go on saving.
 */
const unsavedDrafts = new Map();
addEventListener("beforeunload", (event) => unsavedDrafts.size && event.preventDefault());

/** Returns whether something that was given on a screen that was left is in memory alone. */
export const hasUnsavedDrafts = () => unsavedDrafts.size > 0;

/** Keeps a draft, and the lock on it, until all of it is on the disk. */
function keepUntilSaved(visitId, draft, lock) {
  unsavedDrafts.set(visitId, { draft, lock });
  draft.onsave = (state) => {
    if (state !== "saved") return;
    unsavedDrafts.delete(visitId);
    lock.leave();
  };
}

/** Shows a visit's checklist and returns how to leave it. */
export async function checklistScreen(account, visit, checklist, { onsent, ondeclined }) {
  const status = h("div", { role: "status" });
  const form = h("div", {});
  const bar = saveBar();
  const title = `${kindOf(checklist)}, ${visit.location.name} – ${t("product")}`;
  const left = unsavedDrafts.get(visit.id);
  unsavedDrafts.delete(visit.id);
  left?.lock.leave();
  let draft = left?.draft;
  let isOurs; // whether this tab holds the draft; undefined once the screen was left
  let stopWatching = () => {};
  put(
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
    h("p", { class: "row" }, whereabouts(visit, checklist.channel)),
    visit.status === "returned" && returnReasons(visit),
    textElement("p", {}, checklist.introduction),
    status,
    form,
  );
  const stopFitting = fitScrolling(bar.element.parentElement);

  const draw = async (ours) => {
    isOurs = ours;
    const hadFocus = status.contains(document.activeElement) || form.contains(document.activeElement);
    delete document.documentElement.dataset.ready;
    draft?.suspend(true);
    const current = draft?.isUnsaved ? draft : await Draft.open(account, visit, checklist);
    draft = current;
    Object.assign(draft, { onsave: bar.say, onhandover: onsent });
    draft.suspend(!ours);
    if (isOurs !== ours || !form.isConnected) return;
    // Whoever gets the draft must not offer again what another tab has handed over.
    if (draft.isHandedOver) {
      onsent();
      return;
    }
    stopWatching();
    stopWatching = draft.watchStorage();
    bar.show(draft);
    const redraw = () =>
      form.replaceChildren(...(draft.row.outcome === "store-closed" ? closedBody : body)(context));
    const onstale = () => draw(ours).catch(fail);
    const context = { draft, visit, checklist, bar, title, isOurs, onsent, onstale, ondeclined, redraw };
    redraw();
    status.replaceChildren(...(ours ? [] : [openElsewhere(takeOver)]));
    // The control that had the focus may be gone with what was drawn before.
    if (hadFocus && document.activeElement === document.body)
      form.querySelector("fieldset")?.focus({ preventScroll: true });
    if (ours) document.documentElement.dataset.ready = "1";
  };
  // The tab that has the draft writes what it was given before it loses it.
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
  await new Promise((drawn) => {
    lock = holdDraft(account, visit.id, (ours) => {
      if (isOurs !== null) draw(ours).catch(fail).then(drawn);
    });
  });
  return () => {
    const wasOurs = isOurs;
    isOurs = null;
    stopWatching();
    stopFlushing();
    stopFitting();
    bar.leave();
    if (draft) Object.assign(draft, { onsave: () => {}, onhandover: () => {} });
    if (wasOurs && draft?.isUnsaved) keepUntilSaved(visit.id, draft, lock);
    else lock.leave();
  };
}

/** Scrolling to a heading or a question leaves the bar's height above it, however many lines the bar has. */
function fitScrolling(bar) {
  const observer = new ResizeObserver(() => {
    document.documentElement.style.setProperty("--bar", `${bar.offsetHeight}px`);
  });
  observer.observe(bar);
  return () => observer.disconnect();
}

function returnReasons({ return_reason, question_reasons }) {
  const reasons = Object.entries(question_reasons ?? {});
  return h(
    "div",
    { class: "notice" },
    h("h2", {}, t("returned")),
    h("p", { dir: "auto" }, return_reason),
    reasons.map(([key, reason]) => h("p", {}, h("a", { href: `#q-${key}`, dir: "auto" }, reason))),
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

/** The progress and the state of saving, in words, always in sight. */
function saveBar() {
  const counted = h("span", {});
  const state = h("span", { "data-testid": "save-state", "data-state": "saved", role: "status" }, t("saved"));
  let draft = null;
  const warn = (event) => draft?.isUnsaved && event.preventDefault();
  const say = (name, errors) => {
    if (state.dataset.state === "error" && name === "saving") return; // not saved until it is
    state.dataset.state = name;
    const words = t(name === "error" ? "notSaved" : name);
    if (state.textContent !== words) state.textContent = words;
    if (name === "saving") return;
    for (const fault of document.querySelectorAll("[data-unsaved]")) {
      if (!errors.has(fault.dataset.unsaved)) clearFault(fault);
    }
    for (const [key, error] of errors) showUnsaved(key, error, () => draft.save());
    if (name === "saved") askToPersist();
  };
  addEventListener("beforeunload", warn);
  return {
    element: h("div", { class: "state" }, counted, state),
    say,
    show: (shown) => (draft = shown),
    count: (questions) => {
      const { n } = questions;
      counted.textContent = `${t("progress", questions)}${n ? ` · ${t("optionalCount", { n })}` : ""} · `;
    },
    clearCount: () => (counted.textContent = ""),
    leave: () => removeEventListener("beforeunload", warn),
  };
}

/** Why something is not saved, by the name of the error. */
const NOT_SAVED = {
  QuotaExceededError: "diskFull",
  NotReadableError: "problem-photo-unreadable",
  NotFoundError: "problem-photo-unreadable",
};

/** Says below a question, or below the last comment for the draft itself, that it is not saved. */
function showUnsaved(key, error, retry) {
  const fault = document.getElementById(`q-${key}-error`);
  const words = t(NOT_SAVED[error?.name] ?? "notStored");
  if (!fault || fault.textContent.startsWith(words)) return; // read aloud once, not at every letter
  fault.dataset.unsaved = key;
  const button = h("button", { type: "button", class: "plain", onclick: retry }, t("tryAgain"));
  fault.replaceChildren(h("span", { role: "alert" }, words), " ", button);
  show(fault, true);
}

function clearFault(fault) {
  delete fault.dataset.unsaved;
  fault.replaceChildren();
  show(fault, false);
}

let asked = false;

/** Asks the browser once, after the first answer, to keep what the phone stores. */
async function askToPersist() {
  if (asked || !document.documentElement.dataset.ready) return;
  asked = true;
  const persists = await navigator.storage?.persist?.().catch(() => false);
  saveSetting("persists", persists ? "yes" : "no");
}

function body(context) {
  const { draft, checklist, bar, isOurs } = context;
  const questions = questionsOf(checklist);
  const fields = new Map(questions.map((question) => [question.key, field(question, draft, changed)]));
  const sections = checklist.sections.map((section) =>
    h(
      "section",
      {},
      textElement("h2", {}, section.title),
      section.questions.map(({ key }) => fields.get(key).element),
    ),
  );
  const end = h("div");
  let redrawEnd = () => {};
  addEnd(end, context, questions).then((redraw) => (redrawEnd = redraw));
  function changed() {
    const shown = visible(questions, draft.answers);
    for (const [key, { element }] of fields) show(element, shown.has(key));
    sections.forEach((section, index) => {
      show(
        section,
        checklist.sections[index].questions.some(({ key }) => shown.has(key)),
      );
    });
    bar.count(progress(questions, draft.answersWithPhotos()));
    redrawEnd();
  }
  changed();
  if (!isOurs) for (const { element } of fields.values()) element.disabled = true;
  return [...sections, end];
}

/**
 * The report of a store that was closed: a photo and the position are the evidence, and a reviewer decides.
 */
function closedBody(context) {
  const { draft, bar, isOurs, redraw } = context;
  const end = h("div");
  const photo = field({ ...CLOSED, text: t("closedPhoto") }, draft, () => {});
  photo.element.disabled = !isOurs;
  bar.clearCount();
  addEnd(end, context, []);
  const open = async () => {
    await draft.setRow({ outcome: null });
    redraw();
    scrollTo(0, 0);
    document.querySelector("[data-question]")?.focus({ preventScroll: true });
  };
  const answered = Object.keys(draft.answers).length > 0;
  return [
    h(
      "div",
      { class: "notice" },
      h("h2", { id: "store-closed", tabindex: -1 }, t("closedTitle")),
      h("p", {}, t("closedWords"), answered && ` ${t("closedAnswers")}`),
      h(
        "p",
        {},
        h("button", { type: "button", class: "plain", disabled: !isOurs, onclick: open }, t("notClosed")),
      ),
    ),
    photo.element,
    end,
  ];
}

/** Adds the end of the page last, so that answering need not wait for it; resolves to how to redraw it. */
async function addEnd(end, context, questions) {
  const [{ review }, { unable }] = await Promise.all([import("./review.js"), import("./unable.js")]);
  const { element, redraw } = review({ ...context, questions });
  end.replaceChildren(element, ...unable(context));
  if (!context.isOurs)
    for (const control of end.querySelectorAll("button, textarea, summary")) control.disabled = true;
  redraw();
  return redraw;
}

/** Returns whether this browser has refused to keep what it stores. */
export const mayClearStorage = () => recallSetting("persists") === "no";
