import assert from "node:assert/strict";
import test from "node:test";
import {
  addQuestion,
  copy,
  findTarget,
  moveQuestion,
  moveSection,
  remove,
  rename,
  setFields,
} from "../editor/document.js";
import { isEqual, merge, resolve } from "../editor/merge.js";
import { CHECKLIST, outlineOf } from "./fixtures.mjs";

const question = (key) => ({ kind: "question", key });
const section = (key) => ({ kind: "section", key });
const CHECK = { kind: "checklist" };
const set = (target, fields, document = CHECKLIST) => setFields(document, target, fields);
const fieldsOf = (document, key) => findTarget(document, question(key));

/** Merges without conflicts. */
function merged(ours, theirs, base = CHECKLIST) {
  const { document, conflicts } = merge(base, ours, theirs);
  assert.deepEqual(conflicts, []);
  return document;
}

test("values are compared by content", () => {
  assert.ok(isEqual({ a: [1, { b: null }] }, { a: [1, { b: null }] }));
  assert.ok(!isEqual({ a: 1 }, { a: 1, b: undefined }));
  assert.ok(!isEqual({ a: undefined }, { b: undefined }));
  assert.ok(!isEqual([], {}));
  assert.ok(!isEqual(null, {}));
});

test("what one side has changed is taken from it", () => {
  const ours = set(question("wait"), { text: "How long?" });
  assert.equal(merged(ours, CHECKLIST), ours);
  assert.equal(merged(CHECKLIST, ours), ours);
  assert.deepEqual(merged(ours, structuredClone(ours)), ours);
});

test("changes of different questions, sections and fields are joined", () => {
  const ours = set(CHECK, { pass_mark: 0.9 }, set(question("wait"), { text: "How long?" }));
  const theirs = set(section("goodbye"), { title: "Bye" }, set(question("wait"), { points: 3 }));
  const document = merged(ours, theirs);
  assert.deepEqual(fieldsOf(document, "wait"), {
    key: "wait",
    text: "How long?",
    type: "duration",
    points: 3,
  });
  assert.equal(document.pass_mark, 0.9);
  assert.equal(document.sections[1].title, "Bye");
  assert.deepEqual(outlineOf(document), outlineOf(CHECKLIST));
});

test("a field that one side has removed stays removed", () => {
  const ours = set(question("apology"), { only_if: undefined });
  const theirs = set(question("apology"), { text: "Sorry?" });
  assert.deepEqual(fieldsOf(merged(ours, theirs), "apology"), {
    key: "apology",
    text: "Sorry?",
    type: "yes_no",
  });
});

test("translations into different languages are joined", () => {
  const ours = set(question("till"), { text: { en: "What till?", es: "¿Qué caja?" } });
  const theirs = set(question("till"), { text: { en: "Which till?", es: "¿Cuál?", fr: "Quelle caisse ?" } });
  assert.deepEqual(fieldsOf(merged(ours, theirs), "till").text, {
    en: "What till?",
    es: "¿Cuál?",
    fr: "Quelle caisse ?",
  });
});

test("options are joined by key", () => {
  const [left, right] = fieldsOf(CHECKLIST, "till").options;
  const ours = set(question("till"), {
    options: [{ ...left, points: 5 }, right, { key: "none", label: "None" }],
  });
  const theirs = set(question("till"), { options: [right, { ...left, label: "To the left" }] });
  assert.deepEqual(fieldsOf(merged(ours, theirs), "till").options, [
    right,
    { key: "none", label: "None" },
    { key: "left", label: "To the left", points: 5 },
  ]);
});

test("a field that both have changed is a conflict, and ours is kept until someone chooses", () => {
  const ours = set(question("wait"), { text: "Ours" });
  const theirs = set(question("wait"), { text: "Theirs", points: 1 });
  const { document, conflicts } = merge(CHECKLIST, ours, theirs);
  assert.deepEqual(conflicts, [
    { kind: "question", key: "wait", field: ["text"], ours: "Ours", theirs: "Theirs" },
  ]);
  assert.equal(fieldsOf(document, "wait").text, "Ours");
  assert.equal(fieldsOf(document, "wait").points, 1);
  assert.equal(fieldsOf(resolve(document, conflicts[0], "theirs"), "wait").text, "Theirs");
  assert.deepEqual(resolve(document, conflicts[0], "ours"), document);
});

test("conflicts are as small as a translation or an option's field", () => {
  const text = (en) => ({ text: { en, es: "¿Qué caja?" } });
  const options = (label) => ({
    options: [
      { key: "left", label, points: 1 },
      { key: "right", label: "Right" },
    ],
  });
  const ours = set(question("till"), { ...text("A"), ...options("B") });
  const theirs = set(question("till"), { ...text("C"), ...options("D") });
  const { document, conflicts } = merge(CHECKLIST, ours, theirs);
  assert.deepEqual(
    conflicts.map(({ field }) => field),
    [
      ["text", "en"],
      ["options", "left", "label"],
    ],
  );
  const chosen = conflicts.reduce((result, conflict) => resolve(result, conflict, "theirs"), document);
  assert.deepEqual(fieldsOf(chosen, "till"), fieldsOf(theirs, "till"));
});

test("conflicts of the checklist and of a section are resolved there", () => {
  const ours = set(section("welcome"), { title: "Hi" }, set(CHECK, { channel: "message" }));
  const theirs = set(section("welcome"), { title: "Hey" }, set(CHECK, { channel: "telephone" }));
  const { document, conflicts } = merge(CHECKLIST, ours, theirs);
  assert.equal(conflicts.length, 2);
  const chosen = conflicts.reduce((result, conflict) => resolve(result, conflict, "theirs"), document);
  assert.deepEqual(chosen, theirs);
});

test("a field that one side has removed and the other changed is a conflict", () => {
  const ours = set(question("apology"), { only_if: undefined });
  const theirs = set(question("apology"), { only_if: { question: "problem", is: ["no"] } });
  const { document, conflicts } = merge(CHECKLIST, ours, theirs);
  assert.deepEqual(conflicts[0].field, ["only_if"]);
  assert.deepEqual(resolve(document, conflicts[0], "theirs"), theirs);
  const other = merge(CHECKLIST, theirs, ours);
  assert.deepEqual(resolve(other.document, other.conflicts[0], "theirs"), ours);
});

test("new questions of both sides are kept, each after the one that it follows", () => {
  const [ours] = addQuestion(CHECKLIST, "welcome", 1, { text: "Mine" });
  const [theirs] = addQuestion(CHECKLIST, "welcome", 3, { text: "Theirs" });
  assert.deepEqual(outlineOf(merged(ours, theirs))[0][1], ["greeting", "mine", "wait", "till", "theirs"]);
  assert.deepEqual(outlineOf(merged(theirs, ours))[0][1], ["greeting", "mine", "wait", "till", "theirs"]);
});

test("two different new questions with one key are kept both, with conditions on the right one", () => {
  const [first] = addQuestion(CHECKLIST, "welcome", 0, { text: null, type: "yes_no" });
  const [ours] = addQuestion(first, "welcome", 1, {
    text: "Then",
    only_if: { question: "question", is: ["yes"] },
  });
  const [theirs] = addQuestion(CHECKLIST, "goodbye", 0, { text: null, type: "scale" });
  const { document, conflicts, renamed } = merge(CHECKLIST, ours, theirs);
  assert.deepEqual(conflicts, []);
  assert.deepEqual([...renamed], [["question", "question-2"]]);
  assert.equal(fieldsOf(document, "question").type, "scale");
  assert.equal(fieldsOf(document, "question-2").type, "yes_no");
  assert.equal(fieldsOf(document, "then").only_if.question, "question-2");
});

test("the same new question on both sides is one", () => {
  const [ours] = addQuestion(set(CHECK, { pass_mark: 1 }), "welcome", 0, { text: "New" });
  const [theirs] = addQuestion(set(CHECK, { review: "manual" }), "welcome", 0, { text: "New" });
  assert.deepEqual(outlineOf(merged(ours, theirs))[0][1], ["new", "greeting", "wait", "till"]);
});

test("a removed question is gone, wherever it has moved", () => {
  const ours = remove(CHECKLIST, question("greeting"));
  const theirs = moveQuestion(CHECKLIST, "greeting", "goodbye", 0);
  assert.deepEqual(outlineOf(merged(ours, theirs)), outlineOf(ours));
  assert.deepEqual(outlineOf(merged(theirs, ours)), outlineOf(ours));
  assert.deepEqual(outlineOf(merged(ours, remove(CHECKLIST, question("wait"))))[0][1], ["till"]);
});

test("a question that one side has removed and the other changed is kept until someone chooses", () => {
  const ours = remove(CHECKLIST, question("wait"));
  const theirs = set(question("wait"), { points: 9 });
  const { document, conflicts } = merge(CHECKLIST, ours, theirs);
  assert.equal(conflicts.length, 1);
  assert.equal(conflicts[0].field, null);
  assert.equal(conflicts[0].ours, undefined);
  assert.equal(fieldsOf(document, "wait").points, 9);
  assert.deepEqual(outlineOf(document), outlineOf(CHECKLIST));
  assert.equal(fieldsOf(resolve(document, conflicts[0], "ours"), "wait"), undefined);
  assert.equal(fieldsOf(resolve(document, conflicts[0], "theirs"), "wait").points, 9);
  const other = merge(CHECKLIST, theirs, ours);
  assert.equal(fieldsOf(resolve(other.document, other.conflicts[0], "theirs"), "wait"), undefined);
});

test("an option that one side has removed and the other changed is kept until someone chooses", () => {
  const [left, right] = fieldsOf(CHECKLIST, "till").options;
  const ours = set(question("till"), { options: [right] });
  const theirs = set(question("till"), { options: [{ ...left, points: 9 }, right] });
  const { document, conflicts } = merge(CHECKLIST, ours, theirs);
  assert.deepEqual(conflicts[0].field, ["options", "left"]);
  assert.deepEqual(fieldsOf(resolve(document, conflicts[0], "ours"), "till").options, [right]);
  assert.deepEqual(fieldsOf(resolve(document, conflicts[0], "theirs"), "till").options[0].points, 9);
});

test("the order is that of the side that has changed it", () => {
  const ours = moveQuestion(CHECKLIST, "till", "welcome", 0);
  const theirs = set(question("wait"), { points: 1 });
  assert.deepEqual(outlineOf(merged(ours, theirs))[0][1], ["till", "greeting", "wait"]);
  assert.deepEqual(outlineOf(merged(theirs, ours))[0][1], ["till", "greeting", "wait"]);
  const reversed = moveSection(CHECKLIST, "goodbye", 0);
  assert.deepEqual(
    outlineOf(merged(reversed, theirs)).map(([key]) => key),
    ["goodbye", "welcome"],
  );
  assert.deepEqual(
    outlineOf(merged(theirs, reversed)).map(([key]) => key),
    ["goodbye", "welcome"],
  );
});

test("of two new orders, ours is taken", () => {
  const ours = moveQuestion(CHECKLIST, "till", "welcome", 0);
  const theirs = moveQuestion(CHECKLIST, "greeting", "welcome", 2);
  assert.deepEqual(outlineOf(merged(ours, theirs))[0][1], ["till", "greeting", "wait"]);
});

test("a question moves to another section once, while its fields change", () => {
  const ours = moveQuestion(CHECKLIST, "wait", "goodbye", 1);
  const theirs = set(question("wait"), { points: 1 });
  for (const document of [merged(ours, theirs), merged(theirs, ours)]) {
    assert.deepEqual(outlineOf(document), [
      ["welcome", ["greeting", "till"]],
      ["goodbye", ["problem", "wait", "apology", "queue"]],
    ]);
    assert.equal(fieldsOf(document, "wait").points, 1);
  }
});

test("a removed section is gone, unless the other side has added or changed a question in it", () => {
  const ours = remove(CHECKLIST, section("goodbye"));
  assert.deepEqual(outlineOf(merged(ours, set(question("wait"), { points: 1 }))).length, 1);
  const [theirs] = addQuestion(CHECKLIST, "goodbye", 3, { text: "New" });
  assert.deepEqual(outlineOf(merged(ours, theirs))[1], ["goodbye", ["new"]]);
  assert.deepEqual(outlineOf(merged(theirs, ours))[1], ["goodbye", ["new"]]);
  const changed = merge(CHECKLIST, ours, set(question("problem"), { points: 1 }));
  assert.equal(changed.conflicts.length, 1);
  assert.deepEqual(outlineOf(changed.document)[1], ["goodbye", ["problem"]]);
});

test("a renamed question keeps the changes of the other side to other questions", () => {
  const [ours] = rename(CHECKLIST, question("problem"), "trouble");
  const theirs = set(question("queue"), { points: 1 });
  const document = merged(ours, theirs);
  assert.deepEqual(outlineOf(document)[1][1], ["trouble", "apology", "queue"]);
  assert.equal(fieldsOf(document, "apology").only_if.question, "trouble");
});

test("copies of a section on both sides are both complete", () => {
  const [ours] = copy(CHECKLIST, section("goodbye"));
  const theirs = set(question("greeting"), { points: 7 });
  const document = merged(ours, theirs);
  assert.deepEqual(outlineOf(document), outlineOf(ours));
  assert.equal(fieldsOf(document, "greeting").points, 7);
});
