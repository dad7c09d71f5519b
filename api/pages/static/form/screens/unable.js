/** Options for a shopper who could not do the visit: report a closed store, or decline. */
import { call } from "../../shared/api.js";
import { confirmAction, h, t } from "../../shared/page.js";
import { discard } from "../queue.js";

/** Returns the elements. There are none if the visit was sent before or is withdrawn. */
export function unable({ draft, visit, checklist, redraw, ondeclined }) {
  const isClosed = draft.row.outcome === "store-closed";
  const canReport = checklist.channel === "in_person" && !isClosed;
  const canDecline = visit.status === "assigned" && !isClosed;
  if (!canReport && !canDecline) return [];
  const report = async () => {
    await draft.setRow({ outcome: "store-closed" });
    redraw();
    scrollTo(0, 0);
    document.getElementById("store-closed").focus();
  };
  return [
    h(
      "details",
      { class: "unable" },
      h("summary", {}, t("unable")),
      canReport &&
        h("p", {}, h("button", { type: "button", class: "plain", onclick: report }, t("storeWasClosed"))),
      canDecline && decliner({ draft, visit, ondeclined }),
    ),
  ];
}

function decliner({ draft, visit, ondeclined }) {
  const message = h("p", { class: "fault", role: "alert" });
  const reason = h("textarea", { id: "decline-reason", rows: 2, maxlength: 2000, dir: "auto" });
  const button = h("button", { type: "button", class: "plain", "data-testid": "decline" }, t("decline"));
  button.onclick = async () => {
    message.textContent = reason.value.trim() ? "" : t("declineReasonMissing");
    if (message.textContent) return reason.focus();
    if (!(await confirmAction(t("declineSure"), { yes: t("decline"), no: t("cancel") }))) return;
    button.disabled = true;
    try {
      await call("POST", `/visits/${visit.id}/decline`, { reason: reason.value.trim() });
      draft.suspend(true); // the removed draft must not be written again
      await discard(draft.row);
      ondeclined();
    } catch (problem) {
      button.disabled = false;
      message.textContent = problem.status ? problem.detail : t("declineNeedsSignal");
    }
  };
  return h(
    "div",
    {},
    h("p", {}, h("label", { for: "decline-reason" }, t("declineReason")), reason),
    message,
    h("p", {}, button),
  );
}
