/** What can be taken back runs at once, and a message offers Undo for ten minutes. */
import { h, t } from "../shared/page.js";
import { explainFailure } from "./failures.js";

const OFFER_TIME = 600_000;
const RESULT_TIME = 6000;

/** The offers, the latest last. Only the latest one is visible. */
const offers = [];

/**
 * Shows what was done, with a button that takes it back. `undo` may return a promise. The screen is drawn again
 * once it is done, if `redraws`. Returns a function that withdraws the offer.
 */
export function offerUndo(text, undo, { redraws = true } = {}) {
  const offer = { text, undo, redraws };
  offers.push(offer);
  setTimeout(() => withdraw(offer), OFFER_TIME);
  showLatest();
  return () => withdraw(offer);
}

/** Takes back the latest action that can be. Returns whether there is one. */
export function undoLatest() {
  const offer = offers.at(-1);
  if (offer) run(offer);
  return Boolean(offer);
}

/** Shows a short message that goes away without action, such as "Saved". */
export function announce(text) {
  const message = h("p", { class: "toast" }, text);
  region().append(message);
  setTimeout(() => message.remove(), RESULT_TIME);
}

async function run(offer) {
  withdraw(offer);
  try {
    await offer.undo();
    announce(t("undone"));
    if (offer.redraws) dispatchEvent(new PopStateEvent("popstate"));
  } catch (problem) {
    announce(t("undoFailed", { reason: explainFailure(problem) }));
  }
}

function withdraw(offer) {
  const index = offers.indexOf(offer);
  if (index >= 0) offers.splice(index, 1);
  showLatest();
}

function showLatest() {
  const offer = offers.at(-1);
  region().querySelector("[data-testid=toast-undo]")?.remove();
  if (!offer) return;
  region().append(
    h(
      "p",
      { class: "toast", "data-testid": "toast-undo" },
      h("span", {}, offer.text),
      h("button", { type: "button", class: "plain", onclick: () => run(offer) }, t("undo")),
      h(
        "button",
        { type: "button", class: "plain", "aria-label": t("dismiss"), onclick: () => withdraw(offer) },
        "×",
      ),
    ),
  );
}

/** Returns the part of the page with the messages. Screen readers announce what is added to it. */
function region() {
  let element = document.getElementById("toasts");
  if (!element) {
    element = h("div", { id: "toasts", role: "status", "aria-label": t("messages") });
    document.body.append(element);
  }
  return element;
}
