/** The questions of checklists, and the link to the checklist with the most visits. */
import { h, localize, t } from "../shared/page.js";
import { address } from "../staff/address.js";
import { fetchMostVisited } from "./opening-filters.js";

/** Reads the latest versions of checklists. */
export const readVersions = (checklists, keys, read) =>
  Promise.all(
    checklists
      .filter(({ key }) => keys.includes(key))
      .map(({ key, version }) => read(`/checklists/${key}/versions/${version}`)),
  );

/** Returns the questions of versions, by "checklist/question". */
export const questionsIn = (versions) =>
  new Map(
    versions.flatMap(({ key, sections }) =>
      sections.flatMap(({ questions }) => questions.map((question) => [`${key}/${question.key}`, question])),
    ),
  );

/** Returns the questions of the latest versions of checklists, by "checklist/question". */
export const questionsOf = async (checklists, keys, read) =>
  questionsIn(await readVersions(checklists, keys, read));

/**
 * Returns the place of a link to the same page with only one checklist: the one with the most visits among
 * those that `query` selects. `fill` fetches the checklist and adds the link.
 */
export function mostVisitedLink(filters, query, read) {
  const element = h("p", { class: "only" });
  const fill = async () => {
    const row = await fetchMostVisited(query, read);
    if (!row) return;
    const { key, title } = row.checklist;
    const href = address(location.pathname, { ...filters, checklist: key });
    element.append(h("a", { href }, t("onlyChecklist", { title: localize(title), n: row.visits })));
  };
  // If that fails, the reader can still choose a checklist in the filters above.
  return { element, fill: () => fill().catch(() => {}) };
}
