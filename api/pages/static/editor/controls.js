/**
 * The controls of fields. Each has its `element`, and `draw(row)`, which shows the value of a row, except in a
 * control that someone is typing in. Errors are shown in the elements with `data-faults`: see `panel.js`.
 */
import { h, show, t } from "../shared/page.js";
import { isMissing, readText } from "./languages.js";

let lastId = 0;
const newId = () => `field-${++lastId}`;

/** Returns the place for the errors of a field, given as a JSON pointer within the selected row. */
export const faultsOf = (pointer, id = newId()) => h("div", { "data-faults": pointer, id });

/** Returns a control with a label, a hint and a place for its errors. */
export function labelled(input, { label, hint = null, pointer }) {
  input.id ||= newId();
  const faults = faultsOf(pointer, `${input.id}-faults`);
  const hintLine = hint && h("p", { class: "quiet", id: `${input.id}-hint` }, hint);
  input.setAttribute("aria-describedby", [hintLine?.id, faults.id].filter(Boolean).join(" "));
  return h("div", { class: "field" }, h("label", { for: input.id }, label), hintLine, input, faults);
}

/** Shows a value in an input, except while someone is typing there. */
export function refill(input, value) {
  const text = value ?? "";
  if (!input.matches(":focus") && input.value !== `${text}`) input.value = text;
}

/** Returns the name of a language in the language of the page. */
export function languageName(tag) {
  try {
    return new Intl.DisplayNames([document.documentElement.lang], { type: "language" }).of(tag);
  } catch {
    return tag; // not a language tag
  }
}

/**
 * Returns the inputs of a text, side by side for each language, as `{ element, draw(text) }`. `enter` is called
 * with the language and the text in it.
 */
export function textInputs(languages, { label, hint, pointer, isLong, enter }) {
  // An error of the text as a whole belongs to all of its inputs.
  const faults = languages.length > 0 && faultsOf(pointer);
  const inputs = (languages.length ? languages : [null]).map((language) => {
    const oninput = () => enter(language, input.value);
    const attributes = { dir: "auto", lang: language, autocomplete: "off", oninput };
    const input = isLong ? h("textarea", { rows: 2, ...attributes }) : h("input", attributes);
    const name = language ? `${label} – ${languageName(language)}` : label;
    const own = language ? `${pointer}/${language}` : pointer;
    const missing = h("p", { class: "missing quiet", hidden: true }, t("translationMissing"));
    const element = labelled(input, { label: name, hint, pointer: own });
    element.append(missing);
    if (faults)
      input.setAttribute("aria-describedby", `${input.getAttribute("aria-describedby")} ${faults.id}`);
    return { language, input, element, missing };
  });
  return {
    element: h(
      "div",
      {},
      h(
        "div",
        { class: "languages" },
        inputs.map(({ element }) => element),
      ),
      faults,
    ),
    draw(text) {
      for (const { language, input, missing } of inputs) {
        refill(input, readText(text, language, languages));
        show(missing, language && isMissing(text, language, languages));
      }
    },
  };
}

/** Returns the control of a text of the selected row. */
export function textField(editing, name, { label, hint = null, isLong = false }) {
  const enter = (language, text) => editing.writeText(name, language, text);
  const { element, draw } = textInputs(editing.languages, {
    label,
    hint,
    pointer: `/${name}`,
    isLong,
    enter,
  });
  return { element, draw: (row) => draw(row[name] ?? null) };
}

const INTEGER = /^-?\d{1,15}$/;

/**
 * Returns an input for an integer, or for another number with this pattern, or nothing. Anything else is not
 * taken over: the former value comes back when the input is left.
 */
export function numberInput(enter, attributes = {}, pattern = INTEGER) {
  let stored = null;
  const read = () => {
    const text = input.value.trim();
    if (input.validity.badInput) return undefined;
    if (text === "") return null;
    return pattern.test(text) ? Number(text) : undefined;
  };
  const oninput = () => {
    const value = read();
    input.setAttribute("aria-invalid", String(value === undefined));
    if (value !== undefined) enter((stored = value));
  };
  const onchange = () => {
    if (read() === undefined) input.value = stored ?? "";
    input.setAttribute("aria-invalid", "false");
  };
  const step =
    pattern === INTEGER ? { step: 1, inputmode: "numeric" } : { step: "any", inputmode: "decimal" };
  const input = h("input", { type: "number", ...step, ...attributes, oninput, onchange });
  const draw = (value) => {
    stored = value ?? null;
    refill(input, stored);
  };
  return { input, draw };
}

/** Returns the control of an integer of the selected row. */
export function integerField(editing, name, { label, hint = null, write = (value) => ({ [name]: value }) }) {
  const { input, draw } = numberInput((value) => editing.setFields(write(value)));
  input.classList.add("short");
  return { element: labelled(input, { label, hint, pointer: `/${name}` }), draw: (row) => draw(row[name]) };
}

/** Returns the control of a field with a few values. `options` are values with their words. */
export function selectField(editing, name, { label, hint = null, options, initial, write = null }) {
  const onchange = () => (write ? write(select.value) : editing.setFields({ [name]: select.value || null }));
  const select = h(
    "select",
    { onchange },
    options.map(([value, words]) => h("option", { value }, words)),
  );
  return {
    element: labelled(select, { label, hint, pointer: `/${name}` }),
    draw(row) {
      const value = row[name] ?? initial;
      // A draft may have a value that is not allowed. Its error is beside it.
      if (![...select.options].some((option) => option.value === value))
        select.append(h("option", { value }, value));
      select.value = value;
    },
  };
}

/** Returns the control of a field that is true or false. */
export function checkboxField(editing, name, { label, hint = null, initial = false }) {
  const input = h("input", {
    type: "checkbox",
    onchange: () => editing.setFields({ [name]: input.checked }),
  });
  const faults = faultsOf(`/${name}`);
  input.setAttribute("aria-describedby", faults.id);
  return {
    element: h(
      "div",
      { class: "field" },
      h("label", { class: "option" }, input, h("span", {}, label)),
      hint && h("p", { class: "quiet" }, hint),
      faults,
    ),
    draw: (row) => (input.checked = row[name] ?? initial),
  };
}

/** Returns a button without a frame of its own. */
export const button = (words, onclick, attributes = {}) =>
  h("button", { type: "button", class: "plain", ...attributes, onclick }, words);

/** Returns a button that shows only a sign, and whose name is read out. */
export const signButton = (sign, name, onclick, attributes = {}) =>
  button(sign, onclick, { class: "sign", "aria-label": name, title: name, ...attributes });
