import { h, plain, show, t } from "../../shared/page.js";
import { missing } from "../rules.js";

/** The end of the checklist: what is missing, with links to it, a last word, and sending. */
export function review({ draft, checklist, visit, questions, sent }) {
  let tried = false;
  const summary = h("div", { class: "summary", tabindex: -1, role: "group", "aria-labelledby": "summary-title", hidden: true });
  const left = h("p", { class: "quiet" });
  const again = h("p", { class: "fault", role: "alert" });
  const button = h("button", { type: "button", class: "primary", "data-testid": "submit" }, t("send"));

  const redraw = () => {
    const faults = missing(questions, draft.whole());
    left.textContent = faults.length ? t("missing", { n: faults.length }) : t("allAnswered");
    if (!tried) return faults;
    mark(questions, faults);
    summary.replaceChildren(h("h3", { id: "summary-title" }, t("missing", { n: faults.length })),
      h("ul", {}, faults.map((fault) => h("li", {}, linkTo(questions, fault)))));
    show(summary, faults.length);
    show(left, !faults.length);
    return faults;
  };
  button.onclick = async () => {
    tried = true;
    if (redraw().length) return focus(summary);
    button.disabled = true;
    try {
      await draft.finish(checklist, plain(visit.location.name));
      sent();
    } catch {
      again.textContent = t("notStored");
      button.disabled = false;
    }
  };
  const comment = h("textarea", { id: "comment", name: "comment", rows: 3, maxlength: 10_000, dir: "auto", "aria-describedby": "q--fault",
    oninput: () => draft.setRow({ comment: comment.value || null }) }, draft.row.comment ?? "");
  const element = h("section", { id: "review" },
    h("h2", {}, t("review")), summary, left,
    h("p", {}, h("label", { for: "comment" }, t("lastWord")), comment), position(draft),
    h("p", { class: "fault", id: "q--fault", hidden: true }), again, h("p", {}, button));
  return { element, redraw };
}

function focus(summary) {
  summary.focus({ preventScroll: true });
  summary.scrollIntoView({ block: "start" });
}

/** Says beside each question what is missing there, and takes back what is not any more. */
function mark(questions, faults) {
  const whatOf = new Map(faults.map(({ key, what }) => [key, what]));
  for (const { key } of questions) {
    const what = whatOf.get(key);
    const fault = document.getElementById(`q-${key}-fault`);
    if (fault.dataset.unsaved) continue;
    const words = what ? t(`missing-${what}`) : "";
    if (fault.textContent !== words) fault.textContent = words;
    show(fault, what);
    const group = document.getElementById(`q-${key}`);
    group.classList.toggle("wrong", Boolean(what));
    for (const input of group.querySelectorAll("input:not([type=file]):not([type=radio]):not([type=checkbox]), textarea")) input.setAttribute("aria-invalid", Boolean(what));
  }
}

function linkTo(questions, { key, what }) {
  const text = plain(questions.find((each) => each.key === key).text);
  const go = (event) => {
    event.preventDefault();
    const group = document.getElementById(`q-${key}`);
    group.scrollIntoView({ block: "center" });
    const first = { comment: `#q-${key}-comment`, photos: ".camera" }[what] ?? "input:not([type=file]), textarea, button";
    const seen = [...group.querySelectorAll(first)].find((each) => each.offsetParent);
    (seen ?? group).focus({ preventScroll: true });
  };
  return h("a", { href: `#q-${key}`, onclick: go, dir: "auto" }, `${text} — ${t(`missing-${what}`)}`);
}

/** Lets the shopper say where he is; never asked for by itself. */
function position(draft) {
  const said = h("span", { role: "status", class: "quiet" }, draft.row.position ? t("positionKept") : "");
  const found = ({ coords }) => {
    draft.setRow({ position: { latitude: coords.latitude, longitude: coords.longitude, accuracy_m: Math.round(coords.accuracy) } });
    said.textContent = t("positionKept");
  };
  const ask = () => navigator.geolocation.getCurrentPosition(found, () => (said.textContent = t("noPosition")), { timeout: 20_000, maximumAge: 60_000 });
  return h("p", { class: "row" }, h("button", { type: "button", class: "plain", onclick: ask }, t("addPosition")), said);
}
