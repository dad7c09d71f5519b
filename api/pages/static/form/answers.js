/** An answer in words, as the shopper gave it. */
import { minutes, plain, t } from "../shared/page.js";
import { isAnswered } from "./rules.js";

/** Returns an answer in words; empty where there is none. */
export function answerWords(question, answer = {}) {
  const photos = answer.photos?.length ? t("photoCount", { n: answer.photos.length }) : "";
  const value = answer.not_applicable
    ? t("notApplicable")
    : isAnswered(question, answer)
      ? valueWords(question, answer.value)
      : "";
  return [value, photos, answer.comment].filter(Boolean).join(" · ");
}

function valueWords({ type, options, unit }, value) {
  if (type === "photo") return "";
  if (type === "yes_no") return t(value);
  if (type === "duration") return minutes(value);
  if (type === "number" && unit) return `${value} ${plain(unit)}`;
  if (type !== "choice") return `${value}`;
  const labelOf = (key) => plain(options.find((option) => option.key === key)?.label ?? key);
  return [value].flat().map(labelOf).join(", ");
}
