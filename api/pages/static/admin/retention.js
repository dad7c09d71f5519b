/** For the settings: what to ask before a shorter time of keeping is saved, because it deletes. */
import { confirmAction, t } from "../shared/page.js";

/** The fields by the words of what the server deletes then. */
const DELETES = { keep_photos_months: "deletesPhotos", keep_personal_data_months: "deletesPersonalData" };

/** Asks about the fields whose new value is shorter. Resolves to whether to save. */
export async function confirmShorterRetention(values, before) {
  const shorter = Object.keys(DELETES).filter((name) => isShorter(values[name], before[name]));
  if (!shorter.length) return true;
  const sentences = shorter.map((name) => t(DELETES[name], { n: values[name] }));
  const question = [...sentences, t("deletesForGood")].join(" ");
  return confirmAction(question, { yes: t("saveAndDelete"), no: t("cancel") });
}

/** Returns whether a number of months is shorter than another. Null is permanent. */
const isShorter = (months, before) => Number.isInteger(months) && (before == null || months < before);
