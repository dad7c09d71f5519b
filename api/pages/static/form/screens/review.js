/** The end of the checklist: the answers to check, what is missing, a last comment, and sending. */
import { h, plain, show, t } from "../../shared/page.js";
import { answerWords } from "../answers.js";
import { DraftChanged } from "../draft.js";
import { missing, visible } from "../rules.js";

const REDRAW_AFTER = 250;

/** Returns the element, and how to draw it again after an answer has changed. */
export function review({ draft, visit, questions, title, onsent, onstale }) {
  let tried = false;
  const summary = h("div", {
    class: "summary",
    tabindex: -1,
    role: "group",
    "aria-labelledby": "summary-title",
    hidden: true,
  });
  const rest = h("p", { class: "quiet" });
  const fault = h("p", { class: "fault", role: "alert" });
  const answers = h("ul", { class: "answers" });
  const button = h("button", { type: "button", class: "primary", "data-testid": "submit" }, t("send"));
  let timer = null;

  const redraw = () => {
    const faults = missing(questions, draft.answersWithPhotos());
    rest.textContent = faults.length
      ? t("missing", { n: faults.length })
      : questions.length
        ? t("allAnswered")
        : "";
    clearTimeout(timer);
    timer = setTimeout(() => answers.replaceChildren(...answerLines(questions, draft)), REDRAW_AFTER);
    if (!tried) return faults;
    mark(questions, faults);
    document.title = faults.length ? t("errorTitle", { title }) : title;
    summary.replaceChildren(
      h("h3", { id: "summary-title" }, t("missing", { n: faults.length })),
      h(
        "ul",
        {},
        faults.map((each) => h("li", {}, linkTo(questions, each))),
      ),
    );
    show(summary, faults.length);
    show(rest, !faults.length);
    return faults;
  };
  button.onclick = async () => {
    tried = true;
    if (redraw().length) return focusSummary(summary);
    fault.textContent = questions.length || isReported(draft) ? "" : t("closedNeedsEvidence");
    if (fault.textContent) return;
    /** @type {NodeListOf<HTMLInputElement>} */
    const enabled = document.querySelectorAll("#screen fieldset:enabled, #review :enabled, .unable :enabled");
    const controls = [...enabled];
    for (const control of controls) control.disabled = true; // nothing can be given while it is handed over
    try {
      await draft.finish(plain(visit.location.name));
      onsent();
    } catch (error) {
      for (const control of controls) control.disabled = false;
      if (error instanceof DraftChanged) return onstale();
      fault.textContent = t(error?.name === "QuotaExceededError" ? "diskFull" : "notStored");
    }
  };
  const comment = h(
    "textarea",
    {
      id: "comment",
      name: "comment",
      rows: 3,
      maxlength: 10_000,
      dir: "auto",
      "aria-describedby": "q--fault",
      oninput: () => draft.setRow({ comment: comment.value || null }),
    },
    draft.row.comment ?? "",
  );
  const element = h(
    "section",
    { id: "review" },
    h("h2", {}, t("review")),
    summary,
    rest,
    answers,
    h(
      "p",
      {},
      h("label", { for: "comment" }, t(questions.length ? "lastComment" : "closedComment")),
      comment,
    ),
    position(draft),
    h("p", { class: "fault", id: "q--fault", hidden: true }),
    fault,
    h("p", {}, button),
  );
  return { element, redraw };
}

/** Returns whether a closed store is reported with evidence: a photo, or words. */
const isReported = (draft) => draft.photosOf(null).length > 0 || Boolean(draft.row.comment?.trim());

function focusSummary(summary) {
  summary.focus({ preventScroll: true });
  summary.scrollIntoView({ block: "start" });
}

/** Returns each question that is asked with its answer, as a link that changes it. */
function answerLines(questions, draft) {
  const answers = draft.answersWithPhotos();
  const shown = visible(questions, answers);
  return questions
    .filter(({ key }) => shown.has(key))
    .map((question) => {
      const words =
        answerWords(question, answers[question.key]) ||
        t(question.required === false ? "noAnswer" : "missing-value");
      const link = h(
        "a",
        { href: `#q-${question.key}`, onclick: goTo(question), dir: "auto" },
        h("span", { class: "quiet" }, plain(question.text)),
        h("strong", {}, words),
      );
      return h("li", {}, link);
    });
}

/** Says at each question what is missing there, and takes back what no longer is. */
function mark(questions, faults) {
  const faultOf = new Map(faults.map(({ key, what }) => [key, what]));
  for (const { key } of questions) {
    const what = faultOf.get(key);
    const fault = document.getElementById(`q-${key}-fault`);
    if (fault.dataset.unsaved) continue;
    const words = what ? t(`missing-${what}`) : "";
    if (fault.textContent !== words) fault.textContent = words;
    show(fault, what);
    const group = document.getElementById(`q-${key}`);
    group.classList.toggle("wrong", Boolean(what));
    const isComment = what === "comment";
    if (group.getAttribute("role") === "radiogroup")
      group.setAttribute("aria-invalid", String(Boolean(what) && !isComment));
    for (const input of group.querySelectorAll("input:not([type=radio]), textarea")) {
      input.setAttribute(
        "aria-invalid",
        String(Boolean(what) && isComment === (input.id === `q-${key}-comment`)),
      );
    }
  }
}

function linkTo(questions, { key, what }) {
  const question = questions.find((each) => each.key === key);
  const words = `${plain(question.text)} — ${t(`missing-${what}`)}`;
  return h("a", { href: `#q-${key}`, onclick: goTo(question, what), dir: "auto" }, words);
}

/** Focuses what is to be changed: the group of a question with several inputs, or else its one input. */
const goTo =
  ({ key }, what) =>
  (event) => {
    event.preventDefault();
    const group = document.getElementById(`q-${key}`);
    group.scrollIntoView({ block: "center" });
    const single = group.hasAttribute("role") ? null : "input:not([type=file]), textarea";
    const wanted = { comment: `#q-${key}-comment`, photos: ".camera" }[what] ?? single;
    const input = wanted && [...group.querySelectorAll(wanted)].find((each) => each.offsetParent);
    (input ?? group).focus({ preventScroll: true });
  };

/** Lets the shopper add the position; the form never asks for it without a tap. */
function position(draft) {
  const words = h("span", { role: "status", class: "quiet" }, draft.row.position ? t("positionKept") : "");
  const keep = ({ coords: { latitude, longitude, accuracy } }) => {
    draft.setRow({ position: { latitude, longitude, accuracy_m: Math.round(accuracy) } });
    words.textContent = t("positionKept");
  };
  const fail = () => (words.textContent = t("noPosition"));
  const locate = () => {
    words.textContent = t("locating");
    navigator.geolocation.getCurrentPosition(keep, fail, { timeout: 20_000, maximumAge: 60_000 });
  };
  return h(
    "p",
    { class: "row" },
    h("button", { type: "button", class: "plain", onclick: locate }, t("addPosition")),
    words,
  );
}
