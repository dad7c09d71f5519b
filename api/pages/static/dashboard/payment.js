/** What the shopper of a visit is paid, for reviewers: each item with its receipts and the amount to pay. */
import { call } from "../shared/api.js";
import { formatAmount, parseAmount, typedAmount } from "../shared/money.js";
import { h, loadMoreWords, show, t } from "../shared/page.js";
import { explainFailure } from "../staff/failures.js";
import { onward } from "./filters.js";
import { enlargeable } from "./photo.js";

/** Returns the section about the payment of a visit. `refresh` draws the page again. */
export async function paymentOf(visit, refresh) {
  await loadMoreWords((language) => import(`./words/payments/${language}.js`));
  const { items, currency } = visit.payment;
  const rows = items.map((item) => itemRow(visit, item));
  const fault = h("p", { class: "fault", role: "alert" });
  const save = async () => {
    fault.textContent = "";
    const wrong = rows.map((row) => row.check()).find(Boolean);
    if (wrong) return wrong.focus();
    const changes = rows.map((row) => row.change()).filter(Boolean);
    if (!changes.length) return refresh();
    button.disabled = true;
    try {
      await call("PUT", `/visits/${visit.id}/payment`, { items: changes });
      await refresh();
    } catch (problem) {
      button.disabled = false;
      fault.textContent = explainFailure(problem);
    }
    return undefined;
  };
  const isOpen = visit.status === "accepted" && items.some((item) => item.approved_amount === null);
  const words = isOpen ? "approveAmounts" : "saveAmounts";
  const button = h(
    "button",
    { type: "button", class: "plain", onclick: save, "data-testid": "save-payment" },
    t(words),
  );
  return h(
    "section",
    { class: "card", id: "payment", "aria-labelledby": "payment-title", "data-testid": "payment" },
    h("h2", { id: "payment-title" }, t("payment")),
    h("p", { class: "quiet" }, t(`paymentWhen-${whenOf(visit.status)}`)),
    h(
      "ul",
      { class: "plain-list payment-items" },
      rows.map(({ element }) => element),
    ),
    h(
      "p",
      {},
      t(["accepted", "rejected"].includes(visit.status) ? "paymentApproved" : "paymentTotal", {
        amount: formatAmount(total(visit), currency),
      }),
    ),
    fault,
    canChange(visit) && h("p", {}, button),
  );
}

const whenOf = (status) =>
  ["accepted", "rejected", "returned"].includes(status)
    ? status
    : status === "submitted"
      ? "waiting"
      : "none";

const canChange = ({ status }) => ["submitted", "accepted", "rejected"].includes(status);

/** Returns the amount of an item that is paid, or would be after the acceptance. */
const dueOf = ({ status }, { amount, approved_amount: approved }) =>
  approved ?? (status === "rejected" ? 0 : amount);

function total(visit) {
  const { items } = visit.payment;
  // What nobody has decided after the acceptance is not paid yet.
  const counted = visit.status === "accepted" ? items.filter((item) => item.approved_amount !== null) : items;
  return counted.reduce((sum, item) => sum + dueOf(visit, item), 0);
}

/** Returns an item as `{element, check, change}`; `check` returns the input that is wrong, if any. */
function itemRow(visit, item) {
  const { currency } = visit.payment;
  const { id, kind, amount, description, status, approved_amount: approved } = item;
  const due = dueOf(visit, item);
  const input = h("input", {
    id: `pay-${id}`,
    inputmode: "decimal",
    autocomplete: "off",
    value: typedAmount(due, currency),
    "aria-describedby": `pay-${id}-fault`,
    oninput: update,
  });
  const reason = h("input", {
    id: `why-${id}`,
    maxlength: 500,
    dir: "auto",
    value: item.reason ?? "",
    "aria-describedby": `pay-${id}-fault`,
  });
  const why = h("p", {}, h("label", { for: reason.id }, t("whyOther")), reason);
  const fault = h("p", { class: "fault", id: `pay-${id}-fault`, role: "alert" });
  const typed = () => parseAmount(input.value, currency);
  function update() {
    show(why, typed() !== amount);
  }
  update();
  return {
    element: h(
      "li",
      { "data-testid": "payment-item", "data-kind": kind, "data-status": status },
      h(
        "div",
        {},
        h("strong", {}, `${t(`expense-${kind}`)} · ${formatAmount(amount, currency)}`),
        description && h("p", { dir: "auto" }, description),
        h("p", { class: "quiet" }, statusWords(item, currency)),
        item.receipts.map((receipt, index) => receiptOf(visit, receipt, index)),
      ),
      canChange(visit) &&
        h("div", {}, h("p", {}, h("label", { for: input.id }, t("toPay", { currency })), input), why, fault),
    ),
    check() {
      const value = typed();
      const isOther = value !== amount && value !== due;
      const words =
        value === null
          ? t("amountWrong")
          : value > amount && kind !== "fee"
            ? t("moreThanClaimed")
            : isOther && !reason.value.trim()
              ? t("reasonMissing")
              : "";
      fault.textContent = words;
      input.setAttribute("aria-invalid", String(Boolean(words) && value === null));
      if (!words) return null;
      return words === t("reasonMissing") ? reason : input;
    },
    change() {
      const value = typed();
      const isUndecided = approved === null && visit.status === "accepted";
      const words = value === amount ? null : reason.value.trim() || null;
      if (value === due && words === item.reason && !isUndecided) return null;
      return { id, approved_amount: value, reason: words };
    },
  };
}

function statusWords({ status, approved_amount: approved }, currency) {
  if (status === "claimed" && approved !== null)
    return t("preparedAmount", { amount: formatAmount(approved, currency) });
  return t(`payment-${status}`, { amount: approved === null ? "" : formatAmount(approved, currency) });
}

function receiptOf(visit, { id, status, seen_in_visit_id: other }, index) {
  const name = t("receipt", { n: index + 1 });
  return [
    status === "stored"
      ? enlargeable(visit.id, id, name)
      : h(
          "p",
          { class: "quiet" },
          `${name}: ${t(status === "removed" ? "receiptRemoved" : "receiptMissing")}`,
        ),
    other &&
      h(
        "p",
        { class: "fault" },
        t("receiptSeen"),
        " ",
        h("a", { href: onward(`/dashboard/visits/${other}`) }, t("otherVisit")),
      ),
  ];
}
