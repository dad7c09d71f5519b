import { h, loadMoreWords, t } from "../../shared/page.js";

const ROOT = "/dashboard/admin";
/** How many rows are looked through. If there are more, the number is "100 or more". */
const MOST = 100;
const SOON = 2 * 24 * 3600 * 1000;

/** What to do next: the first steps of an empty organization, and what needs attention. */
export default async function ({ read }) {
  await loadMoreWords((language) => import(`../words/start/${language}.js`));
  const [checklists, visits, invited, webhooks, open, quotas, targets] = await Promise.all([
    read(`/checklists?include=drafts&limit=${MOST}`),
    read("/visits?limit=1"),
    read(`/users?status=invited&limit=${MOST}`),
    read(`/webhooks?limit=${MOST}`),
    read(`/visits?status=assigned&limit=${MOST}`),
    read(`/quotas?include=progress&limit=${MOST}`),
    read(`/targets?limit=${MOST}`),
  ]);
  const steps = visits.items.length ? [] : await readSteps(checklists, read);
  const left = steps.filter(([, , isDone]) => !isDone);
  const todo = findWork({ checklists, invited, webhooks, open, quotas, targets });
  return {
    title: t("page-start"),
    content: [
      left.length > 0 && firstSteps(steps, left[0]),
      todo.length > 0 && workList(todo),
      !left.length && !todo.length && h("p", { class: "empty" }, t("nothingToDo")),
    ],
  };
}

/** Returns the steps to the first visit: the name, the address and whether it is done. */
async function readSteps(checklists, read) {
  const [regions, locations, shoppers] = await Promise.all([
    read("/regions?limit=1"),
    read("/locations?limit=1"),
    read("/users?role=shopper&limit=1"),
  ]);
  return [
    ["regions", `${ROOT}/places`, regions.items.length > 0],
    ["locations", `${ROOT}/import`, locations.items.length > 0],
    ["people", `${ROOT}/people`, shoppers.items.length > 0],
    ["checklist", `${ROOT}/checklists`, checklists.items.some(({ version }) => version)],
    ["visit", `${ROOT}/assign`, false],
  ];
}

/** Returns the first steps as a list of links, with a tick for those that are done. */
function firstSteps(steps, next) {
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("firstSteps")),
    h("p", { class: "quiet" }, t("firstStepsWhy")),
    h(
      "ol",
      { class: "steps" },
      steps.map((step) => {
        const [name, href, isDone] = step;
        return h(
          "li",
          {
            "data-step": name,
            "data-state": isDone ? "done" : "open",
            "aria-current": step === next && "step",
          },
          h("span", { class: "mark", "aria-hidden": "true" }, isDone ? "✓" : ""),
          h(
            "span",
            {},
            h("a", { href }, t(`step-${name}`)),
            isDone && h("span", { class: "visually-hidden" }, ` ${t("done")}`),
            h("span", { class: "quiet" }, t(`step-${name}-why`)),
          ),
        );
      }),
    ),
  );
}

/** Returns what needs attention, each as its name, number of rows and address. */
function findWork({ checklists, invited, webhooks, open, quotas, targets }) {
  const now = Date.now();
  const closesAt = ({ window }) => new Date(window.closes_at).getTime();
  const found = [
    ["overdue", open, (visit) => closesAt(visit) < now, "visits?status=assigned"],
    [
      "expiring",
      open,
      (visit) => closesAt(visit) >= now && closesAt(visit) < now + SOON,
      "visits?status=assigned",
    ],
    ["quotas", quotas, ({ progress }) => progress.missing > 0, "plan"],
    ["targets", targets, ({ status }) => status === "missed", "targets"],
    ["webhooks", webhooks, (hook) => hook.disabled_reason || hook.failing_since, "webhooks"],
    ["drafts", checklists, ({ error_count: count }) => count > 0, "checklists"],
    [
      "invitations",
      invited,
      ({ invitation_expires_at: end }) => !end || new Date(end).getTime() < now,
      "people?status=invited",
    ],
  ];
  return found
    .map(([name, { items, next }, isFound, path]) => {
      const n = items.filter(isFound).length;
      return { name, n, isAtLeast: Boolean(next) && n === items.length, href: `${ROOT}/${path}` };
    })
    .filter(({ n }) => n > 0);
}

const workList = (todo) =>
  h(
    "section",
    { class: "card" },
    h("h2", {}, t("needsYou")),
    h(
      "ul",
      { class: "plain-list work" },
      todo.map(({ name, n, isAtLeast, href }) =>
        h(
          "li",
          { "data-work": name },
          h("a", { href }, t(`work-${name}`, { n, count: isAtLeast ? t("orMore", { n }) : n })),
          h("span", { class: "quiet" }, t(`work-${name}-why`)),
        ),
      ),
    ),
  );
