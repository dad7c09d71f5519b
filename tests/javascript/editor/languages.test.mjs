import assert from "node:assert/strict";
import test from "node:test";
import {
  addLanguage,
  countMissing,
  isMissing,
  lacksTranslation,
  listLanguages,
  readText,
  removeLanguage,
  writeText,
} from "../editor/languages.js";
import { CHECKLIST } from "./fixtures.mjs";

const PLAIN = {
  key: "a",
  title: "T",
  sections: [{ key: "s", title: "S", questions: [{ key: "q", text: "Q" }] }],
};
const BOTH = ["en", "es"];

test("the languages are those of the texts", () => {
  assert.deepEqual(listLanguages(CHECKLIST), BOTH);
  assert.deepEqual(listLanguages(PLAIN), []);
});

test("a text without languages counts as the first one", () => {
  assert.equal(readText("Hi", "en", BOTH), "Hi");
  assert.equal(readText("Hi", "es", BOTH), "");
  assert.equal(readText("Hi", undefined, []), "Hi");
  assert.equal(readText({ es: "Hola" }, "es", BOTH), "Hola");
  assert.equal(readText(null, "es", BOTH), "");
});

test("a text gets languages with its first translation", () => {
  assert.equal(writeText("Hi", "en", "Hello", BOTH), "Hello");
  assert.deepEqual(writeText("Hi", "es", "Hola", BOTH), { en: "Hi", es: "Hola" });
  assert.deepEqual(writeText({ en: "Hi", es: "Hola" }, "es", "", BOTH), { en: "Hi" });
  assert.equal(writeText({ es: "Hola" }, "es", "", BOTH), null);
  assert.equal(writeText("Hi", null, "", []), null);
  assert.equal(writeText(null, null, "Hi", []), "Hi");
  assert.deepEqual(writeText(null, "es", "Hola", BOTH), { es: "Hola" });
});

test("a new language stays in the document, and its missing texts are counted", () => {
  const document = addLanguage(PLAIN, "es", "en");
  assert.deepEqual(document.title, { es: "", en: "T" });
  assert.deepEqual(document.sections[0].questions[0].text, { en: "Q" });
  assert.equal(countMissing(document, "es", BOTH), 3);
  assert.equal(countMissing(document, "en", BOTH), 0);
  assert.deepEqual(addLanguage({ key: "a", sections: [] }, "es", "en").title, { es: "", en: "" });
});

test("a removed language leaves the texts of the others", () => {
  const document = removeLanguage(CHECKLIST, "es");
  assert.equal(document.title, "A visit");
  assert.equal(document.sections[0].questions[2].text, "Which till?");
  const three = addLanguage(CHECKLIST, "fr", "en");
  assert.deepEqual(removeLanguage(three, "es").title, { fr: "", en: "A visit" });
  assert.equal(
    removeLanguage({ key: "a", title: { en: "A", es: "B" }, introduction: { es: "C" }, sections: [] }, "es")
      .introduction,
    null,
  );
});

test("a missing translation is found in options too", () => {
  assert.ok(isMissing({ en: "Hi" }, "es", BOTH));
  assert.ok(!isMissing(null, "es", BOTH));
  assert.ok(lacksTranslation("question", CHECKLIST.sections[0].questions[2], BOTH));
  assert.ok(!lacksTranslation("checklist", CHECKLIST, BOTH));
  assert.ok(lacksTranslation("section", CHECKLIST.sections[0], BOTH));
});
