/** For the settings: who would have to set up a second factor, by role. */
import { h, t } from "../shared/page.js";
import { apiReader } from "../staff/api-reader.js";

const ROLES = ["admin", "reviewer", "manager", "shopper"];
/** How many people are named. */
const NAMED = 5;

/** @returns {[string, string][]} */
export const roleOptions = () => ROLES.map((role) => [role, t(`roles-${role}`)]);

/** Adds to the field with the roles who of them has no second factor yet. */
export function showPeopleWithoutFactor(form) {
  const field = form.querySelector("[name=require_second_factor]");
  const lines = h("div", { role: "status", "data-testid": "without-factor" });
  field.after(lines);
  /** Role → a promise of the line about it. */
  const known = new Map();
  let drawing = 0;
  async function update() {
    const number = ++drawing;
    const roles = [...field.querySelectorAll("input:checked")].map(({ value }) => value);
    for (const role of roles) if (!known.has(role)) known.set(role, lineOf(role));
    const drawn = await Promise.all(roles.map((role) => known.get(role)));
    if (number === drawing)
      lines.replaceChildren(...drawn.map((words) => h("p", { class: "quiet", dir: "auto" }, words)));
  }
  field.addEventListener("change", update);
  form.addEventListener("click", () => setTimeout(update)); // a draft that was discarded
  update();
}

async function lineOf(role) {
  const people = await apiReader().readAll(`/users?role=${role}&disabled=false&limit=500`);
  const names = people.filter(({ second_factor: has }) => !has).map(({ name }) => name);
  if (!names.length) return t("allHaveFactor", { role: t(`roles-${role}`) });
  const rest = names.length - NAMED;
  return t(rest > 0 ? "manyWithoutFactor" : "withoutFactor", {
    role: t(`roles-${role}`),
    names: names.slice(0, NAMED).join(", "),
    rest,
  });
}
