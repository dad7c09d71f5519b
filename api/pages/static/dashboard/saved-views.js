/** The saved views: names for pages with their filters, private or shared in the organization. */
import { h, loadMoreWords, locale, t } from "../shared/page.js";
import { apiReader } from "../staff/api-reader.js";
import { explainFailure } from "../staff/failures.js";
import { ANY_STATE, callSignedIn } from "../staff/session.js";
import { announce, offerUndo } from "../staff/undo.js";
import { openBeside } from "./beside.js";

const PATH = "/saved-views";

/** Opens the panel with the views next to its button. `organization` is the name of the caller's organization. */
export async function openSavedViews(button, organization) {
  await loadMoreWords((language) => import(`./words/views/${language}.js`));
  const problem = h("p", { class: "fault", role: "alert" });
  const lists = h("div");
  const box = h(
    "section",
    { class: "explanation saved-views", role: "dialog", "aria-label": t("savedViews"), tabindex: -1 },
    h("p", { class: "quiet" }, t("savedViewsWords")),
    problem,
    lists,
    h("h3", {}, t("saveThisPage")),
    viewForm({ name: document.querySelector("h1")?.textContent ?? "", shared: false }, organization, save),
  );

  /** Fetches the views and shows them. */
  async function draw() {
    const views = await apiReader().readAll(`${PATH}?limit=500`);
    const { compare } = new Intl.Collator(locale());
    views.sort((one, other) => compare(one.name, other.name));
    lists.replaceChildren(
      ...group(
        t("privateViews"),
        views.filter(({ shared }) => !shared),
      ),
      ...group(
        t("sharedViews"),
        views.filter(({ shared }) => shared),
      ),
      views.length ? "" : h("p", {}, t("noSavedViews")),
    );
  }

  const group = (title, views) =>
    views.length ? [h("h3", {}, title), h("ul", { class: "plain-list" }, views.map(viewRow))] : [];

  /** Runs a change and shows the views after it, or why it failed. Returns whether it succeeded. */
  async function run(change) {
    problem.textContent = "";
    try {
      await change();
      await draw();
      return true;
    } catch (failure) {
      problem.textContent = explainFailure(failure);
      return false;
    }
  }

  async function save(values) {
    const path = location.pathname + location.search;
    if (await run(() => callSignedIn("POST", PATH, { ...values, path })))
      announce(t("viewSaved", { name: values.name }));
  }

  function viewRow(view) {
    const { name, path, shared, editable } = view;
    const isCurrent = path === location.pathname + location.search;
    const link = h("a", { href: path, dir: "auto", "aria-current": isCurrent && "page" }, name);
    const item = h("li", {}, link);
    const edit = () => {
      item.replaceChildren(viewForm({ name, shared }, organization, (values) => update(view, values)));
      item.querySelector("input").focus();
    };
    const button = (words, label, onclick) =>
      h("button", { type: "button", class: "plain", "aria-label": label, onclick }, words);
    if (editable)
      item.append(
        button(t("editView"), t("editNamed", { name }), edit),
        button(t("deleteView"), t("deleteNamed", { name }), () => remove(view)),
      );
    return item;
  }

  async function update({ id, name, shared }, values) {
    // No one else changes a private view, and the last change of a shared one wins.
    const put = (body) => callSignedIn("PATCH", `${PATH}/${id}`, body, ANY_STATE);
    if (!(await run(() => put(values)))) return;
    box.focus();
    offerUndo(t("viewChanged", { name: values.name }), () => run(() => put({ name, shared })), {
      redraws: false,
    });
  }

  async function remove({ id, name, path, shared }) {
    if (!(await run(() => callSignedIn("DELETE", `${PATH}/${id}`)))) return;
    box.focus();
    const restore = () => run(() => callSignedIn("POST", PATH, { name, path, shared }));
    offerUndo(t("viewDeleted", { name }), restore, { redraws: false });
  }

  await run(() => {});
  openBeside(button, box);
}

/** Returns the form of a view. `send` receives the name and whether it is shared. */
function viewForm({ name, shared }, organization, send) {
  const input = h("input", {
    type: "text",
    value: name,
    maxlength: 100,
    required: true,
    autocomplete: "off",
  });
  const box = h("input", { type: "checkbox", checked: shared });
  const onsubmit = (event) => {
    event.preventDefault();
    send({ name: input.value.trim(), shared: box.checked });
  };
  return h(
    "form",
    { onsubmit },
    h("label", {}, t("viewName"), input),
    h("label", { class: "option" }, box, t("shareView", { organization })),
    h("p", { class: "quiet" }, t("shareViewWords")),
    h("button", { type: "submit", class: "plain" }, t("saveView")),
  );
}
