import { h, plain, t } from "../../shared/page.js";
import { answersOf } from "../answers.js";
import { dayName, explained, percent } from "../figures.js";

const REVIEWERS = ["reviewer", "admin"];

/** A visit: its answers with their points, comments and photos, and the version of the checklist that it was made by. */
export default async function ({ id, me, read, refresh }) {
  const [visit, submission] = await Promise.all([read(`/visits/${id}?include=checklist`), read(`/visits/${id}/submission`)]);
  const { location, checklist } = visit;
  if (!submission.score) return own(visit);
  const review = REVIEWERS.includes(me.role) && (await (await import("../decide.js")).reviewOf(visit, submission, { read, refresh }));
  return {
    title: t("visitTo", { location: location.name, day: dayName(visit.day) }),
    content: [
      h("p", { class: "row quiet" },
        h("a", { href: `/dashboard/locations/${location.id}`, dir: "auto" }, location.name),
        visit.part_of_day && h("span", {}, t(`part-${visit.part_of_day}`)),
        h("span", { dir: "auto" }, t("byVersion", { title: plain(checklist.title), version: checklist.version }))),
      h("p", { class: "big" }, explained(percent(submission.score.score), "visit", submission.score)),
      review,
      submission.comment && h("section", { class: "card" }, h("h2", {}, t("lastWord")), h("blockquote", { dir: "auto" }, submission.comment)),
      answersOf(visit, submission)],
  };
}

/** A visit of one's own is the form's: nobody judges what he sent himself. */
function own({ id, location }) {
  return { title: location.name, content: [h("p", { class: "notice" }, t("ownVisit"), " ", h("a", { href: `/visits/${id}` }, t("toOwnVisit")))] };
}
