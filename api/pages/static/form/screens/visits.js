import { ago, h, languages, minutes, moment, t, told } from "../../shared/page.js";
import { account as current, list, signOut } from "../store.js";
import { Draft, elapsed, ifFree } from "../draft.js";
import { ticking, toggled } from "../fields.js";
import { progress, questionsOf, takesAnswers, visible } from "../rules.js";
import { keptChecklist } from "./checklist.js";

const ORDER = ["needs-you", "sending", "waiting", "sent"];

/** Returns what shows all visits: to do, returned, waiting to be sent, and sent; works from what is on the phone. */
export async function visitsScreen(account, { wake, signedOut, signIn }) {
  const [visits, drafts, queue, photos] = await Promise.all(["visits", "drafts", "queue", "photos"].map((name) => list(name, account)));
  const queued = new Map(queue.map((row) => [row.visit, row]));
  const waits = (visit) => queued.has(visit.id) && !(visit.status === "returned" && visit.revision >= (queued.get(visit.id).receipt?.revision ?? Infinity));
  const draftOf = (visit) => drafts.find((row) => row.visit === visit.id);
  const open = visits.filter((visit) => !waits(visit) && (takesAnswers(visit) || draftOf(visit))).sort(byDue);
  const cards = await Promise.all(open.map((visit) => card(account, visit, draftOf(visit))));
  const unsent = queue.filter((row) => row.state !== "sent");
  return [
    h("header", { class: "bar" }, h("h1", {}, t("title")), h("span", { class: "quiet", dir: "auto" }, current().organization)),
    signedOut && h("p", { class: "notice" }, t("signedOut"), " ", h("button", { type: "button", class: "plain", onclick: signIn }, t("signIn"))),
    warning(unsent, drafts),
    queueList(t("waiting"), unsent, photos, wake),
    h("section", {}, h("h2", {}, t("toDo")), cards.length ? h("ul", { class: "cards" }, cards) : h("p", {}, t("noVisits"))),
    queueList(t("sent"), queue.filter((row) => row.state === "sent"), photos),
    h("nav", { class: "row", "aria-label": t("more") }, languages(), h("button", { type: "button", class: "plain", onclick: leave }, t("signOut")),
      h("span", { class: "quiet" }, current().name)),
  ];
}

const byDue = (a, b) => (a.status === "returned" ? 0 : 1) - (b.status === "returned" ? 0 : 1) || a.window.closes_at.localeCompare(b.window.closes_at);

async function card(account, visit, draft) {
  const checklist = await keptChecklist(account, visit);
  // Before the answers of a returned visit have come, a draft of ours would keep them from coming.
  const mayAnswer = checklist && (visit.status !== "returned" || draft?.revision === visit.revision + 1);
  const lines = [
    visit.status === "returned" && h("span", { dir: "auto" }, h("span", { class: "mark" }, t("returned")), visit.return_reason && `: ${visit.return_reason}`),
    ["cancelled", "declined"].includes(visit.status) && h("span", { class: "mark" }, t("withdrawn")),
    !takesAnswers(visit) && h("span", { class: "mark" }, t("problem-submission-conflict")),
    h("span", { class: "quiet" }, t("until", { time: moment(visit.window.closes_at, visit.location.time_zone) })),
    checklist && draft && (await howFar(account, visit, checklist)),
    !checklist && h("span", { class: "quiet" }, t("notYetHere")),
  ];
  return h("li", {},
    h("a", { href: `/visits/${visit.id}`, "data-testid": "visit", "data-visit": visit.id },
      told("strong", {}, visit.location.name), visit.location.address && h("span", { class: "quiet", dir: "auto" }, visit.location.address), lines),
    mayAnswer && (await timers(account, visit, checklist)));
}

async function answersOf(account, visit) {
  return Object.fromEntries((await list("answers", account, visit.id)).map((row) => [row.question, row.answer]));
}

async function howFar(account, visit, checklist) {
  const draft = await Draft.open(account, visit, () => {});
  return h("span", {}, t("progress", progress(questionsOf(checklist), draft.whole())));
}

/** One tap starts a timer, without opening the checklist; what was measured is measured again only there. */
async function timers(account, visit, checklist) {
  const answers = await answersOf(account, visit);
  const shown = visible(questionsOf(checklist), answers);
  const durations = questionsOf(checklist).filter((each) => each.type === "duration" && shown.has(each.key));
  return durations.map((question) => timerButton(account, visit, checklist, question, answers[question.key] ?? {}));
}

function timerButton(account, visit, checklist, question, answer) {
  const state = h("span", {});
  const tap = async () => {
    const free = await ifFree(account, visit.id, async () => {
      const draft = await Draft.open(account, visit, (name) => (state.dataset.failed = name === "error" ? "1" : ""));
      draft.row.checklist = { key: checklist.key, version: checklist.version };
      answer = draft.answers[question.key] ?? {};
      if (answer.value != null) return; // measured in another tab
      await draft.set(question.key, toggled(answer));
      answer = draft.answers[question.key];
    });
    redraw();
    if (!free || state.dataset.failed) state.textContent = t(free ? "notSaved" : "openElsewhere");
  };
  const button = h("button", { type: "button", class: "plain timer", onclick: tap }, told("span", { class: "quiet" }, question.text), state);
  const redraw = () => {
    const { timer, value } = answer;
    button.disabled = value != null;
    state.textContent = timer ? `${t("stop")} · ${minutes(elapsed(timer) / 1000)}` : value == null ? t("startTimer") : minutes(value);
  };
  redraw();
  ticking(state, () => answer.timer && redraw());
  return button;
}

/** Says what is not sent, and since when: half-done drafts as well, where the browser may clear its space. */
function warning(unsent, drafts) {
  const mayBeCleared = localStorage.kept === "no";
  const halfDone = drafts.filter(({ visit }) => mayBeCleared && !unsent.some((row) => row.visit === visit));
  const since = [...unsent.map((row) => row.at), ...halfDone.map((row) => Date.now() - elapsed(row.clock))];
  if (!since.length) return null;
  return h("p", { class: "notice" }, t("unsent", { n: since.length, time: ago(Math.min(...since)) }), " ", mayBeCleared && t("mayBeCleared"));
}

function queueList(title, rows, photos, wake) {
  if (!rows.length) return null;
  const line = (row) => {
    const state = stateOf(row, photos.filter((photo) => photo.visit === row.visit));
    return h("li", { "data-testid": "queue-item", "data-state": state },
      h("a", { href: `/visits/${row.visit}` }, h("strong", { dir: "auto" }, row.place), h("span", { role: "status" }, t(`state-${state}`))));
  };
  return h("section", {}, h("h2", {}, title), h("ul", { class: "cards" }, rows.map(line)),
    wake && h("p", {}, h("button", { type: "button", class: "plain", onclick: () => wake(true) }, t("sendNow"))));
}

/** Returns the state of a visit as a whole: the worst of its answers and its photos. */
function stateOf(row, photos) {
  const states = [row.receipt && row.state === "waiting" ? "sent" : row.state, ...photos.map((photo) => photo.state)];
  return row.state === "sent" ? "sent" : ORDER.find((state) => states.includes(state)) ?? "waiting";
}

async function leave({ target }) {
  try {
    await signOut();
  } catch {
    target.textContent = t("noSignal");
  }
}
