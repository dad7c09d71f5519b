import { call } from "../../shared/api.js";
import { ago, h, plain, t } from "../../shared/page.js";
import { change, onward } from "../address.js";
import { answersOf, isClosed } from "../answers.js";
import { DECISIONS, decisionForm, decisionsOf, outcome } from "../decide.js";
import { factsOf, flagsOf } from "../evidence.js";
import { dayName, explained, percent } from "../figures.js";
import { shortcuts } from "../shortcuts.js";

const WAITING = "/reviews?limit=100";
const LOOK_EVERY = 20_000;

/**
 * The visits that wait for a decision, the longest waiting first, and one of them with all there is to decide
 * it by.
 */
export default async function ({ filters, read, refresh }) {
  const { items, next: more } = await read(WAITING);
  const row = items.find((each) => each.visit_id === filters.visit) ?? items[0];
  const said = outcome() ?? missed(filters.visit, row);
  const title = t("page-reviews");
  if (!row) {
    const leave = watch((rows) => rows.length > 0 && refresh());
    return {
      title,
      content: [said, h("p", { class: "empty" }, t("nothingWaits"))],
      ready: () => said?.focus(),
      leave,
    };
  }
  const [visit, submission] = await Promise.all([
    read(`/visits/${row.visit_id}?include=checklist`),
    read(`/visits/${row.visit_id}/submission`),
  ]);
  const shown = await caseOf(visit, submission, read);
  const queue = queueOf(items, row, more);
  const goOn = () => {
    change({ visit: queue.next()?.visit_id }, { quietly: true });
    refresh();
  };
  const gone = h("p", { class: "notice", role: "alert" });
  const keys = shortcuts([
    ...Object.entries(DECISIONS).map(([decision, key]) => [
      key,
      t(`decide-${decision}`),
      `[data-decision=${decision}]`,
    ]),
    ["j", t("goNext"), ".queue li:has([aria-current]) + li a"],
    ["k", t("goPrevious"), ".queue li:has(+ li [aria-current]) a"],
  ]);
  const stop = watch((rows) => {
    queue.update(rows);
    if (
      gone.childNodes.length ||
      rows.some((each) => each.visit_id === row.visit_id && each.revision === row.revision)
    )
      return;
    gone.append(
      t("goneMeanwhile"),
      " ",
      h("button", { type: "button", class: "plain", onclick: goOn }, t("showNext")),
    );
  });
  return {
    title,
    content: [
      h(
        "div",
        { class: "review" },
        queue.element,
        h("div", { class: "case" }, said, gone, shown),
        h("div", { class: "aside" }, visit.flags && decisionForm(visit, goOn), keys.element),
      ),
    ],
    ready: () => said?.focus(),
    leave() {
      keys.stop();
      stop();
    },
  };
}

/** Says that the visit of the address is not the one that is shown, if it is not. */
function missed(id, row) {
  if (!id || id === row?.visit_id) return null;
  return h(
    "p",
    { class: "notice", tabindex: -1 },
    t("waitsNoLonger"),
    " ",
    h("a", { href: onward(`/dashboard/visits/${id}`) }, t("lookAtIt")),
  );
}

/** Looks now and then what waits, for others decide too; returns how to stop. */
function watch(seen) {
  const look = async () => {
    const answer = document.hidden ? null : await call("GET", WAITING).catch(() => null);
    if (answer) seen(answer.body.items);
  };
  const timer = setInterval(look, LOOK_EVERY);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
    seen = () => {};
  };
}

/**
 * Returns the list of what waits; `update` takes out what does no longer, `next` gives what comes after
 * `current`.
 */
function queueOf(items, current, more) {
  let rows = items;
  const list = h(
    "ol",
    {},
    items.map((row) => itemOf(row, current)),
  );
  const heading = h("h2", {}, headingOf(items, more));
  const update = (now) => {
    rows = now;
    const waiting = new Set(now.map((row) => row.visit_id));
    for (const item of list.querySelectorAll("li")) if (!waiting.has(item.dataset.visit)) item.remove();
    const there = new Set([...list.querySelectorAll("li")].map((item) => item.dataset.visit));
    list.append(...now.filter((row) => !there.has(row.visit_id)).map((row) => itemOf(row, current)));
    heading.textContent = headingOf(now, more);
  };
  const next = () => {
    const others = rows.filter((row) => row.visit_id !== current.visit_id);
    const later = items.slice(items.indexOf(current) + 1);
    return later.find((row) => others.some((other) => other.visit_id === row.visit_id)) ?? others[0];
  };
  return { element: h("nav", { class: "queue", "aria-label": t("whatWaits") }, heading, list), update, next };
}

const headingOf = (rows, more) => t(more ? "moreWait" : "soManyWait", { n: rows.length });

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
      h("span", { class: "quiet" }, ago(new Date(since))),
      h("span", { class: "quiet" }, [...new Set(flags.map(({ code }) => t(`flag-${code}`)))].join(" · ")),
    ),
  );
}

async function caseOf(visit, submission, read) {
  const { location, checklist, revision } = visit;
  const heading = (words) => h("h2", { id: "case", tabindex: -1, dir: "auto" }, words);
  // What one made oneself, the API shows as to any shopper.
  if (!visit.flags) return [heading(location.name), h("p", {}, t("ownVisit"))];
  return [
    heading(t("visitTo", { location: location.name, day: dayName(visit.day) })),
    h(
      "p",
      { class: "quiet" },
      h(
        "a",
        { href: onward(`/dashboard/visits/${visit.id}`) },
        t("byVersion", { title: plain(checklist.title), version: checklist.version }),
      ),
      " · ",
      t("ofRevision", { n: revision }),
    ),
    !isClosed(submission) &&
      h("p", { class: "big" }, explained(percent(submission.score.score), "visit", submission.score)),
    await flagsOf(visit, submission, read),
    factsOf(visit, submission),
    decisionsOf(visit),
    answersOf(visit, submission),
  ];
}
