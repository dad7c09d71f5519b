import { ago, confirmAction, h, hasWords, loadMoreWords, t } from "../../shared/page.js";
import { address } from "../../staff/address.js";
import { editForm, form } from "../../staff/form.js";
import { goTo } from "../../staff/frame.js";
import { list } from "../../staff/list.js";
import { explainFailure } from "../../staff/failures.js";
import { callSignedIn } from "../../staff/session.js";
import { announce } from "../../staff/undo.js";
import { regionsField, regionsText } from "../regions.js";
import { showSecret } from "../secret.js";

const PAGE = "/dashboard/admin/api";
const SCOPES = [
  "scores:read",
  "visits:read",
  "visits:write",
  "places:write",
  "checklists:write",
  "webhooks:write",
];
/** How long the earlier secret stays valid, in hours. */
const OVERLAPS = ["0", "24", "168"];

/** The API clients: all of them, a new one, or one to change. */
export default async function ({ filters, readAll }) {
  await loadMoreWords((language) => import(`../words/integrations/${language}.js`));
  const regions = await readAll("/regions?limit=500");
  if (filters.new) return newClient(regions);
  if (filters.client) return oneClient(filters.client, regions);
  return allClients(regions);
}

function allClients(regions) {
  const clients = list({
    path: "/api-clients",
    caption: t("page-api"),
    filters: [
      {
        name: "revoked",
        label: t("clientStatus"),
        options: [
          ["false", t("clientActive")],
          ["true", t("clientDisabled")],
        ],
      },
    ],
    columns: [
      { key: "name", title: t("clientName"), cell: nameCell },
      { key: "scopes", title: t("clientScopes"), cell: ({ scopes }) => scopeList(scopes) },
      { key: "regions", title: t("regions"), cell: ({ region_ids }) => regionsText(region_ids, regions) },
      {
        key: "used",
        title: t("clientUsed"),
        cell: ({ last_used_at }) => (last_used_at ? ago(last_used_at) : t("never")),
      },
    ],
    attributes: ({ id }) => ({ "data-client": id }),
    nameOf: ({ name }) => name,
    empty: t("noClients"),
  });
  return {
    title: t("page-api"),
    content: [
      h("p", { class: "quiet" }, t("clientsIntro"), " ", h("a", { href: "/docs" }, t("clientsDocs"))),
      h("p", {}, h("a", { class: "primary", href: `${PAGE}?new=1` }, t("newClient"))),
      clients.element,
    ],
  };
}

const nameCell = ({ id, name, revoked }) => [
  h("a", { href: address(PAGE, { client: id }), dir: "auto" }, name),
  revoked && [" ", h("span", { class: "status bad" }, t("clientDisabled"))],
];

const scopeWords = (scope) => (hasWords(`scope-${scope}`) ? t(`scope-${scope}`) : scope);

const scopeList = (scopes) =>
  h(
    "ul",
    { class: "plain-list" },
    scopes.length ? scopes.map((scope) => h("li", {}, scopeWords(scope))) : h("li", {}, t("noScopes")),
  );

/** @returns {import("../../staff/form.js").Field[]} */
const fieldsOf = (regions, { name, scopes, region_ids } = { name: "", scopes: [], region_ids: [] }) => [
  { name: "name", label: t("clientName"), hint: t("clientNameHint"), required: true, value: name },
  {
    name: "scopes",
    label: t("clientScopes"),
    type: "checkboxes",
    // Scopes that this page does not know stay as they are.
    options: [...new Set([...SCOPES, ...scopes])].map((scope) => [scope, scopeWords(scope)]),
    required: true,
    value: scopes,
  },
  regionsField(regions, region_ids, t("clientRegionsHint")),
];

function newClient(regions) {
  const content = h("div");
  content.append(
    form({
      fields: fieldsOf(regions),
      submit: t("createClient"),
      draft: "new-client",
      cancel: () => goTo(PAGE),
      save: async (values) => {
        const { body } = await callSignedIn("POST", "/api-clients", values);
        showClientSecret(content, body, PAGE);
      },
    }),
  );
  return { title: t("newClient"), content };
}

function showClientSecret(content, { name, client_id, client_secret }, back) {
  showSecret(content, {
    title: t("secretOf", { name }),
    values: [
      [t("clientId"), client_id],
      [t("clientSecret"), client_secret],
    ],
    back,
  });
}

async function oneClient(id, regions) {
  const path = `/api-clients/${id}`;
  const current = await callSignedIn("GET", path);
  const client = current.body;
  const content = h("div");
  content.append(
    h("p", { class: "quiet" }, t("clientId"), ": ", h("code", { dir: "ltr" }, client.client_id)),
    ...(client.revoked
      ? [h("p", { class: "notice" }, t("clientIsDisabled")), scopeList(client.scopes)]
      : await editing(content, path, current, regions)),
    h("p", {}, h("a", { href: PAGE }, t("allClients"))),
  );
  return { title: client.name, content };
}

async function editing(content, path, current, regions) {
  const client = current.body;
  return [
    await editForm({
      path,
      current,
      fields: (values) => fieldsOf(regions, values),
      submit: t("save"),
      done: () => goTo(PAGE),
    }),
    replaceSecret(content, path, client),
    h(
      "section",
      { class: "card" },
      h("h2", {}, t("disable")),
      h("p", {}, t("disableClientWhy")),
      h(
        "p",
        {},
        h(
          "button",
          { type: "button", class: "plain danger", onclick: () => disable(path, client) },
          t("disableClient"),
        ),
      ),
    ),
  ];
}

function replaceSecret(content, path, client) {
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("replaceSecret")),
    form({
      fields: [
        {
          name: "overlap",
          label: t("overlap"),
          hint: t("overlapHint"),
          type: "select",
          options: OVERLAPS.map((hours) => [hours, t(`overlap-${hours}`)]),
          required: true,
          value: "24",
        },
      ],
      submit: t("replaceSecret"),
      save: async ({ overlap }) => {
        const question = t(overlap === "0" ? "replaceSecretNow" : "replaceSecretQuestion", {
          name: client.name,
          time: t(`overlap-${overlap}`),
        });
        if (!(await confirmAction(question, { yes: t("replaceSecret"), no: t("cancel") }))) return;
        const { body } = await callSignedIn("POST", `${path}/secret`, { overlap_hours: Number(overlap) });
        showClientSecret(content, body, address(PAGE, { client: client.id }));
      },
    }),
  );
}

async function disable(path, client) {
  const question = t("disableClientQuestion", { name: client.name });
  if (!(await confirmAction(question, { yes: t("disableClient"), no: t("cancel") }))) return;
  try {
    await callSignedIn("DELETE", path);
    announce(t("clientNowDisabled", { name: client.name }));
    await goTo(PAGE);
  } catch (problem) {
    announce(explainFailure(problem));
  }
}
