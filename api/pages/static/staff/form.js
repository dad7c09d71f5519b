/**
 * Forms: labels, hints, errors as a summary that links to the fields, and typed values that survive a reload.
 */
import { NoSignal } from "../shared/api.js";
import { h, t } from "../shared/page.js";
import { translate } from "./api-words.js";
import { explainFailure } from "./failures.js";
import { callSignedIn } from "./session.js";
import { announce } from "./undo.js";

/** Kinds of fields whose text is never stored in the browser. */
const SECRET = ["password"];

/**
 * @typedef {{
 *   name: string, label: string, hint?: string, type?: string, required?: boolean, value?: any,
 *   isUnique?: boolean,
 *   options?: [value: string, label: string][], attributes?: object,
 *   control?: { element: HTMLElement, focus: HTMLElement, read: () => any },
 * }} Field
 */

/**
 * Returns a form. A field has a `type`: an input's ("text" if omitted), "textarea", "decimal" (a number or null), "select" or "checkboxes"
 * with `options`, or "checkbox"; or else a `control` of its own. `save` receives the values by name and returns
 * a promise. Its problems are shown in a summary: an error whose pointer begins with the name of a field links
 * to it. Typed values are stored in this tab under `draft` until they are saved, if `draft` is set.
 * @param {{
 *   fields: Field[], submit: string, save: (values: Record<string, any>) => any, draft?: string,
 *   cancel?: () => void, attributes?: object,
 * }} options
 */
export function form({ fields, submit, save, draft, cancel, attributes = {} }) {
  const controls = new Map(fields.map((field) => [field.name, controlOf(field)]));
  const summary = h("div", { class: "summary", role: "alert", tabindex: -1, hidden: true });
  const button = h("button", { class: "primary" }, submit);
  const stored = draftOf(draft, fields, controls);
  const element = h(
    "form",
    { class: "edit", novalidate: true, onsubmit, oninput: () => stored.keep(), ...attributes },
    summary,
    stored.notice,
    fields.map((field) => rowOf(field, controls.get(field.name))),
    h(
      "p",
      { class: "row" },
      button,
      cancel && h("button", { type: "button", class: "plain", onclick: cancel }, t("cancel")),
    ),
  );

  async function onsubmit(event) {
    event.preventDefault();
    if (button.disabled) return;
    const values = Object.fromEntries([...controls].map(([name, control]) => [name, control.read()]));
    const missing = fields.filter(({ name, required }) => required && isEmpty(values[name]));
    if (missing.length) {
      showErrors(missing.map(({ name, label }) => ({ name, text: t("fieldRequired", { label }) })));
      return;
    }
    button.disabled = true;
    showErrors([]);
    try {
      await save(values);
      stored.forget();
    } catch (problem) {
      showErrors(errorsOf(problem, fields));
    } finally {
      button.disabled = false;
    }
  }

  /** Shows errors in the summary, which gets the focus, and beside their fields. */
  function showErrors(errors) {
    for (const { name } of fields) {
      const { focus, error } = controls.get(name);
      const own = errors.find((other) => other.name === name);
      focus.setAttribute("aria-invalid", String(Boolean(own)));
      error.textContent = own?.text ?? "";
      error.lang = own?.lang ?? document.documentElement.lang;
    }
    summary.hidden = !errors.length;
    summary.replaceChildren(
      h("h2", {}, t("errorSummary")),
      h(
        "ul",
        {},
        errors.map(({ name, text, lang }) =>
          h(
            "li",
            { lang },
            name
              ? h(
                  "a",
                  { href: `#${controls.get(name).focus.id}`, onclick: focusOn(controls.get(name).focus) },
                  text,
                )
              : text,
          ),
        ),
      ),
    );
    if (errors.length) summary.focus();
  }
  return element;
}

/**
 * Returns a form that edits a resource of the API: it sends the changed fields with If-Match. If somebody else
 * has changed the same fields in the meantime, both values are shown for each, to choose from. `current` is the
 * response of GET with `body` and `headers`; it is fetched if omitted. `read` turns a body into the values of
 * fields, if they differ, and `write` turns changed values, and the stored body, into a body. `confirm` receives the changed values and
 * the former ones, and resolves to whether to save them. `done` receives the new body and the
 * former values of the changed fields.
 * @param {{
 *   path: string, fields: (values: any) => Field[], submit: string, done: (body: any, before: any) => any,
 *   current?: { body: any, headers: Headers }, read?: (body: any) => any, write?: (values: any, stored: any) => any,
 *   confirm?: (values: any, before: any) => Promise<boolean>, cancel?: () => void, attributes?: object,
 * }} options
 */
export async function editForm({
  path,
  fields,
  submit,
  done,
  current,
  read = (body) => body,
  write = (values) => values,
  confirm = async () => true,
  cancel,
  attributes,
}) {
  let base = current ?? (await callSignedIn("GET", path));
  const described = fields(read(base.body));
  const names = described.map(({ name }) => name);

  async function save(values) {
    const before = read(base.body);
    const changed = names.filter((name) => !isSame(values[name], before[name]));
    if (!changed.length) return done(base.body, {});
    if (!(await confirm(pick(values, changed), pick(before, changed)))) throw new Error(t("notSaved"));
    const body = write(pick(values, changed), base.body);
    try {
      const response = await callSignedIn("PATCH", path, body, { "If-Match": base.headers.get("ETag") });
      base = response;
      announce(t("saved"));
      return await done(response.body, pick(before, changed));
    } catch (problem) {
      if (problem.status !== 412) throw problem;
      return resolve(values, before, changed);
    }
  }

  /** Takes over what only the other person changed, and asks about the fields that both changed. */
  async function resolve(values, before, changed) {
    base = await callSignedIn("GET", path);
    const theirs = read(base.body);
    const both = changed.filter(
      (name) => !isSame(theirs[name], before[name]) && !isSame(theirs[name], values[name]),
    );
    const choices = both.length
      ? await chooseValues(
          both.map((name) => ({
            field: described.find((field) => field.name === name),
            mine: values[name],
            theirs: theirs[name],
          })),
        )
      : {};
    return save({ ...theirs, ...pick(values, changed), ...choices });
  }

  return form({ fields: described, submit, save, draft: path, cancel, attributes });
}

/**
 * Shows, for each field that two people changed, both values to choose from. Resolves to the chosen values by
 * name. Rejects if the user goes back to the form.
 */
function chooseValues(conflicts) {
  return new Promise((resolve, reject) => {
    const groups = conflicts.map(({ field, mine, theirs }) =>
      h(
        "fieldset",
        {},
        h("legend", {}, field.label),
        [
          ["mine", mine, t("yourValue")],
          ["theirs", theirs, t("theirValue")],
        ].map(([side, value, label]) =>
          h(
            "label",
            { class: "option" },
            h("input", {
              type: "radio",
              name: `conflict-${field.name}`,
              value: side,
              checked: side === "mine",
            }),
            h("span", {}, label, " ", h("b", { dir: "auto" }, textOf(field, value))),
          ),
        ),
      ),
    );
    const dialog = h(
      "dialog",
      { "aria-labelledby": "conflict", onclose: finish },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "conflict" }, t("conflict")),
        h("p", {}, t("conflictWhy")),
        groups,
        h(
          "p",
          { class: "row" },
          h("button", { class: "primary", value: "save" }, t("saveChosen")),
          h("button", { class: "plain", value: "" }, t("back")),
        ),
      ),
    );
    function finish() {
      dialog.remove();
      if (dialog.returnValue !== "save") {
        reject(new Error(t("notSaved")));
        return;
      }
      const chosen = conflicts.map(({ field, mine, theirs }, index) => {
        const { value } = /** @type {HTMLInputElement} */ (groups[index].querySelector("input:checked"));
        return [field.name, value === "mine" ? mine : theirs];
      });
      resolve(Object.fromEntries(chosen));
    }
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Returns a control: its `element`, the part of it that gets the `focus`, its `error`, and `read` and `write`. */
function controlOf(field) {
  const { name, type = "text", options = [], value, required } = field;
  const id = `field-${name}`;
  const error = h("p", { class: "fault", id: `${id}-error` });
  const described = [field.hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" ");
  const attributes = {
    id,
    name,
    "aria-describedby": described,
    "aria-required": required && "true",
    ...field.attributes,
  };
  if (field.control) return { ...field.control, error };
  if (type === "checkbox") {
    const input = h("input", { ...attributes, type, checked: Boolean(value) });
    return {
      element: input,
      focus: input,
      error,
      read: () => input.checked,
      write: (next) => (input.checked = next),
    };
  }
  if (type === "checkboxes") {
    const boxes = options.map(([key, label]) => ({
      key,
      label,
      input: h("input", { type: "checkbox", value: key }),
    }));
    const write = (keys) => boxes.forEach(({ key, input }) => (input.checked = keys?.includes(key) ?? false));
    const element = h(
      "div",
      { ...attributes, role: "group", tabindex: -1, "aria-label": field.label, "aria-required": null },
      boxes.map(({ input, label }) =>
        h("label", { class: "option" }, input, h("span", { dir: "auto" }, label)),
      ),
    );
    write(value);
    return {
      element,
      focus: element,
      error,
      write,
      read: () => boxes.filter(({ input }) => input.checked).map(({ key }) => key),
    };
  }
  const input =
    type === "select"
      ? h(
          "select",
          attributes,
          options.map(([key, label]) => h("option", { value: key, selected: key === (value ?? "") }, label)),
        )
      : type === "textarea"
        ? h("textarea", { rows: 4, dir: "auto", ...attributes })
        : h("input", {
            type: type === "decimal" ? "text" : type,
            inputmode: type === "decimal" && "decimal",
            dir: "auto",
            ...attributes,
          });
  if (type !== "select") input.value = value ?? "";
  return {
    element: input,
    focus: input,
    error,
    write: (next) => (input.value = next ?? ""),
    read: () =>
      type === "decimal"
        ? numberOf(input.value)
        : SECRET.includes(type)
          ? input.value
          : input.value.trim() || null,
  };
}

/** Returns a number as typed, with a point or a comma, or the text if it is not a number. */
function numberOf(text) {
  const number = Number(text.trim().replace(",", "."));
  return text.trim() === "" ? null : Number.isNaN(number) ? text.trim() : number;
}

function rowOf(field, { element, focus, error }) {
  const hint = field.hint && h("p", { class: "quiet", id: `field-${field.name}-hint` }, field.hint);
  if (field.type === "checkbox")
    return h(
      "div",
      { class: "field" },
      h("label", { class: "option" }, element, h("span", {}, field.label)),
      hint,
      error,
    );
  const label =
    field.type === "checkboxes" || (field.control && !("value" in focus))
      ? h("p", { class: "label" }, field.label)
      : h(
          "label",
          { for: focus.id },
          field.label,
          !field.required && h("span", { class: "quiet" }, ` ${t("optional")}`),
        );
  return h("div", { class: "field", "data-field": field.name }, label, hint, error, element);
}

const focusOn = (element) => (event) => {
  event.preventDefault();
  element.focus();
};

/** Returns the errors of a problem, each with the name of its field if the form has it. */
function errorsOf(problem, fields) {
  if (!problem.status)
    return [{ name: null, text: problem instanceof NoSignal ? t("noSignal") : problem.message }];
  if (problem.status === 503) return [{ name: null, text: explainFailure(problem) }];
  if (!problem.errors.length) {
    const taken = problem.code === "already-exists" && fields.find(({ isUnique }) => isUnique);
    return [{ name: taken?.name ?? null, ...translate(problem.detail) }];
  }
  return problem.errors.map(({ pointer, detail, lang: given }) => {
    const { text, lang } = given ? { text: detail, lang: given } : translate(detail);
    if (!pointer) return { name: null, text, lang };
    const field = fields.find(({ name }) => name === pointer.split("/")[1]);
    if (field) return { name: field.name, text: `${field.label}: ${text}`, lang };
    return { name: null, text: `${pointer}: ${text}`, lang };
  });
}

/** Keeps typed values in this tab, and restores those of an earlier visit to the form. */
function draftOf(draft, fields, controls) {
  const key = `draft:${draft}`;
  const kept = fields.filter(({ type, control }) => !control && !SECRET.includes(type));
  const initial = JSON.stringify(valuesOf());
  function valuesOf() {
    return Object.fromEntries(kept.map(({ name }) => [name, controls.get(name).read()]));
  }
  if (!draft) return { keep() {}, forget() {}, notice: null };
  const forget = () => sessionStorage.removeItem(key);
  const stored = sessionStorage.getItem(key);
  let notice = null;
  if (stored && stored !== initial) {
    const write = (values) =>
      Object.entries(values).forEach(([name, value]) => controls.get(name)?.write(value));
    write(JSON.parse(stored));
    const discard = () => {
      write(JSON.parse(initial));
      forget();
      notice.remove();
    };
    notice = h(
      "p",
      { class: "notice", role: "status" },
      `${t("draftRestored")} `,
      h("button", { type: "button", class: "plain", onclick: discard }, t("discard")),
    );
  }
  return { keep: () => sessionStorage.setItem(key, JSON.stringify(valuesOf())), forget, notice };
}

/** Returns a value as text, with the labels of options. */
function textOf({ options = [], type }, value) {
  const labels = new Map(options);
  if (isEmpty(value)) return t("empty");
  if (type === "checkbox") return value ? t("yes") : t("no");
  return [value]
    .flat()
    .map((item) => labels.get(item) ?? String(item))
    .join(", ");
}

const isEmpty = (value) => value == null || value === "" || (Array.isArray(value) && !value.length);
const isSame = (one, other) => JSON.stringify(sorted(one ?? null)) === JSON.stringify(sorted(other ?? null));
const sorted = (value) => (Array.isArray(value) ? [...value].sort() : value);
const pick = (values, names) => Object.fromEntries(names.map((name) => [name, values[name]]));
