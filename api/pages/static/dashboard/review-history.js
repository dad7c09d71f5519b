/** What reviewers decided, and what shoppers answered them. */
import { ago, clock, dayName, h, localize, saveSetting, t } from "../shared/page.js";
import { change } from "../staff/address.js";
import { choice, onward } from "./filters.js";
import { canBeUndone, DECISIONS, undoButton } from "./decide.js";
import { pagedList } from "./paged-list.js";

const LIMIT = "50";
const DAY = 86_400_000;
const PERIODS = ["7", "90", "365"];

/** Returns the decisions of a period, the latest first, with their filters. */
export function historyOf({ filters, me, refresh }) {
  const list = pagedList({
    container: h("ol", { class: "plain-list decisions decided" }),
    draw: (decision) => decidedItem(decision, me, refresh),
    describe: (n, isComplete) => t(isComplete ? "decisionsShown" : "decisionsShownFirst", { n }),
    empty: t("noDecisions"),
  });
  const days = filters.days && Number(filters.days);
  list.refresh("/decisions", {
    limit: LIMIT,
    decision: filters.decision,
    reviewer_id: filters.by === "me" ? me.id : "",
    from: days ? new Date(Date.now() - days * DAY).toISOString().slice(0, 10) : "",
  });
  const options = (values, wordsOf) => async () => values.map((value) => [value, wordsOf(value)]);
  return [
    h(
      "form",
      { class: "filters", "aria-label": t("filters"), onsubmit: (event) => event.preventDefault() },
      choice(
        "by",
        t("decidedBy"),
        t("anyReviewer"),
        filters.by,
        options(["me"], () => t("onlyMe")),
      ),
      choice(
        "decision",
        t("decision"),
        t("anyDecision"),
        filters.decision,
        options(Object.keys(DECISIONS), (name) => t(`was-${name}`)),
      ),
      choice(
        "days",
        t("period"),
        t("lastDays", { n: 30 }),
        filters.days,
        options(PERIODS, (n) => t("lastDays", { n })),
      ),
    ),
    list.element,
  ];
}

function decidedItem(row, me, refresh) {
  const { visit_id: id, decision, location, checklist, day, reviewer_name: name, decided_at: at } = row;
  const who = name ?? t("deletedReviewer");
  const visit = { id, location };
  const showAgain = () => {
    change({ show: "", visit: id }, { quietly: true });
    refresh();
  };
  const state = row.undone_at ? t("wasUndone") : !row.is_current && t("replaced");
  return h(
    "li",
    { "data-decided": decision, "data-visit": id },
    h("a", { href: onward(`/dashboard/visits/${id}`), dir: "auto" }, h("strong", {}, location.name)),
    h(
      "span",
      { class: "quiet" },
      ` ${dayName(day)} · `,
      h("span", { dir: "auto" }, localize(checklist.title)),
    ),
    h(
      "p",
      {},
      t(`decided-${decision}`, { who }),
      h("span", { class: "quiet" }, ` · ${[clock(at), state].filter(Boolean).join(" · ")}`),
    ),
    row.reason && h("blockquote", { dir: "auto" }, row.reason),
    row.is_current && canBeUndone(row, me) && undoButton(visit, row, showAgain),
  );
}

/**
 * Returns the answers of shoppers, the latest answer first, each with a link to its visit. Those after `seenUntil`
 * are marked as new. The setting `seen` remembers the latest one.
 */
export function answerList(messages, seenUntil, seen) {
  if (!messages.length) return h("p", { class: "empty" }, t("noAnswers"));
  const latestFirst = messages.toSorted((one, other) => (one.answered_at < other.answered_at ? 1 : -1));
  saveSetting(seen, latestFirst[0].answered_at);
  return h(
    "ol",
    { class: "plain-list decisions" },
    latestFirst.map(({ id, visit_id, location, question, text, answer, answered_at }) =>
      h(
        "li",
        { "data-message": id },
        h(
          "a",
          { href: `${onward(`/dashboard/visits/${visit_id}`)}#messages` },
          h("strong", { dir: "auto" }, location.name),
        ),
        " ",
        h("span", { class: "quiet" }, ago(answered_at)),
        " ",
        answered_at > seenUntil && h("span", { class: "mark" }, t("newAnswer")),
        h("p", { class: "quiet", dir: "auto" }, question ? `${localize(question.text)} – ${text}` : text),
        h("blockquote", { dir: "auto" }, answer),
      ),
    ),
  );
}
