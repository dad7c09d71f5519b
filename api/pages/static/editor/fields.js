/** The controls of the fields of questions: those that all have, and those of the types. */
import { h, localize, show, t } from "../shared/page.js";
import { condition } from "./condition.js";
import {
  checkboxField,
  integerField,
  numberInput,
  labelled,
  refill,
  selectField,
  textField,
} from "./controls.js";
import { bands, options, scalePoints } from "./rows.js";
import { OWN_FIELDS, changeType, resizeScale } from "./type-fields.js";

const COMMENTS = ["optional", "never", "required", "when_points_lost"];

/** By field that only some types have: its control. */
const OWN_CONTROLS = {
  good_answer: (editing) =>
    selectField(editing, "good_answer", {
      label: t("field-good_answer"),
      options: ["yes", "no"].map((answer) => [answer, t(`answer-${answer}`)]),
      initial: "yes",
    }),
  points: (editing) => integerField(editing, "points", { label: t("field-points"), hint: t("hint-points") }),
  minimum: (editing) => scaleEnd(editing, "minimum"),
  maximum: (editing) => scaleEnd(editing, "maximum"),
  scale_points: scalePoints,
  multiple: (editing) => checkboxField(editing, "multiple", { label: t("field-multiple") }),
  options,
  bands,
  unit: (editing) => textField(editing, "unit", { label: t("field-unit"), hint: t("hint-unit") }),
};

function scaleEnd(editing, name) {
  const write = (value) => {
    /** @type {any} */
    const { minimum, maximum } = { ...editing.row, [name]: value };
    const points = resizeScale(editing.row, minimum, maximum);
    return { [name]: value, ...(points && { scale_points: points }) };
  };
  return integerField(editing, name, { label: t(`field-${name}`), write });
}

/** Returns the controls of a question of a type. */
export function questionFields(editing, type, fundamentals) {
  return [
    textField(editing, "text", { label: t("field-text"), isLong: true }),
    typeField(editing),
    ...(OWN_FIELDS[type] ?? []).map((name) => OWN_CONTROLS[name](editing)),
    textField(editing, "help", { label: t("field-help"), isLong: true }),
    condition(editing),
    checkboxField(editing, "required", { label: t("field-required"), initial: true }),
    checkboxField(editing, "not_applicable", { label: t("field-not_applicable") }),
    checkboxField(editing, "critical", { label: t("field-critical"), hint: t("hint-critical") }),
    checkboxField(editing, "private", { label: t("field-private"), hint: t("hint-private") }),
    selectField(editing, "comment", {
      label: t("field-comment"),
      options: COMMENTS.map((rule) => [rule, t(`comment-${rule}`)]),
      initial: "optional",
    }),
    photoRange(editing),
    fundamental(editing, fundamentals),
    keyField(editing),
  ];
}

const typeField = (editing) =>
  selectField(editing, "type", {
    label: t("field-type"),
    options: Object.keys(OWN_FIELDS).map((type) => [type, t(`type-${type}`)]),
    initial: "",
    write: (type) => editing.setFields(changeType(editing.row, type)),
  });

function fundamental(editing, fundamentals) {
  return selectField(editing, "fundamental", {
    label: t("field-fundamental"),
    hint: t("hint-fundamental"),
    options: [["", t("none")], ...fundamentals.map(({ key, title }) => [key, localize(title)])],
    initial: "",
  });
}

function photoRange(editing) {
  const ends = ["minimum", "maximum"].map((name) => {
    const enter = (value) =>
      editing.setFields({ photos: { minimum: 0, maximum: 0, ...editing.row.photos, [name]: value } });
    const { input, draw } = numberInput(enter, { min: 0, max: 20 });
    return {
      name,
      draw,
      element: labelled(input, { label: t(`photos-${name}`), pointer: `/photos/${name}` }),
    };
  });
  return {
    element: h(
      "fieldset",
      {},
      h("legend", {}, t("field-photos")),
      h(
        "div",
        { class: "pair" },
        ends.map(({ element }) => element),
      ),
    ),
    draw: ({ photos }) => ends.forEach(({ name, draw }) => draw(photos?.[name] ?? 0)),
  };
}

/** Returns the control of a key. Once it is published, it stays. */
export function keyField(editing) {
  const input = h("input", {
    class: "key",
    autocomplete: "off",
    spellcheck: "false",
    onchange: () => editing.renameSelected(input.value),
  });
  const locked = h("p", { class: "quiet" }, t("keyLocked"));
  const element = labelled(input, { label: t("field-key"), hint: t("hint-key"), pointer: "/key" });
  element.append(locked);
  return {
    element,
    draw({ key }) {
      const isLocked = editing.isLocked(editing.selected);
      refill(input, key);
      input.readOnly = isLocked;
      show(locked, isLocked);
      show(element.querySelector(".quiet"), !isLocked);
    },
  };
}
