/** What shoppers wrote: searched by words, and filtered by question, points and place. */
import { dayName, h, loadMoreWords, localize, t, textElement } from "../../shared/page.js";
import { showValue, typeOf } from "../../shared/question-types/index.js";
import { address, change, filters as addressFilters } from "../../staff/address.js";
import { count } from "../../staff/numbers.js";
import { questionsOf } from "../checklists.js";
import { common, filterBar, onward } from "../filters.js";
import { locationChoice, questionChoice } from "../further-filters.js";
import { marked } from "../marks.js";
import { pagedList } from "../paged-list.js";

await loadMoreWords((language) => import(`../words/questions/${language}.js`));

/** How long typing pauses, in milliseconds, before the server is asked. */
const PAUSE = 300;
const POINTS = ["lost", "full"];

export default async function ({ filters, read, readAll }) {
  const checklists = await readAll("/checklists?limit=500");
  const keys = filters.checklist ? [filters.checklist] : checklists.map(({ key }) => key);
  const fetched = questionsOf(checklists, keys, read);
  let definitions = new Map();
  const list = pagedList({
    container: h("ul", { class: "comments found" }),
    draw: (item) => comment(item, definitions),
    describe: (n, isComplete) => t(isComplete ? "allComments" : "firstComments", { n, count: count(n) }),
    empty: t("noCommentsFound"),
  });
  const refresh = () => list.refresh("/comments", queryOf(addressFilters()));
  const search = searchField(filters.q ?? "", refresh);
  const bar = filterBar(filters, readAll);
  bar.append(locationChoice(filters, readAll));
  if (filters.checklist) bar.append(questionChoice(filters, () => fetchQuestions(filters, fetched, read)));
  bar.append(pointsChoice(filters.points ?? ""), search);
  return {
    title: t("page-comments"),
    content: [bar, filters.whole_visit && wholeVisitNotice(), list.element],
    ready: async () => {
      definitions = await fetched;
      await refresh();
    },
  };
}

/** Returns the parameters of the API for the filters in the address. */
const queryOf = (filters) => ({
  ...common(filters),
  location_id: filters.location_id,
  question: filters.question,
  whole_visit: filters.whole_visit,
  points: filters.points,
  q: filters.q,
});

/** Returns the questions that have comments, as their keys and words with the number of comments. */
async function fetchQuestions(filters, fetched, read) {
  const definitions = await fetched;
  const query = { ...common(filters), location_id: filters.location_id };
  const { items } = await read(address("/comments/counts", query));
  return items
    .filter(({ question }) => question)
    .sort((one, other) => other.comments - one.comments)
    .map(({ checklist, question, comments }) => [
      question,
      `${localize(definitions.get(`${checklist}/${question}`)?.text) || question} (${count(comments)})`,
    ]);
}

function searchField(value, refresh) {
  let timer = null;
  const apply = () => {
    change({ q: input.value.trim() }, { quietly: true });
    refresh();
  };
  const input = h("input", {
    type: "search",
    id: "q",
    name: "q",
    value,
    maxlength: 200,
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(apply, PAUSE);
    },
  });
  return h("p", { class: "search" }, h("label", { for: "q" }, t("searchComments")), input);
}

function pointsChoice(value) {
  const select = h(
    "select",
    { id: "points", name: "points", onchange: () => change({ points: select.value }) },
    ["", ...POINTS].map((points) =>
      h("option", { value: points, selected: points === value }, t(`points-${points || "any"}`)),
    ),
  );
  return h("p", {}, h("label", { for: "points" }, t("answersWith")), select);
}

const wholeVisitNotice = () =>
  h(
    "p",
    { class: "row" },
    h("span", {}, t("onlyWholeVisits")),
    h(
      "button",
      { type: "button", class: "plain", onclick: () => change({ whole_visit: "" }) },
      t("allTheComments"),
    ),
  );

function comment(item, definitions) {
  const { question, points_earned: earned, points_possible: possible } = item;
  const definition = definitions.get(`${item.checklist}/${question?.key}`);
  const isText = definition && typeOf(definition).isFreeText && !item.not_applicable;
  const { q } = addressFilters();
  const text = isText && item.value;
  const value = item.not_applicable
    ? t("answer-not_applicable")
    : definition
      ? showValue(definition, item.value)
      : (item.value ?? "");
  return h(
    "li",
    { "data-points": possible ? (earned < possible ? "lost" : "full") : null },
    question
      ? textElement("p", { class: "quiet" }, question.text)
      : h("p", { class: "quiet" }, t("lastWord")),
    ((value && !text) || possible > 0) &&
      h(
        "p",
        { class: "value row" },
        value && !text && h("span", { dir: "auto" }, `${value}`),
        possible > 0 && h("span", { class: "points-of" }, t("pointsOf", { earned, possible })),
      ),
    [text, item.comment].map((words) => words && h("blockquote", { dir: "auto" }, marked(words, q))),
    h(
      "a",
      { href: onward(`/dashboard/visits/${item.visit_id}`) },
      `${item.location.name}, ${dayName(item.day)}`,
    ),
  );
}
