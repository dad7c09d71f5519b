/** The quotas: how far each is in its current period, and the forms that add and change them. */
import { formatNumber, h, localize, t } from "../../shared/page.js";
import { openDialog } from "../../staff/dialog.js";
import { openEditDialog } from "../../staff/edit-dialog.js";
import { explainFailure } from "../../staff/failures.js";
import { form } from "../../staff/form.js";
import { count } from "../../staff/numbers.js";
import { callSignedIn } from "../../staff/session.js";
import { announce, offerUndo } from "../../staff/undo.js";
import { assignSuggested } from "./assigning.js";
import { progressBar } from "./charts.js";
import { monthsText } from "./periods.js";

const PERIODS = ["month", "quarter", "year"];

/** Returns the section with the quotas. */
export function quotaSection({ quotas, checklists, regions, me, refresh }) {
  const titles = new Map(checklists.map(({ key, title }) => [key, localize(title)]));
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("quotas")),
    h("p", { class: "quiet" }, t("quotasWhy")),
    quotas.length > 0 &&
      h(
        "ul",
        { class: "quotas" },
        quotas.map((quota) => quotaCard(quota, titles.get(quota.checklist_key), me, refresh)),
      ),
    h(
      "p",
      {},
      h(
        "button",
        {
          type: "button",
          class: "plain",
          "data-testid": "add-quota",
          onclick: () => addQuota(checklists, regions, refresh),
        },
        t("addQuota"),
      ),
    ),
  );
}

function quotaCard(quota, title, me, refresh) {
  const { progress, region } = quota;
  const words = { ...progress, required: count(progress.required), months: monthsText(progress) };
  const button = (text, onclick) => h("button", { type: "button", class: "plain", onclick }, text);
  const progressWords = t("quotaProgress", words);
  return h(
    "li",
    { "data-testid": "quota-row", "data-missing": progress.missing },
    h("h3", { dir: "auto" }, `${region.name}: ${title ?? quota.checklist_key}`),
    h("p", { class: "quiet" }, rulesText(quota)),
    progressBar(progress, progressWords),
    h("p", {}, progressWords),
    h(
      "div",
      { class: "row", role: "group", "aria-label": region.name },
      progress.missing > 0 &&
        title &&
        button(t("assignMissing", { n: progress.missing, count: count(progress.missing) }), () =>
          assignMissing(quota, me),
        ),
      button(t("change"), () => changeQuota(quota, refresh)),
      button(t("delete"), () => deleteQuota(quota, refresh)),
    ),
  );
}

/** Returns what a quota requires: "2 visits to each location per quarter, 21 days apart, and 10% more by lot". */
const rulesText = ({ visits, per, days_between: days, extra }) =>
  [
    t(`quotaVisits-${per}`, { n: visits, count: count(visits) }),
    days > 0 && t("quotaDays", { n: days, count: count(days) }),
    extra > 0 && t("quotaExtra", { percent: t("percent", { n: formatNumber(toPercent(extra)) }) }),
  ]
    .filter(Boolean)
    .join(" · ");

/** Opens the page that assigns visits with those that a quota lacks. */
async function assignMissing(quota, me) {
  try {
    const { body } = await callSignedIn("GET", `/quotas/${quota.id}/locations`);
    const wanted = body.items
      .filter(({ missing }) => missing > 0)
      .map(({ location, missing, free_from: from }) => [location.id, { visits: missing, from }]);
    await assignSuggested(me.id, {
      checklist: quota.checklist_key,
      period: quota.progress,
      wanted: Object.fromEntries(wanted),
      between: quota.days_between,
    });
  } catch (problem) {
    announce(explainFailure(problem));
  }
}

// The forms. They have the extra visits in per cent.

const toPercent = (proportion) => Math.round(proportion * 1000) / 10;
const toProportion = (percent) => (typeof percent === "number" ? percent / 100 : percent);
const toFields = (quota) => ({ ...quota, extra: toPercent(quota.extra) });
const toBody = (values) => ("extra" in values ? { ...values, extra: toProportion(values.extra) } : values);

/** @returns {import("../../staff/form.js").Field[]} */
const ruleFields = (values) => [
  {
    name: "visits",
    label: t("visitsPerLocation"),
    type: "decimal",
    required: true,
    value: values.visits,
    attributes: { inputmode: "numeric" },
  },
  {
    name: "per",
    label: t("quotaPeriod"),
    type: "select",
    required: true,
    value: values.per,
    options: PERIODS.map((per) => [per, t(`per-${per}`)]),
  },
  {
    name: "days_between",
    label: t("daysBetween"),
    hint: t("daysBetweenHint"),
    type: "decimal",
    required: true,
    value: values.days_between,
    attributes: { inputmode: "numeric" },
  },
  {
    name: "extra",
    label: t("extraVisits"),
    hint: t("extraVisitsHint"),
    type: "decimal",
    required: true,
    value: values.extra,
  },
];

function addQuota(checklists, regions, refresh) {
  const dialog = openDialog(t("addQuota"));
  dialog.append(
    form({
      fields: [
        {
          name: "checklist_key",
          label: t("checklist"),
          type: "select",
          required: true,
          options: checklists.map(({ key, title }) => [key, localize(title)]),
        },
        {
          name: "region_id",
          label: t("region"),
          type: "select",
          required: true,
          options: regions.filter(({ closed }) => !closed).map(({ id, name }) => [id, name]),
        },
        ...ruleFields({ visits: 1, per: "quarter", days_between: 0, extra: 10 }),
      ],
      submit: t("addQuota"),
      cancel: () => dialog.close(),
      save: async (values) => {
        const { body } = await callSignedIn("POST", "/quotas", toBody(values));
        dialog.close();
        offerUndo(t("quotaAdded", { region: body.region.name }), () =>
          callSignedIn("DELETE", `/quotas/${body.id}`),
        );
        await refresh();
      },
    }),
  );
}

const changeQuota = ({ id, region }, refresh) =>
  openEditDialog({
    heading: t("changeQuota", { region: region.name }),
    path: `/quotas/${id}`,
    fields: ruleFields,
    read: toFields,
    write: toBody,
    describe: () => t("quotaChanged", { region: region.name }),
    refresh,
  });

async function deleteQuota(quota, refresh) {
  try {
    await callSignedIn("DELETE", `/quotas/${quota.id}`);
    const { checklist_key, region_id, visits, per, days_between, extra } = quota;
    const values = { checklist_key, region_id, visits, per, days_between, extra };
    offerUndo(t("quotaDeleted", { region: quota.region.name }), () =>
      callSignedIn("POST", "/quotas", values),
    );
    await refresh();
  } catch (problem) {
    announce(explainFailure(problem));
  }
}
