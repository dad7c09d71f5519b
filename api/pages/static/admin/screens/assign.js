/** Assigning visits: where, who and when; shared out, checked, corrected by hand, and assigned at once. */
import { h, t } from "../../shared/page.js";
import { goTo } from "../../staff/frame.js";
import { count } from "../../staff/numbers.js";
import { callSignedIn } from "../../staff/session.js";
import { announce, offerUndo } from "../../staff/undo.js";
import { firstSteps } from "../first-steps.js";
import { choice, chosenPeople } from "../planning/choice.js";
import { isSelfCheck, lockoutsOf, planningPath, readPlanningData } from "../planning/data.js";
import { forgetDraft, keepDraft, newRows, periodOf, recallDraft } from "../planning/draft.js";
import { plan } from "../planning/plan.js";
import { shareOut } from "../planning/share-out.js";
import "../planning/words.js";

const VISITS = "/dashboard/admin/visits";

export default async function ({ me, read, readAll }) {
  const draft = recallDraft(me.id);
  const data = { ...(await readPlanningData(read, readAll, periodOf(draft))), currency: me.currency };
  const content = h("div", { class: "planning" });
  const changed = () => keepDraft(me.id, draft);

  function showChoice() {
    content.replaceChildren(choice({ draft, data, changed, proceed }).element);
  }

  function showPlan() {
    const shown = plan({ draft, data, changed, restore, back, done });
    content.replaceChildren(shown.element);
    shown.check();
  }

  /** Brings back visits that were removed from the plan, unless it was assigned or discarded since. */
  function restore(removed) {
    const stored = recallDraft(me.id);
    if (stored.rows) keepDraft(me.id, { ...stored, rows: [...removed, ...stored.rows] });
  }

  function back() {
    const { rows } = draft;
    draft.rows = null;
    changed();
    showChoice();
    document.querySelector("h1")?.focus();
    offerUndo(t("planDiscarded", { n: rows.length, count: count(rows.length) }), () => {
      draft.rows = rows;
      changed();
    });
  }

  /** Shares out the visits among the shoppers who are not locked out in these days. */
  async function proceed() {
    const isFreeForAll = isSelfCheck(data.checklists.find(({ key }) => key === draft.checklist));
    const { body } = await callSignedIn("GET", planningPath(draft));
    data.lockouts = lockoutsOf(body);
    const isFree = (place, shopper) => isFreeForAll || !data.lockouts.has(`${place} ${shopper}`);
    const places = data.places.filter(({ id }) => draft.locations.includes(id));
    const rows = places.flatMap(({ id }) => newRows(draft, id));
    const shares = shareOut(rows, chosenPeople(draft, data), isFree);
    draft.rows = rows.map((row) => ({ ...row, shopper_id: shares.get(row.id) }));
    draft.isComplete = false;
    changed();
    showPlan();
    scrollTo(0, 0);
    document.getElementById("plan").focus();
  }

  async function done({ batch_id: batch, items }) {
    const { rows } = draft;
    forgetDraft(me.id);
    await goTo(`${VISITS}?batch_id=${batch}`);
    offerUndo(t("assigned", { n: items.length, count: count(items.length) }), async () => {
      const { body } = await callSignedIn("POST", `/visit-batches/${batch}/cancel`);
      keepDraft(me.id, { ...draft, rows });
      if (body.kept) announce(t("keptVisits", { n: body.kept, count: count(body.kept) }));
    });
  }

  const missing = findMissing(data);
  if (missing.length) return { title: t("page-assign"), content: firstSteps(missing, t("beforeAssigning")) };
  return {
    title: t("page-assign"),
    content,
    ready: () => (draft.rows ? showPlan() : draft.isComplete ? proceed().catch(showChoice) : showChoice()),
  };
}

/** Returns the areas in which something must be added before visits can be assigned. */
const findMissing = ({ places, people, checklists }) =>
  [
    places.length === 0 && "places",
    people.every(({ role }) => role !== "shopper") && "people",
    checklists.length === 0 && "checklists",
  ].filter(Boolean);
