import assert from "node:assert/strict";
import test from "node:test";
import * as documents from "../editor/document.js";
import { isProposed, makeKey } from "../staff/checklist-keys.js";
import { CHECKLIST, outlineOf } from "./fixtures.mjs";

const question = (key) => ({ kind: "question", key });
const section = (key) => ({ kind: "section", key });
const fieldsOf = (document, key) => documents.findTarget(document, question(key));

test("a key is made from the first words of a text", () => {
  assert.equal(makeKey("Did they greet you?"), "did-they-greet-you");
  assert.equal(makeKey({ es: "¿Le saludó alguien?" }), "le-saludo-alguien");
  assert.equal(makeKey("a".repeat(99)), "a".repeat(40));
  assert.equal(makeKey("Wait", ["wait", "wait-2"]), "wait-3");
  assert.equal(makeKey("你好", [], "option"), "option");
  assert.equal(makeKey("__init__"), "init__");
});

test("a key is proposed only if no person chose it", () => {
  assert.ok(isProposed("did-they", "Did they"));
  assert.ok(isProposed("did-they-2", "Did they"));
  assert.ok(isProposed("question-7", null));
  assert.ok(!isProposed("greeting", "Did they"));
  assert.ok(!isProposed("did-they-greet", "Did they"));
});

test("a draft without keys gets unique ones", () => {
  const draft = {
    key: "visit",
    sections: [
      { title: "One", questions: [{ text: "Same" }, { text: "Same" }, { key: "same", options: [{}, null] }] },
      { key: "one", questions: null },
      null,
    ],
  };
  const repaired = documents.repair(draft);
  assert.deepEqual(outlineOf(repaired), [
    ["one", ["same", "same-2", "same-3"]],
    ["one-2", []],
  ]);
  assert.deepEqual(fieldsOf(repaired, "same-3").options, [{ key: "option" }]);
  assert.deepEqual(documents.repair(CHECKLIST), CHECKLIST);
  assert.deepEqual(documents.repair({ key: "visit", sections: null }).sections, []);
});

test("errors belong to targets, wherever those move", () => {
  const errors = [
    { pointer: "/title", detail: "a" },
    { pointer: "/sections", detail: "b" },
    { pointer: "/sections/1/title", detail: "c" },
    { pointer: "/sections/0/questions", detail: "d" },
    { pointer: "/sections/1/questions/1/only_if/is/0", detail: "e" },
    { pointer: "/sections/0/questions/2", detail: "f" },
  ];
  assert.deepEqual(documents.locateErrors(CHECKLIST, errors), [
    { target: { kind: "checklist" }, rest: "/title", detail: "a" },
    { target: { kind: "checklist" }, rest: "/sections", detail: "b" },
    { target: section("goodbye"), rest: "/title", detail: "c" },
    { target: section("welcome"), rest: "/questions", detail: "d" },
    { target: question("apology"), rest: "/only_if/is/0", detail: "e" },
    { target: question("till"), rest: "", detail: "f" },
  ]);
  assert.equal(documents.pointerTo(CHECKLIST, question("apology")), "/sections/1/questions/1");
  assert.equal(documents.pointerTo(CHECKLIST, section("goodbye")), "/sections/1");
});

test("a changed field leaves all other parts as they are", () => {
  const changed = documents.setFields(CHECKLIST, question("wait"), { text: "How long?", points: undefined });
  assert.deepEqual(fieldsOf(changed, "wait"), { key: "wait", text: "How long?", type: "duration" });
  assert.equal(changed.sections[1], CHECKLIST.sections[1]);
  assert.equal(changed.sections[0].questions[0], CHECKLIST.sections[0].questions[0]);
  assert.equal(documents.setFields(CHECKLIST, section("welcome"), { title: "Hi" }).sections[0].title, "Hi");
  assert.equal(documents.setFields(CHECKLIST, { kind: "checklist" }, { pass_mark: 1 }).pass_mark, 1);
});

test("sections and questions are added at a position", () => {
  const [withSection, first] = documents.addSection(CHECKLIST, 1);
  const [document, target] = documents.addQuestion(withSection, first.key, 0, {
    type: "text",
    text: "Story",
  });
  assert.deepEqual(target, question("story"));
  assert.deepEqual(outlineOf(document)[1], ["section", ["story"]]);
  assert.deepEqual(documents.addSection(document, 0)[1], section("section-2"));
});

test("removing a question removes the conditions on it", () => {
  assert.deepEqual(
    documents.listDependents(CHECKLIST, "problem").map(({ key }) => key),
    ["apology"],
  );
  const document = documents.remove(CHECKLIST, question("problem"));
  assert.deepEqual(outlineOf(document)[1], ["goodbye", ["apology", "queue"]]);
  assert.deepEqual(fieldsOf(document, "apology"), { key: "apology", text: "An apology?", type: "yes_no" });
  assert.equal(fieldsOf(document, "queue"), fieldsOf(CHECKLIST, "queue"));
});

test("removing a section removes the conditions of other sections on its questions", () => {
  const target = section("welcome");
  assert.deepEqual(
    documents.listDependentsOutside(CHECKLIST, target).map(({ key }) => key),
    ["queue"],
  );
  const document = documents.remove(CHECKLIST, target);
  assert.deepEqual(outlineOf(document), [["goodbye", ["problem", "apology", "queue"]]]);
  assert.equal(fieldsOf(document, "queue").only_if, undefined);
  assert.equal(fieldsOf(document, "apology").only_if.question, "problem");
  assert.deepEqual(documents.listDependentsOutside(CHECKLIST, section("goodbye")), []);
});

test("a question moves step by step, also to other sections", () => {
  const up = documents.moveStep(CHECKLIST, question("problem"), -1);
  assert.deepEqual(outlineOf(up), [
    ["welcome", ["greeting", "wait", "till", "problem"]],
    ["goodbye", ["apology", "queue"]],
  ]);
  assert.deepEqual(documents.moveStep(up, question("problem"), 1), CHECKLIST);
  const down = documents.moveStep(CHECKLIST, question("greeting"), 1);
  assert.deepEqual(outlineOf(down)[0][1], ["wait", "greeting", "till"]);
  assert.equal(documents.moveStep(CHECKLIST, question("greeting"), -1), CHECKLIST);
  assert.equal(documents.moveStep(CHECKLIST, question("queue"), 1), CHECKLIST);
});

test("sections move", () => {
  const moved = documents.moveStep(CHECKLIST, section("welcome"), 1);
  assert.deepEqual(
    outlineOf(moved).map(([key]) => key),
    ["goodbye", "welcome"],
  );
  assert.equal(documents.moveStep(CHECKLIST, section("welcome"), -1), CHECKLIST);
});

test("a question before the one that it depends on is found", () => {
  const moved = documents.moveQuestion(CHECKLIST, "apology", "welcome", 0);
  assert.deepEqual(
    documents.listTooEarly(moved).map(({ key }) => key),
    ["apology"],
  );
  assert.deepEqual(documents.listTooEarly(CHECKLIST), []);
  const dangling = documents.setFields(CHECKLIST, question("wait"), {
    only_if: { question: "x", is: ["y"] },
  });
  assert.deepEqual(documents.listTooEarly(dangling), []);
});

test("a copy of a question follows it", () => {
  const [document, target] = documents.copy(CHECKLIST, question("apology"));
  assert.deepEqual(target, question("an-apology"));
  assert.deepEqual(outlineOf(document)[1][1], ["problem", "apology", "an-apology", "queue"]);
  assert.deepEqual(fieldsOf(document, "an-apology"), {
    ...fieldsOf(CHECKLIST, "apology"),
    key: "an-apology",
  });
});

test("in a copy of a section, conditions on its questions are on the copies", () => {
  const [document, target] = documents.copy(CHECKLIST, section("goodbye"));
  assert.deepEqual(target, section("goodbye-2"));
  assert.deepEqual(outlineOf(document)[2], ["goodbye-2", ["a-problem", "an-apology", "a-queue"]]);
  assert.equal(fieldsOf(document, "an-apology").only_if.question, "a-problem");
  assert.equal(fieldsOf(document, "a-queue").only_if.question, "till");
});

test("a renamed question is renamed in conditions", () => {
  const [document, target] = documents.rename(CHECKLIST, question("problem"), "A Wait");
  assert.deepEqual(target, question("a-wait"));
  assert.equal(fieldsOf(document, "apology").only_if.question, "a-wait");
  assert.deepEqual(documents.rename(CHECKLIST, question("problem"), "wait")[1], question("wait-2"));
  assert.equal(documents.rename(CHECKLIST, question("wait"), "wait")[0], CHECKLIST);
  assert.deepEqual(documents.rename(CHECKLIST, section("welcome"), "Goodbye")[1], section("goodbye-2"));
});

test("a renamed or removed option is so in conditions", () => {
  const renamed = documents.renameOption(CHECKLIST, "till", "left", "Far left");
  assert.deepEqual(fieldsOf(renamed, "queue").only_if.is, ["far-left", "right"]);
  assert.deepEqual(fieldsOf(renamed, "till").options[0], { key: "far-left", label: "Left", points: 1 });
  const one = documents.removeOption(CHECKLIST, "till", "left");
  assert.deepEqual(fieldsOf(one, "queue").only_if.is, ["right"]);
  assert.equal(fieldsOf(documents.removeOption(one, "till", "right"), "queue").only_if, undefined);
  assert.equal(
    fieldsOf(documents.renameOption(CHECKLIST, "till", "left", "right"), "till").options[0].key,
    "right-2",
  );
});

test("a pasted list becomes options, with points from a second column", () => {
  const text = "1. Yes\t3\n - Nearly\n• No\tnone\r\n\n3 of 4\t2\nYes";
  assert.deepEqual(documents.parseOptions(text, [{ key: "no", label: "No" }]), [
    { key: "no", label: "No" },
    { key: "yes", label: "Yes", points: 3 },
    { key: "nearly", label: "Nearly" },
    { key: "no-2", label: "No" },
    { key: "3-of-4", label: "3 of 4", points: 2 },
    { key: "yes-2", label: "Yes" },
  ]);
  assert.deepEqual(documents.parseOptions("A", [], (label) => ({ en: label }))[0].label, { en: "A" });
  assert.equal(documents.parseOptions("Not applicable")[0].key, "not-applicable");
  assert.equal(documents.parseOptions("not_applicable")[0].key, "not_applicable-2");
});
