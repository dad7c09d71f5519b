/** The languages of a draft: adding one, removing one, and how many translations are missing. */
import { confirmAction, h, t } from "../shared/page.js";
import { button, languageName } from "./controls.js";
import { openDialog } from "./dialog.js";
import { addLanguage, countMissing, removeLanguage } from "./languages.js";

/** The languages that are offered, apart from those that someone enters as a tag. */
const COMMON = ["en", "es", "ca", "de", "eu", "fr", "gl", "it", "nl", "pl", "pt", "ro", "ar", "zh"];
const TAG = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;

/** Opens the dialog. */
export function languagesDialog(editing) {
  const list = h("ul", { class: "plain-list" });
  const form = h("form", { onsubmit: add });
  openDialog(t("languages"), [list, form]);
  draw();

  function draw() {
    const { document, languages } = editing;
    list.replaceChildren(
      ...(languages.length ? [] : [h("li", { class: "quiet" }, t("noLanguages"))]),
      ...languages.map((language) => {
        const n = countMissing(document, language, languages);
        return h(
          "li",
          { class: "row", "data-language": language },
          h("strong", {}, languageName(language)),
          h("span", { class: "quiet" }, n ? t("missingCount", { n }) : t("complete")),
          button(t("remove"), () => drop(language), {
            "aria-label": `${t("remove")}: ${languageName(language)}`,
          }),
        );
      }),
    );
    const others = COMMON.filter((language) => !languages.includes(language));
    form.replaceChildren(
      ...(languages.length ? [] : [choice("first", t("currentLanguage"), COMMON)]),
      choice("language", t("newLanguage"), others, true),
      h("p", {}, h("button", { class: "primary" }, t("addLanguage"))),
    );
  }

  function add(event) {
    event.preventDefault();
    const values = new FormData(form);
    const language = String(values.get("language-tag") || values.get("language")).trim();
    const [first = String(values.get("first"))] = editing.languages;
    const field = form.querySelector("[name=language-tag]");
    const isKnown = language === first || editing.languages.includes(language);
    field.setAttribute("aria-invalid", String(!TAG.test(language) || isKnown));
    if (!TAG.test(language) || isKnown) return field.focus();
    editing.offerLanguage(language);
    editing.change(addLanguage(editing.document, language, first));
    return draw();
  }

  async function drop(language) {
    const question = t("removeLanguageSure", { language: languageName(language) });
    if (!(await confirmAction(question, { yes: t("remove"), no: t("cancel") }))) return;
    editing.withdrawLanguage(language);
    editing.change(removeLanguage(editing.document, language));
    draw();
  }
}

/** Returns a list of languages to choose from, with a field for the tag of another one. */
function choice(name, label, languages, hasOther = false) {
  const options = languages.map((language) => h("option", { value: language }, languageName(language)));
  const tag = { id: `${name}-tag`, name: `${name}-tag`, autocomplete: "off", spellcheck: "false" };
  return h(
    "div",
    { class: "field" },
    h("label", { for: name }, label),
    h("select", { id: name, name }, options),
    hasOther && [h("label", { for: tag.id, class: "quiet" }, t("languageTag")), h("input", tag)],
  );
}
