/** The first half of planning: where, who, what and when. */
import { parseAmount } from "../../shared/money.js";
import { h, t } from "../../shared/page.js";
import { change, filters as addressFilters } from "../../staff/address.js";
import { count, range } from "../../staff/numbers.js";
import { addDays, dayOf, isDay } from "./days.js";
import { isSelfCheck } from "./data.js";
import { visitsOf } from "./draft.js";
import { longTable } from "./long-table.js";
import { dayText } from "./words.js";

/** The API takes up to this many visits at a time. */
const MAX_VISITS = 1000;
/** Choices of days since the last visit, of numbers of visits, and of widths of an interval in points. */
const DAYS = [30, 60, 90, 180];
const VISITS = [0, 1, 2, 5, 10];
const WIDTHS = [10, 20, 30];

/**
 * Returns the choice as `{element}`. `changed()` is called when the draft has changed, and `proceed()` to share
 * out the visits.
 */
export function choice({ draft, data, changed, proceed }) {
  const errors = h("div", { class: "summary", role: "alert", tabindex: -1, hidden: true });
  const places = chooseLocations(draft, data, changed, check);
  const people = choosePeople(draft, data, changed);
  const what = chooseDays(draft, data, () => (changed(), people.draw()));

  /** Shows what is missing, or else proceeds. */
  function check() {
    const faults = [
      ...what.faults(),
      people.count() === 0 && ["who", t("chooseShopper")],
      draft.locations.length === 0 && ["where", t("chooseLocation")],
      countVisits(draft) > MAX_VISITS && ["where", t("tooManyVisits", { n: count(MAX_VISITS) })],
    ].filter(Boolean);
    errors.hidden = faults.length === 0;
    errors.replaceChildren(
      h("h2", {}, t("errorSummary")),
      h(
        "ul",
        {},
        faults.map(([id, text]) => h("li", {}, h("a", { href: `#${id}` }, text))),
      ),
    );
    if (faults.length) errors.focus();
    else proceed();
  }

  return {
    element: h("div", {}, errors, what.element, people.element, places.element),
    unselect: places.update,
  };
}

const countVisits = (draft) => draft.locations.reduce((sum, id) => sum + visitsOf(draft, id), 0);

function chooseDays(draft, { checklists, currency }, changed) {
  draft.checklist ??= checklists[0]?.key ?? null;
  const checklist = h(
    "select",
    { id: "checklist", onchange: () => set({ checklist: checklist.value }) },
    checklists.map(({ key, name }) =>
      h("option", { value: key, selected: key === draft.checklist, dir: "auto" }, name),
    ),
  );
  const [from, to] = ["from", "to"].map((name) =>
    h("input", { type: "date", id: name, value: draft[name], required: true, onchange: () => read() }),
  );
  const read = () => set({ from: from.value, to: to.value });
  const set = (values) => changed(Object.assign(draft, values));
  const fee = h("input", {
    id: "fee",
    inputmode: "decimal",
    autocomplete: "off",
    value: draft.fee ?? "",
    "aria-describedby": "fee-hint",
    onchange: () => set({ fee: fee.value.trim() }),
  });
  const element = h(
    "section",
    { class: "card" },
    h("h2", {}, t("whatAndWhen")),
    h(
      "div",
      { class: "filters" },
      h("p", {}, h("label", { for: "checklist" }, t("checklist")), checklist),
      h("p", {}, h("label", { for: "from" }, t("firstDay")), from),
      h("p", {}, h("label", { for: "to" }, t("lastDay")), to),
    ),
    h("p", { class: "quiet" }, t("daysAreLocal")),
    currency &&
      h(
        "div",
        { class: "field" },
        h("label", { for: fee.id }, t("feeFor", { currency })),
        h("p", { class: "quiet", id: "fee-hint" }, t("feeForHint")),
        fee,
      ),
  );
  const faults = () => [
    !draft.checklist && ["checklist", t("noChecklist")],
    !isDay(draft.from) && ["from", t("fieldRequired", { label: t("firstDay") })],
    !isDay(draft.to) && ["to", t("fieldRequired", { label: t("lastDay") })],
    isDay(draft.from) && isDay(draft.to) && draft.to < draft.from && ["to", t("daysBackwards")],
    currency && draft.fee && parseAmount(draft.fee, currency) === null && ["fee", t("feeWrong")],
  ];
  return { element, faults };
}

/** Returns the people who may get visits with the checklist of the draft: all of them, or only shoppers. */
export function peopleFor(draft, { people, checklists }) {
  const checklist = checklists.find(({ key }) => key === draft.checklist);
  return isSelfCheck(checklist) ? people : people.filter(({ role }) => role === "shopper");
}

/** Returns those of them who were chosen. */
export const chosenPeople = (draft, data) =>
  peopleFor(draft, data).filter(({ id }) => !draft.shoppers || draft.shoppers.includes(id));

function choosePeople(draft, data, changed) {
  const status = h("span", { role: "status" });
  const options = h("div", { class: "people" });
  const setAll = (shoppers) => () => {
    draft.shoppers = shoppers;
    changed();
    draw();
  };

  function draw() {
    const chosen = new Set(chosenPeople(draft, data).map(({ id }) => id));
    options.replaceChildren(...peopleFor(draft, data).map((person) => optionOf(person, chosen)));
    showCount();
  }

  const optionOf = (person, chosen) =>
    h(
      "label",
      { class: "option" },
      h("input", {
        type: "checkbox",
        checked: chosen.has(person.id),
        onchange: ({ target }) => {
          if (target.checked) chosen.add(person.id);
          else chosen.delete(person.id);
          draft.shoppers = [...chosen];
          changed();
          showCount();
        },
      }),
      h(
        "span",
        {},
        h("span", { dir: "auto" }, person.name),
        h(
          "span",
          { class: "quiet" },
          ` ${t("personInProgress", { n: person.visits_in_progress ?? 0, count: count(person.visits_in_progress ?? 0) })}`,
        ),
      ),
    );

  const number = () => chosenPeople(draft, data).length;
  const showCount = () =>
    (status.textContent = t("selectedOf", {
      n: count(number()),
      of: count(peopleFor(draft, data).length),
    }));

  const element = h(
    "details",
    { class: "card", id: "who", open: draft.shoppers !== null },
    h("summary", {}, h("h2", {}, t("who")), " ", status),
    h(
      "p",
      { class: "row" },
      h("button", { type: "button", class: "plain", onclick: setAll(null) }, t("selectEveryone")),
      h("button", { type: "button", class: "plain", onclick: setAll([]) }, t("clearSelection")),
    ),
    options,
  );
  draw();
  return { element, draw, count: number };
}

function chooseLocations(draft, { places, regions }, changed, check) {
  const known = new Set(places.map(({ id }) => id));
  const selected = new Set(draft.locations.filter((id) => known.has(id)));
  let found = places;
  const status = h("p", { class: "quiet count", role: "status" });
  const words = h("span", { role: "status" });
  const everything = h("button", { type: "button", class: "plain", onclick: () => select(found, true) });
  const clear = h(
    "button",
    { type: "button", class: "plain", onclick: () => select(places, false) },
    t("clearSelection"),
  );
  const all = h("input", {
    type: "checkbox",
    "aria-label": t("selectFound"),
    onchange: () => select(found, all.checked),
  });
  const bar = h(
    "div",
    { class: "selection", role: "group", "aria-label": t("selection") },
    words,
    everything,
    clear,
    h(
      "span",
      { class: "actions" },
      h(
        "button",
        { type: "button", class: "primary", "data-testid": "share-out", onclick: check },
        t("shareOut"),
      ),
    ),
  );
  const boxes = new Map();
  const table = longTable({
    caption: t("where"),
    head: all,
    tick: (place) => {
      const box = h("input", {
        type: "checkbox",
        "aria-label": t("selectRow", { name: place.name }),
        checked: selected.has(place.id),
        onchange: () => select([place], box.checked),
      });
      boxes.set(place.id, box);
      return box;
    },
    columns: [
      {
        title: t("location"),
        cell: ({ name, code }) => [
          h("span", { dir: "auto" }, name),
          h("span", { class: "quiet", dir: "auto" }, code),
        ],
      },
      { title: t("region"), cell: ({ region }) => h("span", { dir: "auto" }, region) },
      { title: t("lastVisit"), cell: ({ lastVisit }) => (lastVisit ? dayText(lastVisit) : t("never")) },
      { title: t("visitsInYear"), kind: "figure", cell: ({ visits }) => count(visits) },
      { title: t("interval"), kind: "figure", cell: ({ interval }) => range(interval) },
      { title: t("nowInProgress"), kind: "figure", cell: ({ inProgress }) => count(inProgress) },
      draft.wanted && {
        title: t("visitsToAssign"),
        kind: "figure",
        cell: ({ id }) => count(visitsOf(draft, id)),
      },
    ].filter(Boolean),
  });

  function select(rows, isChecked) {
    for (const { id } of rows) {
      if (isChecked) selected.add(id);
      else selected.delete(id);
    }
    draft.locations = places.filter(({ id }) => selected.has(id)).map(({ id }) => id);
    changed();
    update();
  }

  function update() {
    words.textContent = t("selectedOf", { n: count(selected.size), of: count(places.length) });
    everything.textContent = t("selectAll", { n: count(found.length) });
    const hasAll = found.every(({ id }) => selected.has(id));
    everything.hidden = hasAll;
    clear.hidden = selected.size === 0;
    for (const [id, box] of boxes) box.checked = selected.has(id);
    all.checked = found.length > 0 && hasAll;
    all.indeterminate = !all.checked && found.some(({ id }) => selected.has(id));
  }

  function draw() {
    const matches = filterOf(addressFilters());
    found = places.filter(matches);
    status.textContent = t("locationsFound", { n: found.length, count: count(found.length) });
    boxes.clear();
    table.show(found);
    update();
  }

  const element = h(
    "section",
    { class: "sheet", id: "where", tabindex: -1 },
    h("h2", {}, t("where")),
    filterFields(regions, draw),
    status,
    bar,
    table.element,
  );
  draw();
  return { element, update };
}

/**
 * Returns the function that tells which locations match the filters in the address.
 * @param {Record<string, any>} filters
 */
function filterOf({ q = "", region, last, visits, width }) {
  const text = q.trim().toLowerCase();
  const limit = !last || last === "never" ? "" : addDays(dayOf(Date.now(), "UTC"), -last);
  return (place) =>
    `${place.name} ${place.code} ${place.region}`.toLowerCase().includes(text) &&
    (!region || place.regionIds.includes(region)) &&
    (!last || place.lastVisit === null || place.lastVisit < limit) &&
    (!visits || place.visits <= Number(visits)) &&
    (!width || !place.interval || place.interval.high - place.interval.low > Number(width) / 100);
}

function filterFields(regions, draw) {
  const values = addressFilters();
  const set = (name, value) => {
    change({ [name]: value }, { quietly: true });
    draw();
  };
  const search = h("input", {
    type: "search",
    id: "q",
    value: values.q ?? "",
    oninput: () => set("q", search.value.trim()),
  });
  const select = (name, label, options) => {
    const field = h(
      "select",
      { id: name, onchange: () => set(name, field.value) },
      h("option", { value: "" }, t("any")),
      options.map(([value, words]) =>
        h("option", { value, selected: String(value) === values[name] }, words),
      ),
    );
    return h("p", {}, h("label", { for: name }, label), field);
  };
  return h(
    "form",
    {
      class: "filters",
      role: "search",
      "aria-label": t("filters"),
      onsubmit: (event) => event.preventDefault(),
    },
    h("p", { class: "search" }, h("label", { for: "q" }, t("search")), search),
    select(
      "region",
      t("region"),
      regions.map(({ id, name }) => [id, name]),
    ),
    select("last", t("lastVisit"), [
      ["never", t("never")],
      ...DAYS.map((n) => [n, t("moreThanDaysAgo", { n })]),
    ]),
    select(
      "visits",
      t("visitsInYear"),
      VISITS.map((n) => [n, t("noMoreThan", { n })]),
    ),
    select(
      "width",
      t("interval"),
      WIDTHS.map((n) => [n, t("widerThan", { n })]),
    ),
  );
}
