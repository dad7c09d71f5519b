/** A visit that was sent from another phone, or that is closed: what became of it, and its messages. */
import { h, showScreen, t, textElement } from "../../shared/page.js";
import { showPayment } from "../expenses.js";
import { kindOf } from "../facts.js";
import { showMessages } from "../messages.js";
import { outcomeOf } from "../outcomes.js";
import { storedChecklist } from "../visits.js";

/** Shows the visit. */
export async function pastScreen(account, visit) {
  const messages = h("div", {});
  await showMessages(messages, account, visit.id);
  const payment = h("div", {});
  showPayment(payment, account, visit.id);
  const checklist = await storedChecklist(account, visit);
  showScreen(
    `${visit.location.name} – ${t("product")}`,
    h("header", { class: "bar" }, h("a", { href: "/", class: "back" }, t("back"))),
    textElement("h1", {}, visit.location.name),
    checklist && h("p", {}, kindOf(checklist)),
    messages,
    h("p", { class: "became" }, outcomeOf(visit)),
    payment,
  );
}
