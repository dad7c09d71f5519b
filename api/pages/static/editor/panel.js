/** The fields of what is selected: the checklist, a section or a question. */
import { h, t } from "../shared/page.js";
import { copyTarget, moveTarget, removeTarget } from "./actions.js";
import { button, faultsOf, numberInput, labelled, selectField, textField } from "./controls.js";
import { keyField, questionFields } from "./fields.js";
import { translated } from "../staff/api-words.js";

const CHANNELS = ["in_person", "telephone", "message", "self_check"];

/**
 * Returns the panel as `{ element, draw }`. It is built again only if something else is selected, the question
 * gets another type, or the languages change.
 */
export function panel(editing, { fundamentals }) {
  const element = h("section", { class: "panel", "aria-label": t("panel") });
  let fields = [];
  let built = {};
  let drawnErrors = null;

  function build() {
    const { selected, row, languages } = editing;
    built = { kind: selected.kind, key: selected.key, type: row.type, languages };
    fields = fieldsOf(editing, fundamentals);
    drawnErrors = null;
    element.replaceChildren(
      h("h2", { tabindex: -1 }, t(`panel-${selected.kind}`)),
      ...(selected.kind === "checklist" ? [] : [toolsOf(editing)]),
      faultsOf(""),
      ...fields.map((field) => field.element),
    );
  }

  function isSame() {
    const { selected, row, languages } = editing;
    if (built.kind !== selected.kind || built.languages !== languages || built.type !== row.type)
      return false;
    // While someone types, a proposed key changes with the text.
    return built.key === selected.key || element.contains(document.activeElement);
  }

  return {
    element,
    draw() {
      if (!isSame()) build();
      built.key = editing.selected.key;
      for (const field of fields) field.draw(editing.row);
      drawErrors();
    },
    focus: () => (element.querySelector("input, textarea") ?? element).focus({ preventScroll: true }),
  };

  /** Shows each error beside the field that its pointer begins with, or at the top. */
  function drawErrors() {
    const errors = editing.errorsOf(editing.selected);
    const words = JSON.stringify(errors);
    if (words === drawnErrors) return;
    drawnErrors = words;
    const places = [...element.querySelectorAll("[data-faults]")];
    for (const place of places) place.replaceChildren();
    for (const input of element.querySelectorAll("[aria-invalid=true]"))
      input.removeAttribute("aria-invalid");
    for (const { pointer, rest, detail } of errors) {
      const place = findPlace(places, rest);
      place.append(
        h("p", { class: "fault", "data-testid": "fault", "data-pointer": pointer }, translated(detail)),
      );
      element.querySelector(`[aria-describedby~="${place.id}"]`)?.setAttribute("aria-invalid", "true");
    }
  }
}

/** Returns the place whose pointer is the longest beginning of this one. */
function findPlace(places, pointer) {
  const matching = places.filter(
    ({ dataset: { faults } }) => pointer === faults || pointer.startsWith(`${faults}/`),
  );
  return matching.reduce((best, place) =>
    place.dataset.faults.length > best.dataset.faults.length ? place : best,
  );
}

function toolsOf(editing) {
  const act =
    (action, ...more) =>
    () =>
      action(editing, editing.selected, ...more);
  return h(
    "p",
    { class: "row tools" },
    button(t("moveUp"), act(moveTarget, -1)),
    button(t("moveDown"), act(moveTarget, 1)),
    button(t("copy"), act(copyTarget)),
    button(t("remove"), act(removeTarget), { class: "danger" }),
  );
}

function fieldsOf(editing, fundamentals) {
  if (editing.selected.kind === "question") return questionFields(editing, editing.row.type, fundamentals);
  if (editing.selected.kind === "section")
    return [textField(editing, "title", { label: t("field-title") }), keyField(editing)];
  return [
    textField(editing, "title", { label: t("field-title") }),
    textField(editing, "introduction", { label: t("field-introduction"), isLong: true }),
    selectField(editing, "channel", {
      label: t("field-channel"),
      options: [["", t("choose")], ...CHANNELS.map((channel) => [channel, t(`channel-${channel}`)])],
      initial: "",
    }),
    selectField(editing, "review", {
      label: t("field-review"),
      hint: t("hint-review"),
      options: ["automatic", "manual"].map((review) => [review, t(`review-${review}`)]),
      initial: "automatic",
    }),
    passMark(editing),
  ];
}

/** Returns the control of the pass mark, which is shown in per cent. */
function passMark(editing) {
  const { input, draw } = numberInput(
    (value) => editing.setFields({ pass_mark: value === null ? null : Math.round(value * 100) / 10_000 }),
    { min: 0, max: 100, class: "short" },
    /^\d{1,3}(?:\.\d{1,2})?$/,
  );
  return {
    element: labelled(input, {
      label: t("field-pass_mark"),
      hint: t("hint-pass_mark"),
      pointer: "/pass_mark",
    }),
    draw: ({ pass_mark: mark }) => draw(mark == null ? null : Math.round(mark * 10_000) / 100),
  };
}
