/** Elements of the page, and words in its language. */
const html = document.documentElement;
const LANGUAGES = html.dataset.languages.split(" ");
let words;
let plural;

/** Loads the words of the chosen language, or of the browser's first language that this page has. */
export async function loadWords(fetchWords) {
  const preferred = [recallSetting("language"), ...navigator.languages.map((tag) => tag.split("-")[0])];
  const language = preferred.find((tag) => LANGUAGES.includes(tag)) ?? "en";
  words = (await fetchWords(language)).default;
  plural = new Intl.PluralRules(language);
  html.lang = language;
  html.dir = words.direction;
}

/** Returns a setting of this browser, or undefined if it is not set or cannot be read. */
export function recallSetting(name) {
  try {
    return localStorage[name];
  } catch {
    return undefined;
  }
}

/** Stores a setting of this browser, if the browser allows it. */
export function saveSetting(name, value) {
  try {
    localStorage[name] = value;
  } catch {
    // Private modes and blocked site data: the page works without settings.
  }
}

/** Sets the page's colour to that of an organization, or to the default. */
export function setBrandColor(color) {
  if (color) html.style.setProperty("--brand", color);
  else html.style.removeProperty("--brand");
}

/**
 * Loads more words, for a screen that has its own. They are in English if the language has no file of them.
 */
export async function loadMoreWords(fetchWords) {
  const more = await fetchWords(html.lang).catch(() => null);
  words = more ? { ...words, ...more.default } : { ...(await fetchWords("en")).default, ...words };
}

/**
 * Returns the words for a key. A {name} in them is replaced from `values`; `n` selects singular or plural.
 */
export function t(key, values = {}) {
  let text = words[key] ?? key;
  if (typeof text === "object") text = text[plural.select(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Returns whether there are words for a key. */
export const hasWords = (key) => key in words;

/** Returns a text of a checklist in the language of the page, or in another language if that is missing. */
export function localize(text) {
  if (text == null || typeof text === "string") return text ?? "";
  return text[languageOf(text)];
}

/** Returns an element with a text of a checklist, and with the language and direction of the text. */
export function textElement(name, attributes, text) {
  const language = text && typeof text === "object" ? languageOf(text) : null;
  return h(name, { dir: "auto", lang: language !== html.lang && language, ...attributes }, localize(text));
}

const languageOf = (text) =>
  [
    html.lang,
    ...Object.keys(text).filter((tag) => tag.split("-")[0] === html.lang),
    "en",
    ...Object.keys(text),
  ].find((tag) => tag in text);

/** Returns the page's language with the reader's region, if the browser has one for it, such as "en-GB". */
export const locale = () => navigator.languages.find((tag) => tag.split("-")[0] === html.lang) ?? html.lang;

/** Returns a time as people of this language write it, in a time zone. */
export function moment(time, timeZone) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone,
  };
  return new Intl.DateTimeFormat(locale(), options).format(new Date(time));
}

/** Returns a time in the reader's time zone: "3 Jan 2026, 14:05". */
export const clock = (time) =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));

/** Returns a day, given as YYYY-MM-DD, as people of this language write it: "3 Jan 2026". */
export function dayName(day) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat(locale(), options).format(new Date(day));
}

/** Returns a number with all its digits, in groups as people of this language write it. */
export const formatNumber = (number) =>
  new Intl.NumberFormat(html.lang, { maximumFractionDigits: 20 }).format(number);

/** Returns how long ago a time was. A time in the future, by a wrong clock, counts as now. */
export const ago = (time) => fromNow(Math.min(new Date(time).getTime(), Date.now()));

/** Returns a time relative to now: "in 3 hours", "4 days ago", "this minute". */
export function fromNow(time) {
  const minutes = Math.round((new Date(time).getTime() - Date.now()) / 60_000);
  const hours = Math.round(minutes / 60);
  const format = new Intl.RelativeTimeFormat(html.lang, { numeric: "auto" });
  if (Math.abs(minutes) < 60) return format.format(minutes, "minute");
  if (Math.abs(hours) < 48) return format.format(hours, "hour");
  return format.format(Math.round(hours / 24), "day");
}

/** Returns seconds as minutes and seconds: 2:05. */
export function formatMinutes(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/** Returns a button for each language except that of the page. */
export function languageButtons() {
  const nameOf = (tag) => new Intl.DisplayNames([tag], { type: "language" }).of(tag);
  const choose = (tag) => () => {
    saveSetting("language", tag);
    location.reload();
  };
  return LANGUAGES.filter((tag) => tag !== html.lang).map((tag) =>
    h("button", { type: "button", class: "plain", lang: tag, onclick: choose(tag) }, nameOf(tag)),
  );
}

// Elements.

/**
 * Creates an element: h("p", {class: "quiet", onclick: listener}, "text", child, …).
 * Text is never parsed as HTML. False, null and undefined are skipped.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, any>} [attributes]
 * @param {...any} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const key in attributes) {
    const value = attributes[key];
    if (value === false || value == null) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  return fill(element, children);
}

/** Appends children, and the items of lists, and returns the element. Skips false, null and undefined. */
export function fill(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) fill(element, child);
    else if (child != null && child !== false) element.append(child);
  }
  return element;
}

/** Shows or hides an element. */
export function show(element, isShown) {
  element.hidden = !isShown;
}

/** Replaces the screen, and sets the title of the tab, which screen readers announce. */
export function showScreen(title, ...children) {
  document.title = title;
  const screen = document.getElementById("screen");
  screen.replaceChildren();
  return fill(screen, children);
}

/** Asks the user to confirm what cannot be undone. Resolves to whether they chose the `yes` button. */
export function confirmAction(question, { yes, no }) {
  return new Promise((resolve) => {
    const close = (choice) => () => dialog.close(choice);
    const dialog = h(
      "dialog",
      {
        "aria-labelledby": "dialog-question",
        onclose: () => (dialog.remove(), resolve(dialog.returnValue === "yes")),
      },
      h("p", { id: "dialog-question" }, question),
      h(
        "p",
        { class: "row" },
        h("button", { type: "button", class: "plain", onclick: close("no") }, no),
        h("button", { type: "button", class: "plain", "data-answer": "yes", onclick: close("yes") }, yes),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Saves a file on the device. */
export function download(name, blob) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
