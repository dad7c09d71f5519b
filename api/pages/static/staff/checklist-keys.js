/** The keys of checklists, sections, questions and options, which are made from their texts. */
const MAX_KEY_LENGTH = 40;

/** Returns a key from a text, such as "did-they-greet-you". It is not in `taken`. */
export function makeKey(text, taken = [], fallback = "question") {
  const used = new Set(taken);
  const stem = makeStem(text) || fallback;
  if (!used.has(stem)) return stem;
  let number = 2;
  while (used.has(`${stem}-${number}`)) number += 1;
  return `${stem}-${number}`;
}

function makeStem(text) {
  const words = anyText(text)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .split(/[^a-z0-9_]+/)
    .filter(Boolean);
  let stem = "";
  for (const word of words) {
    const longer = stem ? `${stem}-${word}` : word.slice(0, MAX_KEY_LENGTH).replace(/^_+/, "");
    if (longer.length > MAX_KEY_LENGTH) break;
    stem = longer;
  }
  return stem;
}

/** Returns whether a key is the one that is proposed for a text, and not one that a person chose. */
export function isProposed(key, text, fallback = "question") {
  const stem = makeStem(text) || fallback;
  return key === stem || (key.startsWith(`${stem}-`) && /^\d+$/.test(key.slice(stem.length + 1)));
}

/** Returns a text in the first of its languages; empty if it has none. */
export const anyText = (text) =>
  typeof text === "string" ? text : (Object.values(text ?? {}).find(Boolean) ?? "");
