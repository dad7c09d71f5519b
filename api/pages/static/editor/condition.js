/** The condition of a question: it is asked only after certain answers to an earlier question. */
import { h, localize, show, t } from "../shared/page.js";
import { typeOf } from "../shared/question-types/index.js";
import { faultsOf, labelled } from "./controls.js";
import { anyText } from "../staff/checklist-keys.js";
import { listQuestions } from "./document.js";

/** Returns the answers that a question can depend on, as texts with their labels. A draft may lack parts. */
const answersOf = (question) => typeOf(question).answers({ ...question, options: question.options ?? [] });

/** Returns the control of the condition. */
export function condition(editing) {
  const select = h("select", {
    onchange: () =>
      editing.setFields({ only_if: select.value ? { question: select.value, is: [] } : undefined }),
  });
  const answers = h("div", { class: "answers" });
  const faults = faultsOf("/only_if/is");
  const box = h("fieldset", { hidden: true }, h("legend", {}, t("field-only_if-is")), answers, faults);
  const field = labelled(select, { label: t("field-only_if"), pointer: "/only_if/question" });
  let drawnQuestions = null;
  let drawnParent = null;
  return {
    element: h("div", {}, field, box),
    draw(question) {
      const parentKey = question.only_if?.question ?? "";
      const all = listQuestions(editing.document).map((place) => place.question);
      const possible = all
        .slice(
          0,
          all.findIndex(({ key }) => key === question.key),
        )
        .filter((other) => answersOf(other).length || other.key === parentKey);
      const parent = all.find(({ key }) => key === parentKey);
      // A condition that is not possible stays selected: its error is beside it.
      const listed = parent && !possible.includes(parent) ? [...possible, parent] : possible;
      const words = JSON.stringify(listed.map(({ key, text }) => [key, text]));
      if (words !== drawnQuestions) {
        drawnQuestions = words;
        select.replaceChildren(
          h("option", { value: "" }, t("alwaysAsked")),
          ...listed.map(({ key, text }) =>
            h("option", { value: key }, localize(text) || anyText(text) || key),
          ),
          ...(parentKey && !parent ? [h("option", { value: parentKey }, parentKey)] : []),
        );
      }
      select.value = parentKey;
      show(box, parentKey);
      drawAnswers(question.only_if, parent);
    },
  };

  function drawAnswers(rule, parent) {
    const chosen = rule?.is ?? [];
    const possible = parent ? answersOf(parent) : [];
    const unknown = chosen
      .filter((key) => !possible.some(([other]) => other === key))
      .map((key) => [key, key]);
    const words = JSON.stringify([parent?.key, possible, unknown]);
    if (words !== drawnParent) {
      drawnParent = words;
      answers.replaceChildren(...[...possible, ...unknown].map(([key, label]) => answerBox(key, label)));
    }
    for (const input of answers.querySelectorAll("input")) input.checked = chosen.includes(input.value);
  }

  function answerBox(key, label) {
    const onchange = () => {
      const is = [...answers.querySelectorAll("input")]
        .filter(({ checked }) => checked)
        .map(({ value }) => value);
      editing.setFields({ only_if: { ...editing.row.only_if, is } });
    };
    return h(
      "label",
      { class: "option" },
      h("input", { type: "checkbox", value: key, onchange }),
      h("span", { dir: "auto" }, localize(label) || key),
    );
  }
}
