/**
 * Expenses that the shopper claims. A row of `expenses` is an expense with a state: "open" while it is
 * written, and then as in the queue. Its receipts are in `files`, with the ID of the expense in place of the
 * visit's, so that they stay when the visit leaves the phone. An expense that was received leaves the phone,
 * and is part of the visit's `payment`.
 */
import { listen } from "./channel.js";
import { get, list, write } from "./database.js";
import { fileRow } from "./photos.js";
import { below, onResult } from "../shared/database.js";
import { newId } from "../shared/ids.js";

/** Adds an expense of a visit to write, and returns it. */
export async function addExpense({ account, visit, place, currency }) {
  const row = {
    account,
    visit,
    place,
    currency,
    id: newId(),
    kind: "purchase",
    typed: "",
    description: "",
    receipts: [],
    state: "open",
    at: Date.now(),
  };
  await write("expenses", (store) => void store("expenses").put(row));
  return row;
}

/** Changes an expense, unless it is in the queue already. */
export const changeExpense = ({ account, id }, part) =>
  write("expenses", (store) => {
    onResult(store("expenses").get([account, id]), (row) => {
      if (row?.state === "open") store("expenses").put({ ...row, ...part });
    });
  });

/** Puts an expense into the queue, unless another tab has done so. */
export const queueExpense = (row, amount) =>
  changeExpense(row, { amount, state: "waiting", tries: 0, retry: null, reason: null });

/** Makes the photo of a receipt smaller, and adds it to an expense. */
export async function addReceipt({ account, id }, file) {
  const { shrink } = await import("./prepare.js");
  const { bytes, ...facts } = await shrink(file);
  const receipt = { id: newId(), ...facts };
  await write(["expenses", "files"], (store) => {
    onResult(store("expenses").get([account, id]), (row) => {
      if (row?.state !== "open") return;
      store("expenses").put({ ...row, receipts: [...row.receipts, receipt] });
      store("files").put(fileRow({ account, visit: id, id: receipt.id }, bytes, facts.type));
    });
  });
}

/** Removes a receipt from an expense. */
export const removeReceipt = ({ account, id }, receiptId) =>
  write(["expenses", "files"], (store) => {
    onResult(store("expenses").get([account, id]), (row) => {
      if (row?.state !== "open") return;
      store("expenses").put({ ...row, receipts: row.receipts.filter((other) => other.id !== receiptId) });
      store("files").delete([account, id, receiptId]);
    });
  });

/** Removes an expense from the phone. If the server has received it, `payment` is what the visit is paid. */
export const removeExpense = ({ account, visit, id }, payment = null) =>
  write(["expenses", "files", "visits"], (store) => {
    store("expenses").delete([account, id]);
    store("files").delete(below([account, id]));
    if (payment)
      onResult(store("visits").get([account, visit]), (row) => {
        if (row) store("visits").put({ ...row, payment });
      });
  });

/**
 * Shows what a visit is paid in an element, and keeps it up to date while the element is on the page. `first` is
 * the visit if it may not be on the phone yet. The code is fetched only for visits that are paid.
 */
export async function showPayment(element, account, visit, first = null) {
  let wasConnected = false;
  let panel = null;
  const draw = async () => {
    if (wasConnected && !element.isConnected) return stop();
    wasConnected = element.isConnected;
    const known = (await get("visits", account, visit)) ?? first;
    if (!known?.payment) return;
    const { paymentPanel } = await import("./payment-panel.js");
    const rows = (await list("expenses", account)).filter((row) => row.visit === visit);
    panel ??= paymentPanel(element, account);
    panel.draw(known, rows);
  };
  const stop = listen((topic) => topic === "queue" && draw());
  await draw();
}
