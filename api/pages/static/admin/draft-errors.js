/** The errors of a draft, which the API reports in English, in the language of the page. */
import { h, hasWords, t } from "../shared/page.js";

/** Returns an element with an error. One without words here is shown as the API reports it. */
export function draftError(detail) {
  const [sentence, list] = detail.replace(/^The question \S+ has/, "The question has").split(": ");
  const key = `draft-${sentence
    .toLowerCase()
    .match(/[a-z]+/g)
    .join("-")}`;
  if (!hasWords(key)) return h("span", { lang: "en" }, detail);
  return h("span", {}, t(key, { ...sentence.match(/\d+/g), list }));
}
