/**
 * Pure operations on the draft of a checklist.
 *
 * A document is never changed. An operation returns a new document that shares every unchanged part with the
 * old one, so comparing parts by identity shows what has changed. In a document from `repair`, all sections,
 * all questions, and the options of a question have unique keys, by which the operations find them.
 */
import { makeKey } from "../staff/checklist-keys.js";

/**
 * What is edited: the checklist itself, or one of its sections or questions.
 * @typedef {{ kind: "checklist" | "section" | "question", key?: string }} Target
 */

// Reading.

/** Returns the document with lists instead of nulls, and with a unique key for each row. */
export function repair(document) {
  const sectionKeys = [];
  const questionKeys = [];
  const sections = rows(document.sections).map((section) => ({
    ...withKey(section, sectionKeys, section.title, "section"),
    questions: rows(section.questions).map((question) => {
      const repaired = withKey(question, questionKeys, question.text, "question");
      if (!repaired.options) return repaired;
      const optionKeys = [];
      const options = rows(repaired.options).map((option) =>
        withKey(option, optionKeys, option.label, "option"),
      );
      return { ...repaired, options };
    }),
  }));
  return { ...document, sections };
}

const rows = (list) => (list ?? []).filter((row) => row && typeof row === "object");

function withKey(row, taken, text, fallback) {
  const key = row.key && !taken.includes(row.key) ? row.key : makeKey(row.key || text, taken, fallback);
  taken.push(key);
  return { ...row, key };
}

/** Returns all questions in order, each with its section and both positions. */
export const listQuestions = (document) =>
  document.sections.flatMap((section, s) =>
    section.questions.map((question, q) => ({ question, section, s, q })),
  );

/** Returns a question with its section and positions, or undefined. */
export const findQuestion = (document, key) =>
  listQuestions(document).find(({ question }) => question.key === key);

export const questionKeys = (document) => listQuestions(document).map(({ question }) => question.key);

const sectionKeys = (document) => document.sections.map(({ key }) => key);

/**
 * Returns what a target names, or undefined if the document no longer has it.
 * @param {any} document
 * @param {Target} target
 */
export function findTarget(document, { kind, key }) {
  if (kind === "question") return findQuestion(document, key)?.question;
  return kind === "section" ? document.sections.find((section) => section.key === key) : document;
}

/**
 * Returns the JSON pointer to a target.
 * @param {any} document
 * @param {Target} target
 */
export function pointerTo(document, { kind, key }) {
  if (kind === "checklist") return "";
  if (kind === "section") return `/sections/${sectionKeys(document).indexOf(key)}`;
  const { s, q } = findQuestion(document, key);
  return `/sections/${s}/questions/${q}`;
}

/**
 * Returns errors with JSON pointers as errors of targets, so that they stay with a question that moves:
 * `[{ target, rest, detail }]`, where `rest` is the pointer within the target.
 */
export function locateErrors(document, errors) {
  return errors.map(({ pointer, detail }) => {
    const [, s, q, rest = ""] = /^\/sections\/(\d+)(?:\/questions\/(\d+))?(\/.*)?$/.exec(pointer) ?? [];
    const section = document.sections[s];
    const question = section?.questions[q];
    if (question) return { target: { kind: "question", key: question.key }, rest, detail };
    if (section) return { target: { kind: "section", key: section.key }, rest, detail };
    return { target: { kind: "checklist" }, rest: pointer, detail };
  });
}

/** Returns the questions with a condition on a question, or on one answer to it. */
export const listDependents = (document, key, answer = null) =>
  listQuestions(document)
    .map(({ question }) => question)
    .filter(
      ({ only_if: condition }) =>
        condition?.question === key && (answer === null || condition.is?.includes(answer)),
    );

/** Returns the questions whose condition is on a later question, so that it can never be met. */
export function listTooEarly(document) {
  const seen = new Set();
  const tooEarly = [];
  const all = new Set(questionKeys(document));
  for (const { question } of listQuestions(document)) {
    const parent = question.only_if?.question;
    if (parent && all.has(parent) && !seen.has(parent)) tooEarly.push(question);
    seen.add(question.key);
  }
  return tooEarly;
}

// Changing.

const replaceAt = (list, index, item) => list.map((other, i) => (i === index ? item : other));
const insertAt = (list, index, item) => [...list.slice(0, index), item, ...list.slice(index)];
const removeAt = (list, index) => list.filter((_, i) => i !== index);

/** Returns the document with each question replaced by the result of `change`. */
function mapQuestions(document, change) {
  const sections = document.sections.map((section) => {
    const questions = section.questions.map(change);
    return questions.every((question, q) => question === section.questions[q])
      ? section
      : { ...section, questions };
  });
  return { ...document, sections };
}

const changeSection = (document, key, change) => ({
  ...document,
  sections: document.sections.map((section) => (section.key === key ? change(section) : section)),
});

const changeQuestion = (document, key, change) =>
  mapQuestions(document, (question) => (question.key === key ? change(question) : question));

/**
 * Returns the document with some fields of a target changed. A field that is undefined is removed.
 * @param {any} document
 * @param {Target} target
 * @param {any} fields
 */
export function setFields(document, target, fields) {
  const change = (row) => withoutUndefined({ ...row, ...fields });
  if (target.kind === "question") return changeQuestion(document, target.key, change);
  return target.kind === "section" ? changeSection(document, target.key, change) : change(document);
}

const withoutUndefined = (row) =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));

/** Returns the document with an empty section at a position, and its target. */
export function addSection(document, index) {
  const key = makeKey("", sectionKeys(document), "section");
  const section = { key, title: null, questions: [] };
  return [
    { ...document, sections: insertAt(document.sections, index, section) },
    { kind: "section", key },
  ];
}

/** Returns the document with a question at a position of a section, and its target. */
export function addQuestion(document, sectionKey, index, fields) {
  const key = makeKey(fields.text, questionKeys(document));
  const question = { ...fields, key };
  const changed = changeSection(document, sectionKey, (section) => ({
    ...section,
    questions: insertAt(section.questions, index, question),
  }));
  return [changed, { kind: "question", key }];
}

/** Returns the document without a target. Conditions on removed questions are removed too. */
export function remove(document, { kind, key }) {
  const isSection = kind === "section";
  const removed = new Set(
    isSection ? findTarget(document, { kind, key }).questions.map((q) => q.key) : [key],
  );
  const sections = isSection
    ? document.sections.filter((section) => section.key !== key)
    : document.sections.map((section) =>
        section.questions.some((question) => question.key === key)
          ? { ...section, questions: section.questions.filter((question) => question.key !== key) }
          : section,
      );
  return mapQuestions({ ...document, sections }, (question) =>
    removed.has(question.only_if?.question)
      ? withoutUndefined({ ...question, only_if: undefined })
      : question,
  );
}

/** Returns the questions outside a target whose conditions are on its questions. */
export function listDependentsOutside(document, { kind, key }) {
  if (kind === "question") return listDependents(document, key);
  const inside = new Set(findTarget(document, { kind, key }).questions.map((question) => question.key));
  return listQuestions(document)
    .map(({ question }) => question)
    .filter((question) => inside.has(question.only_if?.question) && !inside.has(question.key));
}

/** Returns the document with a question moved to a position of a section. */
export function moveQuestion(document, key, sectionKey, index) {
  const { question, s, q } = findQuestion(document, key);
  const sections = replaceAt(document.sections, s, {
    ...document.sections[s],
    questions: removeAt(document.sections[s].questions, q),
  });
  return changeSection({ ...document, sections }, sectionKey, (section) => ({
    ...section,
    questions: insertAt(section.questions, index, question),
  }));
}

/** Returns the document with a section moved to a position. */
export function moveSection(document, key, index) {
  const from = sectionKeys(document).indexOf(key);
  const sections = insertAt(removeAt(document.sections, from), index, document.sections[from]);
  return { ...document, sections };
}

/**
 * Returns the document with a target moved by one step, up (-1) or down (1). A question at the end of its
 * section moves to the next one. Returns the same document if the target is already first or last.
 */
export function moveStep(document, { kind, key }, step) {
  if (kind === "section") {
    const index = sectionKeys(document).indexOf(key) + step;
    return document.sections[index] ? moveSection(document, key, index) : document;
  }
  const { section, s, q } = findQuestion(document, key);
  if (section.questions[q + step]) return moveQuestion(document, key, section.key, q + step);
  const other = document.sections[s + step];
  if (!other) return document;
  return moveQuestion(document, key, other.key, step < 0 ? other.questions.length : 0);
}

/**
 * Returns the document with a copy of a target after it, and the target of the copy. In the copy of a
 * section, conditions on its own questions are on the copies.
 */
export function copy(document, target) {
  if (target.kind === "question") {
    const { question, section, q } = findQuestion(document, target.key);
    return addQuestion(document, section.key, q + 1, question);
  }
  const original = findTarget(document, target);
  const taken = questionKeys(document);
  const renamed = new Map();
  for (const { key, text } of original.questions) {
    renamed.set(key, makeKey(text ?? key, taken));
    taken.push(renamed.get(key));
  }
  const key = makeKey(original.title, sectionKeys(document), "section");
  const questions = original.questions.map((question) => renameIn({ ...question }, renamed));
  const index = document.sections.indexOf(original) + 1;
  const sections = insertAt(document.sections, index, { ...original, key, questions });
  return [
    { ...document, sections },
    { kind: "section", key },
  ];
}

/** Returns a question with renamed keys: its own, and that of its condition. */
function renameIn(question, renamed) {
  const condition = question.only_if;
  const isRenamed = renamed.has(condition?.question);
  if (!isRenamed && !renamed.has(question.key)) return question;
  return {
    ...question,
    key: renamed.get(question.key) ?? question.key,
    ...(isRenamed && { only_if: { ...condition, question: renamed.get(condition.question) } }),
  };
}

/** Returns the document with renamed questions: `renamed` maps old keys to new ones. */
export const renameQuestions = (document, renamed) =>
  mapQuestions(document, (question) => renameIn(question, renamed));

/**
 * Returns the document with another key of a target, made from `wanted`, and the target with that key.
 * @param {any} document
 * @param {Target} target
 * @param {any} wanted
 * @returns {[any, Target]}
 */
export function rename(document, { kind, key }, wanted) {
  const keys = kind === "section" ? sectionKeys(document) : questionKeys(document);
  const others = keys.filter((other) => other !== key);
  const newKey = makeKey(wanted, others, kind);
  /** @type {Target} */
  const target = { kind, key: newKey };
  if (newKey === key) return [document, target];
  if (kind === "section") return [setFields(document, { kind, key }, { key: newKey }), target];
  return [renameQuestions(document, new Map([[key, newKey]])), target];
}

/** Returns the document with another key of an option, made from `wanted`, also in conditions. */
export function renameOption(document, questionKey, key, wanted) {
  const { question } = findQuestion(document, questionKey);
  const others = question.options.map((option) => option.key).filter((other) => other !== key);
  const newKey = makeKey(wanted, [...others, "not_applicable"], "option");
  if (newKey === key) return document;
  const options = question.options.map((option) =>
    option.key === key ? { ...option, key: newKey } : option,
  );
  const changed = setFields(document, { kind: "question", key: questionKey }, { options });
  return mapQuestions(changed, (other) => {
    const condition = other.only_if;
    if (condition?.question !== questionKey || !condition.is?.includes(key)) return other;
    const is = condition.is.map((answer) => (answer === key ? newKey : answer));
    return { ...other, only_if: { ...condition, is } };
  });
}

/** Returns the document without an option, also in conditions. A condition without answers is removed. */
export function removeOption(document, questionKey, key) {
  const { question } = findQuestion(document, questionKey);
  const options = question.options.filter((option) => option.key !== key);
  const changed = setFields(document, { kind: "question", key: questionKey }, { options });
  return mapQuestions(changed, (other) => {
    const condition = other.only_if;
    if (condition?.question !== questionKey || !condition.is?.includes(key)) return other;
    const is = condition.is.filter((answer) => answer !== key);
    return withoutUndefined({ ...other, only_if: is.length ? { ...condition, is } : undefined });
  });
}

/**
 * Returns options for the lines of a pasted list, which are added to `options`. A line may have the points
 * after a tab, as spreadsheets copy them. Marks of lists such as "-", "•" or "1." are removed.
 */
export function parseOptions(text, options = [], makeLabel = (label) => label) {
  const taken = options.map(({ key }) => key).concat("not_applicable");
  const added = [];
  for (const line of text.split(/\r?\n/)) {
    const [first, points] = line.split("\t").map((cell) => cell.trim());
    const label = first.replace(/^(?:[-*•·]|\d{1,3}[.)])\s+/, "");
    if (!label) continue;
    const key = makeKey(label, taken, "option");
    taken.push(key);
    added.push({
      key,
      label: makeLabel(label),
      ...(/^\d+$/.test(points ?? "") && { points: Number(points) }),
    });
  }
  return [...options, ...added];
}
