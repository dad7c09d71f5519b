/** The section of the user's account with the mails that they want. */
import { h, t } from "../shared/page.js";
import { explainFailure } from "../staff/failures.js";
import { ANY_STATE, callSignedIn } from "../staff/session.js";
import { offerUndo } from "../staff/undo.js";

const NOTICES = "/me/notices";

/** Returns the section. `status` is the response of `GET /me/notices`. */
export function notices({ sends_mail: sendsMail, notices: kinds }) {
  const problemLine = h("p", { class: "fault", role: "alert" });
  return h(
    "section",
    { class: "card", "aria-labelledby": "notices" },
    h("h2", { id: "notices" }, t("notices")),
    h("p", { class: "quiet" }, t(sendsMail ? "noticesWhy" : "noticesNoServer")),
    problemLine,
    h(
      "ul",
      { class: "plain-list" },
      Object.entries(kinds).map(([kind, isOn]) => h("li", {}, noticeSwitch(kind, isOn, problemLine))),
    ),
  );
}

function noticeSwitch(kind, isOn, problemLine) {
  const input = h("input", {
    type: "checkbox",
    name: kind,
    checked: isOn,
    "aria-describedby": `notice-${kind}`,
    onchange,
  });
  const label = h("label", { class: "option" }, input, h("span", {}, t(`notice-${kind}`)));
  return [label, h("p", { class: "quiet", id: `notice-${kind}` }, t(`noticeWhy-${kind}`))];

  async function onchange() {
    const next = input.checked;
    problemLine.textContent = "";
    try {
      await change(next);
    } catch (problem) {
      input.checked = !next;
      problemLine.textContent = explainFailure(problem);
      return;
    }
    offerUndo(t(next ? "noticeOn" : "noticeOff", { name: t(`notice-${kind}`) }), () => change(!next), {
      redraws: false,
    });
  }

  async function change(next) {
    // One switch is changed at a time, whatever the others are.
    await callSignedIn("PATCH", NOTICES, { notices: { [kind]: next } }, ANY_STATE);
    input.checked = next;
  }
}
