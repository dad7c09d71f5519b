/** What an administrator does with a person, apart from editing them. */
import { confirmAction, h, t } from "../shared/page.js";
import { apiReader } from "../staff/api-reader.js";
import { explainFailure } from "../staff/failures.js";
import { goTo } from "../staff/frame.js";
import { callSignedIn } from "../staff/session.js";
import { announce, offerUndo } from "../staff/undo.js";
import { edit, linkButton } from "./people.js";

/** Problems with words of their own. */
const WORDS = { "last-admin": "lastAdmin" };

/** Returns the buttons for a person, with a place for what they report. */
export function personActions(person, me, refresh) {
  const place = h("div", {});
  const problemLine = h("p", { class: "fault", role: "alert" });
  const action = (name, words, run) => {
    const attempt = async () => {
      problemLine.textContent = "";
      button.disabled = true;
      try {
        await run();
      } catch (problem) {
        const { [problem.code]: own } = WORDS;
        problemLine.textContent = own ? t(own) : explainFailure(problem);
      } finally {
        button.disabled = false;
      }
    };
    const kind = name === "delete" ? "plain danger" : "plain";
    const button = h("button", { type: "button", class: kind, "data-action": name, onclick: attempt }, words);
    return button;
  };
  return [
    place,
    problemLine,
    h(
      "p",
      { class: "row" },
      !person.disabled && linkButton(person, place),
      action("disable", t(person.disabled ? "enable" : "disable"), () => toggle(person, refresh)),
      person.second_factor &&
        person.id !== me.id &&
        action("reset", t("resetFactor"), () => resetFactor(person, refresh)),
      action("delete", t("deletePerson"), () => remove(person, me)),
    ),
  ];
}

async function toggle({ id, name, disabled }, refresh) {
  const set = (value) => edit(id, () => ({ disabled: value }));
  await set(!disabled);
  offerUndo(t(disabled ? "enabledPerson" : "disabledPerson", { name }), () => set(disabled));
  refresh();
}

async function resetFactor({ id, name }, refresh) {
  if (!(await confirmAction(t("resetFactorSure", { name }), { yes: t("resetFactor"), no: t("cancel") })))
    return;
  await callSignedIn("DELETE", `/users/${id}/totp`);
  announce(t("factorReset", { name }));
  refresh();
}

async function remove({ id, name }, me) {
  const path = `/users/${id}`;
  const [{ headers }, open] = await Promise.all([
    callSignedIn("GET", path),
    apiReader().readAll(`/visits?shopper_id=${id}&status=assigned&limit=500`),
  ]);
  if (!(await confirmDeletion(name, open.length, id === me.id))) return;
  await callSignedIn("DELETE", path, undefined, { "If-Match": headers.get("ETag") });
  announce(t("personDeleted", { name }));
  await goTo("/dashboard/admin/people");
}

/** Says what a deletion removes and what stays, and resolves to whether to go on. */
function confirmDeletion(name, openVisits, isOneself) {
  return new Promise((resolve) => {
    const list = (keys) =>
      h(
        "ul",
        {},
        keys.map((key) => h("li", {}, t(key, { n: openVisits }))),
      );
    const dialog = h(
      "dialog",
      {
        "aria-labelledby": "deletion",
        onclose: () => (dialog.remove(), resolve(dialog.returnValue === "delete")),
      },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "deletion", dir: "auto" }, t("deleteNamed", { name })),
        h("p", {}, t("deleteFinal")),
        isOneself && h("p", { class: "notice" }, t("deleteOneself")),
        h("h3", {}, t("deleteRemoves")),
        list(["removedIdentity", "removedTraces", "removedExports", ...(openVisits ? ["removedOpen"] : [])]),
        h("h3", {}, t("deleteKeeps")),
        list(["staysVisits", "staysAudit"]),
        h(
          "p",
          { class: "row" },
          h("button", { class: "plain", value: "", autofocus: true }, t("cancel")),
          h("button", { class: "plain danger", value: "delete" }, t("deletePerson")),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
