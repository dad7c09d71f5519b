/** Marks the words that a search found in a text, whatever their case and accents. */
import { h } from "../shared/page.js";

/** Returns a text in lower case and without accents, as `api/domain/searching.py` does. */
const fold = (text) => text.toLowerCase().replaceAll("ß", "ss").normalize("NFKD").replace(/\p{M}/gu, "");

/** Returns the parts of a text: texts, and elements that mark the words of `query` in it. */
export function marked(text, query) {
  const words = fold(query ?? "")
    .split(/\s+/)
    .filter(Boolean);
  if (!words.length) return [text];
  const characters = [...text];
  const folded = characters.map(fold);
  const isFound = new Array(characters.length).fill(false);
  for (const word of words) findAll(folded, word, isFound);
  return joinRuns(characters, isFound);
}

/** Sets `isFound` for the characters in which a folded word occurs. */
function findAll(folded, word, isFound) {
  const owners = folded.flatMap((part, index) => Array.from({ length: part.length }, () => index));
  const whole = folded.join("");
  for (let at = whole.indexOf(word); at >= 0; at = whole.indexOf(word, at + 1))
    for (let index = owners[at]; index <= owners[at + word.length - 1]; index += 1) isFound[index] = true;
}

function joinRuns(characters, isFound) {
  const parts = [];
  let begin = 0;
  for (let end = 1; end <= characters.length; end += 1) {
    if (end < characters.length && isFound[end] === isFound[begin]) continue;
    const run = characters.slice(begin, end).join("");
    parts.push(isFound[begin] ? h("mark", {}, run) : run);
    begin = end;
  }
  return parts;
}
