import assert from "node:assert/strict";
import test from "node:test";
import { addQuestion, findTarget, remove, setFields } from "../editor/document.js";
import { History } from "../editor/history.js";
import { CHECKLIST, outlineOf } from "./fixtures.mjs";

const question = (key) => ({ kind: "question", key });
const write = (document, text) => setFields(document, question("wait"), { text });

test("changes are undone and done again in order", () => {
  const history = new History();
  const second = write(CHECKLIST, "Two");
  const third = remove(second, question("greeting"));
  history.record(CHECKLIST, second);
  history.record(second, third);
  assert.deepEqual(history.undo(third), second);
  assert.deepEqual(history.undo(second), CHECKLIST);
  assert.equal(history.undo(CHECKLIST), null);
  assert.deepEqual(history.redo(CHECKLIST), second);
  assert.deepEqual(history.redo(second), third);
  assert.equal(history.redo(third), null);
  assert.ok(history.canUndo && !history.canRedo);
});

test("letters typed in one field are one step, until someone pauses", () => {
  const history = new History();
  const documents = ["H", "Ho", "How"].map((text) => write(CHECKLIST, text));
  history.record(CHECKLIST, documents[0], "wait/text", 0);
  history.record(documents[0], documents[1], "wait/text", 500);
  history.record(documents[1], documents[2], "wait/text", 9000);
  assert.deepEqual(history.undo(documents[2]), documents[1]);
  assert.deepEqual(history.undo(documents[1]), CHECKLIST);
});

test("a new change replaces what was undone", () => {
  const history = new History();
  const second = write(CHECKLIST, "Two");
  history.record(CHECKLIST, second);
  history.undo(second);
  history.record(CHECKLIST, write(CHECKLIST, "Three"));
  assert.ok(!history.canRedo);
});

test("undoing keeps what others have changed since", () => {
  const history = new History();
  const deleted = remove(CHECKLIST, question("wait"));
  history.record(CHECKLIST, deleted);
  const [merged] = addQuestion(setFields(deleted, question("till"), { points: 5 }), "goodbye", 0, {
    text: "New",
  });
  const undone = history.undo(merged);
  assert.deepEqual(outlineOf(undone), [
    ["welcome", ["greeting", "wait", "till"]],
    ["goodbye", ["new", "problem", "apology", "queue"]],
  ]);
  assert.equal(findTarget(undone, question("till")).points, 5);
  const redone = history.redo(undone);
  assert.deepEqual(redone, merged);
});
