/** Messages to the shopper of a visit: what reviewers asked, what the shopper answered, and a new question. */
import { call } from "../shared/api.js";
import { newId } from "../shared/ids.js";
import { ago, h, hasWords, localize, t } from "../shared/page.js";

const MAX_LENGTH = 2000;

/** Returns the section about the messages of a visit, which keeps itself up to date. */
export async function messagesOf(visit, read) {
  const address = `/messages?visit_id=${visit.id}&limit=100`;
  const { items } = await read(address);
  const list = h("ol", { class: "plain-list decisions" });
  const draw = (messages) =>
    list.replaceChildren(...[...messages].reverse().map((message) => messageItem(message, refresh)));
  const refresh = async () => draw((await call("GET", address)).body.items);
  draw(items);
  return h(
    "section",
    { class: "card", id: "messages", "aria-labelledby": "messages-title" },
    h("h2", { id: "messages-title" }, t("messages")),
    list,
    askForm(visit, refresh),
  );
}

function messageItem({ id, question, text, status, asked_at, answer, answered_at, reviewer_name }, refresh) {
  const error = h("p", { class: "fault", role: "alert" });
  const withdraw = async (event) => {
    event.target.disabled = true;
    try {
      await call("POST", `/messages/${id}/withdraw`);
      await refresh();
    } catch (problem) {
      event.target.disabled = false;
      error.textContent = describe(problem);
    }
  };
  const details = [
    t("askedBy", { who: reviewer_name ?? t("deletedReviewer") }),
    ago(asked_at),
    ...(question ? [localize(question.text)] : []),
  ];
  return h(
    "li",
    { "data-message": id, "data-status": status },
    h("strong", { dir: "auto" }, text),
    " ",
    h("span", { class: "quiet" }, details.join(" · ")),
    answer && h("blockquote", { dir: "auto" }, answer),
    answer && h("p", { class: "quiet" }, t("answeredAgo", { time: ago(answered_at) })),
    !answer && h("p", { class: "quiet" }, t(`message-${status}`)),
    status === "open" &&
      h("button", { type: "button", class: "plain bare", onclick: withdraw }, t("withdrawMessage")),
    error,
  );
}

function askForm(visit, refresh) {
  const questions = visit.checklist.sections.flatMap((section) => section.questions);
  const text = h("textarea", {
    id: "ask-text",
    rows: 2,
    maxlength: MAX_LENGTH,
    dir: "auto",
    "aria-describedby": "ask-help ask-error",
  });
  const about = h(
    "select",
    { id: "ask-about" },
    h("option", { value: "" }, t("wholeVisit")),
    questions.map((question) => h("option", { value: question.key }, localize(question.text))),
  );
  const error = h("p", { class: "fault", id: "ask-error", role: "alert" });
  const sent = h("p", { role: "status" });
  let key = newId(); // the same until the server has stored the message
  const ask = async () => {
    error.textContent = text.value.trim() ? "" : t("askMissing");
    sent.textContent = "";
    if (error.textContent) return text.focus();
    button.disabled = true;
    const body = { text: text.value.trim(), question: about.value || null };
    try {
      await call("POST", `/visits/${visit.id}/messages`, body, { "Idempotency-Key": key });
      key = newId();
      text.value = "";
      sent.textContent = t("asked");
      await refresh();
    } catch (problem) {
      if (problem.code === "idempotency-mismatch") key = newId();
      error.textContent = describe(problem);
    }
    button.disabled = false;
    return undefined;
  };
  const button = h("button", { type: "button", class: "plain", onclick: ask }, t("ask"));
  return h(
    "details",
    {},
    h("summary", {}, t("askShopper")),
    h(
      "div",
      { class: "decision" },
      h(
        "p",
        {},
        h("label", { for: "ask-text" }, t("askLabel")),
        text,
        h("span", { class: "quiet", id: "ask-help" }, t("askHelp")),
      ),
      h("p", {}, h("label", { for: "ask-about" }, t("askAbout")), about),
      error,
      h("p", {}, button),
    ),
    sent,
  );
}

function describe(problem) {
  if (!problem.status) return t("askNoResponse");
  return hasWords(`problem-${problem.code}`) ? t(`problem-${problem.code}`) : problem.detail;
}
