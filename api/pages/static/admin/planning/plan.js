/** The second half of planning: the visits, shared out and checked, to correct by hand before they are assigned. */
import { parseAmount } from "../../shared/money.js";
import { NoSignal } from "../../shared/api.js";
import { fill, h, t } from "../../shared/page.js";
import { count } from "../../staff/numbers.js";
import { form } from "../../staff/form.js";
import { callSignedIn } from "../../staff/session.js";
import { offerUndo } from "../../staff/undo.js";
import { peopleFor } from "./choice.js";
import { isDay, windowOf } from "./days.js";
import { longTable } from "./long-table.js";
import { dayText, daysText } from "./words.js";

const LOCKOUT = "rotation-lockout";
/** How many visits with problems the summary names. */
const MAX_NAMED = 10;

const hasDays = ({ from, to }) => isDay(from) && isDay(to);

/**
 * Returns the plan as `{element}`. `changed()` is called when its rows have changed, `restore(rows)` to bring
 * back those that were removed, `back()` returns to the choice, and `done(batch)` is called with the response once the visits are assigned.
 */
export function plan({ draft, data, changed, restore, back, done }) {
  const places = new Map(data.places.map((place) => [place.id, place]));
  const people = peopleFor(draft, data);
  const names = new Map(people.map(({ id, name }) => [id, name]));
  /** The problems of each row, by its ID: `{code, free_from}`. Rows without an entry are not checked yet. */
  let problems = new Map();
  let checking = 0;
  let showsFaultsOnly = false;

  const summary = h("div", { class: "summary", role: "alert", tabindex: -1, hidden: true });
  const status = h("p", { class: "quiet count", role: "status" });
  const faulty = h("input", {
    type: "checkbox",
    onchange: () => {
      showsFaultsOnly = faulty.checked;
      draw();
    },
  });
  const faultyLabel = h("label", { class: "option" }, faulty, h("span"));
  const remove = h("button", {
    type: "button",
    class: "plain",
    onclick: () => removeRows(({ id }) => problems.get(id)?.length),
  });
  const confirm = h("button", {
    type: "button",
    class: "primary",
    "data-testid": "assign-confirm",
    onclick: assign,
  });
  const table = longTable({
    caption: t("plan"),
    attributes: (row) => ({ "data-testid": "plan-row", "data-state": stateOf(row), id: `row-${row.id}` }),
    columns: [
      {
        title: t("location"),
        cell: (row) => {
          const place = places.get(row.location_id);
          if (!place) return t("closedLocation");
          return [
            h("span", { dir: "auto" }, place.name),
            h("span", { class: "quiet", dir: "auto" }, place.code),
          ];
        },
      },
      {
        title: t("shopper"),
        cell: (row) => h("span", { dir: "auto" }, names.get(row.shopper_id) ?? t("nobody")),
      },
      {
        title: t("days"),
        cell: (row) =>
          h(
            "span",
            {},
            hasDays(row) ? daysText(row) : t("noDays"),
            " ",
            h("span", { class: "quiet", dir: "ltr" }, places.get(row.location_id)?.time_zone),
          ),
      },
      { title: t("visitState"), cell: describeState },
      { title: t("actions"), kind: "figure", cell: buttonsOf },
    ],
  });

  function stateOf({ id }) {
    const found = problems.get(id);
    if (!found) return "checking";
    if (!found.length) return "ok";
    return found.every(({ code }) => code === LOCKOUT) ? "lockout" : "invalid";
  }

  function describeState(row) {
    const found = problems.get(row.id);
    if (!found) return h("span", { class: "quiet" }, t("checkingVisit"));
    if (found.length)
      return found.map(({ code, free_from: day }) =>
        h(
          "span",
          { class: "fault" },
          t(`problem-${code}`),
          day && ` ${t("freeFrom", { day: dayText(day) })}`,
        ),
      );
    return row.override_reason
      ? h("span", { dir: "auto" }, t("exception", { reason: row.override_reason }))
      : t("ready");
  }

  function buttonsOf(row) {
    const name = places.get(row.location_id)?.name ?? t("closedLocation");
    const button = (words, label, onclick) =>
      h("button", { type: "button", class: "plain bare", "aria-label": label, onclick }, words);
    return h(
      "span",
      { class: "row buttons" },
      button(t("change"), t("changeVisit", { name }), () => edit(row)),
      button(t("remove"), t("removeVisit", { name }), () => removeRows((other) => other === row)),
    );
  }

  const faultyRows = () => draft.rows.filter(({ id }) => problems.get(id)?.length);

  function draw({ keep = false } = {}) {
    const faults = faultyRows().length;
    if (!faults) showsFaultsOnly = faulty.checked = false;
    table.show(showsFaultsOnly ? faultyRows() : draft.rows, { keep });
    const number = draft.rows.length;
    status.textContent = t("planned", {
      n: number,
      count: count(number),
      shoppers: count(new Set(draft.rows.map((row) => row.shopper_id).filter(Boolean)).size),
    });
    faultyLabel.hidden = remove.hidden = faults === 0;
    faultyLabel.lastChild.textContent = t("onlyFaults", { n: faults, count: count(faults) });
    remove.textContent = t("removeFaults", { n: faults, count: count(faults) });
    confirm.textContent = t("assignVisits", { n: number, count: count(number) });
    confirm.disabled = number === 0;
  }

  function removeRows(isRemoved) {
    const removed = draft.rows.filter(isRemoved);
    draft.rows = draft.rows.filter((row) => !removed.includes(row));
    changed();
    offerUndo(t("removed", { n: removed.length, count: count(removed.length) }), () => restore(removed));
    summary.hidden = true;
    draw({ keep: true });
    check();
  }

  /** Checks all visits together, because each may lock out others. Resolves to whether none has a problem. */
  async function check() {
    const number = ++checking;
    const found = new Map(draft.rows.map((row) => [row.id, findLocalProblems(row)]));
    const complete = draft.rows.filter(({ id }) => !found.get(id).length);
    if (complete.length) {
      const { body } = await callSignedIn("POST", "/visits/check", complete.map(orderOf));
      for (const { index, problems: others } of body.items) found.set(complete[index].id, others);
    }
    if (number !== checking) return false;
    problems = found;
    draw({ keep: true });
    return faultyRows().length === 0;
  }

  /** Returns the problems that keep a row from being checked by the API. */
  function findLocalProblems(row) {
    const codes = [
      !places.has(row.location_id) && "location-closed",
      !names.has(row.shopper_id) && "nobody-free",
      !hasDays(row) && "no-days",
      hasDays(row) && row.to < row.from && "window-closes-early",
    ].filter(Boolean);
    return codes.map((code) => ({ code, free_from: code === "nobody-free" ? firstFreeDay(row) : null }));
  }

  /** Returns the first day on which one of the shoppers would be free for a location, or null. */
  function firstFreeDay({ location_id: place }) {
    const days = people.map(({ id }) => data.lockouts.get(`${place} ${id}`)).filter(Boolean);
    return days.sort()[0] ?? null;
  }

  const orderOf = (row) => ({
    location_id: row.location_id,
    shopper_id: row.shopper_id,
    checklist_key: draft.checklist,
    window: windowOf(row.from, row.to, places.get(row.location_id).time_zone),
    ...(draft.fee && data.currency && { fee: parseAmount(draft.fee, data.currency) }),
    ...(row.override_reason && { override: true, override_reason: row.override_reason }),
  });

  async function assign() {
    confirm.disabled = true;
    summary.hidden = true;
    try {
      if (!(await check())) return showFaults();
      const { body } = await callSignedIn("POST", "/visits", draft.rows.map(orderOf), {
        "Idempotency-Key": draft.key,
      });
      return await done(body);
    } catch (problem) {
      return showProblem(problem);
    } finally {
      confirm.disabled = draft.rows.length === 0;
    }
  }

  function showFaults() {
    const rows = faultyRows();
    if (!rows.length) return;
    const links = rows.slice(0, MAX_NAMED).map((row) => {
      const name = places.get(row.location_id)?.name ?? t("closedLocation");
      const reasons = problems.get(row.id).map(({ code }) => t(`problem-${code}`));
      const show = (event) => {
        event.preventDefault();
        edit(row);
      };
      return h(
        "li",
        {},
        h("a", { href: `#row-${row.id}`, onclick: show, dir: "auto" }, `${name}: ${reasons.join(" ")}`),
      );
    });
    const more = rows.length - links.length;
    showSummary(
      t("faultsFirst", { n: rows.length, count: count(rows.length) }),
      h("ul", {}, links),
      more > 0 && h("p", {}, t("andMore", { n: more, count: count(more) })),
    );
  }

  async function showProblem(problem) {
    if ((problem.status === 409 || problem.status === 422) && !(await check().catch(() => true)))
      return showFaults();
    const text = problem instanceof NoSignal ? t("noSignal") : problem.message;
    return showSummary(h("span", { lang: problem.status && "en" }, text));
  }

  function showSummary(...content) {
    summary.replaceChildren(h("h2", {}, t("errorSummary")));
    fill(summary, content);
    summary.hidden = false;
    summary.focus();
  }

  /** Changes a visit in a dialog. */
  function edit(row) {
    const freeFrom = (id) => data.lockouts.get(`${row.location_id} ${id}`);
    const options = people.map(({ id, name }) => [
      id,
      data.lockouts.has(`${row.location_id} ${id}`) && freeFrom(id)
        ? `${name} (${t("freeFrom", { day: dayText(freeFrom(id)) })})`
        : name,
    ]);
    const close = () => dialog.close();
    const fields = form({
      fields: [
        {
          name: "shopper_id",
          label: t("shopper"),
          type: "select",
          required: true,
          options: [["", t("nobody")], ...options],
          value: row.shopper_id ?? "",
        },
        { name: "from", label: t("firstDay"), type: "date", required: true, value: row.from },
        { name: "to", label: t("lastDay"), type: "date", required: true, value: row.to },
        {
          name: "override_reason",
          label: t("overrideReason"),
          hint: t("overrideHint"),
          type: "textarea",
          value: row.override_reason,
          attributes: { maxlength: 2000 },
        },
      ],
      submit: t("save"),
      draft: `plan-row-${row.id}`,
      cancel: close,
      save: async (values) => {
        if (values.to < values.from) throw new Error(t("daysBackwards"));
        Object.assign(row, values);
        changed();
        problems.delete(row.id);
        summary.hidden = true;
        close();
        draw({ keep: true });
        await check().catch(showProblem);
      },
    });
    const place = places.get(row.location_id);
    const dialog = h(
      "dialog",
      { "aria-labelledby": "edit-visit", onclose: () => dialog.remove() },
      h("h2", { id: "edit-visit", dir: "auto" }, place?.name ?? t("closedLocation")),
      h("p", { class: "quiet" }, t("daysIn", { zone: place?.time_zone ?? "" })),
      fields,
    );
    document.body.append(dialog);
    dialog.showModal();
  }

  draw();
  return {
    element: h(
      "section",
      { class: "sheet" },
      h(
        "h2",
        { id: "plan", tabindex: -1, dir: "auto" },
        data.checklists.find(({ key }) => key === draft.checklist)?.name,
      ),
      summary,
      status,
      h("p", { class: "row" }, faultyLabel, remove),
      table.element,
      h(
        "div",
        { class: "confirm" },
        confirm,
        h("button", { type: "button", class: "plain bare", onclick: back }, t("backToChoice")),
      ),
    ),
    check: () => check().catch(showProblem),
  };
}
