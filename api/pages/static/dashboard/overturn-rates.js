/** How often disputed answers are overturned, drawn as rates with their uncertainty. */
import { h, localize, t } from "../shared/page.js";
import { count, percent, range } from "../staff/numbers.js";
import { rateChart } from "../staff/rate-chart.js";

const ENOUGH = 10;
const DIMENSIONS = ["question", "location", "region"];
const PEOPLE = ["shopper", "reviewer"];

/** Returns the rates with the choice of what they are grouped by. Reviewers can group by people too. */
export async function ratesOf(isReviewer, read) {
  const rows = h("ol", { class: "dispute-list rates" });
  const dimensions = isReviewer ? [...DIMENSIONS, ...PEOPLE] : DIMENSIONS;
  const choose = async () => {
    const { items } = await read(`/disputes/rates?by=${choice.value}`);
    rows.replaceChildren(...items.map((row) => rateRow(row, choice.value)));
    if (!items.length) rows.append(h("li", { class: "empty" }, t("noRates")));
  };
  const choice = h(
    "select",
    { id: "rates-by", onchange: choose },
    dimensions.map((name) => h("option", { value: name }, t(`by-${name}`))),
  );
  await choose();
  return [
    h("p", { class: "quiet" }, t("ratesExplained", { n: ENOUGH })),
    h("p", { class: "row" }, h("label", { for: choice.id }, t("ratesBy")), choice),
    rows,
  ];
}

function rateRow(row, by) {
  const { decided, overturned, rate, interval } = row;
  return h(
    "li",
    {},
    h("strong", { dir: "auto" }, nameOf(row[by])),
    rate == null
      ? h("span", { class: "quiet" }, t("tooFewDecided", { n: decided }))
      : [
          h("span", {}, t("rateChart", { rate: percent(rate), interval: range(interval) })),
          rateChart(rate, interval),
          h("span", { class: "quiet" }, t("overturnedOf", { n: count(overturned), of: count(decided) })),
        ],
  );
}

const nameOf = ({ name, text }) => (text ? localize(text) : (name ?? t("nobodyKnown")));
