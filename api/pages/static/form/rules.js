/** What is asked, what is missing, and when points are lost; pure, and the same as the server decides. */

/** The dates that an answer can be. */
export const FIRST_DATE = "1900-01-01";
export const LAST_DATE = "2100-12-31";

/** Returns all questions of a checklist, in order. */
export const questionsOf = (checklist) => checklist.sections.flatMap((section) => section.questions);

/** Says whether the server takes answers to a visit as it is: withdrawn ones as well, for a reviewer. */
export const takesAnswers = ({ status }) =>
  ["assigned", "returned", "cancelled", "declined"].includes(status);

/** Says whether a question itself was answered; a comment alone, or not applicable, is no answer. */
export function isAnswered(question, answer = {}) {
  if (answer.not_applicable) return false;
  if (question.type === "photo") return Boolean(answer.photos?.length);
  return (
    answer.value != null && answer.value !== "" && !(Array.isArray(answer.value) && !answer.value.length)
  );
}

/** Says whether a question is done with: answered, or not applicable. */
const isDone = (question, answer = {}) => Boolean(answer.not_applicable) || isAnswered(question, answer);

/** Returns the keys of the questions that are asked, given the answers. */
export function visible(questions, answers) {
  const shown = new Set();
  const byKey = new Map(questions.map((question) => [question.key, question]));
  // A question depends on an earlier one only, so one pass is enough.
  for (const question of questions) {
    const condition = question.only_if;
    if (!condition || (shown.has(condition.question) && chosen(byKey, answers, condition)))
      shown.add(question.key);
  }
  return shown;
}

function chosen(byKey, answers, { question, is }) {
  const answer = answers[question];
  if (!isAnswered(byKey.get(question), answer)) return false;
  return [answer.value].flat().some((value) => is.map(String).includes(String(value)));
}

/** Returns how many of the required questions are answered, how many there are, and how many are optional. */
export function progress(questions, answers) {
  const shown = visible(questions, answers);
  const asked = questions.filter(({ key }) => shown.has(key));
  const required = asked.filter((question) => question.required !== false);
  const done = required.filter((question) => isDone(question, answers[question.key])).length;
  return { done, all: required.length, n: asked.length - required.length };
}

/** Returns the ids of all photos that answers name. */
export const photosIn = (answers) => Object.values(answers).flatMap((answer) => answer.photos ?? []);

/** Says whether an answer brings fewer points than it could. */
function losesPoints(question, answer = {}) {
  if (!isAnswered(question, answer)) return false;
  const most = worths(question).reduce(
    question.multiple ? (sum, each) => sum + each : (a, b) => Math.max(a, b),
    0,
  );
  return most > 0 && pointsFor(question, answer.value) < most;
}

function worths(question) {
  if (question.type === "yes_no") return [question.points ?? 0];
  if (question.type === "scale") return question.scale_points ?? [];
  return (question.options ?? question.bands ?? []).map((each) => each.points ?? 0);
}

function pointsFor(question, value) {
  if (question.type === "yes_no")
    return value === (question.good_answer ?? "yes") ? (question.points ?? 0) : 0;
  if (question.type === "scale") return question.scale_points[value - question.minimum];
  if (question.type === "duration")
    return question.bands.find((band) => band.up_to == null || value <= band.up_to)?.points ?? 0;
  return question.options
    .filter((option) => [value].flat().includes(option.key))
    .reduce((sum, option) => sum + (option.points ?? 0), 0);
}

/** Says whether an answer needs a comment. */
export function needsComment(question, answer) {
  if (question.comment === "required") return isAnswered(question, answer);
  return question.comment === "when_points_lost" && losesPoints(question, answer);
}

/** Returns how many photos a question takes, at least and at most. */
export const photosOf = (question) => ({
  minimum: question.photos?.minimum ?? 0,
  maximum: question.photos?.maximum ?? 0,
});

/**
 * Returns what the shopper still has to do, each as {key, what}: value, photos, comment, number, seconds or
 * date.
 */
export function missing(questions, answers) {
  const shown = visible(questions, answers);
  return questions
    .filter((question) => shown.has(question.key))
    .flatMap((question) => {
      const what = faultOf(question, answers[question.key] ?? {});
      return what ? [{ key: question.key, what }] : [];
    });
}

function faultOf(question, answer) {
  const answered = isAnswered(question, answer);
  if (!isDone(question, answer) && question.required !== false)
    return question.type === "photo" ? "photos" : "value";
  if (answered && faultOfValue(question, answer.value)) return faultOfValue(question, answer.value);
  if (needsComment(question, answer) && !answer.comment?.trim()) return "comment";
  if (answered && (answer.photos?.length ?? 0) < photosOf(question).minimum) return "photos";
  return null;
}

function faultOfValue({ type }, value) {
  if (type === "number") return Number.isFinite(value) && Math.abs(value) <= 2 ** 53 ? null : "number";
  if (type === "duration")
    return Number.isInteger(value) && value >= 0 && value <= 31_536_000 ? null : "seconds";
  if (type === "date") return value >= FIRST_DATE && value <= LAST_DATE ? null : "date";
  return null;
}

/** Returns the answers as they are sent: those to questions that are asked, without what is empty. */
export function toSend(questions, answers) {
  const shown = visible(questions, answers);
  const sent = {};
  for (const question of questions.filter(({ key }) => shown.has(key))) {
    const { value, comment, not_applicable, photos } = answers[question.key] ?? {};
    const answer = {};
    if (not_applicable) answer.not_applicable = true;
    else if (question.type !== "photo" && isAnswered(question, { value })) answer.value = value;
    if (comment?.trim()) answer.comment = comment;
    if (photos?.length && !(not_applicable && question.type === "photo")) answer.photos = photos;
    if (Object.keys(answer).length) sent[question.key] = answer;
  }
  return sent;
}
