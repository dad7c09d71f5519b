/** The record of a shopper: what became of their visits, and whether they give more points than others. */
import { h, loadMoreWords, t } from "../shared/page.js";
import { count, percent, points, pointsRange, range } from "./numbers.js";
import { rateChart } from "./rate-chart.js";

await loadMoreWords((language) => import(`./words/records/${language}.js`));

const RATES = ["on_time", "flagged", "returned", "rejected", "declined"];
/** Differences of points are drawn up to this one. Greater ones are cut off. */
const MOST = 0.25;

/** Returns the path of the record of a person in the API. */
export const recordPath = (userId) => `/users/${userId}/record`;

/**
 * Returns the record as a section. `nameOfFlag` returns the words for the code of a flag; without it, flags are
 * not broken down.
 */
export function recordOf(record, nameOfFlag = null) {
  return h(
    "section",
    { class: "card record", "aria-labelledby": "record-title", "data-testid": "shopper-record" },
    h("h2", { id: "record-title", dir: "auto" }, t("recordTitle", { name: record.name })),
    record.assigned
      ? [
          h("p", { class: "quiet" }, t("recordPeriod", { n: count(record.assigned) })),
          h(
            "dl",
            {},
            RATES.map((name) => rateRow(name, record[name], notesOn(name, record, nameOfFlag))),
            record.overturned.decided > 0 && overturnedRow(record.overturned),
          ),
          leniencyOf(record.leniency),
        ]
      : h("p", { class: "quiet" }, t("recordNone")),
  );
}

/** Returns the rate of disputed answers. Without a rate, there is no count either. */
function overturnedRow({ overturned, decided, rate, interval }) {
  return overturned === null
    ? termOf("overturned", h("span", { class: "quiet" }, t("recordAnswers", { n: decided })))
    : rateRow("overturned", { count: overturned, of: decided, rate, interval });
}

const termOf = (name, ...content) =>
  h("div", { "data-rate": name }, h("dt", {}, t(`record-${name}`)), h("dd", {}, content));

/** Returns a rate. One of which there is nothing to say, because all went well, is not drawn. */
function rateRow(name, { count: n, of, rate, interval }, notes = null) {
  const isPerfect = n === (name === "on_time" ? of : 0);
  return termOf(name, [
    h("strong", {}, t("recordCount", { n: count(n), of: count(of) })),
    rate !== null &&
      !isPerfect && [
        rateChart(rate, interval),
        h("span", { class: "quiet" }, t("recordRate", { rate: percent(rate), interval: range(interval) })),
      ],
    notes && h("span", { class: "quiet" }, notes),
  ]);
}

/** Returns what to add to a rate: how many visits were not sent, or which flags. */
function notesOn(name, { unsent, flags }, nameOfFlag) {
  if (name === "on_time" && unsent) return t("recordUnsent", { n: unsent });
  if (name !== "flagged" || !nameOfFlag) return null;
  return flags.map(({ code, visits }) => `${nameOfFlag(code)} ${count(visits)}`).join(" · ");
}

function leniencyOf(leniency) {
  const { verdict, difference, verdict_interval: interval } = leniency;
  const compared = {
    own: count(leniency.visits),
    others: count(leniency.other_visits),
    n: leniency.other_shoppers,
  };
  return h(
    "div",
    { class: "leniency", "data-verdict": verdict },
    h("h3", {}, t("recordLeniency")),
    h("p", {}, h("strong", {}, t(`recordLeniency-${verdict}`))),
    interval
      ? [
          h(
            "p",
            { class: "row" },
            rateChart(difference, interval, { from: -MOST, to: MOST, tick: 0 }),
            t("recordDifference", { difference: points(difference), interval: pointsRange(interval) }),
          ),
          h("p", { class: "quiet" }, t("recordCompared", compared)),
          verdict !== "as_expected" && h("p", { class: "quiet" }, t("recordCaution")),
        ]
      : h("p", { class: "quiet" }, t("recordTooFew", compared)),
  );
}
