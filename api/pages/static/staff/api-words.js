/** What the API reports, which is English, in the language of the page. */
import { h, hasWords, t } from "../shared/page.js";

/** Returns the words for a sentence of the API, and their language. A sentence without words stays as it is. */
export function translate(sentence) {
  const [text, list] = sentence.replace(/^The question \S+ has/, "The question has").split(": ");
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  const key = `said-${words.join("-")}`;
  if (!hasWords(key)) return { text: sentence, lang: "en" };
  return { text: t(key, { ...text.match(/\d+/g), list }), lang: document.documentElement.lang };
}

/** Returns an element with the words for a sentence of the API. */
export function translated(sentence) {
  const { text, lang } = translate(sentence);
  return h("span", { lang }, text);
}
