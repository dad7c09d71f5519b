import { h, put, show, t, told } from "../../shared/page.js";
import { Draft, hold } from "../draft.js";
import { field } from "../fields.js";
import { progress, questionsOf, visible } from "../rules.js";
import { get, tell } from "../store.js";

/** Shows a visit's checklist, every answer of which is stored as it is given; returns how to leave it. */
export async function checklistScreen(account, visit, checklist, sent) {
  let held; // by this tab: true, false, or undefined once the screen was left
  let lock;
  const notice = h("div", { role: "status" });
  const form = h("div", {});
  const bar = saveBar();
  put(t("title"),
    h("header", { class: "bar" }, h("a", { href: "/", class: "back" }, t("back")), bar.element),
    told("h1", {}, checklist.title),
    h("p", { class: "quiet", dir: "auto" }, told("strong", {}, visit.location.name), visit.location.address && ` · ${visit.location.address}`),
    visit.status === "returned" && reasonOf(visit),
    told("p", {}, checklist.introduction), notice, form);

  const draw = async (ours) => {
    held = ours;
    delete document.documentElement.dataset.ready;
    const draft = await Draft.open(account, visit, bar.say);
    if (held !== ours || !form.isConnected) return;
    draft.row.checklist = { key: checklist.key, version: checklist.version };
    bar.for(draft);
    form.replaceChildren(...body(draft, checklist, visit, bar, sent));
    for (const fieldset of form.querySelectorAll("fieldset")) fieldset.disabled = !ours;
    form.inert = !ours;
    notice.replaceChildren(...(ours ? [] : [taken(() => lock.take())]));
    if (ours) document.documentElement.dataset.ready = "1";
  };
  let left = false;
  const broken = (error) => (console.error(error), tell("broken"));
  await new Promise((drawn) => {
    lock = hold(account, visit.id, (ours) => left || draw(ours).catch(broken).then(drawn));
  });
  return () => {
    left = true;
    held = undefined;
    lock.leave();
  };
}

function reasonOf({ return_reason, question_reasons }) {
  return h("div", { class: "notice" }, h("h2", {}, t("returned")), h("p", { dir: "auto" }, return_reason),
    Object.entries(question_reasons ?? {}).map(([key, reason]) => h("p", {}, h("a", { href: `#q-${key}`, dir: "auto" }, reason))));
}

const taken = (take) => h("p", { class: "notice" }, t("openElsewhere"), " ", h("button", { type: "button", class: "plain", onclick: take }, t("goOnHere")));

/** The progress and the state of saving, in words, always in sight. */
function saveBar() {
  const counted = h("span", {});
  const state = h("span", { "data-testid": "save-state", "data-state": "saved", role: "status" }, t("saved"));
  let draft = null;
  const say = (name, keys, error) => {
    state.dataset.state = name;
    state.textContent = t(name === "error" ? "notSaved" : name);
    if (name === "saving") return;
    for (const fault of document.querySelectorAll("[data-unsaved]")) if (!keys.includes(fault.dataset.unsaved)) clear(fault);
    if (name === "error") keys.forEach((key) => faultBeside(key, error, () => draft.save()));
    if (name === "saved") askToKeep();
  };
  return {
    element: h("div", { class: "state" }, counted, " · ", state),
    say,
    for: (given) => (draft = given),
    count: (progress) => (counted.textContent = t("progress", progress)),
  };
}

/** Says beside a question, or beside the last word where the key is empty, that it is not saved. */
function faultBeside(key, error, again) {
  const fault = document.getElementById(`q-${key}-fault`);
  const words = error?.name === "QuotaExceededError" ? t("diskFull") : t("notStored");
  if (!fault || fault.textContent.startsWith(words)) return; // read aloud once, not at every letter
  fault.dataset.unsaved = key;
  fault.replaceChildren(h("span", { role: "alert" }, words), " ", h("button", { type: "button", class: "plain", onclick: again }, t("tryAgain")));
  show(fault, true);
}

function clear(fault) {
  delete fault.dataset.unsaved;
  fault.replaceChildren();
  show(fault, false);
}

let asked = false;

/** Asks the browser once, after the first answer, not to give the space to others. */
async function askToKeep() {
  if (asked || !document.documentElement.dataset.ready) return;
  asked = true;
  const kept = await navigator.storage?.persist?.().catch(() => false);
  localStorage.kept = kept ? "yes" : "no";
}

function body(draft, checklist, visit, bar, sent) {
  const questions = questionsOf(checklist);
  const fields = new Map(questions.map((question) => [question.key, field(question, draft, changed)]));
  const sections = checklist.sections.map((section) =>
    h("section", {}, told("h2", {}, section.title), section.questions.map(({ key }) => fields.get(key).element)));
  const end = h("div");
  let redraw = () => {};
  // It comes last on the page, so that answering need not wait for it.
  import("./review.js").then(({ review }) => {
    const made = review({ draft, checklist, visit, questions, sent });
    end.replaceChildren(made.element);
    redraw = made.redraw;
    redraw();
  });
  function changed() {
    const shown = visible(questions, draft.answers);
    for (const [each, { element }] of fields) show(element, shown.has(each));
    sections.forEach((section, index) => show(section, checklist.sections[index].questions.some((each) => shown.has(each.key))));
    bar.count(progress(questions, draft.whole()));
    redraw();
  }
  changed();
  return [...sections, end];
}

/** Returns the checklist that a visit is pinned to, as it is kept on the phone. */
export async function keptChecklist(account, { checklist }) {
  return (await get("checklists", account, checklist.key, checklist.version))?.document;
}
