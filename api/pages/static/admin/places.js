/** What the screens of places share: the tree of regions, the fields of a location, and changes with Undo. */
import { h, t } from "../shared/page.js";
import { ANY_STATE, callSignedIn } from "../staff/session.js";
import { offerUndo } from "../staff/undo.js";
import { parsePosition, positionMap, positionText } from "./position.js";

/**
 * Returns the regions as a tree, in the order of their codes within each region. Each node is a region with its
 * `depth`, its `children`, and `total`: the numbers of locations and visits in it and below it.
 */
export function treeOf(regions) {
  const nodes = new Map(
    regions.map((region) => [region.id, { ...region, children: [], depth: 0, total: null }]),
  );
  const roots = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.parent_id);
    (parent?.children ?? roots).push(node);
  }
  const finish = (node, depth) => {
    node.depth = depth;
    node.total = { ...(node.counts ?? { locations: 0, visits: 0 }) };
    for (const child of node.children) {
      finish(child, depth + 1);
      node.total.locations += child.total.locations;
      node.total.visits += child.total.visits;
    }
  };
  roots.forEach((root) => finish(root, 0));
  return roots;
}

/** Returns the nodes of a tree in the order in which they are shown. */
export const flatten = (nodes) => nodes.flatMap((node) => [node, ...flatten(node.children)]);

/**
 * Returns regions as options of a list to choose from, indented as in the tree; without those in `except`.
 * @returns {[string, string][]}
 */
export const regionOptions = (roots, except = new Set()) =>
  flatten(roots)
    .filter(({ id }) => !except.has(id))
    .map(({ id, name, depth }) => [id, `${"\u2003".repeat(depth)}${name}`]);

/** Returns a number of visits in words, for what is said before and after a move. */
export const visitsText = (n) => t("nVisits", { n });
export const locationsText = (n) => t("nLocations", { n });

/** Changes a place, and offers to change it back. `before` has the former values of the changed fields. */
export async function changePlace(path, changes, before, text) {
  // The newest state wins, because only these fields change.
  await callSignedIn("PATCH", path, changes, ANY_STATE);
  offerUndo(text, () => callSignedIn("PATCH", path, before, ANY_STATE));
}

/** Changes a place back, as Undo of a form does. */
export const restorePlace = (path, before) => callSignedIn("PATCH", path, before, ANY_STATE);

/**
 * Returns the fields of a location. `others` resolves to the locations that the map shows.
 * @returns {import("../staff/form.js").Field[]}
 */
export function locationFields(values, roots, others, regionHint) {
  return [
    { name: "name", label: t("name"), required: true, value: values.name },
    { name: "code", label: t("code"), hint: t("codeHint"), required: true, value: values.code },
    {
      name: "region_id",
      label: t("region"),
      hint: regionHint,
      type: "select",
      required: true,
      value: values.region_id,
      options: values.region_id ? regionOptions(roots) : [["", t("chooseRegion")], ...regionOptions(roots)],
    },
    { name: "address", label: t("address"), type: "textarea", value: values.address },
    { name: "phone", label: t("phone"), type: "tel", value: values.phone },
    {
      name: "time_zone",
      label: t("timeZone"),
      hint: t("timeZoneHint"),
      required: true,
      value: values.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      attributes: { list: "time-zones", autocomplete: "off" },
    },
    {
      name: "position",
      label: t("position"),
      hint: t("positionHint"),
      control: positionControl(values.position, others),
    },
    { name: "external_id", label: t("externalId"), hint: t("externalIdHint"), value: values.external_id },
    { name: "closed", label: t("isClosed"), hint: t("closedHint"), type: "checkbox", value: values.closed },
  ];
}

/** Returns the names of time zones, for the field of the time zone to suggest. */
export const timeZoneList = () =>
  h(
    "datalist",
    { id: "time-zones" },
    Intl.supportedValuesOf("timeZone").map((name) => h("option", { value: name })),
  );

/** Returns the field of a position: a text, and a map that follows what is typed. */
function positionControl(value, others) {
  const input = h("input", {
    id: "field-position",
    name: "position",
    autocomplete: "off",
    "aria-describedby": "field-position-hint field-position-error",
  });
  input.value = value ?? "";
  const map = h("div", {});
  others.then(
    (locations) => {
      const { element, place } = positionMap(locations);
      const follow = () => place(parsePosition(input.value) ?? null);
      input.addEventListener("input", follow);
      follow();
      map.replaceChildren(element);
    },
    () => {}, // The map only helps to check a position.
  );
  return { element: h("div", {}, input, map), focus: input, read: () => normalize(input.value) };
}

/** Returns a position in the format of the page if it is one, and otherwise the text as it is. */
function normalize(text) {
  const position = parsePosition(text);
  return position ? positionText(position) : text.trim();
}

/** Returns the values of fields for a location of the API. */
export const toFields = (location) => ({ ...location, position: positionText(location) });

/**
 * Returns the body of a request for values of fields. Throws an error of the form for an unreadable position.
 * @param {Record<string, any>} fields
 */
export function toBody(fields) {
  const { position, ...values } = fields;
  if (position === undefined) return values;
  const parsed = parsePosition(position);
  if (parsed === undefined) {
    const errors = [
      { pointer: "/position", detail: t("positionUnreadable"), lang: document.documentElement.lang },
    ];
    throw Object.assign(new Error(), { status: 422, errors });
  }
  return { ...values, ...(parsed ?? { latitude: null, longitude: null }) };
}
