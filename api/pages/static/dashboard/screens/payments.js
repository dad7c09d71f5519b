/** Payments to shoppers: expenses that wait for a decision, and the payroll for administrators. */
import { formatAmount } from "../../shared/money.js";
import { dayName, h, loadMoreWords, t } from "../../shared/page.js";
import { address, change } from "../../staff/address.js";
import { csvButton } from "../../staff/csv-button.js";
import { listTable } from "../../staff/list-table.js";

/** How many rows the page shows. The file for the payroll has all of them. */
const LIMIT = 200;

export default async function ({ filters, me, read }) {
  const days = daysOf(filters);
  const [claims, payments] = await Promise.all([
    read(`/expenses?limit=${LIMIT}`),
    me.role === "admin" ? read(address("/payments", { ...days, limit: LIMIT })) : null,
    loadMoreWords((language) => import(`../words/payments/${language}.js`)),
  ]);
  return {
    title: t("page-payments"),
    content: [
      h(
        "section",
        { class: "card", "data-testid": "claims" },
        h("h2", {}, t("claims")),
        h("p", { class: "quiet" }, t("claimsWhat")),
        claims.items.length
          ? tableOf(t("claims"), claimColumns(), claims)
          : h("p", { class: "empty" }, t("noClaims")),
      ),
      payments && payrollOf(days, payments),
    ],
  };
}

/** So long after its end, a day gets no more payments. */
const SETTLING_TIME = 3_600_000;
const DAY = 86_400_000;

/** Returns the last day, in UTC, that a file can have. */
const lastDay = () => new Date(Date.now() - SETTLING_TIME - DAY).toISOString().slice(0, 10);

/**
 * Returns the days of the address, by default those of the month that are over, in UTC. The other pages use
 * `from` and `to` for months.
 */
function daysOf({ approved_from: from, approved_to: to }) {
  const last = to || lastDay();
  return { from: from || `${last.slice(0, 8)}01`, to: last };
}

function tableOf(caption, columns, { items, next }) {
  const { table, body, lineOf } = listTable({ caption, columns, attributes: () => ({}) });
  body.append(...items.map(lineOf));
  return [table, next && h("p", { class: "quiet" }, t("firstOnly", { n: items.length }))];
}

const visitLink = ({ visit_id: id, location }) =>
  h("a", { href: `/dashboard/visits/${id}#payment`, dir: "auto" }, location.name);

/** The columns that both tables begin with. */
const visitColumns = () => [
  { title: t("visit"), cell: visitLink },
  { title: t("day"), cell: ({ day }) => dayName(day) },
  { title: t("shopper"), cell: ({ shopper_name: name }) => h("span", { dir: "auto" }, name ?? t("someone")) },
];

const claimColumns = () => [
  ...visitColumns(),
  {
    title: t("claimed"),
    cell: ({ kind, description }) => [
      t(`expense-${kind}`),
      description && h("span", { class: "quiet", dir: "auto" }, ` · ${description}`),
    ],
  },
  { title: t("total"), cell: ({ amount, currency }) => formatAmount(amount, currency) },
];

const paymentColumns = () => [
  ...visitColumns(),
  ...["fee", "expenses", "total"].map((name) => ({
    title: t(name === "fee" ? "expense-fee" : name),
    cell: (row) => formatAmount(row[name], row.currency),
  })),
  { title: t("approvedOn"), cell: ({ approved_at: at }) => dayName(at.slice(0, 10)) },
];

function payrollOf(days, payments) {
  const { items, totals } = payments;
  return h(
    "section",
    { class: "card", "data-testid": "payroll" },
    h("h2", {}, t("payroll")),
    h("p", { class: "quiet" }, t("payrollWhat")),
    h(
      "form",
      { class: "filters", "aria-label": t("payroll"), onsubmit: (event) => event.preventDefault() },
      dayField("from", days),
      dayField("to", days),
    ),
    items.length
      ? [
          h("ul", { class: "plain-list" }, totals.map(totalLine)),
          days.to > lastDay()
            ? h("p", { class: "notice" }, t("dayNotOver", { day: dayName(lastDay()) }))
            : h("p", { class: "row" }, payrollButton(days)),
          tableOf(t("payroll"), paymentColumns(), payments),
        ]
      : h("p", { class: "empty" }, t("noPayments")),
  );
}

function totalLine({ currency, visits, fee, expenses, total }) {
  const amount = (value) => formatAmount(value, currency);
  const words = t("totals", { n: visits, fee: amount(fee), expenses: amount(expenses) });
  return h("li", { "data-currency": currency }, h("strong", {}, amount(total)), " ", words);
}

function dayField(name, days) {
  const input = h("input", {
    type: "date",
    id: name,
    name,
    value: days[name],
    onchange: () => input.value && change({ [`approved_${name}`]: input.value }),
  });
  return h("p", {}, h("label", { for: name }, t(`payroll-${name}`)), input);
}

/** Returns the button that downloads everything that was approved on some days. */
const payrollButton = (days) =>
  csvButton(address("/payments", days), `payments-${days.from}-${days.to}.csv`, t("payrollCsv"), {
    "data-testid": "payroll-csv",
  });
