/** The settings of what shoppers are paid, and of the briefing that they read before a visit. */
import { parseAmount, typedAmount } from "../shared/money.js";
import { h, t } from "../shared/page.js";

const AMOUNTS = ["default_fee", "max_expenses"];
/** Without a currency, amounts have its decimals. */
const STANDARD = "EUR";

/** Returns a body of the API with amounts as they are typed, and the briefing by language. */
export function readPayment(body) {
  const { briefing, languages } = body;
  const amounts = AMOUNTS.map((name) => [name, typedAmount(body[name], body.currency ?? STANDARD) || null]);
  return {
    ...body,
    ...Object.fromEntries(amounts),
    briefing: typeof briefing === "string" ? { [languages[0]]: briefing } : briefing,
  };
}

/**
 * Returns changed values as the API takes them. `stored` is the body that they change. With another currency,
 * amounts that are the same number as before are sent, too.
 */
export function writePayment(values, stored) {
  const { default_fee, max_expenses } = readPayment(stored);
  const written = values.currency ? { default_fee, max_expenses, ...values } : { ...values };
  if (written.currency) written.currency = written.currency.toUpperCase();
  for (const name of AMOUNTS) {
    // The API explains what is not an amount.
    if (written[name])
      written[name] =
        parseAmount(written[name], usable(written.currency ?? stored.currency)) ?? written[name];
  }
  return written;
}

const usable = (currency) => (/^[A-Z]{3}$/.test(currency ?? "") ? currency : STANDARD);

/** Returns the fields. `values` are those of the organization. */
export const paymentFields = (values) => [
  {
    name: "currency",
    label: t("currency"),
    hint: t("currencyHint"),
    value: values.currency,
    attributes: { spellcheck: "false", autocomplete: "off", dir: "ltr", maxlength: 3 },
  },
  amountField("default_fee", t("defaultFee"), t("defaultFeeHint"), values),
  amountField("max_expenses", t("maxExpenses"), t("maxExpensesHint"), values),
  { name: "briefing", label: t("briefing"), hint: t("briefingHint"), control: briefingControl(values) },
];

const amountField = (name, label, hint, values) => ({
  name,
  label,
  hint,
  value: values[name],
  attributes: { inputmode: "decimal", autocomplete: "off", dir: "ltr" },
});

/** Returns one text area for each language of the checklists. */
function briefingControl({ briefing, languages }) {
  const names = new Intl.DisplayNames([document.documentElement.lang], { type: "language" });
  const tags = [...new Set([...languages.split(/[\s,;]+/).filter(Boolean), ...Object.keys(briefing ?? {})])];
  const areas = tags.map((tag, index) => ({
    tag,
    area: h(
      "textarea",
      {
        id: index ? `field-briefing-${tag}` : "field-briefing",
        rows: 5,
        maxlength: 5000,
        dir: "auto",
        "aria-describedby": "field-briefing-hint field-briefing-error",
      },
      briefing?.[tag] ?? "",
    ),
  }));
  return {
    element: h(
      "div",
      {},
      areas.map(({ tag, area }) =>
        h("p", {}, h("label", { for: area.id, class: "quiet" }, names.of(tag)), area),
      ),
    ),
    focus: areas[0].area,
    read() {
      const texts = areas.map(({ tag, area }) => [tag, area.value.trim()]).filter(([, text]) => text);
      return texts.length ? Object.fromEntries(texts) : null;
    },
  };
}
