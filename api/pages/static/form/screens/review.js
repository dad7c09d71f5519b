/** The end of the checklist: the answers to check, the errors, a last comment, and sending. */
import { h, localize, show, t } from "../../shared/page.js";
import { answerWords } from "../answers.js";
import { DraftChanged } from "../draft.js";
import { findErrors, visible } from "../rules.js";

const REDRAW_AFTER = 250;
const COMMENT_ERRORS = ["comment", "comment-length"];

/** Returns the element, and `redraw` for when an answer has changed. */
export function review({ draft, visit, questions, title, onsent, onstale }) {
  let hasTried = false;
  const summary = h("div", {
    class: "summary",
    tabindex: -1,
    role: "group",
    "aria-labelledby": "summary-title",
    hidden: true,
  });
  const status = h("p", { class: "quiet" });
  const message = h("p", { class: "fault", role: "alert" });
  const answers = h("ul", { class: "answers" });
  const button = h("button", { type: "button", class: "primary", "data-testid": "submit" }, t("send"));
  let timer = null;

  const redraw = () => {
    const errors = findErrors(questions, draft.answersWithPhotos());
    status.textContent = errors.length
      ? t("errorCount", { n: errors.length })
      : questions.length
        ? t("allAnswered")
        : "";
    clearTimeout(timer);
    timer = setTimeout(() => answers.replaceChildren(...answerLines(questions, draft)), REDRAW_AFTER);
    if (!hasTried) return errors;
    markErrors(questions, errors);
    document.title = errors.length ? t("errorTitle", { title }) : title;
    summary.replaceChildren(
      h("h3", { id: "summary-title" }, t("errorCount", { n: errors.length })),
      h(
        "ul",
        {},
        errors.map((error) => h("li", {}, linkTo(questions, error))),
      ),
    );
    show(summary, errors.length);
    show(status, !errors.length);
    return errors;
  };
  button.onclick = async () => {
    hasTried = true;
    if (redraw().length) return focusSummary(summary);
    message.textContent = questions.length || hasEvidence(draft) ? "" : t("closedNeedsEvidence");
    if (message.textContent) return;
    /** @type {NodeListOf<HTMLInputElement>} */
    const enabled = document.querySelectorAll("#screen fieldset:enabled, #review :enabled, .unable :enabled");
    const controls = [...enabled];
    for (const control of controls) control.disabled = true; // no more answers while they are handed over
    try {
      await draft.finish(localize(visit.location.name));
      onsent();
    } catch (error) {
      for (const control of controls) control.disabled = false;
      if (error instanceof DraftChanged) return onstale();
      message.textContent = t(error?.name === "QuotaExceededError" ? "diskFull" : "notStored");
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
      "aria-describedby": "q--error",
      oninput: () => draft.setRow({ comment: comment.value || null }),
    },
    draft.row.comment ?? "",
  );
  const element = h(
    "section",
    { id: "review" },
    h("h2", {}, t("review")),
    summary,
    status,
    answers,
    h(
      "p",
      {},
      h("label", { for: "comment" }, t(questions.length ? "lastComment" : "closedComment")),
      comment,
    ),
    position(draft),
    h("p", { class: "fault", id: "q--error", hidden: true }),
    message,
    h("p", {}, button),
  );
  return { element, redraw };
}

/** Returns whether the report of a closed store has evidence: a photo or a comment. */
const hasEvidence = (draft) => draft.photosOf(null).length > 0 || Boolean(draft.row.comment?.trim());

function focusSummary(summary) {
  summary.focus({ preventScroll: true });
  summary.scrollIntoView({ block: "start" });
}

/** Returns a line for each question that is asked: a link to it, with its answer. */
function answerLines(questions, draft) {
  const answers = draft.answersWithPhotos();
  const asked = visible(questions, answers);
  return questions
    .filter(({ key }) => asked.has(key))
    .map((question) => {
      const words =
        answerWords(question, answers[question.key]) ||
        t(question.required === false ? "noAnswer" : "error-value");
      const link = h(
        "a",
        { href: `#q-${question.key}`, onclick: goTo(question), dir: "auto" },
        h("span", { class: "quiet" }, localize(question.text)),
        h("strong", {}, words),
      );
      return h("li", {}, link);
    });
}

/** Shows the error of each question there, and removes those that are corrected. */
function markErrors(questions, errors) {
  const errorByKey = new Map(errors.map(({ key, error }) => [key, error]));
  for (const { key } of questions) {
    const error = errorByKey.get(key);
    const line = document.getElementById(`q-${key}-error`);
    if (line.dataset.unsaved) continue;
    const words = error ? t(`error-${error}`) : "";
    if (line.textContent !== words) line.textContent = words;
    show(line, error);
    const group = document.getElementById(`q-${key}`);
    group.classList.toggle("wrong", Boolean(error));
    const isComment = COMMENT_ERRORS.includes(error);
    if (group.getAttribute("role") === "radiogroup")
      group.setAttribute("aria-invalid", String(Boolean(error) && !isComment));
    for (const input of group.querySelectorAll("input:not([type=radio]), textarea")) {
      input.setAttribute(
        "aria-invalid",
        String(Boolean(error) && isComment === (input.id === `q-${key}-comment`)),
      );
    }
  }
}

function linkTo(questions, { key, error }) {
  const question = questions.find((other) => other.key === key);
  const words = `${localize(question.text)} — ${t(`error-${error}`)}`;
  return h("a", { href: `#q-${key}`, onclick: goTo(question, error), dir: "auto" }, words);
}

/** Focuses the input with the error: the whole group if a question has several inputs. */
const goTo =
  ({ key }, error) =>
  (event) => {
    event.preventDefault();
    const group = document.getElementById(`q-${key}`);
    group.scrollIntoView({ block: "center" });
    const single = group.hasAttribute("role") ? null : "input:not([type=file]), textarea";
    const selector = COMMENT_ERRORS.includes(error)
      ? `#q-${key}-comment`
      : error === "photos"
        ? ".camera"
        : single;
    const input = selector && [...group.querySelectorAll(selector)].find((element) => element.offsetParent);
    (input ?? group).focus({ preventScroll: true });
  };

/** Lets the shopper add their position. The form never asks for it without a tap. */
function position(draft) {
  const status = h("span", { role: "status", class: "quiet" }, draft.row.position ? t("positionAdded") : "");
  const store = ({ coords: { latitude, longitude, accuracy } }) => {
    draft.setRow({ position: { latitude, longitude, accuracy_m: Math.round(accuracy) } });
    status.textContent = t("positionAdded");
  };
  const fail = () => (status.textContent = t("noPosition"));
  const locate = () => {
    status.textContent = t("locating");
    navigator.geolocation.getCurrentPosition(store, fail, { timeout: 20_000, maximumAge: 60_000 });
  };
  return h(
    "p",
    { class: "row" },
    h("button", { type: "button", class: "plain", onclick: locate }, t("addPosition")),
    status,
  );
}
