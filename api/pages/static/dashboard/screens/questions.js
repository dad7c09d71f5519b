import { h, plain, t, told } from "../../shared/page.js";
import { address, common, filterBar } from "../address.js";
import { axisHead, axisOf, dot } from "../charts.js";
import { byChance, changed, count, dayName, score } from "../figures.js";
import { table } from "../table.js";

const MOST_COMMENTS = 20;

/** The questions, the worst first, with what shoppers wrote to each. */
export default async function ({ filters, read, readAll }) {
  const asked = common(filters);
  const rows = await readAll(address("/scores", { by: "question", include: "change,previous_visits", limit: "500", ...asked }));
  const scored = rows.filter((row) => row.points_possible);
  return {
    title: t("page-questions"),
    content: [
      filterBar(filters, readAll),
      h("p", { class: "quiet" }, t("questionWords")),
      scored.length ? [ofQuestions(scored, asked, read), h("p", { class: "quiet" }, byChance(scored))] : h("p", { class: "empty" }, t("noVisits"))],
  };
}

function ofQuestions(rows, asked, read) {
  const axis = axisOf(rows);
  return table({
    caption: t("page-questions"),
    file: "questions",
    rows,
    sort: "score",
    words: ({ question }) => plain(question.text),
    attributes: (row) => ({ class: row.indicative && "thin", "data-question": row.question.key }),
    columns: [
      { key: "question", title: t("question"), value: ({ question }) => [0, plain(question.text)], cell: ({ question }) => [told("span", {}, question.text), comments(question, asked, read)] },
      { key: "score", title: t("goodAnswers"), kind: "figure", value: (row) => [Number(row.indicative), row.score], cell: (row) => score(row, "part") },
      { key: "interval", title: t("interval"), kind: "drawing", head: axisHead(axis), cell: (row) => dot(row, axis) },
      { key: "visits", title: t("visits"), kind: "figure", down: true, value: (row) => [0, row.visits], cell: (row) => count(row.visits) },
      { key: "change", title: t("change"), kind: "change", value: (row) => [Number(row.change.difference == null), row.change.difference], cell: changed }],
  });
}

/** Returns what was written to a question, fetched when somebody opens it. */
function comments({ checklist, key }, { region_id: region, from, to }, read) {
  const place = h("div", { role: "status" });
  const fetched = async ({ target }) => {
    if (!target.open || place.dataset.state) return;
    place.dataset.state = "loading";
    place.replaceChildren(t("loading"));
    try {
      const { items, next } = await read(address("/comments", { checklist, question: key, region_id: region, from, to, limit: `${MOST_COMMENTS}` }));
      place.replaceChildren(items.length ? h("ul", { class: "comments" }, items.map(comment)) : h("p", { class: "empty" }, t("noComments")), next ? h("p", { class: "quiet" }, t("latestComments", { n: MOST_COMMENTS })) : "");
    } catch {
      delete place.dataset.state;
      place.replaceChildren(h("p", { class: "fault" }, t("failed")));
    }
  };
  return h("details", { class: "data", ontoggle: fetched }, h("summary", {}, t("comments")), place);
}

function comment({ visit_id: visit, day, location, comment: words, value }) {
  return h("li", {}, h("blockquote", { dir: "auto" }, words ?? value), h("a", { href: `/dashboard/visits/${visit}` }, `${location.name}, ${dayName(day)}`));
}
