import { dayName, h, localize, t, textElement } from "../../shared/page.js";
import { showValue } from "../../shared/question-types/index.js";
import { address } from "../../staff/address.js";
import { common, filterBar, onward, scoreQuery } from "../filters.js";
import { axisOf } from "../charts.js";
import { questionsOf } from "../checklists.js";
import { downloadPanel } from "../download-panel.js";
import { byChance, changed, score } from "../figures.js";
import { card, intervalColumn, table, visitsColumn } from "../table.js";

const MOST_COMMENTS = 20;

/** The questions, the worst first, each with the comments of shoppers. */
export default async function ({ filters, read, readAll }) {
  const shared = common(filters);
  const query = scoreQuery("questions", shared);
  const rows = await readAll(address("/scores", query));
  const scored = rows.filter((row) => row.points_possible);
  const unscored = rows.filter((row) => !row.points_possible);
  const comments = (subject) => commentsOn(subject, shared, read, readAll);
  return {
    title: t("page-questions"),
    content: [
      filterBar(filters, readAll),
      h("p", { class: "quiet" }, t("questionWords")),
      scored.length
        ? [questionTable(scored, comments, query), h("p", { class: "quiet" }, byChance(scored))]
        : h("p", { class: "empty" }, t("noVisits")),
      rows.length > 0 && downloadPanel({ scores: query }),
      rows.length > 0 && card(t("withoutPoints"), withoutPoints(unscored, comments)),
    ],
  };
}

function questionTable(rows, comments, query) {
  const axis = axisOf(rows);
  return table({
    caption: t("page-questions"),
    csv: { name: "questions", query },
    rows,
    sort: "score",
    words: ({ question }) => localize(question.text),
    attributes: (row) => ({ class: row.indicative && "thin", "data-question": row.question.key }),
    columns: [
      {
        key: "question",
        title: t("question"),
        value: ({ question }) => [0, localize(question.text)],
        cell: ({ question }) => [textElement("span", {}, question.text), comments(subjectOf(question))],
      },
      {
        key: "score",
        title: t("goodAnswers"),
        kind: "figure",
        value: (row) => [Number(row.indicative), row.score],
        cell: (row) => score(row, "part"),
      },
      intervalColumn(axis),
      visitsColumn(),
      {
        key: "change",
        title: t("change"),
        kind: "change",
        value: (row) => [Number(row.change.difference == null), row.change.difference],
        cell: changed,
      },
    ],
  });
}

/** Returns the questions without points, and the visits as a whole, which have comments but no scores. */
function withoutPoints(rows, comments) {
  return h(
    "ul",
    { class: "plain-list" },
    rows.map(({ question }) =>
      h(
        "li",
        { "data-question": question.key },
        textElement("span", {}, question.text),
        comments(subjectOf(question)),
      ),
    ),
    h("li", { "data-testid": "whole-visit" }, t("lastWord"), comments({ whole_visit: "true" })),
  );
}

/** Returns the query for the comments on a question. */
const subjectOf = ({ checklist, key }) => ({ checklist, question: key });

/** Returns the comments on a question or on whole visits. They are fetched when they are opened. */
function commentsOn(subject, query, read, readAll) {
  const output = h("div", { role: "status" });
  const onToggle = async ({ target }) => {
    if (!target.open || output.dataset.state) return;
    output.dataset.state = "loading";
    output.replaceChildren(t("loading"));
    try {
      const [{ items, next }, checklists] = await Promise.all([
        read(address("/comments", { ...query, ...subject, limit: `${MOST_COMMENTS}` })),
        readAll("/checklists?limit=500"),
      ]);
      const questions = await questionsOf(checklists, [subject.checklist], read);
      output.replaceChildren(
        items.length
          ? h(
              "ul",
              { class: "comments" },
              items.map((item) => comment(item, questions)),
            )
          : h("p", { class: "empty" }, t("noComments")),
        next ? h("p", { class: "quiet" }, t("latestComments", { n: MOST_COMMENTS })) : "",
      );
    } catch {
      delete output.dataset.state;
      output.replaceChildren(h("p", { class: "fault" }, t("failed")));
    }
  };
  return h("details", { class: "data", ontoggle: onToggle }, h("summary", {}, t("comments")), output);
}

function comment(
  {
    visit_id: visit,
    day,
    location,
    checklist,
    question,
    value,
    not_applicable: isNotApplicable,
    comment: words,
  },
  questions,
) {
  const definition = questions.get(`${checklist}/${question?.key}`);
  const answer = isNotApplicable
    ? t("answer-not_applicable")
    : definition
      ? showValue(definition, value)
      : value;
  return h(
    "li",
    {},
    answer && h("p", { class: "value", dir: "auto" }, answer),
    words && h("blockquote", { dir: "auto" }, words),
    h("a", { href: onward(`/dashboard/visits/${visit}`) }, `${location.name}, ${dayName(day)}`),
  );
}
