import { newId } from "../../shared/ids.js";
import { download, formatNumber, h, loadMoreWords, t } from "../../shared/page.js";
import { change } from "../../staff/address.js";
import { explainFailure } from "../../staff/failures.js";
import { decode, inert, parse, write } from "../csv.js";
import { checkRows, matchRows, storeRows } from "../import-file.js";
import { KINDS, matchColumns, reasonOf } from "../import-kinds.js";

await loadMoreWords((language) => import(`../words/import/${language}.js`));

const STATES = ["new", "changed", "unchanged", "error"];
/** How many lines are added to the preview at a time. */
const BATCH_SIZE = 100;
const EXAMPLE_LENGTH = 30;
const MAX_FILE = 20 * 2 ** 20;
/** The value of a list of columns that stands for one value for all lines. */
const FIXED = "fixed";

/**
 * An import in steps on one page: the file, its columns, a preview of what would happen, and the result. The file
 * stays in the browser until its columns are matched.
 */
export default async function ({ filters }) {
  const steps = h("div", { class: "import" });
  /** Shows a step, in place of those that came after the previous one. */
  const showStep = (number, ...children) => {
    while (steps.children.length >= number) steps.lastElementChild.remove();
    const heading = h("h2", { tabindex: -1 }, t(`step-${number}`));
    steps.append(h("section", { class: "card" }, heading, children));
    if (number > 1) heading.focus();
  };
  showStep(1, fileStep(filters.kind in KINDS ? filters.kind : "locations", showStep));
  return { title: t("title-import"), content: [steps] };
}

// Step 1: the file.

function fileStep(kindName, showStep) {
  const fault = h("p", { class: "fault", role: "alert", id: "file-fault" });
  let file = null;
  const kindList = h(
    "select",
    {
      id: "kind",
      name: "kind",
      onchange: () => (change({ kind: kindList.value }, { quietly: true }), open()),
    },
    Object.keys(KINDS).map((name) =>
      h("option", { value: name, selected: name === kindName }, t(`kind-${name}`)),
    ),
  );
  const input = h("input", {
    type: "file",
    id: "file",
    name: "file",
    accept: ".csv,.tsv,.txt,text/csv",
    "aria-describedby": "file-hint file-fault",
    onchange: () => {
      file = input.files[0];
      open();
    },
  });

  async function open() {
    fault.textContent = "";
    if (!file) return;
    try {
      const rows = await readFile(file);
      showStep(2, columnStep(KINDS[kindList.value], rows, file.name, showStep));
    } catch (problem) {
      fault.textContent = problem.message;
    }
  }

  return [
    h("p", { class: "field" }, h("label", { for: "kind" }, t("kind")), kindList),
    h(
      "div",
      { class: "field" },
      h("label", { for: "file" }, t("file")),
      h("p", { class: "quiet", id: "file-hint" }, t("fileHint")),
      fault,
      input,
    ),
  ];
}

/** Returns the rows of a file, the header first. Throws an Error with words for the user. */
async function readFile(file) {
  if (/\.(xlsx?|ods|numbers)$/i.test(file.name)) throw new Error(t("fileIsWorkbook"));
  if (file.size > MAX_FILE) throw new Error(t("fileTooLarge"));
  const text = decode(new Uint8Array(await file.arrayBuffer())).replace(/^\uFEFF/, "");
  if (text.includes("\0")) throw new Error(t("fileIsNotText"));
  let rows;
  try {
    rows = parse(text);
  } catch (problem) {
    throw new Error(t("fileIsNotCsv", { line: problem.message }), { cause: problem });
  }
  if (rows.length < 2) throw new Error(t("fileIsEmpty"));
  return rows;
}

// Step 2: the columns.

function columnStep(kind, [header, ...rows], fileName, showStep) {
  const lists = columnLists(kind, header.cells, rows);
  const unused = h("p", { class: "quiet" });
  const fault = h("p", { class: "fault", role: "alert", tabindex: -1 });
  const update = h("input", { type: "checkbox", name: "update", checked: true });
  const progress = progressLine();
  const button = h("button", { class: "primary" }, t("check"));

  function showUnused() {
    const used = new Set(lists.map(({ read }) => read()).filter((match) => typeof match === "number"));
    const names = header.cells.filter((name, index) => name && !used.has(index));
    unused.textContent = names.length ? t("unusedColumns", { names: names.join(", ") }) : "";
  }

  async function check(event) {
    event.preventDefault();
    const mode = update.checked ? "update" : "add";
    const matches = lists.map(({ read }) => read());
    const missing = kind.columns.filter(
      ({ name, isRequired }, index) =>
        matches[index] === null && (name === kind.key || (isRequired && mode === "add")),
    );
    fault.textContent = missing.length
      ? t("columnsMissing", { names: missing.map(({ name }) => t(`column-${name}`)).join(", ") })
      : "";
    if (missing.length) {
      fault.focus();
      return;
    }
    button.disabled = true;
    progress.start(t("checking", { n: rows.length, count: formatNumber(rows.length) }));
    try {
      const matched = matchRows(rows, kind.columns, matches);
      const checked = await checkRows(kind, matched, mode, progress.report);
      const preview = { kind, mode, header, names: matched.names, rows: checked, fileName };
      showStep(3, previewStep(preview, showStep));
    } catch (problem) {
      fault.textContent = explainFailure(problem);
      if (problem.status) fault.lang = "en";
      fault.focus();
    } finally {
      button.disabled = false;
      progress.stop();
    }
  }

  showUnused();
  return h(
    "form",
    { onsubmit: check, onchange: showUnused },
    h(
      "p",
      { class: "quiet" },
      t("columnsHint", { file: fileName, n: rows.length, count: formatNumber(rows.length) }),
    ),
    h(
      "div",
      { class: "columns" },
      lists.map(({ element }) => element),
    ),
    unused,
    h("label", { class: "option" }, update, h("span", {}, t("alsoChange"))),
    fault,
    progress.element,
    h("p", { class: "row" }, button),
  );
}

/** Returns, for each column of a kind, a list of the file's columns to choose from, and what is chosen. */
function columnLists(kind, header, rows) {
  const matches = matchColumns(kind.columns, header);
  return kind.columns.map(({ name, isRequired, fixed }, index) => {
    const id = `column-${name}`;
    const isFixed = matches[index] === null && isRequired && fixed !== undefined;
    const value = h("input", {
      name: `${id}-value`,
      "aria-label": t("valueForAll", { column: t(id) }),
      value: fixed?.() ?? "",
      hidden: !isFixed,
      dir: "auto",
    });
    const list = h(
      "select",
      {
        id,
        name: id,
        "data-column": name,
        onchange: () => {
          value.hidden = list.value !== FIXED;
          if (!value.hidden) value.focus();
        },
      },
      h("option", { value: "" }, t("notInFile")),
      header.map((title, position) =>
        h(
          "option",
          { value: String(position), selected: matches[index] === position },
          exampleOf(title, position, rows),
        ),
      ),
      h("option", { value: FIXED, selected: isFixed }, t("sameForAll")),
    );
    const label = h(
      "label",
      { for: id },
      t(id),
      !isRequired && h("span", { class: "quiet" }, ` ${t("optional")}`),
    );
    return {
      element: h("div", { class: "column" }, label, h("div", {}, list, value)),
      read: () =>
        list.value === "" ? null : list.value === FIXED ? { fixed: value.value.trim() } : Number(list.value),
    };
  });
}

/** Returns the title of a column of the file with the first value in it. */
function exampleOf(title, position, rows) {
  const example = rows.find(({ cells }) => cells[position])?.cells[position] ?? "";
  const short = example.length > EXAMPLE_LENGTH ? `${example.slice(0, EXAMPLE_LENGTH)}…` : example;
  return short ? t("columnExample", { title: title || String(position + 1), example: short }) : title;
}

/** Returns a line that shows progress. One request has no parts to count, so that its progress is unknown. */
function progressLine() {
  const bar = h("progress", {});
  const words = h("span", { role: "status" });
  const element = h("p", { hidden: true }, words, bar);
  return {
    element,
    start: (text) => {
      bar.removeAttribute("value");
      bar.setAttribute("aria-label", text);
      words.textContent = text;
      element.hidden = false;
    },
    report: (proportion) => (bar.value = proportion),
    stop: () => {
      element.hidden = true;
      words.textContent = "";
    },
  };
}

// Step 3: the preview.

function previewStep({ kind, mode, header, names, rows, fileName }, showStep) {
  const counts = Object.fromEntries(
    STATES.map((state) => [state, rows.filter((row) => row.state === state).length]),
  );
  const good = rows.filter(({ state }) => state !== "error");
  const effective = counts.new + counts.changed;
  const attempt = newId();
  const lines = lineTable(kind, names);
  const fault = h("p", { class: "fault", role: "alert", tabindex: -1 });
  const progress = progressLine();

  const filterButtons = ["all", ...STATES].map((state) =>
    h(
      "button",
      {
        type: "button",
        class: "plain",
        "data-filter": state,
        "aria-pressed": "false",
        hidden: state !== "all" && !counts[state],
        onclick: () => filter(state),
      },
      t(`state-${state}`),
      " ",
      h("b", {}, formatNumber(state === "all" ? rows.length : counts[state])),
    ),
  );
  function filter(state) {
    filterButtons.forEach((button) =>
      button.setAttribute("aria-pressed", String(button.dataset.filter === state)),
    );
    lines.show(state === "all" ? rows : rows.filter((row) => row.state === state));
  }
  filter(counts.error ? "error" : "all");

  const confirm = h(
    "button",
    {
      type: "button",
      class: "primary",
      "data-testid": "import-confirm",
      disabled: !effective,
      onclick: store,
    },
    effective ? t("importLines", { n: effective, count: formatNumber(effective) }) : t("nothingToImport"),
  );

  async function store() {
    confirm.disabled = true;
    fault.textContent = "";
    progress.start(t("importing", { n: good.length, count: formatNumber(good.length) }));
    try {
      const stored = await storeRows(kind, { names, rows: good }, mode, attempt, progress.report);
      showStep(4, resultStep(kind, stored, counts.error));
    } catch (problem) {
      const [first] = problem.errors ?? [];
      fault.textContent = problem.status
        ? `${t("notImported")} ${first ? `${first.pointer.slice(1)}: ${first.detail}` : problem.detail}`
        : t("noSignal");
      confirm.disabled = false;
      fault.focus();
    } finally {
      progress.stop();
    }
  }

  return h(
    "div",
    { "data-testid": "import-preview" },
    h("div", { class: "row states", role: "group", "aria-label": t("filters") }, filterButtons),
    counts.error > 0 &&
      h(
        "p",
        { class: "notice" },
        t("errorsLeftOut", { n: counts.error, count: formatNumber(counts.error) }),
        " ",
        h(
          "button",
          { type: "button", class: "plain", onclick: () => downloadErrors(header, rows, fileName) },
          t("downloadErrors"),
        ),
      ),
    lines.element,
    fault,
    progress.element,
    h("p", { class: "row" }, confirm),
  );
}

/** Returns a table of lines, to which further ones are added on demand. */
function lineTable(kind, names) {
  const keyIndex = names.indexOf(kind.key);
  const nameIndex = names.indexOf("name");
  const body = h("tbody", { role: "rowgroup" });
  const more = h("button", { type: "button", class: "plain", onclick: () => draw() }, t("showMore"));
  let rows = [];
  let shown = 0;

  function draw() {
    const next = rows.slice(shown, shown + BATCH_SIZE);
    body.append(...next.map(lineOf));
    shown += next.length;
    more.hidden = shown >= rows.length;
  }

  const lineOf = (row) =>
    h(
      "tr",
      { role: "row", "data-testid": "import-line", "data-line": row.line, "data-state": row.state },
      h(
        "th",
        { role: "rowheader", scope: "row", dir: "auto" },
        nameIndex >= 0 && row.cells[nameIndex] ? `${row.cells[nameIndex]} ` : "",
        h("span", { class: "quiet" }, row.cells[keyIndex]),
      ),
      h("td", { role: "cell", class: "figure", "data-label": t("line") }, formatNumber(row.line)),
      h(
        "td",
        { role: "cell", "data-label": t("state") },
        h("span", { class: `status ${STATUS_CLASS[row.state] ?? ""}` }, t(`line-${row.state}`)),
      ),
      h(
        "td",
        { role: "cell", "data-label": row.changes.length || row.errors.length ? t("details") : null },
        detailsOf(row),
      ),
    );

  const element = h(
    "div",
    {},
    h(
      "table",
      { class: "list", role: "table" },
      h("caption", { class: "visually-hidden" }, t("lines")),
      h(
        "thead",
        { role: "rowgroup" },
        h(
          "tr",
          { role: "row" },
          ["row", "line", "state", "details"].map((name) =>
            h("th", { role: "columnheader", scope: "col", class: name === "line" && "figure" }, t(name)),
          ),
        ),
      ),
      body,
    ),
    more,
  );
  const show = (chosen) => {
    rows = chosen;
    shown = 0;
    body.replaceChildren();
    draw();
  };
  return { element, show };
}

const STATUS_CLASS = { new: "good", changed: "good", error: "bad" };

/** Returns what is wrong with a line, or what it changes. */
const detailsOf = ({ errors, changes }) => [
  errors.map(({ column, detail }) => {
    const { text, lang } = reasonOf(detail);
    return h("div", { class: "fault" }, column && `${columnName(column)}: `, h("span", { lang }, text));
  }),
  changes.map(({ column, before, after }) =>
    h("div", {}, `${columnName(column)}: `, h("del", {}, textOf(before)), " → ", h("ins", {}, textOf(after))),
  ),
];

const columnName = (column) => t(`column-${column}`);

/** Returns a value of the API as text. */
function textOf(value) {
  if (value == null || value === "" || (Array.isArray(value) && !value.length)) return t("empty");
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  return [value].flat().join(", ");
}

/** Saves the lines with errors as CSV, as they were in the file, with a column that says what is wrong. */
function downloadErrors(header, rows, fileName) {
  const wrong = rows.filter(({ state }) => state === "error");
  const reasons = ({ errors }) =>
    errors
      .map(({ column, detail }) =>
        [column && columnName(column), reasonOf(detail).text].filter(Boolean).join(": "),
      )
      .join("; ");
  const lines = [
    [...header.cells, t("errorColumn")],
    ...wrong.map((row) => [...header.cells.map((_, index) => row.source.cells[index] ?? ""), reasons(row)]),
  ];
  // Spreadsheets recognize UTF-8 by the byte order mark.
  const text = `\uFEFF${lines.map((cells) => write(cells.map(inert))).join("")}`;
  download(fileName.replace(/(\.\w+)?$/, `-${t("errorFile")}.csv`), new Blob([text], { type: "text/csv" }));
}

// Step 4: the result.

const resultStep = (kind, stored, errors) => [
  h(
    "p",
    { class: "notice", role: "status", "data-testid": "import-result" },
    t("imported", Object.fromEntries(Object.entries(stored).map(([name, n]) => [name, formatNumber(n)]))),
    errors > 0 && ` ${t("errorsWereLeftOut", { n: errors, count: formatNumber(errors) })}`,
    kind === KINDS.users && stored.new > 0 && ` ${t("peopleInvited")}`,
  ),
  h(
    "p",
    { class: "row" },
    h("a", { class: "primary", href: kind.page }, t("showResult")),
    h("a", { href: location.href }, t("importAnother")),
  ),
];
