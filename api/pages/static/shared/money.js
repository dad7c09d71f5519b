/** Amounts of money: whole numbers in the smallest unit of a currency, such as cents. */
import { locale } from "./page.js";

const format = (currency, options = {}) =>
  new Intl.NumberFormat(locale(), { style: "currency", currency, ...options });

/** Returns the number of decimals of a currency. */
const decimalsOf = (currency) => format(currency).resolvedOptions().maximumFractionDigits;

/** Returns an amount as people write it, such as "12.50 €". */
export const formatAmount = (amount, currency) =>
  format(currency).format(amount / 10 ** decimalsOf(currency));

/** Returns an amount as it is typed, such as "12.50", or "" for null. */
export function typedAmount(amount, currency) {
  if (amount == null) return "";
  const decimals = decimalsOf(currency);
  return (amount / 10 ** decimals).toFixed(decimals);
}

/** Returns the amount that somebody typed, or null if it is not one of this currency. */
export function parseAmount(text, currency) {
  const [, whole, fraction = ""] = /^\s*(\d{1,9})(?:[.,](\d*))?\s*$/.exec(text) ?? [];
  const decimals = decimalsOf(currency);
  if (whole === undefined || fraction.length > decimals) return null;
  return Number(whole + fraction.padEnd(decimals, "0"));
}
