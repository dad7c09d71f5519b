/** The checklists: with versions and visits, drafts and retired ones, to create, copy and retire. */
import { confirmAction, formatNumber, h, loadMoreWords, localize, moment, t } from "../../shared/page.js";
import { makeKey } from "../../staff/checklist-keys.js";
import { form } from "../../staff/form.js";
import { list } from "../../staff/list.js";
import { explainFailure } from "../../staff/failures.js";
import { callSignedIn } from "../../staff/session.js";
import { announce } from "../../staff/undo.js";
import { ROOT } from "../links.js";

const CHANNELS = ["in_person", "telephone", "message", "self_check"];
const QUERY = { include: "drafts,retired" };

await loadMoreWords((language) => import(`../words/checklists/${language}.js`));

const editorOf = (key) => `${ROOT}/checklists/${key}`;
const nameOf = ({ title, key }) => localize(title) || key;

export default async function ({ readAll }) {
  const rows = await readAll(`/checklists?include=${QUERY.include}&limit=100`);
  const creation = newChecklist(rows);
  const table = list({
    path: "/checklists",
    caption: t("page-checklists"),
    query: QUERY,
    nameOf,
    attributes: ({ key, status }) => ({
      "data-testid": "checklist-row",
      "data-checklist": key,
      "data-status": status,
    }),
    columns: [
      { key: "title", title: t("checklist"), cell: titleCell },
      { key: "status", title: t("status"), cell: statusCell },
      {
        key: "questions",
        title: t("column-questions"),
        kind: "figure",
        cell: (row) => formatNumber(row.question_count),
      },
      { key: "visits", title: t("column-visits"), kind: "figure", cell: visitsCell },
      { key: "changed", title: t("changed"), cell: changedCell },
      { key: "actions", title: t("actions"), cell: (row) => actionsCell(row, table.refresh, creation.copy) },
    ],
    empty: t("noChecklists"),
  });
  return {
    title: t("page-checklists"),
    content: h("div", {}, creation.element, table.element),
  };
}

const titleCell = (row) => [
  h("a", { href: editorOf(row.key), dir: "auto" }, nameOf(row)),
  h("span", { class: "quiet" }, row.key),
];

function statusCell({ key, status, version, has_changes, error_count: errors }) {
  const words = version ? t(`status-${status}`, { version }) : t("status-draft");
  const versions =
    version && h("button", { type: "button", class: "plain bare", onclick: () => showVersions(key) }, words);
  return h(
    "div",
    {},
    versions || h("span", { class: "status" }, words),
    version && has_changes && h("span", { class: "quiet" }, ` ${t("hasChanges")}`),
    errors > 0 && h("span", { class: "fault" }, ` ${t("errorCount", { n: errors })}`),
  );
}

function visitsCell({ visits, visits_out: out }) {
  if (!visits) return "–";
  return out
    ? [formatNumber(visits), h("span", { class: "quiet" }, ` ${t("versionVisitsOut", { n: out })}`)]
    : formatNumber(visits);
}

const changedCell = ({ changed_at: at, changed_by: person }) =>
  at ? [moment(at), person && h("span", { class: "quiet", dir: "auto" }, ` ${person.name}`)] : "–";

function actionsCell(row, refresh, oncopy) {
  const name = nameOf(row);
  const act = (words, onclick) =>
    h("button", { type: "button", class: "plain bare", "aria-label": `${words}: ${name}`, onclick }, words);
  return h(
    "div",
    { class: "row" },
    h("a", { href: `${editorOf(row.key)}/publish`, "aria-label": `${t("publish")}: ${name}` }, t("publish")),
    act(t("copyRow"), () => oncopy(row.key)),
    row.status === "published" && act(t("retire"), () => retire(row, refresh)),
  );
}

/** Retires a checklist, after asking with the number of visits. */
async function retire(row, refresh) {
  const question = [t("retireSure", { name: nameOf(row) }), t("retireVisits", { n: row.visits_out })].join(
    " ",
  );
  if (!(await confirmAction(question, { yes: t("retire"), no: t("cancel") }))) return;
  try {
    await callSignedIn("POST", `/checklists/${row.key}/retire`);
    announce(t("retired", { name: nameOf(row) }));
  } catch (problem) {
    announce(explainFailure(problem));
  }
  refresh();
}

/** Shows the versions of a checklist in a dialog. */
async function showVersions(key) {
  const items = h("tbody", {}, h("tr", {}, h("td", { colspan: 4 }, t("loading"))));
  const dialog = h(
    "dialog",
    { "aria-labelledby": "versions-title", onclose: () => dialog.remove() },
    h("h2", { id: "versions-title" }, t("versions")),
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["number", "day", "questions", "visits"].map((name) =>
            h("th", { scope: "col" }, t(`column-${name}`)),
          ),
        ),
      ),
      items,
    ),
    h("p", {}, h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, t("close"))),
  );
  document.body.append(dialog);
  dialog.showModal();
  try {
    const { body } = await callSignedIn("GET", `/checklists/${key}/versions?limit=100`);
    items.replaceChildren(
      ...body.items.map((version) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, `${version.version}`),
          h("td", {}, changedCell(version)),
          h("td", { class: "figure" }, formatNumber(version.question_count)),
          h("td", { class: "figure" }, visitsCell(version)),
        ),
      ),
    );
  } catch (problem) {
    items.replaceChildren(h("tr", {}, h("td", { colspan: 4 }, explainFailure(problem))));
  }
}

// Creating.

/**
 * Returns the form for a new checklist, empty or a copy of another one, as `element`. `copy(key)` opens it for a
 * copy.
 */
function newChecklist(rows) {
  /** @type {[string, string][]} */
  const originals = rows.map((row) => [row.key, nameOf(row)]);
  /** @type {[string, string][]} */
  const channels = CHANNELS.map((channel) => [channel, t(`option-${channel}`)]);
  /** @param {any} values */
  const save = async ({ title, channel, original }) => {
    const key = makeKey(
      title,
      rows.map((row) => row.key),
      "checklist",
    );
    const draft = original
      ? copyOf((await callSignedIn("GET", `/checklists/${original}/draft`)).body, title)
      : { title, sections: [{ key: "section", title: null, questions: [] }] };
    await callSignedIn("POST", "/checklists", { ...draft, key, ...(channel && { channel }) });
    location.assign(editorOf(key));
  };
  const element = h(
    "details",
    { class: "card", "data-testid": "new-checklist" },
    h("summary", {}, t("newChecklist")),
    form({
      fields: [
        { name: "title", label: t("title-of-checklist"), required: true },
        {
          name: "original",
          label: t("copyOf"),
          type: "select",
          options: [["", t("emptyChecklist")], ...originals],
        },
        {
          name: "channel",
          label: t("channel"),
          hint: t("hint-channel"),
          type: "select",
          options: [["", t("channel-same")], ...channels],
        },
      ],
      submit: t("create"),
      save,
      draft: "new-checklist",
    }),
  );
  const copy = (key) => {
    element.open = true;
    /** @type {HTMLSelectElement} */ (element.querySelector("[name=original]")).value = key;
    element.querySelector("[name=title]").focus();
  };
  return { element, copy };
}

/** Returns a draft with another title. It keeps its languages: the title has no translations yet. */
function copyOf(draft, title) {
  if (!draft.title || typeof draft.title === "string") return { ...draft, title };
  const languages = Object.keys(draft.title);
  const own = languages.includes(document.documentElement.lang)
    ? document.documentElement.lang
    : languages[0];
  return { ...draft, title: { ...Object.fromEntries(languages.map((tag) => [tag, ""])), [own]: title } };
}
