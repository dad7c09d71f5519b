/** What is put on the page: elements, and words in its language. */
const html = document.documentElement;
const LANGUAGES = html.dataset.languages.split(" ");
let words;
let plural;

/**
 * Has the words fetched of the language that was chosen, or else of the first of the browser's that is there.
 */
export async function speak(fetchWords) {
  const asked = [recallSetting("language"), ...navigator.languages.map((each) => each.split("-")[0])];
  const language = asked.find((each) => LANGUAGES.includes(each)) ?? "en";
  words = (await fetchWords(language)).default;
  plural = new Intl.PluralRules(language);
  html.lang = language;
  html.dir = words.direction;
}

/** Returns a setting of this browser, or undefined where it has none or stores nothing. */
export function recallSetting(name) {
  try {
    return localStorage[name];
  } catch {
    return undefined;
  }
}

/** Stores a setting of this browser; where it stores nothing, the setting is asked for again. */
export function saveSetting(name, value) {
  try {
    localStorage[name] = value;
  } catch {
    // Private modes and blocked site data: the page works without it.
  }
}

/** Gives the page an organization's colour, or back its own. */
export function paint(color) {
  if (color) html.style.setProperty("--brand", color);
  else html.style.removeProperty("--brand");
}

/**
 * Has more words fetched, for a screen that brings its own; in English where the language has no file of
 * them.
 */
export async function learn(fetchWords) {
  const more = await fetchWords(html.lang).catch(() => null);
  words = more ? { ...words, ...more.default } : { ...(await fetchWords("en")).default, ...words };
}

/** Returns the words for something; {name} in them is taken from `values`, and `n` says one or many. */
export function t(key, values = {}) {
  let found = words[key] ?? key;
  if (typeof found === "object") found = found[plural.select(values.n)] ?? found.other;
  return found.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Says whether there are words for this. */
export const knows = (key) => key in words;

/** Returns a text of a checklist in the language of the page, or else in one that it has. */
export function plain(text) {
  if (text == null || typeof text === "string") return text ?? "";
  return text[languageOf(text)];
}

/** Returns an element with a text of a checklist, marked with its language and set in its direction. */
export function textElement(name, attributes, text) {
  const language = text && typeof text === "object" ? languageOf(text) : null;
  return h(name, { dir: "auto", lang: language !== html.lang && language, ...attributes }, plain(text));
}

const languageOf = (text) =>
  [
    html.lang,
    ...Object.keys(text).filter((each) => each.split("-")[0] === html.lang),
    "en",
    ...Object.keys(text),
  ].find((each) => each in text);

/** Returns the language with the reader's own region, if that is of it: British days for a British phone. */
export const region = () => navigator.languages.find((each) => each.split("-")[0] === html.lang) ?? html.lang;

/** Returns a moment as people of this language write it, by the clock of a place. */
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
  return new Intl.DateTimeFormat(region(), options).format(new Date(time));
}

/** Returns a day, given as YYYY-MM-DD, as people of this language write it: "3 Jan 2026". */
export function dayName(day) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat(region(), options).format(new Date(day));
}

/** Returns a number with all its digits, in groups as people of this language write it. */
export const formatNumber = (number) =>
  new Intl.NumberFormat(html.lang, { maximumFractionDigits: 20 }).format(number);

/** Returns how long ago something was: minutes, hours or days. */
export function ago(time) {
  const minutes = Math.max(0, Math.round((Date.now() - time) / 60_000));
  /** @type {[number, Intl.RelativeTimeFormatUnit]} */
  const [n, unit] =
    minutes < 60
      ? [minutes, "minute"]
      : minutes < 2880
        ? [Math.round(minutes / 60), "hour"]
        : [Math.round(minutes / 1440), "day"];
  return new Intl.RelativeTimeFormat(html.lang, { numeric: "auto" }).format(-n, unit);
}

/** Returns when something is, seen from now: "in 3 hours", "4 days ago". */
export function fromNow(time) {
  const minutes = Math.round((new Date(time).getTime() - Date.now()) / 60_000);
  const hours = Math.round(minutes / 60);
  const format = new Intl.RelativeTimeFormat(html.lang, { numeric: "always" });
  if (Math.abs(minutes) < 60) return format.format(minutes || 1, "minute");
  if (Math.abs(hours) < 48) return format.format(hours, "hour");
  return format.format(Math.round(hours / 24), "day");
}

/** Returns seconds as minutes and seconds: 2:05. */
export function minutes(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/** Returns a button for each language but the one spoken. */
export function languages() {
  const name = (each) => new Intl.DisplayNames([each], { type: "language" }).of(each);
  const choose = (each) => () => {
    saveSetting("language", each);
    location.reload();
  };
  return LANGUAGES.filter((each) => each !== html.lang).map((each) =>
    h("button", { type: "button", class: "plain", lang: each, onclick: choose(each) }, name(each)),
  );
}

// Elements.

/**
 * Makes an element: h("p", {class: "quiet", onclick: listener}, "text", child, …).
 * Text stays text: nothing is ever read as HTML. False, null and undefined are left out.
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

/**
 * Appends children, of lists all that is in them, and returns the element; false, null and undefined are left
 * out.
 */
export function fill(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) fill(element, child);
    else if (child != null && child !== false) element.append(child);
  }
  return element;
}

/** Shows or hides an element. */
export function show(element, shown) {
  element.hidden = !shown;
}

/** Puts a screen in place of the one before, with its title for the tab and the reader of the screen. */
export function put(title, ...children) {
  document.title = title;
  const screen = document.getElementById("screen");
  screen.replaceChildren();
  return fill(screen, children);
}

/** Asks a question that cannot be undone; resolves to whether the answer was the `yes` button. */
export function ask(question, { yes, no }) {
  return new Promise((resolve) => {
    const close = (answer) => () => dialog.close(answer);
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

/** Gives a file to keep. */
export function download(name, blob) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
