/**
 * A list of the API as a table: filters in the address, search on the server, rows to select, and actions on
 * them. Further pages are fetched in the background, so that all rows can be counted and selected.
 */
import { formatNumber, h, t } from "../shared/page.js";
import { address, change, filters as addressFilters } from "./address.js";
import { explainFailure } from "./failures.js";
import { listTable } from "./list-table.js";
import { callSignedIn } from "./session.js";

/** How many rows the first page has, and each further one. */
const FIRST_PAGE = 100;
const FURTHER_PAGE = 500;
/** How many rows are fetched at most. More than that are to be filtered. */
const MAX_ROWS = 5000;
/** How many rows are added to the table at a time. */
const BATCH_SIZE = 100;
/** How long typing pauses, in milliseconds, before the server is asked. */
const PAUSE = 250;
const API = "/api/v1";

/**
 * @typedef {{ name: string, label: string, type?: string, options?: string[][] | (() => Promise<string[][]>) }} Filter
 * @typedef {{ key: string, title: string, kind?: string, cell: (row: any) => any }} Column
 * @typedef {{ name: string, label: string, run: (rows: any[]) => any }} Action
 */

/**
 * Returns the list as `{element, refresh}`. `path` is that of the API list, `query` has its fixed parameters,
 * and `filters` are its further parameters: one without `options` is an input of its `type`,
 * which is a search field if omitted. The first column names the
 * row. `attributes(row)` are those of its element, `nameOf(row)` is its name as text. With `actions`, rows can
 * be selected; `run(rows)` may return a promise, after which the list is fetched again and nothing is selected,
 * unless it resolves to false. `empty` is shown if there
 * are no rows.
 * @param {{
 *   path: string, caption: string, columns: Column[], nameOf: (row: any) => string, query?: object,
 *   filters?: Filter[], attributes?: (row: any) => object, actions?: Action[], empty?: any,
 * }} options
 */
export function list({
  path,
  caption,
  columns,
  nameOf,
  query = {},
  filters = [],
  attributes = () => ({}),
  actions = [],
  empty = null,
}) {
  /** The number of the latest fetch; rows of an earlier one are dropped. */
  let fetching = 0;
  let rows = [];
  let isComplete = false;
  let isCut = false;
  let shown = 0;
  const selected = new Map();
  const boxes = new Map();

  const status = h("p", { class: "quiet count", role: "status" });
  const problemLine = h("p", { class: "fault", role: "alert" });
  const more = h(
    "button",
    { type: "button", class: "plain", hidden: true, onclick: () => draw() },
    t("showMore"),
  );
  const nothing = h("div", { class: "empty", hidden: true }, empty ?? t("noRows"));
  const all = h("input", {
    type: "checkbox",
    "aria-label": t("selectShown"),
    onchange: () => selectShown(all.checked),
  });
  const { table, body, lineOf } = listTable({
    caption,
    columns,
    attributes,
    tick: actions.length > 0 ? boxOf : undefined,
    head: all,
  });
  const bar = actionBar();

  /** Fetches the rows from the beginning. Those that are still there stay selected. */
  async function refresh() {
    const number = ++fetching;
    let next = address(path, { ...query, ...pickFilters(), limit: String(FIRST_PAGE) });
    const found = [];
    isComplete = false;
    table.setAttribute("aria-busy", "true");
    try {
      while (next) {
        const { body: page } = await callSignedIn("GET", next);
        if (number !== fetching) return;
        const isFirst = found.length === 0;
        found.push(...page.items);
        next = page.next && furtherPage(page.next);
        isComplete = !next;
        isCut = Boolean(next) && found.length >= MAX_ROWS;
        if (isCut) next = null;
        rows = found;
        if (isFirst) start();
        else count();
      }
      keepSelected();
    } catch (problem) {
      if (number !== fetching) return;
      const retry = h("button", { type: "button", class: "plain", onclick: refresh }, t("tryAgain"));
      problemLine.replaceChildren(`${explainFailure(problem)} `, retry);
    } finally {
      if (number === fetching) table.removeAttribute("aria-busy");
    }
  }

  /** Shows the first rows of a new fetch. */
  function start() {
    problemLine.replaceChildren();
    body.replaceChildren();
    boxes.clear();
    shown = 0;
    draw();
  }

  /** Adds the next rows to the table. */
  function draw() {
    const next = rows.slice(shown, shown + BATCH_SIZE);
    body.append(...next.map(lineOf));
    shown += next.length;
    count();
  }

  function boxOf(row) {
    const box = h("input", {
      type: "checkbox",
      "aria-label": t("selectRow", { name: nameOf(row) }),
      checked: selected.has(row.id),
      onchange: () => {
        if (box.checked) selected.set(row.id, row);
        else selected.delete(row.id);
        count();
      },
    });
    boxes.set(row.id, box);
    return box;
  }

  function selectShown(isChecked) {
    for (const row of rows.slice(0, shown)) {
      if (isChecked) selected.set(row.id, row);
      else selected.delete(row.id);
    }
    if (!isChecked) selected.clear();
    count();
  }

  function keepSelected() {
    const current = new Map(rows.map((row) => [row.id, row]));
    for (const id of selected.keys()) {
      if (current.has(id)) selected.set(id, current.get(id));
      else selected.delete(id);
    }
    count();
  }

  /** Writes how many rows there are, and how many are selected. */
  function count() {
    const total = formatNumber(rows.length);
    status.textContent = isComplete
      ? t("rowsFound", { n: rows.length, count: total })
      : t(isCut ? "rowsCut" : "rowsLoading", { count: total });
    more.hidden = shown >= rows.length;
    nothing.hidden = rows.length > 0 || !isComplete;
    table.hidden = rows.length === 0;
    for (const [id, box] of boxes) box.checked = selected.has(id);
    all.checked = rows.length > 0 && selected.size >= shown;
    all.indeterminate = selected.size > 0 && !all.checked;
    bar.update();
  }

  /** Returns the bar with the number of selected rows and the actions on them. */
  function actionBar() {
    const words = h("span", { role: "status" });
    const everything = h("button", {
      type: "button",
      class: "plain",
      onclick: () => {
        for (const row of rows) selected.set(row.id, row);
        count();
      },
    });
    const clear = h(
      "button",
      { type: "button", class: "plain", onclick: () => (selected.clear(), count()) },
      t("clearSelection"),
    );
    const buttons = actions.map((action) =>
      h(
        "button",
        {
          type: "button",
          class: "plain",
          "data-action": action.name,
          onclick: (event) => run(action, event.currentTarget),
        },
        action.label,
      ),
    );
    const element = h(
      "div",
      { class: "selection", role: "group", "aria-label": t("selection"), hidden: true },
      words,
      everything,
      clear,
      h("span", { class: "actions" }, buttons),
    );
    async function run(action, pressed) {
      const chosen = [...selected.values()];
      buttons.forEach((button) => (button.disabled = true));
      try {
        if ((await action.run(chosen)) === false) return;
        selected.clear();
        await refresh();
      } finally {
        buttons.forEach((button) => (button.disabled = false));
        // A disabled or hidden button loses the focus, which would start again at the top of the page.
        if (document.activeElement === document.body)
          (element.hidden ? body.querySelector("input") : pressed)?.focus();
      }
    }
    const update = () => {
      element.hidden = selected.size === 0;
      words.textContent = t("selectedOf", { n: formatNumber(selected.size), of: formatNumber(rows.length) });
      everything.hidden = !isComplete || selected.size >= rows.length;
      everything.textContent = t("selectAll", { n: formatNumber(rows.length) });
    };
    return { element, update };
  }

  function pickFilters() {
    const values = addressFilters();
    return Object.fromEntries(filters.map(({ name }) => [name, values[name]]));
  }

  /** Writes a filter into the address and fetches the rows that match. */
  function filter(changes, isTyped = false) {
    change(changes, { quietly: isTyped, redraw: false });
    refresh();
  }

  const element = h(
    "section",
    { class: "sheet" },
    filters.length > 0 &&
      h(
        "form",
        {
          class: "filters",
          role: "search",
          "aria-label": t("filters"),
          onsubmit: (event) => event.preventDefault(),
        },
        filters.map((field) => filterField(field, addressFilters()[field.name] ?? "", filter)),
      ),
    status,
    problemLine,
    bar.element,
    table,
    nothing,
    more,
  );
  refresh();
  return { element, refresh };
}

/**
 * Returns the field of a filter: an input, or a list to choose from.
 * @param {Filter} field
 */
function filterField({ name, label, type = "search", options }, value, filter) {
  if (type !== "search") {
    const input = h("input", {
      type,
      id: name,
      name,
      value,
      onchange: () => filter({ [name]: input.value }),
    });
    return h("p", {}, h("label", { for: name }, label), input);
  }
  if (!options) {
    let timer = null;
    const input = h("input", {
      type: "search",
      id: name,
      name,
      value,
      oninput: () => {
        clearTimeout(timer);
        timer = setTimeout(() => filter({ [name]: input.value.trim() }, true), PAUSE);
      },
    });
    return h("p", { class: "search" }, h("label", { for: name }, label), input);
  }
  const select = h(
    "select",
    { id: name, name, onchange: () => filter({ [name]: select.value }) },
    h("option", { value: "" }, t("any")),
    value && h("option", { value, selected: true }, "…"),
  );
  const fill = (choices) =>
    select.replaceChildren(
      select.options[0],
      ...choices.map(([key, words]) => h("option", { value: key, selected: key === value }, words)),
    );
  // If the options cannot be fetched, the filter in the address still applies.
  if (typeof options === "function") options().then(fill, () => {});
  else fill(options);
  return h("p", {}, h("label", { for: name }, label), select);
}

/** Returns the path of a further page, with more rows than the first one. */
function furtherPage(url) {
  const { pathname, searchParams } = new URL(url);
  searchParams.set("limit", String(FURTHER_PAGE));
  return `${pathname.slice(API.length)}?${searchParams}`;
}
