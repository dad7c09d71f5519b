/** Amounts of money: whole numbers in the smallest unit of a currency, such as cents. */
import { locale } from "./page.js";

/** The currencies without decimals and with three, by ISO 4217 as in the API. Browsers have other numbers. */
const WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
const WITH_THREE = "BHD IQD JOD KWD LYD OMR TND";

/** Returns the number of decimals of a currency. */
const decimalsOf = (currency) =>
  WITHOUT_DECIMALS.includes(currency) ? 0 : WITH_THREE.includes(currency) ? 3 : 2;

/** Returns an amount as people write it, such as "12.50 €". */
export function formatAmount(amount, currency) {
  const decimals = decimalsOf(currency);
  return new Intl.NumberFormat(locale(), {
    style: "currency",
    currency,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(amount / 10 ** decimals);
}

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
