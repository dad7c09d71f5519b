/** The questions of one checklist: those that lose most points first, then all of them by section. */
import { h, loadMoreWords, localize, t, textElement } from "../../shared/page.js";
import { address } from "../../staff/address.js";
import { count } from "../../staff/numbers.js";
import { answerBar, goodAnswer } from "../answer-bar.js";
import { questionsIn, readVersions } from "../checklists.js";
import { downloadPanel } from "../download-panel.js";
import { byChance, changed, score } from "../figures.js";
import { common, onward, scoreQuery } from "../filters.js";
import { locationChoice, oneChecklistBar, withOneChecklist } from "../further-filters.js";
import { card, csvButton } from "../table.js";
import { verdictOf } from "../verdict.js";

await loadMoreWords((language) => import(`../words/questions/${language}.js`));

/** How many questions come first, in the order of the points that they lost. */
const MOST_LOST = 10;

export default async function ({ filters: requested, read, readAll }) {
  const filters = await withOneChecklist(requested, read);
  const { checklist: key, location_id } = filters;
  const query = { ...common(filters), location_id };
  const bar = oneChecklistBar(filters, readAll, locationChoice(filters, readAll));
  if (!key) return { title: t("page-questions"), content: [bar, h("p", { class: "empty" }, t("noVisits"))] };
  const scores = scoreQuery("questions", query);
  const [rows, counts, checklists] = await Promise.all([
    readAll(address("/scores", scores)),
    read(address("/comments/counts", query)),
    readAll("/checklists?limit=500"),
  ]);
  const versions = await readVersions(checklists, [key], read);
  const page = {
    definitions: questionsIn(versions),
    comments: new Map(counts.items.map(({ question, comments }) => [question, comments])),
    // The titles of the sections by their keys, in the order of the checklist.
    sections: new Map(
      versions.flatMap(({ sections }) => sections.map((section) => [section.key, section.title])),
    ),
    isOfPlace: Boolean(location_id || filters.region_id),
    query: { location_id },
  };
  return {
    title: t("page-questions"),
    content: [
      bar,
      rows.length ? [questions(rows, page), tools(scores)] : h("p", { class: "empty" }, t("noVisits")),
    ],
  };
}

function questions(rows, page) {
  const scored = rows.filter((row) => row.points_possible);
  const worst = scored.filter(lostOf).sort((one, other) => lostOf(other) - lostOf(one));
  const keys = new Set([...page.sections.keys(), ...rows.map(({ question }) => question.section)]);
  return [
    h("p", { class: "quiet" }, t("questionWords"), " ", byChance(scored)),
    worst.length > 0 &&
      h(
        "section",
        { class: "card", "data-testid": "most-lost" },
        h("h2", {}, t("mostLost")),
        list("ol", worst.slice(0, MOST_LOST), page, { hasSection: true }),
      ),
    [...keys].map((section) => {
      const own = rows.filter(({ question }) => question.section === section);
      return (
        own.length > 0 &&
        h(
          "section",
          { class: "card", "data-section": section },
          textElement("h2", {}, page.sections.get(section) ?? section),
          list("ul", own, page),
        )
      );
    }),
    card(t("lastWord"), commentsLink(page, null)),
  ];
}

const lostOf = ({ points_earned: earned, points_possible: possible }) => possible - earned;

/** Returns questions as a list. With `hasSection`, each names its section. */
function list(name, rows, page, { hasSection = false } = {}) {
  return h(
    name,
    { class: "questions" },
    rows.map((row) => item(row, page, hasSection)),
  );
}

function item(row, page, hasSection) {
  const { question } = row;
  const definition = page.definitions.get(`${question.checklist}/${question.key}`);
  const good = goodAnswer(definition);
  const section = hasSection && localize(page.sections.get(question.section));
  return h(
    "li",
    { class: row.indicative && row.points_possible ? "thin" : null, "data-question": question.key },
    h(
      "div",
      {},
      textElement("h3", {}, question.text),
      h("p", { class: "quiet", dir: "auto" }, [section, good].filter(Boolean).join(" · ")),
    ),
    answerBar(row, definition),
    h("div", { class: "figures" }, row.points_possible ? figures(row, page) : null),
    commentsLink(page, question.key),
  );
}

function figures(row, page) {
  const lost = lostOf(row);
  return [
    h(
      "p",
      {},
      score(row, "part"),
      " ",
      h("span", { class: "quiet" }, t("pointsLost", { n: lost, count: count(lost) })),
    ),
    page.isOfPlace && row.verdict && h("p", {}, verdictOf(row)),
    row.change.significant && h("p", { class: "change" }, changed(row)),
  ];
}

/** Returns the link to the comments on a question, or on visits as a whole if it is null. */
function commentsLink(page, question) {
  const n = page.comments.get(question) ?? 0;
  if (!n) return h("p", { class: "quiet comments-link" }, t("noCommentsYet"));
  const subject = question ? { question } : { whole_visit: "true" };
  const href = onward("/dashboard/comments", { ...page.query, ...subject });
  return h("p", { class: "comments-link" }, h("a", { href }, t("commentsOf", { n, count: count(n) })));
}

const tools = (query) => [
  h("div", { class: "tools" }, csvButton({ caption: t("page-questions"), name: "questions", query })),
  downloadPanel({ scores: query }),
];
