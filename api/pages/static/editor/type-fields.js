/** The fields that only some question types have, as in `api/domain/question_types/`. */

/** By question type: the names of its own fields. */
export const OWN_FIELDS = {
  yes_no: ["good_answer", "points"],
  scale: ["minimum", "maximum", "scale_points"],
  choice: ["multiple", "options"],
  duration: ["bands"],
  number: ["unit"],
  text: [],
  time: [],
  date: [],
  photo: [],
};

/** What a new question of a type has, in addition to its text. */
const START = {
  scale: { minimum: 1, maximum: 5 },
  choice: { options: [] },
  photo: { photos: { minimum: 0, maximum: 1 } },
};

/** Returns the fields of a new question of a type. */
export const newQuestion = (type) => ({ text: null, type, ...START[type] });

/** Returns the fields to change so that a question has another type: others' fields are removed. */
export function changeType(question, type) {
  const own = OWN_FIELDS[type];
  const foreign = Object.values(OWN_FIELDS)
    .flat()
    .filter((name) => !own.includes(name) && name in question);
  const missing = Object.entries(START[type] ?? {}).filter(([name]) => question[name] == null);
  return {
    type,
    ...Object.fromEntries(foreign.map((name) => [name, undefined])),
    ...Object.fromEntries(missing),
  };
}

/** Returns points for each step of a scale with new ends: those of a step stay with it. */
export function resizeScale({ minimum, scale_points: points }, low, high) {
  const isScale = Number.isInteger(low) && Number.isInteger(high) && high > low && high - low <= 100;
  if (!points?.length || !isScale) return points;
  return Array.from({ length: high - low + 1 }, (_, index) => points[low + index - (minimum ?? low)] ?? 0);
}
