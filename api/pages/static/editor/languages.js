/** The texts of a draft in several languages. A text is a string, or an object that maps languages to texts. */
import { listQuestions } from "./document.js";

/** The fields that are texts, of each kind of row. */
const TEXTS = {
  checklist: ["title", "introduction"],
  section: ["title"],
  question: ["text", "help", "unit"],
  option: ["label"],
};

/** Returns the languages of a document, in the order in which its texts have them. */
export function listLanguages(document) {
  const languages = new Set();
  eachText(document, (text) => {
    if (isTranslated(text)) for (const language of Object.keys(text)) languages.add(language);
  });
  return [...languages];
}

const isTranslated = (text) => text !== null && typeof text === "object";

/** Returns a text in one language. A text without languages counts as the first one. */
export function readText(text, language, languages) {
  if (isTranslated(text)) return text[language] ?? "";
  return languages.length === 0 || language === languages[0] ? (text ?? "") : "";
}

/**
 * Returns a text with another translation. It stays without languages while only the first language has
 * one, and is null if none is left.
 */
export function writeText(text, language, translation, languages) {
  if (!languages.length) return translation || null;
  if (!isTranslated(text) && language === languages[0]) return translation || null;
  const before = isTranslated(text) ? text : text ? { [languages[0]]: text } : {};
  const after = { ...before, [language]: translation };
  if (!translation) delete after[language];
  return Object.keys(after).length ? after : null;
}

/**
 * Returns the document with another language. Texts without a language count as `first`. The title has an
 * empty translation, so that the document keeps the language and cannot be published without it.
 */
export function addLanguage(document, language, first) {
  const translate = (text) => (isTranslated(text) || !text ? text : { [first]: text });
  const changed = mapTexts(document, translate);
  return { ...changed, title: { [language]: "", ...(changed.title ?? { [first]: "" }) } };
}

/** Returns the document without the texts of a language. With one language left, texts are strings again. */
export function removeLanguage(document, language) {
  const [only, ...others] = listLanguages(document).filter((other) => other !== language);
  return mapTexts(document, (text) => {
    if (!isTranslated(text)) return text;
    if (!others.length) return text[only] || null;
    const rest = Object.entries(text).filter(([other]) => other !== language);
    return rest.length ? Object.fromEntries(rest) : null;
  });
}

/** Returns how many texts lack a translation to a language. */
export function countMissing(document, language, languages) {
  let count = 0;
  eachText(document, (text) => {
    if (isMissing(text, language, languages)) count += 1;
  });
  return count;
}

/** Returns whether a text exists in another language, but not in this one. */
export const isMissing = (text, language, languages) =>
  !readText(text, language, languages) && languages.some((other) => readText(text, other, languages));

/** Returns whether a row has a text without a translation to one of the languages. */
export function lacksTranslation(kind, row, languages) {
  const lacks = (text) => languages.some((language) => isMissing(text, language, languages));
  if (TEXTS[kind].some((field) => lacks(row[field]))) return true;
  return (row.options ?? []).some(({ label }) => lacks(label));
}

function eachText(document, visit) {
  const visitRow = (kind, row) => TEXTS[kind].forEach((field) => visit(row[field] ?? null));
  visitRow("checklist", document);
  for (const section of document.sections) visitRow("section", section);
  for (const { question } of listQuestions(document)) {
    visitRow("question", question);
    for (const option of question.options ?? []) visitRow("option", option);
  }
}

function mapTexts(document, change) {
  const mapRow = (kind, row) => {
    const texts = TEXTS[kind].filter((field) => field in row).map((field) => [field, change(row[field])]);
    return { ...row, ...Object.fromEntries(texts) };
  };
  return {
    ...mapRow("checklist", document),
    sections: document.sections.map((section) => ({
      ...mapRow("section", section),
      questions: section.questions.map((question) => ({
        ...mapRow("question", question),
        ...(question.options && { options: question.options.map((option) => mapRow("option", option)) }),
      })),
    })),
  };
}
