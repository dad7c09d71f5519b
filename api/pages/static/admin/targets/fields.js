/** The fields of the forms of targets. They have the score in per cent. */
import { h, localize, t } from "../../shared/page.js";
import { callSignedIn } from "../../staff/session.js";
import { locationField } from "../location-field.js";

export const toBody = (values) =>
  typeof values.score === "number" ? { ...values, score: Math.round(values.score * 10) / 1000 } : values;
export const toFields = (target) => ({ ...target, score: Math.round(target.score * 1000) / 10 });

/** @returns {import("../../staff/form.js").Field[]} */
export const goalFields = (values) => [
  {
    name: "score",
    label: t("targetScoreLabel"),
    hint: t("targetScoreHint"),
    type: "decimal",
    required: true,
    value: values.score,
  },
  {
    name: "months",
    label: t("targetMonths"),
    hint: t("targetMonthsHint"),
    type: "decimal",
    required: true,
    value: values.months,
    attributes: { inputmode: "numeric" },
  },
];

/** Returns the options for the sections with points of a checklist's current version. */
export async function sectionOptions({ key, version }) {
  const { body } = await callSignedIn("GET", `/checklists/${key}/versions/${version}`);
  const sections = body.sections.filter(({ questions }) => questions.some((question) => hasPoints(question)));
  return [["", t("wholeVisits")], ...sections.map((section) => [section.key, localize(section.title)])];
}

/** Returns whether an answer to a question can earn points. */
const hasPoints = ({ points = 0, bands = [], options = [], scale_points: steps = [] }) =>
  [points, ...(steps ?? []), ...[...(bands ?? []), ...(options ?? [])].map((each) => each.points ?? 0)].some(
    (each) => each > 0,
  );

/**
 * Returns the fields of the place of a new target: a region, or a location that is searched for.
 * @returns {import("../../staff/form.js").Field[]}
 */
export function placeFields(regions) {
  const places = locationField();
  const region = select("region_id", [
    ["", "–"],
    ...regions.filter(({ closed }) => !closed).map(({ id, name }) => [id, name]),
  ]);
  return [
    { name: "region_id", label: t("region"), control: region },
    {
      name: "location_id",
      label: t("location"),
      hint: t("targetLocationHint"),
      control: { ...places, read: () => places.read()[0] ?? null },
    },
  ];
}

/**
 * Returns the fields of what a new target is about: a checklist, and one of its sections.
 * @returns {import("../../staff/form.js").Field[]}
 */
export function subjectFields(checklists) {
  const section = select("section", [["", t("wholeVisits")]]);
  const checklist = select(
    "checklist_key",
    checklists.map(({ key, title }) => [key, localize(title)]),
    fill,
  );
  async function fill() {
    const chosen = checklists.find(({ key }) => key === checklist.read());
    const options = await sectionOptions(chosen);
    if (chosen.key === checklist.read()) section.element.replaceChildren(...options.map(optionOf));
  }
  // Without the sections, a target for whole visits can still be set.
  fill().catch(() => {});
  return [
    { name: "checklist_key", label: t("checklist"), required: true, control: checklist },
    { name: "section", label: t("targetSection"), required: true, control: section },
  ];
}

const optionOf = ([value, words]) => h("option", { value, dir: "auto" }, words);

function select(name, options, onchange = () => {}) {
  const element = h("select", { id: `field-${name}`, name, onchange }, options.map(optionOf));
  return { element, focus: element, read: () => element.value || null };
}
