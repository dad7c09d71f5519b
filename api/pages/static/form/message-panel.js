/** The messages about a visit, each with a field for the answer, or with what became of the answer. */
import { confirmAction, h, hasWords, show, t, textElement } from "../shared/page.js";
import { announce, notify } from "./channel.js";
import { change, write } from "./database.js";
import { queueAnswer, saveAnswer } from "./messages.js";
import { rowList } from "./row-list.js";

const MAX_LENGTH = 5000;
/** Problems after which no answer would be accepted. */
const FINAL = new Set([404, 409]);

/** Returns `{draw}`, which shows messages in an element. What is being written is not drawn again. */
export function messagePanel(element) {
  element.classList.add("messages");
  return { draw: rowList(element, messageItem) };
}

function messageItem(message) {
  const id = `message-${message.id}`;
  const body = h("div", {});
  const element = h(
    "section",
    { class: "notice", "data-testid": "message", "aria-labelledby": id },
    h("h2", { id, tabindex: -1 }, t("message")),
    message.question && textElement("p", { class: "quiet" }, message.question.text),
    h("p", { dir: "auto", id: `${id}-text` }, message.text),
    body,
  );
  let drawn = null;
  const draw = (row) => {
    if (drawn === row.state) return;
    const hadFocus = body.contains(document.activeElement);
    drawn = element.dataset.state = row.state;
    body.replaceChildren(...(row.state === "open" ? field(row, id) : sentAnswer(row)));
    // The control with the focus was removed.
    if (hadFocus) element.querySelector("h2").focus({ preventScroll: true });
  };
  return { element, draw };
}

function field(row, id) {
  const error = h("p", { class: "fault", id: `${id}-error`, role: "alert", hidden: true });
  const area = h(
    "textarea",
    {
      id: `${id}-answer`,
      rows: 3,
      maxlength: MAX_LENGTH,
      dir: "auto",
      "aria-describedby": `${id}-text ${id}-error`,
    },
    row.answer,
  );
  const showError = (words) => {
    error.textContent = words;
    show(error, words);
  };
  const showFailure = (problem) =>
    showError(t(problem?.name === "QuotaExceededError" ? "diskFull" : "notStored"));
  let writing = null;
  const save = async () => {
    const written = area.value;
    await saveAnswer(row, written).then(() => showError(""), showFailure);
    return written;
  };
  // Changes during a write are part of the next write.
  const saveLatest = () =>
    (writing ??= save().then((written) => {
      writing = null;
      if (written !== area.value && area.isConnected) saveLatest();
    }));
  area.oninput = saveLatest;
  const send = async () => {
    const answer = area.value.trim();
    area.setAttribute("aria-invalid", String(!answer));
    if (!answer) {
      showError(t("answerMissing"));
      return area.focus();
    }
    try {
      await queueAnswer(row, answer);
    } catch (problem) {
      return showFailure(problem);
    }
    announce("queue");
    return notify("send");
  };
  return [
    h("p", {}, h("label", { for: area.id }, t("yourAnswer")), area),
    error,
    h(
      "p",
      {},
      h(
        "button",
        { type: "button", class: "primary", "data-testid": "answer", onclick: send },
        t("sendAnswer"),
      ),
    ),
  ];
}

function sentAnswer(row) {
  const { state, reason } = row;
  const words = state === "needs-you" ? reasonWords(reason) : t(`answer-${state}`);
  return [
    h("blockquote", { dir: "auto" }, row.answer),
    h("p", { role: "status", class: state === "needs-you" ? "fault" : "quiet" }, words),
    state === "needs-you" && h("p", { class: "row" }, actions(row)),
  ].filter(Boolean);
}

const reasonWords = ({ code, detail }) => (hasWords(`problem-${code}`) ? t(`problem-${code}`) : detail);

/** Returns what the shopper can do with an answer that the server rejects. */
function actions(row) {
  const key = [row.account, row.id];
  const button = (words, onclick) => h("button", { type: "button", class: "plain", onclick }, words);
  const edit = async () => {
    await change("messages", key, { state: "open" });
    announce("queue");
  };
  const remove = async () => {
    if (!(await confirmAction(t("removeAnswerSure"), { yes: t("removeYes"), no: t("cancel") }))) return;
    await write("messages", (store) => void store("messages").delete(key));
    announce("queue");
  };
  return [
    !FINAL.has(row.reason.status) && button(t("editAnswer"), edit),
    button(t("removeFromPhone"), remove),
  ].filter(Boolean);
}
