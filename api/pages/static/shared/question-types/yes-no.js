/** Yes or no. */
import { t } from "../page.js";
import { buttons } from "./inputs.js";

const ANSWERS = ["yes", "no"];

export const role = () => "radiogroup";

export const answers = (question) => ANSWERS.map((key) => [key, show(question, key)]);

export const input = (question, field) => buttons(field, answers(question));

export const value = (question, [key]) => key;

export const findError = (question, key) => (ANSWERS.includes(key) ? null : "value");

export const points = (question, key) =>
  key === (question.good_answer ?? "yes") ? pointsPossible(question) : 0;

export const pointsPossible = ({ points: most }) => most ?? 0;

export const show = (question, key) => t(key === "yes" ? "answer-yes" : "answer-no");
