/** All visits: filtered by the address, and cancelled, reassigned and extended in bulk. */
import { confirmAction, h, localize, t, textElement } from "../../shared/page.js";
import { change } from "../../staff/address.js";
import { runAll } from "../../staff/bulk.js";
import { form } from "../../staff/form.js";
import { list } from "../../staff/list.js";
import { count } from "../../staff/numbers.js";
import { callSignedIn } from "../../staff/session.js";
import { announce, offerUndo } from "../../staff/undo.js";
import { addDays, daysOf, endOf } from "../planning/days.js";
import { daysText } from "../planning/words.js";

const STATUSES = ["assigned", "submitted", "returned", "accepted", "rejected", "cancelled", "declined"];
const WARNINGS = ["returned", "rejected", "declined"];
/** The longest extension, in days. */
const MAX_DAYS = 366;

/** How many past days the list opens with. The oldest visits come first, and most of them are long over. */
const OPENING_DAYS = 31;

export default async function ({ filters, readAll }) {
  if (!location.search)
    change({ from: addDays(new Date().toISOString().slice(0, 10), -OPENING_DAYS) }, { quietly: true });
  const checklists = await readAll("/checklists?limit=500");
  const titles = new Map(checklists.map(({ key, title }) => [key, title]));
  const people = remember(() => readAll("/users?limit=500"));
  const shown = list({
    path: "/visits",
    caption: t("page-visits"),
    filters: [
      { name: "q", label: t("search") },
      { name: "status", label: t("visitState"), options: STATUSES.map((key) => [key, t(`status-${key}`)]) },
      {
        name: "location_id",
        label: t("location"),
        options: async () => (await readAll("/locations?limit=500")).map(({ id, name }) => [id, name]),
      },
      {
        name: "shopper_id",
        label: t("shopper"),
        options: async () => (await people()).map(({ id, name }) => [id, name]),
      },
      {
        name: "checklist_key",
        label: t("checklist"),
        options: checklists.map(({ key, title }) => [key, localize(title)]),
      },
      { name: "from", label: t("fromDay"), type: "date" },
      { name: "to", label: t("toDay"), type: "date" },
      // A batch has no name: it is chosen by following a link.
      ...(filters.batch_id
        ? [{ name: "batch_id", label: t("batch"), options: [[filters.batch_id, t("thisBatch")]] }]
        : []),
    ],
    columns: [
      {
        key: "location",
        title: t("location"),
        cell: ({ id, location }) => [
          h("a", { href: `/dashboard/visits/${id}`, dir: "auto" }, location.name),
          " ",
          h("span", { class: "quiet", dir: "auto" }, location.code),
        ],
      },
      {
        key: "shopper",
        title: t("shopper"),
        cell: (row) => h("span", { dir: "auto" }, shopperOf(row).name),
      },
      {
        key: "days",
        title: t("days"),
        cell: ({ window, location }) =>
          h(
            "span",
            {},
            daysText(daysOf(window, location.time_zone)),
            " ",
            h("span", { class: "quiet", dir: "ltr" }, location.time_zone),
          ),
      },
      {
        key: "checklist",
        title: t("checklist"),
        cell: ({ checklist: { key } }) => textElement("span", {}, titles.get(key) ?? key),
      },
      { key: "status", title: t("visitState"), cell: ({ status }) => statusOf(status) },
    ],
    attributes: ({ id, status }) => ({ "data-testid": "visit-row", "data-visit": id, "data-status": status }),
    nameOf,
    actions: [
      { name: "extend", label: t("extend"), run: extend },
      { name: "reassign", label: t("reassign"), run: (rows) => reassign(rows, people) },
      { name: "cancel", label: t("cancelVisits"), run: cancel },
    ],
    empty: [t("noVisits"), " ", h("a", { href: "/dashboard/admin/assign" }, t("page-assign"))],
  });
  return { title: t("page-visits"), content: shown.element };
}

const nameOf = (row) => `${row.location.name}, ${shopperOf(row).name}`;

/** Returns the shopper of a visit. Administrators see their own visits without. */
const shopperOf = ({ shopper }) => shopper ?? { id: null, name: t("yourself") };

const statusOf = (status) =>
  h(
    "span",
    { class: `status ${status === "accepted" ? "good" : WARNINGS.includes(status) ? "bad" : ""}` },
    t(`status-${status}`),
  );

/**
 * Returns those of the rows that an action applies to. If it applies to none, says so and returns null.
 */
function applicable(rows, statuses, words) {
  const chosen = rows.filter(({ status }) => statuses.includes(status));
  if (chosen.length) return chosen;
  announce(words);
  return null;
}

/** Returns the sentence about the rows that an action leaves alone, or an empty text. */
const leftAlone = (rows, chosen) =>
  rows.length > chosen.length
    ? ` ${t("leftAlone", { n: rows.length - chosen.length, count: count(rows.length - chosen.length) })}`
    : "";

/** Cancels visits, which cannot be taken back. Returns false if the user decides otherwise. */
async function cancel(rows) {
  const chosen = applicable(rows, ["assigned"], t("onlyAssigned"));
  if (!chosen) return false;
  const question = t("cancelQuestion", { n: chosen.length, count: count(chosen.length) });
  const words = { yes: t("cancelYes", { n: chosen.length }), no: t("keepThem") };
  if (!(await confirmAction(question + leftAlone(rows, chosen), words))) return false;
  await runAll(chosen, ({ id }) => callSignedIn("POST", `/visits/${id}/cancel`), {
    label: t("cancelling"),
    nameOf,
  });
  return true;
}

/** Lets visits close some days later, and offers to undo it. */
async function extend(rows) {
  const chosen = applicable(rows, ["assigned"], t("onlyAssigned"));
  if (!chosen) return false;
  const values = await ask(t("extendTitle", { n: chosen.length, count: count(chosen.length) }), {
    note: leftAlone(rows, chosen),
    fields: [
      {
        name: "days",
        label: t("moreDays"),
        hint: t("moreDaysHint"),
        type: "decimal",
        required: true,
        value: 7,
      },
    ],
    validate: ({ days }) =>
      Number.isInteger(days) && days >= 1 && days <= MAX_DAYS ? null : t("wholeDays", { max: MAX_DAYS }),
  });
  if (!values) return false;
  const closesAt = ({ window, location: { time_zone: zone } }) =>
    endOf(addDays(daysOf(window, zone).to, values.days), zone);
  const tags = new Map();
  const change = async (id, closes, tag) => {
    const body = { window: { closes_at: closes } };
    const { headers } = await callSignedIn("PATCH", `/visits/${id}`, body, { "If-Match": tag });
    tags.set(id, headers.get("ETag"));
  };
  const { done } = await runAll(chosen, (row) => change(row.id, closesAt(row), "*"), {
    label: t("extending"),
    nameOf,
  });
  if (done.length)
    offerUndo(t("extended", { n: done.length, count: count(done.length) }), () =>
      // Whoever has changed a visit since then wins.
      runAll(done, ({ id, window }) => change(id, window.closes_at, tags.get(id)), {
        label: t("undoing"),
        nameOf,
      }),
    );
  return true;
}

/** Gives visits to another person, and offers to undo it. */
async function reassign(rows, people) {
  const chosen = applicable(rows, ["assigned", "declined"], t("onlyReassignable"));
  if (!chosen) return false;
  const shoppers = (await people()).filter(({ disabled, role }) => !disabled && role === "shopper");
  const values = await ask(t("reassignTitle", { n: chosen.length, count: count(chosen.length) }), {
    note: leftAlone(rows, chosen),
    fields: [
      {
        name: "shopper_id",
        label: t("newShopper"),
        type: "select",
        required: true,
        options: [["", t("choose")], ...shoppers.map(({ id, name }) => [id, name])],
      },
      {
        name: "override_reason",
        label: t("overrideReason"),
        hint: t("overrideHint"),
        type: "textarea",
        attributes: { maxlength: 2000 },
      },
    ],
  });
  if (!values) return false;
  const { shopper_id: shopper, override_reason: reason } = values;
  const body = { shopper_id: shopper, ...(reason && { override: true, override_reason: reason }) };
  const replaced = [];
  const { done } = await runAll(
    chosen,
    async (row) => {
      const response = await callSignedIn("POST", `/visits/${row.id}/reassign`, body);
      replaced.push({ ...response.body, former: shopperOf(row).id });
    },
    { label: t("reassigning"), nameOf },
  );
  const undoable = replaced.filter(({ former }) => former);
  if (done.length)
    offerUndo(t("reassigned", { n: done.length, count: count(done.length) }), () =>
      runAll(
        undoable,
        // Whoever had the visit before is not locked out of it, even if another visit is near.
        ({ id, former }) =>
          callSignedIn("POST", `/visits/${id}/reassign`, { shopper_id: former, override: true }),
        { label: t("undoing"), nameOf },
      ),
    );
  return true;
}

/**
 * Asks for values in a dialog. Resolves to them, or to null if the user cancels. `validate` returns what is
 * wrong with the values, or null.
 * @param {string} title
 * @param {{ fields: any[], note?: string, validate?: (values: any) => string | null }} options
 * @returns {Promise<any>}
 */
function ask(title, { fields, note = "", validate = () => null }) {
  return new Promise((resolve) => {
    let result = null;
    const dialog = h(
      "dialog",
      { "aria-labelledby": "ask", onclose: () => (dialog.remove(), resolve(result)) },
      h("h2", { id: "ask" }, title),
      note && h("p", {}, note),
      form({
        fields,
        submit: t("continue"),
        cancel: () => dialog.close(),
        save: async (values) => {
          const fault = validate(values);
          if (fault) throw new Error(fault);
          result = values;
          dialog.close();
        },
      }),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Returns a function that fetches something when it is first needed, and then remembers it. */
function remember(fetch) {
  let promise = null;
  return () => (promise ??= fetch());
}
