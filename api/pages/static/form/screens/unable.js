/** What a shopper does who could not make the visit: report a closed store, or decline. */
import { call } from "../../shared/api.js";
import { ask, h, t } from "../../shared/page.js";
import { discard } from "../queue.js";

/** Returns the part of the page for it; nothing where the visit was sent before or is withdrawn. */
export function unable({ draft, visit, checklist, redraw, ondeclined }) {
  const isClosed = draft.row.outcome === "store-closed";
  const mayReport = checklist.channel === "in_person" && !isClosed;
  const mayDecline = visit.status === "assigned" && !isClosed;
  if (!mayReport && !mayDecline) return [];
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
      mayReport &&
        h("p", {}, h("button", { type: "button", class: "plain", onclick: report }, t("storeWasClosed"))),
      mayDecline && decliner({ draft, visit, ondeclined }),
    ),
  ];
}

function decliner({ draft, visit, ondeclined }) {
  const fault = h("p", { class: "fault", role: "alert" });
  const reason = h("textarea", { id: "decline-reason", rows: 2, maxlength: 2000, dir: "auto" });
  const button = h("button", { type: "button", class: "plain", "data-testid": "decline" }, t("decline"));
  button.onclick = async () => {
    fault.textContent = reason.value.trim() ? "" : t("declineReasonMissing");
    if (fault.textContent) return reason.focus();
    if (!(await ask(t("declineSure"), { yes: t("decline"), no: t("cancel") }))) return;
    button.disabled = true;
    try {
      await call("POST", `/visits/${visit.id}/decline`, { reason: reason.value.trim() });
      draft.suspend(true); // what is removed must not be written again
      await discard(draft.row);
      ondeclined();
    } catch (problem) {
      button.disabled = false;
      fault.textContent = problem.status ? problem.detail : t("declineNeedsSignal");
    }
  };
  return h(
    "div",
    {},
    h("p", {}, h("label", { for: "decline-reason" }, t("declineReason")), reason),
    fault,
    h("p", {}, button),
  );
}
