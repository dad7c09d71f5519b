import { ago, h, loadMoreWords, t } from "../../shared/page.js";
import { runAll } from "../../staff/bulk.js";
import { form } from "../../staff/form.js";
import { list } from "../../staff/list.js";
import { callSignedIn } from "../../staff/session.js";
import { offerUndo } from "../../staff/undo.js";
import {
  STATUSES,
  bodyOf,
  edit,
  linkButton,
  personFields,
  regionOptions,
  roleOptions,
  watchRole,
} from "../people.js";

/** The people of the organization: invited, changed in bulk, and disabled. */
export default async function ({ readAll }) {
  await loadMoreWords((language) => import(`../words/people/${language}.js`));
  const regions = await readAll("/regions?limit=500");
  const names = new Map(regions.map(({ id, name }) => [id, name]));
  const place = h("div", { id: "invitation" });
  const people = list({
    path: "/users",
    caption: t("page-people"),
    filters: [
      { name: "q", label: t("search") },
      { name: "role", label: t("role"), options: roleOptions() },
      { name: "region_id", label: t("region"), options: regionOptions(regions) },
      {
        name: "status",
        label: t("status"),
        options: STATUSES.map((status) => [status, t(`person-${status}`)]),
      },
    ],
    columns: [
      { key: "name", title: t("name"), cell: nameCell },
      { key: "role", title: t("role"), cell: ({ role }) => t(`role-${role}`) },
      { key: "status", title: t("status"), cell: (row) => statusCell(row, place) },
      {
        key: "regions",
        title: t("regions"),
        cell: ({ region_ids: ids }) => ids.map((id) => names.get(id)).join(", "),
      },
      {
        key: "visits",
        title: t("visitsInProgress"),
        kind: "figure",
        cell: ({ visits_in_progress: n }) => String(n),
      },
      {
        key: "factor",
        title: t("secondFactor"),
        cell: ({ second_factor: has }) => (has ? t("yes") : h("span", { class: "quiet" }, t("no"))),
      },
      {
        key: "login",
        title: t("lastLogin"),
        cell: ({ last_login_at: at }) => (at ? ago(at) : h("span", { class: "quiet" }, t("never"))),
      },
    ],
    attributes: ({ id, status }) => ({
      "data-testid": "person-row",
      "data-status": status,
      "data-person": id,
    }),
    nameOf: ({ name }) => name,
    actions: [
      {
        name: "regions",
        label: t("changeRegions"),
        run: (rows) => changeRegions(rows, regions, people.refresh),
      },
      { name: "disable", label: t("disable"), run: (rows) => setDisabled(rows, true, people.refresh) },
      { name: "enable", label: t("enable"), run: (rows) => setDisabled(rows, false, people.refresh) },
    ],
  });
  const open = () => {
    place.replaceChildren(inviteForm(regions, place, people.refresh));
    place.querySelector("input").focus();
  };
  return {
    title: t("page-people"),
    content: [
      h(
        "p",
        { class: "row" },
        h(
          "button",
          { type: "button", class: "primary invite", "data-testid": "invite", onclick: open },
          t("invite"),
        ),
        h("a", { href: "/dashboard/admin/import?kind=users" }, t("importPeople")),
      ),
      place,
      people.element,
    ],
  };
}

const nameCell = ({ id, name, email }) => [
  h("a", { href: `/dashboard/admin/people/${id}`, dir: "auto" }, name),
  h("span", { class: "quiet" }, email),
];

function statusCell(row, place) {
  const { status, invitation_expires_at: expires } = row;
  const kind = { active: "good", disabled: "bad" }[status] ?? "";
  const isExpired = status === "invited" && expires && new Date(expires) < new Date();
  return [
    h("span", { class: `status ${kind}` }, t(isExpired ? "invitationExpired" : `person-${status}`)),
    status === "invited" && linkButton(row, place),
  ];
}

function inviteForm(regions, place, refresh) {
  const close = () => place.replaceChildren();
  const save = async (values) => {
    const { body: person } = await callSignedIn("POST", "/users", { ...bodyOf(values), invite: true });
    const link = h("div", {});
    place.replaceChildren(
      h(
        "section",
        { class: "card", "aria-label": t("invite") },
        h("p", { role: "status" }, t("invited", { name: person.name, email: person.email })),
        h(
          "p",
          { class: "row" },
          linkButton(person, link),
          h(
            "button",
            {
              type: "button",
              class: "plain",
              onclick: () => document.querySelector("[data-testid=invite]").click(),
            },
            t("inviteNext"),
          ),
          h("button", { type: "button", class: "plain", onclick: close }, t("close")),
        ),
        link,
      ),
    );
    place.querySelector("button").focus();
    refresh();
  };
  const fields = personFields({ role: "shopper" }, regions);
  const element = form({ fields, submit: t("inviteThem"), save, draft: "invite", cancel: close });
  return h(
    "section",
    { class: "card", "aria-label": t("invite") },
    h("h2", {}, t("invite")),
    watchRole(element),
  );
}

async function setDisabled(rows, disabled, refresh) {
  const affected = rows.filter((row) => row.disabled !== disabled);
  const set = (value) => (row) => edit(row.id, () => ({ disabled: value }));
  const words = { label: t(disabled ? "disabling" : "enabling"), nameOf };
  const { done } = await runAll(affected, set(disabled), words);
  if (!done.length) return;
  const text = t(disabled ? "disabledPeople" : "enabledPeople", { n: done.length });
  offerUndo(text, async () => {
    await runAll(done, set(!disabled), words);
    refresh();
  });
}

/** @param {any} row */
const nameOf = ({ name }) => name;

/** Asks which regions to add or remove, and changes those of all managers among the rows. */
async function changeRegions(rows, regions, refresh) {
  const managers = rows.filter(({ role }) => role === "manager");
  const choice = await chooseRegions(managers.length, rows.length - managers.length, regions);
  if (!choice) return;
  const before = new Map();
  /** @param {any} row */
  const change = ({ id }) =>
    edit(id, ({ region_ids: ids }) => {
      before.set(id, ids);
      return { region_ids: merge(ids, choice) };
    });
  const words = { label: t("changingRegions"), nameOf };
  const { done } = await runAll(managers, change, words);
  if (!done.length) return;
  offerUndo(t("changedRegions", { n: done.length }), async () => {
    await runAll(done, ({ id }) => edit(id, () => ({ region_ids: before.get(id) })), words);
    refresh();
  });
}

function merge(ids, { mode, chosen }) {
  if (mode === "replace") return chosen;
  if (mode === "add") return [...new Set([...ids, ...chosen])];
  return ids.filter((id) => !chosen.includes(id));
}

/** Resolves to the `mode` and the IDs of the `chosen` regions, or null. */
function chooseRegions(managers, others, regions) {
  return new Promise((resolve) => {
    const radio = (mode, index) =>
      h(
        "label",
        { class: "option" },
        h("input", { type: "radio", name: "mode", value: mode, checked: index === 0 }),
        h("span", {}, t(`regions-${mode}`)),
      );
    const boxes = regionOptions(regions).map(([id, label]) =>
      h(
        "label",
        { class: "option" },
        h("input", { type: "checkbox", name: "region", value: id }),
        h("span", { dir: "auto" }, label),
      ),
    );
    const dialog = h(
      "dialog",
      { "aria-labelledby": "regions-title", onclose: finish },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "regions-title" }, t("changeRegionsOf", { n: managers })),
        others > 0 && h("p", { class: "quiet" }, t("onlyManagers", { n: others })),
        h(
          "fieldset",
          {},
          h("legend", { class: "visually-hidden" }, t("how")),
          ["add", "remove", "replace"].map(radio),
        ),
        h("fieldset", { class: "choices" }, h("legend", {}, t("regions")), boxes),
        h(
          "p",
          { class: "row" },
          h("button", { class: "primary invite", value: "save", disabled: managers === 0 }, t("apply")),
          h("button", { class: "plain", value: "" }, t("cancel")),
        ),
      ),
    );
    function finish() {
      const data = new FormData(dialog.querySelector("form"));
      dialog.remove();
      const chosen = data.getAll("region");
      resolve(dialog.returnValue === "save" ? { mode: data.get("mode"), chosen } : null);
    }
    document.body.append(dialog);
    dialog.showModal();
  });
}
