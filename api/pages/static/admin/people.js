/** What the screens of people share. */
import { h, t } from "../shared/page.js";
import { explainFailure } from "../staff/failures.js";
import { callSignedIn } from "../staff/session.js";
import { locationField } from "./location-field.js";

const ROLES = ["shopper", "manager", "reviewer", "admin"];
export const STATUSES = ["invited", "active", "disabled"];
const LANGUAGES = ["en", "es"];

/** @returns {[string, string][]} */
export const roleOptions = () => ROLES.map((role) => [role, t(`role-${role}`)]);
/** @returns {[string, string][]} */
const languageOptions = () => [
  ["", t("noLanguage")],
  ...LANGUAGES.map((tag) => /** @type {[string, string]} */ ([tag, nameOfLanguage(tag)])),
];
const nameOfLanguage = (tag) => new Intl.DisplayNames([tag], { type: "language" }).of(tag);

/** @returns {[string, string][]} */
export const regionOptions = (regions) => regions.map(({ id, code, name }) => [id, `${name} (${code})`]);

/** The fields of a person's form. The regions and locations are shown for managers only. */
export const personFields = (person, regions) => [
  {
    name: "email",
    label: t("email"),
    type: "email",
    required: true,
    isUnique: true,
    value: person.email,
    attributes: { autocomplete: "off" },
  },
  { name: "name", label: t("name"), required: true, value: person.name, attributes: { autocomplete: "off" } },
  {
    name: "role",
    label: t("role"),
    type: "select",
    required: true,
    value: person.role,
    options: roleOptions(),
  },
  {
    name: "region_ids",
    label: t("regions"),
    hint: t("regionsHint"),
    type: "checkboxes",
    value: person.region_ids,
    options: regionOptions(regions),
  },
  {
    name: "location_ids",
    label: t("singleLocations"),
    hint: t("singleLocationsHint"),
    control: locationField(person.location_ids),
  },
  {
    name: "language",
    label: t("mailLanguage"),
    type: "select",
    value: person.language ?? "",
    options: languageOptions(),
  },
];

/** Shows the regions and locations in a form only while the role is that of a manager. */
export function watchRole(element) {
  const role = element.querySelector("[name=role]");
  const places = element.querySelectorAll("[data-field=region_ids], [data-field=location_ids]");
  const update = () => places.forEach((field) => (field.hidden = role.value !== "manager"));
  role.addEventListener("change", update);
  update();
  return element;
}

/** Returns the values of a form as the API takes them: places are for managers only. */
export const bodyOf = ({ region_ids, location_ids, ...values }, role = values.role) =>
  role === "manager"
    ? { ...values, ...(region_ids && { region_ids }), ...(location_ids && { location_ids }) }
    : values;

/** Changes a person, based on what they are now. */
export async function edit(id, changesOf) {
  const path = `/users/${id}`;
  const { body, headers } = await callSignedIn("GET", path);
  await callSignedIn("PATCH", path, changesOf(body), { "If-Match": headers.get("ETag") });
}

/**
 * Creates an invitation, and returns what it says: the link to copy, or that it was mailed. The button copies the
 * link again.
 */
async function inviteAgain(person) {
  const { body } = await callSignedIn("POST", `/users/${person.id}/invitation`);
  if (body.sent) return h("p", { class: "notice", role: "status" }, t("mailed", { email: person.email }));
  const field = h("input", { readonly: true, value: body.link, "aria-label": t("link"), dir: "ltr" });
  const state = h("span", { role: "status", class: "quiet" });
  const copy = () => {
    field.select();
    // Where the clipboard is blocked, the selected link can be copied by hand.
    navigator.clipboard?.writeText(body.link).then(
      () => (state.textContent = t("copied")),
      () => {},
    );
  };
  const panel = h(
    "div",
    { class: "notice invitation" },
    h("p", {}, t("linkFor", { name: person.name })),
    field,
    h(
      "p",
      { class: "row" },
      h("button", { type: "button", class: "plain", onclick: copy }, t("copy")),
      state,
    ),
  );
  setTimeout(copy);
  return panel;
}

/** Returns a button that shows the link of a new invitation in `place`. */
export function linkButton(person, place) {
  const button = h(
    "button",
    {
      type: "button",
      class: "plain",
      "data-testid": "copy-link",
      onclick: async () => {
        button.disabled = true;
        try {
          place.replaceChildren(await inviteAgain(person));
          place.scrollIntoView({ block: "nearest" });
        } catch (problem) {
          const words = explainFailure(problem);
          place.replaceChildren(h("p", { class: "fault", role: "alert" }, words));
        } finally {
          button.disabled = false;
        }
      },
    },
    t("copyLink"),
  );
  return button;
}
