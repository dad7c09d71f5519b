/** The editor of a checklist: its outline, the fields of one row, and the draft as a phone shows it. */
import { h, localize, t } from "../../shared/page.js";
import { callSignedIn } from "../../staff/session.js";
import { moveTarget } from "../actions.js";
import { bar } from "../bar.js";
import { conflicts } from "../conflicts.js";
import { button } from "../controls.js";
import { Editing } from "../editing.js";
import { errorSummary } from "../error-summary.js";
import { outline } from "../outline.js";
import { panel } from "../panel.js";
import { preview } from "../preview.js";
import { openStorage } from "../storage.js";
import { DraftStore } from "../store.js";

/** How often the draft is fetched while the page is visible, in milliseconds. */
const REFRESH_EVERY = 20_000;
/** The style sheet of the form, which is next to the folder of this page. */
const FORM_STYLE = new URL("../../form/form.css", import.meta.url).href;
/** How long a link waits until everything is saved, in milliseconds. */
const PATIENCE = 3000;
const VIEWS = ["outline", "panel", "preview"];
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select";

export default async function ({ params: { key }, me, read }) {
  let top = null;
  const path = `/checklists/${key}`;
  const channel = new BroadcastChannel("editor");
  const storage = await openStorage(me.id, key);
  const hooks = {
    onstate: (state, problem) => (top?.showState(state, problem), editing.draw()),
    onmerge: (renamed) => editing.merged(renamed),
    onerrors: (errors) => editing.setErrors(errors),
  };
  const store = new DraftStore(
    serverOf(path, () => channel.postMessage(key)),
    storage,
    hooks,
  );
  const editing = new Editing(store);
  const [fundamentals, published] = await Promise.all([
    read("/fundamentals?limit=500"),
    readPublished(path, read),
    store.open(),
  ]);
  editing.published = published;
  editing.selectFromAddress();

  const showView = (view) => {
    element.dataset.view = view;
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.dataset.view === view));
    if (view === "preview") phone.show();
  };
  const select = (target) => {
    editing.select(target);
    showView("panel");
  };
  top = bar(editing, key);
  const contents = outline(editing, select, () => (showView("panel"), fields.focus()));
  const fields = panel(editing, { fundamentals: fundamentals.items });
  const phone = preview(editing, FORM_STYLE);
  const differences = conflicts(editing);
  const summary = errorSummary(editing, (target) => (select(target), fields.focus()));
  const tabs = VIEWS.map((view) => button(t(`view-${view}`), () => showView(view), { "data-view": view }));
  const element = h(
    "div",
    { class: "editor" },
    top.element,
    differences.element,
    summary.element,
    h("div", { class: "views row", role: "group", "aria-label": t("views") }, tabs),
    h("div", { class: "columns" }, contents.element, fields.element, phone.element),
  );
  showView(location.hash ? "panel" : "outline");
  editing.watch(() => {
    for (const part of [top, differences, summary, contents, fields, phone]) part.draw();
  });
  top.showState(store.state, null);
  const stop = watchPage(editing, key, channel);
  return {
    title: localize(store.document.title) || key,
    content: element,
    async leave() {
      stop();
      editing.leave();
      await store.leave();
      storage.close();
    },
  };
}

/** Returns the server as `DraftStore` uses it. `onwrite` is called when it has stored the draft. */
function serverOf(path, onwrite) {
  return {
    async read() {
      const { body, headers } = await callSignedIn("GET", `${path}/draft`);
      return { document: body, etag: headers.get("ETag") };
    },
    async write(document, etag) {
      const { headers } = await callSignedIn("PUT", `${path}/draft`, document, { "If-Match": etag });
      onwrite();
      return headers.get("ETag");
    },
    async check() {
      const { body } = await callSignedIn("POST", `${path}/preview`, { visits: 0 });
      return body.errors;
    },
  };
}

/** Returns the keys that the latest version has: those of sections, questions and options. */
async function readPublished(path, read) {
  const published = { section: new Set(), question: new Set(), options: new Map() };
  const versions = await read(`${path}/versions?limit=1`).catch((problem) => {
    if (problem.status === 404) return { items: [] };
    throw problem;
  });
  if (!versions.items.length) return published;
  const { sections } = await read(`${path}/versions/${versions.items[0].version}`);
  for (const section of sections) {
    published.section.add(section.key);
    for (const question of section.questions) {
      published.question.add(question.key);
      published.options.set(question.key, new Set((question.options ?? []).map((option) => option.key)));
    }
  }
  return published;
}

/** Handles keys, other tabs, and the connection. Returns a function that ends it. */
function watchPage(editing, key, channel) {
  const { store } = editing;
  const refresh = () => (document.hidden ? store.save() : store.refresh());
  const save = () => void store.save();
  const onclick = (event) => followSaved(event, store);
  const onkey = (event) => handleKey(event, editing);
  const timer = setInterval(() => document.hidden || store.refresh(), REFRESH_EVERY);
  channel.onmessage = ({ data }) => data === key && store.refresh();
  addEventListener("online", save);
  document.addEventListener("visibilitychange", refresh);
  document.addEventListener("keydown", onkey);
  document.addEventListener("click", onclick);
  return () => {
    clearInterval(timer);
    channel.close();
    removeEventListener("online", save);
    document.removeEventListener("visibilitychange", refresh);
    document.removeEventListener("keydown", onkey);
    document.removeEventListener("click", onclick);
  };
}

/** Saves before a link is followed. If that takes long, what is not saved stays in this browser. */
async function followSaved(event, store) {
  const link = event.target.closest?.("a[href]");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
  if (!link || !isPlain || store.isSaved || new URL(link.href).pathname === location.pathname) return;
  event.preventDefault();
  await Promise.race([store.save(), new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  location.assign(link.href);
}

/** Handles the keys of the editor: Ctrl+S, Ctrl+Z, Ctrl+Shift+Z, Ctrl+Y, and Alt with an arrow. */
function handleKey(event, editing) {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const isTyping = event.target.closest?.(TYPING);
  const name = event.key.toLowerCase();
  const withControl = event.ctrlKey || event.metaKey;
  if (withControl && name === "s") editing.store.save();
  else if (withControl && !isTyping && (name === "y" || (name === "z" && event.shiftKey))) editing.redo();
  else if (withControl && !isTyping && name === "z") editing.undo();
  else if (
    event.altKey &&
    ["arrowup", "arrowdown"].includes(name) &&
    editing.selected.key &&
    !isSelect(event)
  )
    moveTarget(editing, editing.selected, name === "arrowup" ? -1 : 1);
  else return;
  event.preventDefault();
}

/** Returns whether the key opens a list of options. */
const isSelect = ({ target }) => target instanceof HTMLSelectElement;
