/**
 * The rules for answers: which questions are asked, which errors have to be corrected, and what is sent.
 * `api/domain/answers.py` has the same rules.
 */
import { typeOf } from "../shared/question-types/index.js";
import { isBlank, isTooLong } from "../shared/question-types/text.js";

/** Returns all questions of a checklist, in order. */
export const questionsOf = (checklist) => checklist.sections.flatMap((section) => section.questions);

/** Returns whether the server accepts answers to a visit; those to a withdrawn visit go to a reviewer. */
export const acceptsAnswers = ({ status }) =>
  ["assigned", "returned", "cancelled", "declined"].includes(status);

/** Returns whether a question is answered. A comment alone, or "does not apply", is not an answer. */
export function isAnswered(question, answer = {}) {
  if (answer.not_applicable) return false;
  const type = typeOf(question);
  return type.isAnsweredByPhotos ? Boolean(answer.photos?.length) : !type.isEmpty(question, answer.value);
}

/** Returns whether a question needs no answer any more: it is answered, or it does not apply. */
const isDone = (question, answer = {}) => Boolean(answer.not_applicable) || isAnswered(question, answer);

/** Returns the keys of the questions that are asked. */
export function visible(questions, answers) {
  const keys = new Set();
  const byKey = new Map(questions.map((question) => [question.key, question]));
  // A question depends on earlier ones only, so one pass is enough.
  for (const question of questions) {
    const condition = question.only_if;
    if (!condition || (keys.has(condition.question) && isMet(condition, byKey, answers)))
      keys.add(question.key);
  }
  return keys;
}

function isMet(condition, byKey, answers) {
  const question = byKey.get(condition.question);
  const answer = answers[condition.question];
  if (!isAnswered(question, answer)) return false;
  return typeOf(question)
    .choices(question, answer.value)
    .some((choice) => condition.is.includes(String(choice)));
}

/** Returns how many required questions are answered, how many there are, and how many are optional. */
export function progress(questions, answers) {
  const keys = visible(questions, answers);
  const asked = questions.filter(({ key }) => keys.has(key));
  const required = asked.filter((question) => question.required !== false);
  const done = required.filter((question) => isDone(question, answers[question.key])).length;
  return { done, all: required.length, n: asked.length - required.length };
}

/** Returns the IDs of all photos in answers. */
export const photosIn = (answers) => Object.values(answers).flatMap((answer) => answer.photos ?? []);

/** Returns the points of an answer as {earned, possible}. Both are 0 if the question is unanswered. */
export function pointsOf(question, answer = {}) {
  const type = typeOf(question);
  const isValid = isAnswered(question, answer) && !type.findError(question, answer.value);
  const possible = isValid ? type.pointsPossible(question) : 0;
  return { earned: possible ? type.points(question, answer.value) : 0, possible };
}

/** Returns whether an answer needs a comment. */
export function needsComment(question, answer) {
  if (question.comment === "required") return isAnswered(question, answer);
  const { earned, possible } = pointsOf(question, answer);
  return question.comment === "when_points_lost" && earned < possible;
}

/** Returns how many photos a question takes: `{minimum, maximum}`. */
export const photoRange = (question) => ({
  minimum: question.photos?.minimum ?? 0,
  maximum: question.photos?.maximum ?? 0,
});

/**
 * Returns the errors that the shopper has to correct as {key, error}: the first one of each question. An
 * error is the ending of the words `error-…` that explain it.
 */
export function findErrors(questions, answers) {
  const keys = visible(questions, answers);
  return questions
    .filter(({ key }) => keys.has(key))
    .map((question) => ({ key: question.key, error: findError(question, answers[question.key] ?? {}) }))
    .filter(({ error }) => error);
}

function findError(question, answer) {
  const type = typeOf(question);
  if (!isDone(question, answer) && question.required !== false)
    return type.isAnsweredByPhotos ? "photos" : "value";
  const answered = isAnswered(question, answer);
  const error = answered && !type.isAnsweredByPhotos && type.findError(question, answer.value);
  if (error) return error;
  const isCommented = !isBlank(answer.comment);
  if (!isCommented && needsComment(question, answer)) return "comment";
  if (isCommented && isTooLong(answer.comment)) return "comment-length";
  if (answered && (answer.photos?.length ?? 0) < photoRange(question).minimum) return "photos";
  return null;
}

/** Returns the answers as they are sent: only to questions that are asked, and without empty parts. */
export function answersToSend(questions, answers) {
  const keys = visible(questions, answers);
  const body = {};
  for (const question of questions.filter(({ key }) => keys.has(key))) {
    const { value, comment, not_applicable, photos } = answers[question.key] ?? {};
    const { isAnsweredByPhotos } = typeOf(question);
    const answer = {};
    if (not_applicable) answer.not_applicable = true;
    else if (!isAnsweredByPhotos && isAnswered(question, { value })) answer.value = value;
    if (!isBlank(comment)) answer.comment = comment;
    if (photos?.length && !(not_applicable && isAnsweredByPhotos)) answer.photos = photos;
    if (Object.keys(answer).length) body[question.key] = answer;
  }
  return body;
}
