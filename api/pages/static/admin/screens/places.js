import { formatNumber, h, loadMoreWords, t } from "../../shared/page.js";
import { address, filters as addressFilters } from "../../staff/address.js";
import { runAll } from "../../staff/bulk.js";
import { openDialog } from "../../staff/dialog.js";
import { openEditDialog } from "../../staff/edit-dialog.js";
import { form } from "../../staff/form.js";
import { goTo } from "../../staff/frame.js";
import { list } from "../../staff/list.js";
import { callSignedIn } from "../../staff/session.js";
import { offerUndo } from "../../staff/undo.js";
import {
  changePlace,
  flatten,
  locationFields,
  locationsText,
  regionOptions,
  restorePlace,
  timeZoneList,
  toBody,
  treeOf,
  visitsText,
} from "../places.js";

await loadMoreWords((language) => import(`../words/places/${language}.js`));

const HERE = "/dashboard/admin/places";

/** The regions as a tree, and the locations of the region that was chosen in it. */
export default async function ({ filters, readAll, refresh }) {
  const roots = treeOf(await readAll("/regions?include=counts&limit=500"));
  if (filters.add === "location") return addLocation(roots, filters.within, readAll);
  const regions = new Map(flatten(roots).map((region) => [region.id, region]));
  const chosen = regions.get(filters.within);
  return {
    title: t("page-places"),
    content: [
      h(
        "p",
        { class: "row" },
        h(
          "a",
          { class: "primary", href: address(HERE, { add: "location", within: filters.within }) },
          t("addLocation"),
        ),
        h(
          "button",
          { type: "button", class: "plain", onclick: () => addRegion(roots, chosen?.id, refresh) },
          t("addRegion"),
        ),
        h("a", { href: "/dashboard/admin/import" }, t("importFile")),
      ),
      h(
        "div",
        { class: "places" },
        regionTree(roots, chosen, refresh),
        locationList(roots, regions, chosen, refresh),
      ),
    ],
  };
}

// Regions.

/** Returns the tree. The chosen region filters the locations, and has the buttons that change it. */
function regionTree(roots, chosen, refresh) {
  const isOpen = matchMedia("(min-width: 64rem)").matches || !flatten(roots).length || chosen;
  return h(
    "details",
    { class: "regions", open: Boolean(isOpen) },
    h("summary", {}, h("h2", {}, t("regions"))),
    roots.length > 0
      ? [
          h("p", {}, h("a", { href: linkTo(""), "aria-current": !chosen && "true" }, t("allRegions"))),
          branch(roots, chosen, roots, refresh),
        ]
      : h("p", { class: "empty" }, t("noRegions")),
  );
}

/** Returns the address with this region as the filter. The other filters stay. */
const linkTo = (id) => address(HERE, { ...addressFilters(), within: id });

const branch = (nodes, chosen, roots, refresh) =>
  h(
    "ul",
    {},
    nodes.map((region) =>
      h(
        "li",
        {},
        h(
          "div",
          { class: "region", "data-testid": "region-row", "data-code": region.code },
          h(
            "a",
            { href: linkTo(region.id), "aria-current": region === chosen && "true", dir: "auto" },
            region.name,
          ),
          h("span", { class: "quiet" }, ` ${formatNumber(region.total.locations)}`),
          region.closed && h("span", { class: "status" }, t("closed")),
          region === chosen && regionActions(region, roots, refresh),
        ),
        region.children.length > 0 && branch(region.children, chosen, roots, refresh),
      ),
    ),
  );

function regionActions(region, roots, refresh) {
  const button = (label, onclick) => h("button", { type: "button", class: "plain", onclick }, label);
  const path = `/regions/${region.id}`;
  const setClosed = async () => {
    const text = t(region.closed ? "regionReopened" : "regionClosed", region);
    await changePlace(path, { closed: !region.closed }, { closed: region.closed }, text);
    await refresh();
  };
  return h(
    "div",
    { class: "row", role: "group", "aria-label": region.name },
    button(t("edit"), () => editRegion(region, refresh)),
    button(t("move"), () => moveRegion(region, roots, refresh)),
    button(t(region.closed ? "reopen" : "close-place"), setClosed),
    button(t("addBelow"), () => addRegion(roots, region.id, refresh)),
  );
}

const regionFields = (values) => [
  { name: "name", label: t("name"), required: true, value: values.name },
  { name: "code", label: t("code"), hint: t("codeHint"), required: true, value: values.code },
  { name: "external_id", label: t("externalId"), hint: t("externalIdHint"), value: values.external_id },
];

/** @returns {import("../../staff/form.js").Field} */
const parentField = (roots, value, except) => ({
  name: "parent_id",
  label: t("parent"),
  type: "select",
  required: false,
  value: value ?? "",
  options: [["", t("topLevel")], ...regionOptions(roots, except)],
});

function addRegion(roots, parentId, refresh) {
  const dialog = openDialog(t("addRegion"));
  dialog.append(
    form({
      fields: [...regionFields({}), parentField(roots, parentId)],
      submit: t("addRegion"),
      cancel: () => dialog.close(),
      save: async (values) => {
        await callSignedIn("POST", "/regions", values);
        dialog.close();
        await refresh();
      },
    }),
  );
}

function editRegion(region, refresh) {
  return openEditDialog({
    heading: t("editRegion"),
    path: `/regions/${region.id}`,
    fields: regionFields,
    describe: ({ name }) => t("regionChanged", { name }),
    refresh,
  });
}

function moveRegion(region, roots, refresh) {
  const dialog = openDialog(t("moveRegion", region));
  const path = `/regions/${region.id}`;
  const { locations, visits } = region.total;
  const contents = { locations: locationsText(locations), visits: visitsText(visits) };
  const below = new Set(flatten([region]).map(({ id }) => id));
  dialog.append(
    h("p", {}, t("regionMoves", contents)),
    form({
      fields: [parentField(roots, region.parent_id, below)],
      submit: t("move"),
      cancel: () => dialog.close(),
      save: async (values) => {
        const text = t("regionMoved", { ...contents, name: region.name });
        await changePlace(path, values, { parent_id: region.parent_id }, text);
        dialog.close();
        await refresh();
      },
    }),
  );
}

// Locations.

function locationList(roots, regions, chosen, refresh) {
  const change = async (rows, changes, label, text) => {
    const before = new Map(rows.map((row) => [row.id, pick(row, Object.keys(changes))]));
    const patch = (row, values) => restorePlace(`/locations/${row.id}`, values);
    /** @type {{ label: string, nameOf: (row: any) => string }} */
    const words = { label, nameOf: ({ name }) => name };
    const { done } = await runAll(rows, (row) => patch(row, changes), words);
    if (!done.length) return;
    offerUndo(text(done), () => runAll(done, (row) => patch(row, before.get(row.id)), words));
    // The numbers of the tree change too.
    await refresh();
  };
  const setClosed = (closed) => (rows) =>
    change(rows, { closed }, t(closed ? "close-place" : "reopen"), (done) =>
      t(closed ? "locationsClosed" : "locationsReopened", { n: done.length }),
    );
  const move = async (rows) => {
    const regionId = await chooseRegion(roots, rows);
    if (!regionId) return;
    const moved = (done) => ({
      n: done.length,
      visits: visitsText(sumVisits(done)),
      region: regions.get(regionId).name,
    });
    await change(rows, { region_id: regionId }, t("move"), (done) => t("locationsMoved", moved(done)));
  };
  const { element } = list({
    path: "/locations",
    caption: t("locations"),
    query: { include: "counts", within: chosen?.id },
    filters: [
      { name: "q", label: t("search") },
      {
        name: "status",
        label: t("status"),
        options: [
          ["open", t("open")],
          ["closed", t("closed")],
        ],
      },
    ],
    columns: [
      {
        key: "name",
        title: t("location"),
        cell: ({ id, name, code }) => [
          h("a", { href: `${HERE}/${id}`, dir: "auto" }, name),
          h("span", { class: "quiet" }, code),
        ],
      },
      { key: "region", title: t("region"), cell: ({ region_id: id }) => regions.get(id)?.name ?? "" },
      { key: "time_zone", title: t("timeZone"), cell: (row) => row.time_zone },
      {
        key: "position",
        title: t("position"),
        cell: ({ latitude }) => (latitude == null ? t("missing") : t("present")),
      },
      {
        key: "visits",
        title: t("visits"),
        kind: "figure",
        cell: ({ counts }) => formatNumber(counts.visits),
      },
      {
        key: "status",
        title: t("status"),
        cell: ({ closed }) =>
          h("span", { class: `status ${closed ? "" : "good"}` }, t(closed ? "closed" : "open")),
      },
    ],
    attributes: ({ code, closed }) => ({
      "data-testid": "location-row",
      "data-code": code,
      "data-status": closed ? "closed" : "open",
    }),
    nameOf: ({ name }) => name,
    actions: [
      { name: "move", label: t("move"), run: move },
      { name: "close", label: t("close-place"), run: setClosed(true) },
      { name: "reopen", label: t("reopen"), run: setClosed(false) },
    ],
    empty: regions.size ? t("noLocations") : t("noRegionsYet"),
  });
  return h("div", {}, h("h2", { dir: "auto" }, chosen?.name ?? t("allRegions")), element);
}

/** Asks for the region to which locations move, and says what moves with them. Resolves to its ID, or null. */
function chooseRegion(roots, rows) {
  return new Promise((resolve) => {
    const dialog = openDialog(t("moveLocations", { n: rows.length }), () => resolve(null));
    dialog.append(
      h("p", {}, t("bulkMoves", { n: sumVisits(rows) })),
      form({
        fields: [
          {
            name: "region_id",
            label: t("region"),
            type: "select",
            required: true,
            options: [["", t("chooseRegion")], ...regionOptions(roots)],
          },
        ],
        submit: t("move"),
        cancel: () => dialog.close(),
        save: async (values) => {
          resolve(values.region_id);
          dialog.close();
        },
      }),
    );
  });
}

function addLocation(roots, regionId, readAll) {
  const others = readAll("/locations?status=open&limit=500");
  return {
    title: t("addLocation"),
    content: roots.length
      ? [
          form({
            fields: locationFields({ region_id: regionId }, roots, others),
            submit: t("addLocation"),
            draft: "location",
            cancel: () => goTo(HERE),
            save: async (values) => {
              await callSignedIn("POST", "/locations", toBody(values));
              await goTo(address(HERE, { within: values.region_id }));
            },
          }),
          timeZoneList(),
        ]
      : [h("p", { class: "empty" }, t("noRegionsYet"), " ", h("a", { href: HERE }, t("backToPlaces")))],
  };
}

const sumVisits = (rows) => rows.reduce((sum, { counts }) => sum + counts.visits, 0);
const pick = (row, names) => Object.fromEntries(names.map((name) => [name, row[name]]));
