/**
 * Messages: questions of a reviewer about visits, and the shopper's answers to them.
 *
 * A row of `messages` is a message of the server with a state: "open" while the answer is being written, and
 * then as in the queue. `text` is what the reviewer asks, `answer` what the shopper has written so far.
 */
import { listen } from "./channel.js";
import { list, write } from "./database.js";
import { below, onResult } from "../shared/database.js";

/** How long an answer that was sent is shown at its visit, in milliseconds. */
const KEEP_SENT = 30 * 86_400_000;

/** Stores the open messages of the server. What the shopper has written stays, whatever became of the message. */
export function storeMessages(account, messages) {
  const ids = new Set(messages.map(({ id }) => id));
  const isOver = ({ id, state, answer, at }) =>
    state === "open" ? !ids.has(id) && !answer : state === "sent" && at < Date.now() - KEEP_SENT;
  return write("messages", (store) => {
    onResult(store("messages").getAll(below([account])), (rows) => {
      const known = new Set(rows.map(({ id }) => id));
      for (const row of rows.filter(isOver)) store("messages").delete([account, row.id]);
      for (const { id, visit_id: visit, location, question, text } of messages) {
        if (known.has(id)) continue;
        const row = { account, id, visit, place: location.name, question, text, answer: "", state: "open" };
        store("messages").put(row);
      }
    });
  });
}

/** Stores what the shopper has written so far, unless the answer is in the queue already. */
export const saveAnswer = (row, answer) => changeOpen(row, { answer });

/** Puts an answer into the queue, unless another tab has done so. */
export const queueAnswer = (row, answer) =>
  changeOpen(row, { answer, state: "waiting", at: Date.now(), tries: 0, retry: null, reason: null });

function changeOpen({ account, id }, part) {
  return write("messages", (store) => {
    onResult(store("messages").get([account, id]), (row) => {
      if (row?.state === "open") store("messages").put({ ...row, ...part });
    });
  });
}

/**
 * Shows the messages about a visit in an element, and keeps them up to date while it is on the page. `known`
 * are the rows about the visit, if they were read already. The code to show them is fetched only if there are
 * any.
 */
export async function showMessages(element, account, visit, known = null) {
  let wasConnected = false;
  let panel = null;
  const draw = async (read) => {
    if (wasConnected && !element.isConnected) return stop();
    wasConnected = element.isConnected;
    const rows = read ?? (await list("messages", account)).filter((row) => row.visit === visit);
    if (!rows.length && !panel) return;
    const { messagePanel } = await import("./message-panel.js");
    panel ??= messagePanel(element);
    panel.draw(rows);
  };
  const stop = listen((topic) => topic === "queue" && draw());
  await draw(known);
}
