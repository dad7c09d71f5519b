import { call } from "../../shared/api.js";
import { ago, dayName, h, localize, t } from "../../shared/page.js";
import { change } from "../../staff/address.js";
import { percent } from "../../staff/numbers.js";
import { onward } from "../filters.js";
import { answersOf, isClosed } from "../answers.js";
import { DECISIONS, decisionForm, decisionsOf, outcome } from "../decide.js";
import { factsOf, flagsOf } from "../evidence.js";
import { explained } from "../figures.js";
import { questionNotes } from "../question-notes.js";
import { messagesOf } from "../shopper-messages.js";
import { shortcuts } from "../shortcuts.js";

const WAITING = "/reviews?limit=100";
/** How often the queue is fetched again, in milliseconds. */
const POLL_INTERVAL = 20_000;

/** The visits that wait for a decision, the longest waiting first, and one of them with its evidence. */
export default async function ({ filters, read, refresh }) {
  const { items, next: more } = await read(WAITING);
  const row = items.find((item) => item.visit_id === filters.visit) ?? items[0];
  const message = outcome() ?? noLongerWaiting(filters.visit, row);
  const title = t("page-reviews");
  if (!row) {
    const leave = watch((rows) => rows.length > 0 && refresh());
    return {
      title,
      content: [message, h("p", { class: "empty" }, t("queueEmpty"))],
      ready: () => message?.focus(),
      leave,
    };
  }
  const [visit, submission] = await Promise.all([
    read(`/visits/${row.visit_id}?include=checklist`),
    read(`/visits/${row.visit_id}/submission`),
  ]);
  const notes = questionNotes(visit);
  const content = await caseOf(visit, submission, notes, read);
  const queue = queueOf(items, row, more);
  const showNext = () => {
    change({ visit: queue.next()?.visit_id }, { quietly: true });
    refresh();
  };
  const notice = h("p", { class: "notice", role: "alert" });
  const keys = reviewShortcuts();
  const stop = watch((rows) => {
    queue.update(rows);
    if (
      notice.childNodes.length ||
      rows.some((item) => item.visit_id === row.visit_id && item.revision === row.revision)
    )
      return;
    notice.append(
      t("decidedMeanwhile"),
      " ",
      h("button", { type: "button", class: "plain", onclick: showNext }, t("showNext")),
    );
  });
  return {
    title,
    content: [
      h(
        "div",
        { class: "review" },
        queue.element,
        h("div", { class: "case" }, message, notice, content),
        h("div", { class: "aside" }, visit.flags && decisionForm(visit, notes, showNext), keys.element),
      ),
    ],
    ready: () => message?.focus(),
    leave() {
      keys.stop();
      stop();
    },
  };
}

const reviewShortcuts = () =>
  shortcuts([
    ...Object.entries(DECISIONS).map(([decision, key]) => [
      key,
      t(`decide-${decision}`),
      `[data-decision=${decision}]`,
    ]),
    ["j", t("nextVisit"), ".queue li:has([aria-current]) + li a"],
    ["k", t("previousVisit"), ".queue li:has(+ li [aria-current]) a"],
  ]);

/** Returns a message if the visit in the address no longer waits, and another is shown. */
function noLongerWaiting(id, row) {
  if (!id || id === row?.visit_id) return null;
  return h(
    "p",
    { class: "notice", tabindex: -1 },
    t("noLongerWaiting"),
    " ",
    h("a", { href: onward(`/dashboard/visits/${id}`) }, t("viewVisit")),
  );
}

/** Fetches the queue periodically, because others decide too. Returns a function that stops this. */
function watch(onChange) {
  const poll = async () => {
    const response = document.hidden ? null : await call("GET", WAITING).catch(() => null);
    if (response) onChange(response.body.items);
  };
  const timer = setInterval(poll, POLL_INTERVAL);
  document.addEventListener("visibilitychange", poll);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", poll);
    onChange = () => {};
  };
}

/**
 * Returns the list of waiting visits. `update` removes those that no longer wait and adds new ones. `next`
 * returns the one after `current`.
 */
function queueOf(items, current, more) {
  let rows = items;
  const list = h(
    "ol",
    {},
    items.map((row) => itemOf(row, current)),
  );
  const heading = h("h2", {}, headingOf(items, more));
  const update = (waiting) => {
    rows = waiting;
    const waitingIds = new Set(waiting.map((row) => row.visit_id));
    for (const item of list.querySelectorAll("li")) if (!waitingIds.has(item.dataset.visit)) item.remove();
    const listedIds = new Set([...list.querySelectorAll("li")].map((item) => item.dataset.visit));
    const added = waiting.filter((row) => !listedIds.has(row.visit_id));
    list.append(...added.map((row) => itemOf(row, current)));
    heading.textContent = headingOf(waiting, more);
  };
  const next = () => {
    const others = rows.filter((row) => row.visit_id !== current.visit_id);
    const later = items.slice(items.indexOf(current) + 1);
    return later.find((row) => others.some((other) => other.visit_id === row.visit_id)) ?? others[0];
  };
  return { element: h("nav", { class: "queue", "aria-label": t("queue") }, heading, list), update, next };
}

const headingOf = (rows, more) => t(more ? "moreWaiting" : "waiting", { n: rows.length });

function itemOf({ visit_id: id, location, submitted_at: since, flags }, current) {
  return h(
    "li",
    { "data-visit": id },
    h(
      "a",
      {
        href: `${onward("/dashboard/reviews", { visit: id })}#case`,
        "aria-current": id === current.visit_id && "true",
      },
      h("strong", { dir: "auto" }, location.name),
      h("span", { class: "quiet" }, ago(since)),
      h("span", { class: "quiet" }, [...new Set(flags.map(({ code }) => t(`flag-${code}`)))].join(" · ")),
    ),
  );
}

async function caseOf(visit, submission, notes, read) {
  const { location, checklist, revision } = visit;
  const heading = (text) => h("h2", { id: "case", tabindex: -1, dir: "auto" }, text);
  // The API shows reviewers their own visits as it shows them to shoppers, without flags.
  if (!visit.flags) return [heading(location.name), h("p", {}, t("ownVisit"))];
  return [
    heading(t("visitTo", { location: location.name, day: dayName(visit.day) })),
    h(
      "p",
      { class: "quiet" },
      h(
        "a",
        { href: onward(`/dashboard/visits/${visit.id}`) },
        t("byVersion", { title: localize(checklist.title), version: checklist.version }),
      ),
      " · ",
      t("ofRevision", { n: revision }),
    ),
    !isClosed(submission) &&
      h("p", { class: "big" }, explained(percent(submission.score.score), "visit", submission.score)),
    await flagsOf(visit, submission, read),
    factsOf(visit, submission),
    decisionsOf(visit),
    await messagesOf(visit, read),
    answersOf(visit, submission, notes.fieldOf),
  ];
}
