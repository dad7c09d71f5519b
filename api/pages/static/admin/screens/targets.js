/** Targets: the scores that locations and regions are to reach, and whether they have. */
import { h, loadMoreWords, localize, t, textElement } from "../../shared/page.js";
import { runAll } from "../../staff/bulk.js";
import { openDialog } from "../../staff/dialog.js";
import { openEditDialog } from "../../staff/edit-dialog.js";
import { form } from "../../staff/form.js";
import { list } from "../../staff/list.js";
import { count, percent, range } from "../../staff/numbers.js";
import { callSignedIn } from "../../staff/session.js";
import { offerUndo } from "../../staff/undo.js";
import { firstSteps } from "../first-steps.js";
import { statusShape, targetBar } from "../targets/drawing.js";
import {
  goalFields,
  placeFields,
  sectionOptions,
  subjectFields,
  toBody,
  toFields,
} from "../targets/fields.js";

/** @type {(target: any) => string} */
const nameOf = ({ region, location }) => (region ?? location).name;

export default async function ({ readAll }) {
  await loadMoreWords((language) => import(`../words/targets/${language}.js`));
  const [checklists, regions] = await Promise.all([
    readAll("/checklists?limit=500"),
    readAll("/regions?limit=500"),
  ]);
  const missing = [!regions.length && "places", !checklists.length && "checklists"].filter(Boolean);
  if (missing.length) return { title: t("page-targets"), content: firstSteps(missing, t("beforeTargets")) };
  const shown = list({
    path: "/targets",
    caption: t("page-targets"),
    filters: [
      {
        name: "region_id",
        label: t("region"),
        options: regions.map(({ id, name }) => [id, name]),
      },
      {
        name: "checklist_key",
        label: t("checklist"),
        options: checklists.map(({ key, title }) => [key, localize(title)]),
      },
    ],
    columns: columns(checklists, () => shown.refresh()),
    attributes: ({ status }) => ({ "data-testid": "target-row", "data-status": status }),
    nameOf,
    actions: [{ name: "delete", label: t("delete"), run: remove }],
    empty: t("noTargets"),
  });
  return {
    title: t("page-targets"),
    content: [
      h("p", { class: "quiet" }, t("targetsWhy")),
      h(
        "p",
        {},
        h(
          "button",
          {
            type: "button",
            class: "plain",
            "data-testid": "add-target",
            onclick: () => add(checklists, regions, shown.refresh),
          },
          t("addTarget"),
        ),
      ),
      shown.element,
    ],
  };
}

function columns(checklists, refresh) {
  const byKey = new Map(checklists.map((checklist) => [checklist.key, checklist]));
  return [
    {
      key: "place",
      title: t("targetPlace"),
      cell: ({ region, location }) => [
        h(
          "a",
          {
            href: region ? `/dashboard/regions/${region.id}` : `/dashboard/locations/${location.id}`,
            dir: "auto",
          },
          (region ?? location).name,
        ),
        h("span", { class: "quiet" }, t(region ? "region" : "location")),
      ],
    },
    {
      key: "subject",
      title: t("checklist"),
      cell: ({ checklist_key: key, section_title: title }) =>
        h(
          "span",
          {},
          h("span", { dir: "auto" }, localize(byKey.get(key)?.title ?? key)),
          " · ",
          title === null ? t("wholeVisits") : textElement("span", {}, title),
        ),
    },
    {
      key: "target",
      title: t("targetScore"),
      cell: ({ score, months }) =>
        h(
          "span",
          {},
          h("b", {}, percent(score)),
          " ",
          h("span", { class: "quiet" }, t("lastMonths", { n: months })),
        ),
    },
    {
      key: "actual",
      title: t("actualScore"),
      cell: (target) =>
        target.actual.score === null
          ? "–"
          : h(
              "span",
              { class: "drawn" },
              targetBar(target),
              h(
                "span",
                {},
                percent(target.actual.score),
                " ",
                h("span", { class: "quiet" }, range(target.actual.interval)),
              ),
            ),
    },
    { key: "status", title: t("targetStatus"), cell: describeStatus },
    {
      key: "actions",
      title: t("actions"),
      kind: "figure",
      cell: (target) =>
        h(
          "button",
          {
            type: "button",
            class: "plain bare",
            "aria-label": `${t("change")}: ${nameOf(target)}`,
            onclick: () => edit(target, byKey.get(target.checklist_key), refresh),
          },
          t("change"),
        ),
    },
  ];
}

function describeStatus({ status, actual, visits_to_tell: further }) {
  const explanation = !actual.visits
    ? t("noVisitsToTell")
    : further === null
      ? t("manyVisitsToTell")
      : t("visitsToTell", { n: further, count: count(further) });
  return h(
    "span",
    {},
    h("span", { class: `target-status ${status}` }, statusShape(status), t(`target-${status}`)),
    status === "unsure" && h("span", { class: "quiet explanation" }, explanation),
  );
}

function add(checklists, regions, refresh) {
  const dialog = openDialog(t("addTarget"));
  dialog.append(
    form({
      fields: [...placeFields(regions), ...subjectFields(checklists), ...goalFields({ months: 6 })],
      submit: t("addTarget"),
      cancel: () => dialog.close(),
      save: async (values) => {
        const { body } = await callSignedIn("POST", "/targets", toBody(values));
        dialog.close();
        offerUndo(t("targetAdded", { place: nameOf(body) }), () =>
          callSignedIn("DELETE", `/targets/${body.id}`),
        );
        await refresh();
      },
    }),
  );
}

async function edit(target, checklist, refresh) {
  const options = checklist
    ? await sectionOptions(checklist)
    : [[target.section ?? "", target.section ?? "–"]];
  await openEditDialog({
    heading: t("changeTarget", { place: nameOf(target) }),
    path: `/targets/${target.id}`,
    fields: (values) => [
      {
        name: "section",
        label: t("targetSection"),
        type: "select",
        required: false,
        value: values.section ?? "",
        options,
      },
      ...goalFields(values),
    ],
    read: toFields,
    write: toBody,
    describe: () => t("targetChanged", { place: nameOf(target) }),
    refresh,
  });
}

/**
 * Deletes targets. Undo sets them again.
 * @param {any[]} rows
 */
async function remove(rows) {
  const words = { label: t("delete"), nameOf };
  const { done } = await runAll(rows, ({ id }) => callSignedIn("DELETE", `/targets/${id}`), words);
  if (!done.length) return;
  const restore = ({ region_id, location_id, checklist_key, section, score, months }) =>
    callSignedIn("POST", "/targets", { region_id, location_id, checklist_key, section, score, months });
  offerUndo(t("targetsDeleted", { n: done.length }), () => runAll(done, restore, words));
}
