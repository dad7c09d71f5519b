/** The controls of fields that are lists: the options of a choice, the bands of a duration, points of a scale. */
import { confirmAction, h, localize, show, t } from "../shared/page.js";
import { button, faultsOf, numberInput, signButton, textInputs } from "./controls.js";
import { makeKey } from "../staff/checklist-keys.js";
import { listDependents, parseOptions, removeOption } from "./document.js";

const MAX_STEPS = 101;

/**
 * Returns a list of rows as `{ element, draw }`. `read(row)` returns the list of the selected row, and
 * `build(index)` the parts of a row as `{ element, draw(item) }`. Rows are built again only if their number
 * changes.
 */
function rowList(read, build, attributes = {}) {
  const element = h("ol", { class: "rows", ...attributes });
  let built = [];
  return {
    element,
    draw(row) {
      const items = read(row);
      if (items.length !== built.length) {
        built = items.map((_, index) => build(index));
        element.replaceChildren(...built.map((part) => part.element));
      }
      items.forEach((item, index) => built[index].draw(item, index === items.length - 1));
      show(element, items.length > 0);
    },
  };
}

const replaceAt = (list, index, item) => list.map((other, i) => (i === index ? item : other));

/** Returns the list with the item moved by one step. */
function moved(list, index, step) {
  const others = list.filter((_, i) => i !== index);
  others.splice(index + step, 0, list[index]);
  return others;
}

// Options.

/** Returns the control of the options of a choice. */
export function options(editing) {
  const listOf = () => editing.row.options ?? [];
  const write = (list) => editing.setFields({ options: list });
  const list = rowList(
    (row) => row.options ?? [],
    (index) => optionRow(editing, index, listOf, write),
  );
  const add = () => {
    const keys = listOf().map(({ key }) => key);
    write([...listOf(), { key: makeKey("", keys, "option"), label: null }]);
    list.element.querySelector("li:last-child input").focus();
  };
  return {
    element: h(
      "fieldset",
      { class: "field" },
      h("legend", {}, t("field-options")),
      list.element,
      faultsOf("/options"),
      h("p", {}, button(t("addOption"), add)),
      pasteBox(editing, listOf, write),
    ),
    draw: list.draw,
  };
}

function optionRow(editing, index, listOf, write) {
  const label = textInputs(editing.languages, {
    label: t("optionLabel", { n: index + 1 }),
    hint: null,
    pointer: `/options/${index}/label`,
    isLong: false,
    enter: (language, text) => editing.writeLabel(index, language, text),
  });
  const points = numberInput(
    (value) => write(replaceAt(listOf(), index, { ...listOf()[index], points: value })),
    { min: 0, "aria-label": t("optionPoints", { n: index + 1 }) },
  );
  const key = h("code", {});
  const up = signButton("↑", t("moveUp"), () => write(moved(listOf(), index, -1)));
  const down = signButton("↓", t("moveDown"), () => write(moved(listOf(), index, 1)));
  const remove = signButton("×", t("removeOption", { n: index + 1 }), () => dropOption(editing, index));
  return {
    element: h(
      "li",
      { class: "option-row" },
      label.element,
      h(
        "div",
        { class: "row" },
        h("span", { class: "points" }, points.input, h("span", { class: "quiet" }, t("points"))),
        key,
        h("span", { class: "tools" }, up, down, remove),
      ),
      faultsOf(`/options/${index}`),
    ),
    draw(option, isLast) {
      label.draw(option.label ?? null);
      points.draw(option.points ?? 0);
      key.textContent = option.key;
      up.disabled = index === 0;
      down.disabled = isLast;
    },
  };
}

/** Removes an option. If conditions refer to it, it lists them and asks first. */
async function dropOption(editing, index) {
  const { selected, row } = editing;
  const { key } = row.options[index];
  const dependents = listDependents(editing.document, selected.key, key);
  const names = dependents.map(({ text, key: other }) => localize(text) || other).join(" · ");
  const question = t("removeOptionSure", { n: dependents.length, list: names });
  if (dependents.length && !(await confirmAction(question, { yes: t("remove"), no: t("cancel") }))) return;
  editing.change(removeOption(editing.document, selected.key, key));
}

/** Returns a box for a list of options, one in each line. */
function pasteBox(editing, listOf, write) {
  const area = h("textarea", { rows: 5, dir: "auto", "aria-label": t("pasteOptions") });
  const box = h("details", {}, h("summary", {}, t("pasteOptions")));
  const paste = () => {
    const [first] = editing.languages;
    const makeLabel = (label) => (first ? { [first]: label } : label);
    write(parseOptions(area.value, listOf(), makeLabel));
    area.value = "";
    box.open = false;
  };
  box.append(h("p", { class: "quiet" }, t("pasteHint")), area, h("p", {}, button(t("addPasted"), paste)));
  return box;
}

// Bands.

/** Returns the control of the bands of a duration. */
export function bands(editing) {
  const listOf = () => editing.row.bands ?? [];
  const write = (list) => editing.setFields({ bands: list });
  const list = rowList(
    (row) => row.bands ?? [],
    (index) => bandRow(index, listOf, write),
  );
  const add = () => {
    const before = listOf();
    if (!before.length) return write([{ up_to: 60, points: 1 }, { points: 0 }]);
    const longest = before.at(-2)?.up_to ?? 0;
    return write([...before.slice(0, -1), { up_to: longest + 60, points: 0 }, before.at(-1)]);
  };
  return {
    element: h(
      "fieldset",
      { class: "field" },
      h("legend", {}, t("field-bands")),
      h("p", { class: "quiet" }, t("hint-bands")),
      list.element,
      faultsOf("/bands"),
      h("p", {}, button(t("addBand"), add)),
    ),
    draw: list.draw,
  };
}

function bandRow(index, listOf, write) {
  const change = (fields) => write(replaceAt(listOf(), index, { ...listOf()[index], ...fields }));
  const upTo = numberInput((value) => change({ up_to: value }), {
    min: 1,
    "aria-label": t("bandUpTo", { n: index + 1 }),
  });
  const points = numberInput((value) => change({ points: value }), {
    min: 0,
    "aria-label": t("bandPoints", { n: index + 1 }),
  });
  const limit = h(
    "span",
    { class: "points" },
    h("span", {}, t("upTo")),
    upTo.input,
    h("span", {}, t("seconds")),
  );
  const longer = h("span", { class: "points" }, t("longer"));
  const remove = signButton("×", t("removeBand", { n: index + 1 }), () =>
    write(listOf().filter((_, other) => other !== index)),
  );
  return {
    element: h(
      "li",
      { class: "row" },
      limit,
      longer,
      h("span", { class: "points" }, points.input, h("span", { class: "quiet" }, t("points"))),
      h("span", { class: "tools" }, remove),
      faultsOf(`/bands/${index}`),
    ),
    draw(band, isLast) {
      const isLonger = isLast && band.up_to == null;
      show(limit, !isLonger);
      show(longer, isLonger);
      upTo.draw(band.up_to);
      points.draw(band.points);
    },
  };
}

// Points of a scale.

/** Returns the control of the points of a scale: none, or some for each step. */
export function scalePoints(editing) {
  const write = (list) => editing.setFields({ scale_points: list });
  const list = rowList(
    (row) => row.scale_points ?? [],
    (index) => stepRow(editing, index, write),
    { class: "rows steps" },
  );
  const add = button(t("addScalePoints"), () => write(Array.from(Array(countSteps(editing.row)).keys())));
  const remove = button(t("removeScalePoints"), () => write([]));
  return {
    element: h(
      "fieldset",
      { class: "field" },
      h("legend", {}, t("field-scale_points")),
      list.element,
      faultsOf("/scale_points"),
      h("p", {}, add, remove),
    ),
    draw(row) {
      list.draw(row);
      const hasPoints = row.scale_points?.length > 0;
      show(remove, hasPoints);
      show(add, !hasPoints && countSteps(row) > 1);
    },
  };
}

function countSteps({ minimum, maximum }) {
  const steps = Number.isInteger(minimum) && Number.isInteger(maximum) ? maximum - minimum + 1 : 0;
  return steps <= MAX_STEPS ? Math.max(0, steps) : 0;
}

function stepRow(editing, index, write) {
  const { input, draw } = numberInput(
    // The list cannot contain nulls.
    (value) => write(replaceAt(editing.row.scale_points, index, value ?? 0)),
    { min: 0 },
  );
  const step = h("span", {});
  return {
    element: h("li", {}, h("label", {}, step, input), faultsOf(`/scale_points/${index}`)),
    draw(value) {
      step.textContent = `${(editing.row.minimum ?? 0) + index}`;
      draw(value);
    },
  };
}
