/** How often disputed answers are overturned, drawn as rates with their uncertainty. */
import { h, localize, t } from "../shared/page.js";
import { count, percent, range } from "../staff/numbers.js";
import { svg } from "../staff/svg.js";

const ENOUGH = 10;
const DIMENSIONS = ["question", "location", "region"];
const PEOPLE = ["shopper", "reviewer"];
const WIDTH = 200;
const HEIGHT = 16;

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
          chartOf(rate, interval),
          h("span", { class: "quiet" }, t("overturnedOf", { n: count(overturned), of: count(decided) })),
        ],
  );
}

const nameOf = ({ name, text }) => (text ? localize(text) : (name ?? t("nobodyKnown")));

/** Returns the rate as a dot on a line from 0 to 100 %, with its interval. The words beside it say the same. */
function chartOf(rate, { low, high }) {
  const x = (proportion) => 6 + proportion * (WIDTH - 12);
  const middle = HEIGHT / 2;
  const line = (from, to, attributes) =>
    svg("line", { x1: x(from), x2: x(to), y1: middle, y2: middle, ...attributes });
  return svg(
    "svg",
    { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" },
    line(0, 1, { stroke: "var(--hair)", "stroke-width": 2 }),
    line(low, high, { stroke: "var(--accent)", "stroke-width": 4, "stroke-linecap": "round" }),
    svg("circle", { cx: x(rate), cy: middle, r: 5, fill: "var(--accent)" }),
  );
}
