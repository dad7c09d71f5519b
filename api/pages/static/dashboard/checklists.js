/** What the questions of checklists say of answers: the words that stand for them. */
import { h, minutes, plain, t } from "../shared/page.js";
import { address } from "./address.js";
import { count, dayName } from "./figures.js";

/**
 * Returns the questions of the checklists with these keys, by "checklist/question", as the latest versions
 * word them.
 */
export async function questionsOf(checklists, keys, read) {
  const wanted = checklists.filter(({ key }) => keys.includes(key));
  const documents = await Promise.all(
    wanted.map(({ key, version }) => read(`/checklists/${key}/versions/${version}`)),
  );
  return new Map(
    documents.flatMap(({ key, sections }) =>
      sections.flatMap(({ questions }) => questions.map((question) => [`${key}/${question.key}`, question])),
    ),
  );
}

/**
 * Returns a place for the link to the same page with one checklist, that of most visits of those `asked` for;
 * `fill` fetches which it is.
 */
export function onlyMost(filters, asked, read) {
  const element = h("p", { class: "only" });
  const fill = async () => {
    const {
      items: [most],
    } = await read(
      address("/scores", {
        by: "checklist",
        fields: "checklist,visits",
        sort: "-visits",
        limit: "1",
        ...asked,
      }),
    );
    const { key, title } = most.checklist;
    element.append(
      h(
        "a",
        { href: address(location.pathname, { ...filters, checklist: key }) },
        t("onlyMost", { title: plain(title), n: most.visits }),
      ),
    );
  };
  // Without it, the list of checklists above is still there to choose from.
  return { element, fill: () => fill().catch(() => {}) };
}

/** Returns the label of an option, empty where the question has no such. */
export const labelOf = (question, key) =>
  plain(question?.options?.find((option) => option.key === key)?.label);

/** Returns the value of an answer in words; a time of day may have become a part of it. */
export function valueOf(question, value) {
  if (value == null) return "";
  if (question.type === "yes_no") return t(`answer-${value}`);
  if (question.type === "scale") return t("scaleOf", { value, maximum: question.maximum });
  if (question.type === "duration") return t("minutes", { time: minutes(value) });
  if (question.type === "number") return [count(value), plain(question.unit)].filter(Boolean).join(" ");
  if (question.type === "date") return dayName(value);
  if (question.type === "choice")
    return [value]
      .flat()
      .map((key) => labelOf(question, key) || key)
      .join(", ");
  return question.type === "time" && /^[a-z]/.test(value) ? t(`part-${value}`) : value;
}
