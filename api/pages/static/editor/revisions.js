/** What the draft was in the last 90 days, and how to restore it. */
import { confirmAction, h, moment, t } from "../shared/page.js";
import { explainFailure } from "../staff/failures.js";
import { callSignedIn } from "../staff/session.js";
import { button } from "./controls.js";
import { openDialog } from "./dialog.js";

/** Opens the dialog with the revisions of the draft. */
export async function revisionsDialog(editing, key) {
  const path = `/checklists/${key}/draft/revisions`;
  const list = h("ol", { class: "plain-list revisions" });
  const status = h("p", { role: "status" }, t("loading"));
  const dialog = openDialog(t("revisions"), [h("p", { class: "quiet" }, t("revisionsHint")), status, list]);
  try {
    await editing.store.save();
    const { body } = await callSignedIn("GET", `${path}?limit=200`);
    status.textContent = "";
    list.replaceChildren(...body.items.map(revisionRow));
  } catch (problem) {
    status.textContent = explainFailure(problem);
  }

  function revisionRow(revision, index) {
    const who = revision.changed_by?.name ?? t("noPerson");
    return h(
      "li",
      { class: "row", "data-revision": revision.id },
      h("time", { datetime: revision.changed_at }, moment(revision.changed_at)),
      h("span", { class: "quiet", dir: "auto" }, who),
      index === 0
        ? h("span", { class: "quiet" }, t("currentRevision"))
        : button(t("restore"), () => restore(revision)),
    );
  }

  async function restore({ id, changed_at }) {
    const question = t("restoreSure", { when: moment(changed_at) });
    if (!(await confirmAction(question, { yes: t("restore"), no: t("cancel") }))) return;
    try {
      await callSignedIn("POST", `${path}/${id}/restore`);
      await editing.restored();
      dialog.close();
    } catch (problem) {
      status.textContent = explainFailure(problem);
    }
  }
}
