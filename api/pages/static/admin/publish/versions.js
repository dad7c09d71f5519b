/** The versions of a checklist: who published each of them and when, its visits, and what it changed. */
import { clock, h, t } from "../../shared/page.js";
import { count } from "../../staff/numbers.js";
import { explainFailure } from "../../staff/failures.js";
import { changeGroups } from "./changes.js";

/** Returns the list of versions, the latest first. What each changed is read when it is opened. */
export function versionList(key, versions, read) {
  return h(
    "ol",
    { class: "plain-list versions", reversed: true },
    versions.map((row) =>
      h("li", { "data-testid": "version", "data-version": row.version }, versionItem(key, row, read)),
    ),
  );
}

function versionItem(key, row, read) {
  const content = h("div", {});
  const details = h(
    "details",
    {
      ontoggle: () =>
        details.open && !content.childElementCount && showChanges(key, row.version, read, content),
    },
    h(
      "summary",
      {},
      h("strong", {}, t("version", { version: row.version })),
      " ",
      h(
        "span",
        { class: "quiet" },
        t(row.changed_by ? "publishedBy" : "publishedAt", {
          name: row.changed_by?.name,
          time: clock(row.changed_at),
        }),
        " · ",
        t("visitCount", { n: count(row.visits) }),
        row.visits_out > 0 && [" · ", t("inProgress", { n: count(row.visits_out) })],
      ),
    ),
    content,
  );
  return details;
}

async function showChanges(key, version, read, content) {
  if (version === 1) return content.replaceChildren(h("p", {}, t("firstVersion")));
  content.replaceChildren(h("p", { class: "quiet" }, t("loading")));
  try {
    const [{ items }, earlier, later] = await Promise.all([
      read(`/checklists/${key}/versions/${version}/changes`),
      read(`/checklists/${key}/versions/${version - 1}`),
      read(`/checklists/${key}/versions/${version}`),
    ]);
    content.replaceChildren(...changeGroups(items, earlier, later));
  } catch (problem) {
    content.replaceChildren(h("p", { class: "fault" }, explainFailure(problem)));
  }
  return undefined;
}
