/** The latest comments and photos of a place, which prove what its scores say. */
import { dayName, h, localize } from "../shared/page.js";
import { onward } from "./filters.js";
import { enlargeable } from "./photo.js";

/** Returns comments of the API with a link to their visits, and with their questions unless these are known. */
export const commentList = (comments, { hasQuestions = true } = {}) =>
  h(
    "ul",
    { class: "comments" },
    comments.map(({ visit_id: visit, day, question, comment, value }) =>
      h(
        "li",
        {},
        hasQuestions && question && h("p", { class: "quiet", dir: "auto" }, localize(question.text)),
        h("blockquote", { dir: "auto" }, comment ?? value),
        h("a", { href: toAnswer(visit, question) }, dayName(day)),
      ),
    ),
  );

/** Returns photos of the API as thumbnails that open, each with a link to its visit. */
export const photoList = (photos) =>
  h(
    "ul",
    { class: "photos" },
    photos.map(({ id, visit_id: visit, day, question }) => {
      const label = [question && localize(question.text), dayName(day)].filter(Boolean).join(", ");
      return h(
        "li",
        {},
        enlargeable(visit, id, label),
        h("a", { class: "day", href: toAnswer(visit, question) }, dayName(day)),
      );
    }),
  );

/** Returns the address of a visit, at its answer to a question. */
const toAnswer = (visit, question) =>
  onward(`/dashboard/visits/${visit}`) + (question ? `#answer-${question.key}` : "");
