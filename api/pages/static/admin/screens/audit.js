/** The audit log: who did what, newest first, with filters in the address. */
import { clock, formatNumber, h, hasWords, loadMoreWords, locale, t } from "../../shared/page.js";
import { address, change } from "../../staff/address.js";
import { csvButton } from "../../staff/csv-button.js";

/** All actions, in the order of the filter. */
const ACTIONS = [
  "organization.created",
  "organization.updated",
  "organization.payments_exported",
  "region.created",
  "region.updated",
  "location.created",
  "location.updated",
  "user.created",
  "user.updated",
  "user.password_changed",
  "user.invited",
  "user.password_forgotten",
  "user.logged_in",
  "user.login_failed",
  "user.logged_out",
  "user.token_reused",
  "user.second_factor_enabled",
  "user.second_factor_disabled",
  "user.second_factor_reset",
  "user.recovery_code_used",
  "user.recovery_codes_replaced",
  "user.deleted",
  "checklist.created",
  "checklist.published",
  "checklist.retired",
  "checklist.restored",
  "checklist.updated",
  "visit.assigned",
  "visit.updated",
  "visit.cancelled",
  "visit.declined",
  "visit.reviewed",
  "visit.shopper_asked",
  "visit.message_withdrawn",
  "visit.photos_viewed",
  "visit.payment_changed",
  "dispute.opened",
  "dispute.decided",
  "dispute.withdrawn",
  "export.requested",
  "export.downloaded",
  "api_client.created",
  "api_client.updated",
  "api_client.revoked",
  "api_client.secret_replaced",
  "webhook.created",
  "webhook.updated",
  "webhook.deleted",
  "webhook.secret_replaced",
  "webhook.tested",
  "webhook.redelivered",
  "quota.created",
  "quota.updated",
  "quota.deleted",
  "target.created",
  "target.updated",
  "target.deleted",
];
const KINDS = [...new Set(ACTIONS.map((action) => action.split(".")[0]))];
/** The roles of those who appear often enough to be offered in the filter. */
const ROLES = ["admin", "reviewer", "manager"];
/** What somebody did who was not logged in. */
const ANONYMOUS = ["user.login_failed", "user.password_forgotten"];
const PAGE_SIZE = 50;
const ISO_TIME = /^\d{4}-\d\d-\d\dT.*Z$/;

export default async function ({ filters, read, readAll }) {
  const [page] = await Promise.all([
    read(address("/audit", { ...queryOf(filters), limit: String(PAGE_SIZE) })),
    loadMoreWords((language) => import(`../words/audit/${language}.js`)),
  ]);
  const log = h(
    "div",
    { class: "audit" },
    page.items.length === 0 && h("p", { class: "empty" }, t("noEntries")),
  );
  const more = h("button", { type: "button", class: "plain", onclick: showMore }, t("showMore"));
  let next = page.next;
  show(page);

  function show({ items, next: following }) {
    for (const entry of items) addEntry(log, entry);
    next = following;
    more.hidden = !next;
  }

  async function showMore() {
    const { pathname, search } = new URL(next);
    more.disabled = true;
    try {
      show(await read(pathname.replace("/api/v1", "") + search));
    } finally {
      more.disabled = false;
    }
  }

  const actors = actorFilter(filters, page.items);
  return {
    title: t("page-audit"),
    content: [
      h("p", { class: "quiet" }, t("auditWhat")),
      h(
        "form",
        {
          class: "filters",
          role: "search",
          "aria-label": t("filters"),
          onsubmit: (event) => event.preventDefault(),
        },
        actors.element,
        selectFilter("action", t("action"), actionOptions(), filters.action),
        selectFilter("subject", t("about"), subjectOptions(filters, page.items), filters.subject),
        dayFilter("from", t("from"), filters.from),
        dayFilter("to", t("to"), filters.to),
      ),
      h("p", { class: "row" }, csvButton(address("/audit", queryOf(filters)), "audit.csv", t("downloadCsv"))),
      log,
      more,
    ],
    ready: () => actors.load(readAll),
  };
}

// Filters.

/** Returns the query for the API. A day of the address is one of the reader's time zone. */
function queryOf({ actor_id, action, subject, from, to }) {
  const timeOf = (day, clockTime) => {
    const time = new Date(`${day}T${clockTime}`);
    return Number.isNaN(time.getTime()) ? day : time.toISOString();
  };
  return {
    actor_id,
    action,
    subject,
    from: from && timeOf(from, "00:00:00"),
    to: to && timeOf(to, "23:59:59.999"),
  };
}

/** Returns the filter for who did it. Its options are fetched once the screen is shown. */
function actorFilter(filters, entries) {
  const chosen = entries.find(({ actor }) => actor?.id === filters.actor_id)?.actor;
  const current = filters.actor_id ? [[filters.actor_id, chosen?.name ?? t("unknown")]] : [];
  const element = selectFilter("actor_id", t("who"), current, filters.actor_id);

  async function load(readAll) {
    const lists = [...ROLES.map((role) => `/users?role=${role}&limit=500`), "/api-clients?limit=500"];
    const people = (await Promise.all(lists.map(readAll)).catch(() => [])).flat();
    const others = people.filter(({ id }) => id !== filters.actor_id);
    others.sort((one, other) => one.name.localeCompare(other.name));
    element.querySelector("select").append(...others.map(({ id, name }) => h("option", { value: id }, name)));
  }
  return { element, load };
}

const actionOptions = () => ACTIONS.map((action) => [action, t(`did-${action}`, { n: 1, subject: "…" })]);

/** Returns the kinds of things, and the one thing that the address names, if it does. */
function subjectOptions({ subject }, entries) {
  const kinds = KINDS.map((kind) => [kind, t(`kind-${kind}`)]);
  if (!subject || KINDS.includes(subject)) return kinds;
  const found = entries.find((entry) => entry.subject.id === subject)?.subject;
  return [...kinds, [subject, found?.name ?? t("unknown")]];
}

function selectFilter(name, label, options, value) {
  const select = h(
    "select",
    { id: name, name, onchange: () => change({ [name]: select.value }) },
    h("option", { value: "" }, t("any")),
    options.map(([key, words]) => h("option", { value: key, selected: key === value }, words)),
  );
  return h("p", {}, h("label", { for: name }, label), select);
}

function dayFilter(name, label, value) {
  const input = h("input", {
    type: "date",
    id: name,
    name,
    value,
    onchange: () => change({ [name]: input.value }),
  });
  return h("p", {}, h("label", { for: name }, label), input);
}

// Entries.

/** Adds an entry to the log, under the heading of its day. */
function addEntry(log, entry) {
  const time = new Date(entry.at);
  const day = new Intl.DateTimeFormat(locale(), { dateStyle: "full" }).format(time);
  if (log.lastElementChild?.dataset.day !== day)
    log.append(h("section", { "data-day": day }, h("h2", {}, day), h("ol", { class: "plain-list" })));
  log.lastElementChild.lastElementChild.append(
    h(
      "li",
      { "data-testid": "audit-row", "data-action": entry.action },
      h(
        "time",
        { datetime: entry.at, class: "quiet", title: clock(entry.at) },
        new Intl.DateTimeFormat(locale(), { timeStyle: "short" }).format(time),
      ),
      h("div", {}, h("p", {}, sentenceOf(entry)), changesOf(entry)),
    ),
  );
}

/** Returns who did what, as words and links. */
function sentenceOf(entry) {
  const { subject } = entry;
  const n = subject.count;
  const phrase = t(`did-${entry.action}`, { n, count: formatNumber(n), subject: "{subject}" });
  const [before, after] = phrase.split("{subject}");
  const name = subject.name ?? t("deleted");
  const thing = subject.id ? filterLink({ subject: subject.id }, name) : h("b", {}, name);
  return [actorOf(entry), ` ${before}`, after !== undefined && [thing, after]];
}

function actorOf({ actor, action }) {
  if (!actor) return h("b", {}, t(ANONYMOUS.includes(action) ? "somebody" : "theServer"));
  const link = filterLink({ actor_id: actor.id }, actor.name ?? t("deleted"));
  return actor.type === "client" ? [link, ` (${t("apiClient")})`] : link;
}

/** Returns a link to the log with another filter. */
const filterLink = (filter, words) =>
  h("a", { href: address(location.pathname, { ...currentFilters(), ...filter }), dir: "auto" }, words);

const currentFilters = () => Object.fromEntries(new URLSearchParams(location.search));

/** Returns what changed: each field before and after. The fields of something new are folded. */
function changesOf({ action, changes, names }) {
  if (!changes.length) return null;
  const list = h(
    "dl",
    { class: "changes" },
    changes.map((item) => h("div", {}, h("dt", {}, labelOf(item.field)), h("dd", {}, valuesOf(item, names)))),
  );
  const isNew = changes.every(({ before, after }) => before === null && after !== null);
  return isNew && changes.length > 1 && !action.endsWith(".updated")
    ? h("details", {}, h("summary", {}, t("fieldsOf", { n: changes.length })), list)
    : list;
}

function valuesOf({ field, before, after }, names) {
  if (before === null && after === null) return t("secretChanged");
  const value = (side) => h("span", { dir: "auto" }, textOf(field, side, names));
  if (before === null) return h("b", {}, value(after));
  return [value(before), h("span", { "aria-label": t("turnsInto") }, " → "), h("b", {}, value(after))];
}

const labelOf = (field) => (hasWords(`field-${field}`) ? t(`field-${field}`) : field);

/** Returns a value in words. */
function textOf(field, value, names) {
  if (value === null || (Array.isArray(value) && !value.length)) return t("noValue");
  if (Array.isArray(value)) return value.map((item) => textOf(field, item, names)).join(", ");
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "object") return t("checklistVersion", value);
  if (ISO_TIME.test(value)) return clock(value);
  const key = `value-${field}-${value}`;
  return hasWords(key) ? t(key) : (names[value] ?? value);
}
