/** What a visit is paid: its fee, and its expenses with what was approved of them. */
import { call } from "../shared/api.js";
import { formatAmount, parseAmount } from "../shared/money.js";
import { h, hasWords, localize, show, t } from "../shared/page.js";
import { announce, notify } from "./channel.js";
import { change } from "./database.js";
import {
  addExpense,
  addReceipt,
  changeExpense,
  queueExpense,
  removeExpense,
  removeReceipt,
} from "./expenses.js";
import { fileOf } from "./photos.js";
import { rowList } from "./row-list.js";

const KINDS = ["purchase", "travel", "parking", "other"];
const MAX_RECEIPTS = 5;
const MAX_DESCRIPTION = 500;

const button = (words, onclick, more = {}) =>
  h("button", { type: "button", class: "plain", onclick, ...more }, words);

/** Returns `{draw}`, which shows the payment of a visit. What is being written is not drawn again. */
export function paymentPanel(element, account) {
  const known = h("ul", { class: "cards payment" });
  const own = h("ul", { class: "cards" });
  const most = h("p", { class: "quiet" });
  const add = button(t("addExpense"), null, { "data-testid": "add-expense" });
  let shown = null; // the visit as it was drawn last
  const drawOwn = rowList(own, (row) => expense(row, shown));
  element.append(
    h("section", { "data-testid": "payment" }, h("h2", {}, t("payment")), known, own, most, h("p", {}, add)),
  );
  return {
    draw(visit, rows) {
      const { currency, max_expenses: maximum } = visit.payment;
      const drawn = JSON.stringify([visit.payment, visit.status]);
      if (known.dataset.drawn !== drawn) {
        known.dataset.drawn = drawn;
        known.replaceChildren(
          ...visit.payment.items.filter(isShown).map((item) => line(account, visit, item)),
        );
      }
      show(known, known.children.length);
      shown = visit;
      drawOwn(rows);
      show(own, rows.length);
      most.textContent = maximum ? t("mostExpenses", { amount: formatAmount(maximum, currency) }) : "";
      show(most, maximum);
      show(add, maximum);
      add.onclick = async () => {
        const row = await addExpense({
          account,
          visit: visit.id,
          place: localize(visit.location.name),
          currency,
        });
        announce("queue");
        focusLater(own, row.id);
      };
    },
  };
}

/** A visit without a fee has one of 0. */
const isShown = ({ kind, amount, approved_amount: approved }) => kind !== "fee" || amount > 0 || approved > 0;

/** Focuses an expense as soon as it is drawn. */
function focusLater(list, id) {
  const observer = new MutationObserver(() => {
    /** @type {HTMLElement | null} */
    const input = list.querySelector(`[data-expense="${id}"] select`);
    if (!input) return;
    observer.disconnect();
    input.focus();
  });
  observer.observe(list, { childList: true });
}

/** Returns the line of an item that the server knows. */
function line(account, visit, item) {
  const { kind, amount, description, status, approved_amount: approved, reason } = item;
  const { currency } = visit.payment;
  const fault = h("p", { class: "fault", role: "alert", hidden: true });
  const withdraw = async () => {
    try {
      await call("DELETE", `/visits/${visit.id}/expenses/${item.id}`);
    } catch (problem) {
      fault.textContent = hasWords(`problem-${problem.code}`) ? t(`problem-${problem.code}`) : t("noSignal");
      return show(fault, true);
    }
    const items = visit.payment.items.filter(({ id }) => id !== item.id);
    await change("visits", [account, visit.id], { payment: { ...visit.payment, items } });
    return announce("queue");
  };
  return h(
    "li",
    { "data-testid": "payment-item", "data-status": status },
    h(
      "p",
      { class: "lines" },
      h("strong", {}, `${t(`expense-${kind}`)} · ${formatAmount(amount, currency)}`),
      description && h("span", { dir: "auto" }, description),
      h(
        "span",
        { class: "quiet" },
        t(`payment-${status}`, { amount: approved == null ? "" : formatAmount(approved, currency) }),
      ),
      reason && h("span", { dir: "auto", class: "quote" }, reason),
    ),
    fault,
    kind !== "fee" && status === "claimed" && h("p", { class: "row" }, button(t("withdraw"), withdraw)),
  );
}

function expense(first, visit) {
  const body = h("div", {});
  const element = h("li", { "data-testid": "expense", "data-expense": first.id, tabindex: -1 }, body);
  let drawn = null;
  let fields = null;
  const draw = (row) => {
    element.dataset.state = row.state;
    if (drawn !== row.state) {
      const hadFocus = body.contains(document.activeElement);
      drawn = row.state;
      fields = row.state === "open" ? expenseFields(row, visit) : null;
      body.replaceChildren(...(fields ? fields.elements : queuedLines(row)));
      if (hadFocus) element.focus({ preventScroll: true });
    }
    fields?.drawReceipts(row);
  };
  return { element, draw };
}

/** Returns the inputs of an expense that is being written: `{elements, drawReceipts}`. */
function expenseFields(row, visit) {
  const { currency, max_expenses: maximum, items } = visit.payment;
  const id = `expense-${row.id}`;
  const fault = h("p", { class: "fault", id: `${id}-fault`, role: "alert", hidden: true });
  const say = (words) => {
    fault.textContent = words;
    show(fault, words);
  };
  const fail = (problem) => say(t(problem?.name === "QuotaExceededError" ? "diskFull" : "notStored"));
  const save = (part) => changeExpense(row, part).then(() => say(""), fail);
  const kind = h(
    "select",
    { id: `${id}-kind`, onchange: () => save({ kind: kind.value }) },
    KINDS.map((name) => h("option", { value: name, selected: name === row.kind }, t(`expense-${name}`))),
  );
  const amount = h("input", {
    id: `${id}-amount`,
    inputmode: "decimal",
    autocomplete: "off",
    value: row.typed,
    "aria-describedby": fault.id,
    oninput: () => save({ typed: amount.value }),
  });
  const description = h("input", {
    id: `${id}-description`,
    maxlength: MAX_DESCRIPTION,
    dir: "auto",
    value: row.description,
    oninput: () => save({ description: description.value }),
  });
  const receipts = h("ul", { class: "photos" });
  const file = h("input", {
    type: "file",
    id: `${id}-receipt`,
    accept: "image/*",
    onchange: async () => {
      const [chosen] = file.files;
      file.value = "";
      if (!chosen) return;
      say(t("shrinking"));
      await addReceipt(row, chosen).then(
        () => say(""),
        (problem) =>
          hasWords(`problem-${problem.code}`) ? say(t(`problem-${problem.code}`)) : fail(problem),
      );
      announce("queue");
    },
  });
  const adding = h("label", { class: "plain file", for: file.id }, t("addReceipt"), file);
  const claim = async () => {
    const value = parseAmount(amount.value, currency);
    amount.setAttribute("aria-invalid", String(!value));
    const claimed = items.filter((item) => item.kind !== "fee").reduce((sum, item) => sum + item.amount, 0);
    if (!value) say(t("amountMissing"));
    else if (claimed + value > maximum) say(t("mostExpenses", { amount: formatAmount(maximum, currency) }));
    else {
      await queueExpense(row, value).catch(fail);
      announce("queue");
      return notify("send");
    }
    return amount.focus();
  };
  const remove = async () => {
    await removeExpense(row);
    announce("queue");
  };
  return {
    elements: [
      h("p", {}, h("label", { for: kind.id }, t("expenseKind")), kind),
      h("p", {}, h("label", { for: amount.id }, t("expenseAmount", { currency })), amount),
      h("p", {}, h("label", { for: description.id }, t("expenseWords")), description),
      receipts,
      h("p", {}, adding),
      fault,
      h("p", {}, button(t("claim"), claim, { class: "primary", "data-testid": "claim" })),
      h("p", {}, button(t("discardExpense"), remove)),
    ],
    drawReceipts({ receipts: rows }) {
      const drawn = rows.map((receipt) => receipt.id).join();
      if (receipts.dataset.drawn === drawn) return;
      receipts.dataset.drawn = drawn;
      receipts.replaceChildren(...rows.map((receipt, index) => receiptItem(row, receipt, index)));
      show(receipts, rows.length);
      show(adding, rows.length < MAX_RECEIPTS);
    },
  };
}

function receiptItem(row, receipt, index) {
  const name = t("receipt", { n: index + 1 });
  const picture = h("img", { width: 96, height: 96, alt: name });
  fileOf({ ...row, visit: row.id, id: receipt.id }).then((file) => {
    if (file) picture.src = URL.createObjectURL(file);
  });
  picture.onload = () => URL.revokeObjectURL(picture.src);
  const remove = async () => {
    await removeReceipt(row, receipt.id);
    announce("queue");
  };
  return h("li", {}, picture, button(t("remove"), remove, { "aria-label": `${t("remove")}: ${name}` }));
}

/** Returns the lines of an expense in the queue. */
function queuedLines(row) {
  const { kind, amount, currency, description, receipts, state, reason } = row;
  const edit = async () => {
    await change("expenses", [row.account, row.id], { state: "open" });
    announce("queue");
  };
  const remove = async () => {
    await removeExpense(row);
    announce("queue");
  };
  const needsYou = state === "needs-you";
  return [
    h(
      "p",
      { class: "lines" },
      h("strong", {}, `${t(`expense-${kind}`)} · ${formatAmount(amount, currency)}`),
      description && h("span", { dir: "auto" }, description),
      receipts.length > 0 && h("span", { class: "quiet" }, t("photoCount", { n: receipts.length })),
      h(
        "span",
        { role: "status", class: needsYou ? "fault" : "quiet" },
        needsYou ? whyNot(reason) : t(`answer-${state}`),
      ),
    ),
    needsYou &&
      h("p", { class: "row" }, button(t("editExpense"), edit), button(t("removeFromPhone"), remove)),
  ].filter(Boolean);
}

function whyNot({ code, detail, errors }) {
  const words = hasWords(`problem-${code}`) && code !== "invalid" ? t(`problem-${code}`) : detail;
  return [words, ...(errors ?? []).map((error) => error.detail)].join(" ");
}
