/** An answer in words, for the shopper to check. */
import { t } from "../shared/page.js";
import { showValue } from "../shared/question-types/index.js";
import { isAnswered } from "./rules.js";

/** Returns an answer in words; empty if there is none. */
export function answerWords(question, answer = {}) {
  const photos = answer.photos?.length ? t("photoCount", { n: answer.photos.length }) : "";
  return [valueWords(question, answer), photos, answer.comment].filter(Boolean).join(" · ");
}

function valueWords(question, answer) {
  if (answer.not_applicable) return t("notApplicable");
  return isAnswered(question, answer) ? showValue(question, answer.value) : "";
}
