/** A step on a scale: an integer in a range, with points for each step. */
import { t } from "../page.js";
import { buttons } from "./inputs.js";

/** Returns the steps as texts, with themselves as labels. */
export const answers = ({ minimum, maximum }) =>
  Array.from({ length: maximum - minimum + 1 }, (_, index) => [`${minimum + index}`, `${minimum + index}`]);

export const role = () => "radiogroup";

export const input = (question, field) => buttons(field, answers(question));

export const value = (question, [step]) => Number(step);

export const findError = ({ minimum, maximum }, step) =>
  Number.isInteger(step) && step >= minimum && step <= maximum ? null : "value";

export const points = ({ scale_points: points, minimum }, step) => points?.[step - minimum] ?? 0;

export const pointsPossible = ({ scale_points: points }) => Math.max(0, ...(points ?? []));

export const show = ({ maximum }, step) => t("scaleOf", { value: step, maximum });
