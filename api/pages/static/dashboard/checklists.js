/** What the questions of checklists say of answers: the words that stand for them. */
import { h, plain, t } from "../shared/page.js";
import { address } from "./address.js";

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
