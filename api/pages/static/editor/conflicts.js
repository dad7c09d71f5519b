/** What two people have changed differently: both values, to choose from. */
import { h, localize, t } from "../shared/page.js";
import { nameOf } from "./actions.js";
import { button, languageName } from "./controls.js";
import { findTarget } from "./document.js";

/** Returns the conflicts as `{ element, draw }`. Nothing is sent until all are decided. */
export function conflicts(editing) {
  const element = h("section", {
    class: "conflicts notice",
    role: "alert",
    hidden: true,
    "data-testid": "conflicts",
  });
  let drawn = null;
  return {
    element,
    draw() {
      const list = editing.store.conflicts;
      if (list === drawn) return;
      drawn = list;
      element.hidden = !list.length;
      element.replaceChildren(
        h("h2", {}, t("conflict")),
        h("p", {}, t("conflictWhy")),
        h(
          "ul",
          { class: "plain-list" },
          list.map((conflict) => conflictItem(editing, conflict)),
        ),
      );
    },
  };
}

function conflictItem(editing, conflict) {
  const choice = (side, label) =>
    h(
      "div",
      { class: "choice", "data-side": side },
      h("strong", {}, label),
      h("blockquote", { dir: "auto" }, describeValue(conflict, conflict[side])),
      button(t("keepThis"), () => editing.decide(conflict, side)),
    );
  return h(
    "li",
    {},
    h("p", {}, h("strong", { dir: "auto" }, titleOf(editing, conflict))),
    h("div", { class: "sides" }, choice("ours", t("yourValue")), choice("theirs", t("theirValue"))),
  );
}

/** Returns which field of what is in conflict, such as "Did they greet you? – Text – Spanish". */
function titleOf(editing, { kind, key, field }) {
  const target = { kind, key };
  const isPresent = findTarget(editing.document, target);
  const name =
    kind === "checklist" ? t("checklistSettings") : isPresent ? nameOf(editing.document, target) : key;
  const [first, ...parts] = field ?? [];
  const isText = first && parts.length === 1 && first !== "options";
  return [name, first && t(`field-${first}`), ...parts.map((part) => (isText ? languageName(part) : part))]
    .filter(Boolean)
    .join(" – ");
}

/** Returns a value in words: a text, a number, or the parts of a larger value. */
function describeValue({ field }, value) {
  if (value === undefined) return t(field ? "noValue" : "removedRow");
  if (value === null || value === "") return t("noValue");
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  if (typeof value !== "object") return `${value}`;
  if (!field || field[0] === "options")
    return localize(value.text ?? value.label ?? value.title) || value.key;
  return JSON.stringify(value);
}
