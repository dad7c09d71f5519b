/**
 * Merges two changed copies of a draft, question by question and field by field. Documents are as `repair`
 * returns them.
 *
 * What only one side has changed is taken from that side. What both have changed differently is a conflict:
 * the merged document has our value, and the conflict has both, to choose from. Of two new orders, ours is
 * taken. Two new questions with the same key are kept both if they differ.
 */
import { makeKey } from "../staff/checklist-keys.js";
import { findQuestion, listQuestions, questionKeys, renameQuestions } from "./document.js";

/**
 * A field that both sides have changed, or a row that one side has changed and the other removed.
 * `field` is the name of the field, with the language or option's key if it is a part of it, and null for the
 * whole row. A value that a side does not have is undefined.
 * @typedef {{ kind: "checklist" | "section" | "question", key?: string, field: string[] | null,
 *   ours: any, theirs: any }} Conflict
 */

const TEXT_FIELDS = ["title", "introduction", "text", "help", "unit"];

/**
 * Returns the merged document, the conflicts, and which of our new questions have got another key:
 * `renamed` maps old keys to new ones.
 * @returns {{ document: any, conflicts: Conflict[], renamed: Map<string, string> }}
 */
export function merge(base, ours, theirs) {
  if (isEqual(ours, theirs) || isEqual(base, theirs)) return unchanged(ours);
  if (isEqual(base, ours)) return unchanged(theirs);
  const renamed = findNewKeys(base, ours, theirs);
  const mine = renamed.size ? renameQuestions(ours, renamed) : ours;
  const conflicts = [];
  const document = {
    ...mergeFields(base, mine, theirs, ["sections"], reportTo(conflicts, { kind: "checklist" })),
    sections: mergeSections(base, mine, theirs, conflicts),
  };
  return { document, conflicts, renamed };
}

const unchanged = (document) => ({ document, conflicts: [], renamed: new Map() });

const reportTo = (conflicts, target) => (field, ours, theirs) =>
  conflicts.push({ ...target, field, ours, theirs });

/** Returns whether two JSON values are equal. Identical parts are not compared. */
export function isEqual(one, other) {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => key in other && isEqual(one[key], other[key]))
  );
}

/** Returns new keys for our new questions whose keys their new questions have too. */
function findNewKeys(base, ours, theirs) {
  const old = new Set(questionKeys(base));
  const taken = [...questionKeys(ours), ...questionKeys(theirs)];
  const renamed = new Map();
  for (const { question } of listQuestions(ours)) {
    const other = !old.has(question.key) && findQuestion(theirs, question.key)?.question;
    if (!other || isEqual(question, other)) continue;
    const key = makeKey(question.key, taken);
    taken.push(key);
    renamed.set(question.key, key);
  }
  return renamed;
}

// Fields.

/** Returns the merged fields of a row, without the fields `except`. */
function mergeFields(base, ours, theirs, except, report) {
  const merged = {};
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    if (except.includes(name)) continue;
    const value = mergeValue(name, base?.[name], ours[name], theirs[name], report);
    if (value !== undefined) merged[name] = value;
  }
  return merged;
}

function mergeValue(name, base, ours, theirs, report) {
  if (isEqual(base, theirs) || isEqual(ours, theirs)) return ours;
  if (isEqual(base, ours)) return theirs;
  if (TEXT_FIELDS.includes(name) && isObject(ours) && isObject(theirs))
    return mergeFields(isObject(base) ? base : {}, ours, theirs, [], nestReport(name, report));
  if (name === "options" && ours && theirs) return mergeOptions(base ?? [], ours, theirs, report);
  report([name], ours, theirs);
  return ours;
}

const isObject = (value) => value !== null && typeof value === "object";

/** Reports the conflicts of a part as those of a field. */
const nestReport = (name, report) => (field, ours, theirs) => report([name, ...(field ?? [])], ours, theirs);

function mergeOptions(base, ours, theirs, report) {
  const sides = [base, ours, theirs].map(byKey);
  const merged = mergeRows(
    sides,
    (option, mine, other, key) =>
      mergeFields(option, mine, other, [], nestReport(key, nestReport("options", report))),
    (key, mine, other) => report(["options", key], mine, other),
  );
  return orderLike(base, ours, theirs, merged);
}

// Rows.

const byKey = (list) => new Map(list.map((row) => [row.key, row]));

/**
 * Returns the merged rows by key, without those that were removed. A row that one side has changed and the
 * other has removed is kept, and reported as a conflict.
 * @param {Map<string, any>[]} sides
 */
function mergeRows([base, ours, theirs], mergeRow, report) {
  const merged = new Map();
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const [before, mine, other] = [base, ours, theirs].map((side) => side.get(key));
    if (mine && other) merged.set(key, mergeRow(before, mine, other, key));
    else if (!before) merged.set(key, mine ?? other);
    else if (!isEqual(before, mine ?? other)) {
      merged.set(key, mine ?? other);
      report(key, mine, other);
    }
  }
  return merged;
}

/** Returns merged rows as a list: in the order of the side that has changed it, or in ours. */
function orderLike(base, ours, theirs, merged) {
  const [before, mine, others] = [base, ours, theirs].map((list) => list.map(({ key }) => key));
  return mergeOrder(before, mine, others, merged).map((key) => merged.get(key));
}

/**
 * Returns the keys of `kept` in the merged order. Keys that the leading side does not have follow the same
 * key as on the other side.
 */
function mergeOrder(base, ours, theirs, kept) {
  const inBoth = (keys) => keys.filter((key) => ours.includes(key) && base.includes(key));
  const hasOurOrder = !isEqual(inBoth(ours), inBoth(base));
  const [leading, other] = hasOurOrder ? [ours, theirs] : [theirs, ours];
  const order = leading.filter((key) => kept.has(key));
  other.forEach((key, index) => {
    if (!kept.has(key) || order.includes(key)) return;
    const previous = other.slice(0, index).findLast((candidate) => order.includes(candidate));
    order.splice(previous === undefined ? 0 : order.indexOf(previous) + 1, 0, key);
  });
  return order;
}

// Sections and questions.

function mergeSections(base, ours, theirs, conflicts) {
  const documents = [base, ours, theirs];
  const questions = mergeRows(
    documents.map((document) => byKey(listQuestions(document).map(({ question }) => question))),
    (before, mine, other, key) =>
      mergeFields(before, mine, other, [], reportTo(conflicts, { kind: "question", key })),
    (key, mine, other) => reportTo(conflicts, { kind: "question", key })(null, mine, other),
  );
  const places = documents.map(findPlaces);
  const placeOf = (key) => {
    const [before, mine, other] = places.map((place) => place.get(key));
    return mine === undefined || mine === before ? (other ?? mine) : mine;
  };
  const needed = new Set([...questions.keys()].map(placeOf));
  const titles = documents.map((document) => byKey(document.sections.map(withoutQuestions)));
  const merged = mergeRows(
    titles,
    (before, mine, other, key) =>
      mergeFields(before, mine, other, [], reportTo(conflicts, { kind: "section", key })),
    () => {},
  );
  // A section that was removed stays if it has a question that the other side has added or changed.
  for (const key of needed) if (!merged.has(key)) merged.set(key, titles[1].get(key) ?? titles[2].get(key));
  for (const key of merged.keys()) if (isRemovedAndEmpty(key, titles, needed)) merged.delete(key);
  return orderLike(base.sections, ours.sections, theirs.sections, merged).map((section) => {
    const members = new Map([...questions].filter(([key]) => placeOf(key) === section.key));
    const [before, mine, other] = documents.map(
      (document) => document.sections.find(({ key }) => key === section.key)?.questions ?? [],
    );
    return { ...section, questions: orderLike(before, mine, other, members) };
  });
}

const withoutQuestions = (section) =>
  Object.fromEntries(Object.entries(section).filter(([name]) => name !== "questions"));

/** Returns the key of the section of each question. */
const findPlaces = (document) =>
  new Map(listQuestions(document).map(({ question, section }) => [question.key, section.key]));

/**
 * Returns whether a section that one side has removed has no questions in the merged document.
 * @param {string} key
 * @param {Map<string, any>[]} sides
 */
const isRemovedAndEmpty = (key, [base, ours, theirs], needed) =>
  base.has(key) && !(ours.has(key) && theirs.has(key)) && !needed.has(key);

// Conflicts.

/** Returns the document with our or their value of a conflict. */
export function resolve(document, conflict, side) {
  const value = conflict[side];
  if (conflict.kind === "checklist") return setIn(document, conflict.field, value);
  if (conflict.kind === "section") {
    const sections = document.sections.map((section) =>
      section.key === conflict.key ? setIn(section, conflict.field, value) : section,
    );
    return { ...document, sections };
  }
  const sections = document.sections.map((section) => {
    if (!section.questions.some(({ key }) => key === conflict.key)) return section;
    const questions = section.questions
      .map((question) => {
        if (question.key !== conflict.key) return question;
        return conflict.field ? setIn(question, conflict.field, value) : value;
      })
      .filter(Boolean);
    return { ...section, questions };
  });
  return { ...document, sections };
}

/**
 * Returns a row with another value at a path. The rows of a list are found by their keys.
 * @param {any} row
 * @param {string[]} path
 */
function setIn(row, [name, ...rest], value) {
  if (Array.isArray(row)) {
    return row
      .map((item) => (item.key === name ? (rest.length ? setIn(item, rest, value) : value) : item))
      .filter(Boolean);
  }
  const { [name]: before, ...others } = row;
  const after = rest.length ? setIn(before, rest, value) : value;
  return after === undefined ? others : { ...row, [name]: after };
}
