/** The field of single locations: those that are chosen, and a search for more. */
import { h, t } from "../shared/page.js";
import { address } from "../staff/address.js";
import { callSignedIn } from "../staff/session.js";

/** How long typing pauses, in milliseconds, before the server is asked. */
const PAUSE = 250;
const MOST_FOUND = 8;

/**
 * Returns the control of a form's field. `ids` are the locations that are chosen first; their names are fetched.
 */
export function locationField(ids = []) {
  const names = new Map(ids.map((id) => [id, "…"]));
  const chosen = h("ul", { class: "plain-list" });
  const found = h("ul", { class: "plain-list" });
  let timer = null;
  const search = h("input", {
    type: "search",
    id: "field-location_ids",
    autocomplete: "off",
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(find, PAUSE);
    },
    // Enter would save the form.
    onkeydown: (event) => event.key === "Enter" && event.preventDefault(),
  });

  async function find() {
    const q = search.value.trim();
    const { body } = await callSignedIn("GET", address("/locations", { q, limit: String(MOST_FOUND) }));
    if (q !== search.value.trim()) return;
    const others = q ? body.items.filter(({ id }) => !names.has(id)) : [];
    found.replaceChildren(...others.map((location) => row(nameOf(location), t("add"), () => add(location))));
    if (q && !others.length) found.replaceChildren(h("li", { class: "quiet" }, t("noRows")));
  }

  function add(location) {
    names.set(location.id, nameOf(location));
    search.value = "";
    found.replaceChildren();
    draw();
    search.focus();
  }

  function remove(id) {
    names.delete(id);
    draw();
    search.focus();
  }

  function draw() {
    chosen.replaceChildren(...[...names].map(([id, name]) => row(name, t("remove"), () => remove(id))));
  }

  for (const id of ids)
    callSignedIn("GET", `/locations/${id}`).then(({ body }) => {
      if (names.has(id)) names.set(id, nameOf(body));
      draw();
    });
  draw();
  return {
    element: h("div", {}, chosen, search, h("div", { role: "status" }, found)),
    focus: search,
    read: () => [...names.keys()],
  };
}

const nameOf = ({ name, code }) => `${name} (${code})`;

const row = (name, action, onclick) =>
  h(
    "li",
    { class: "row" },
    h("span", { dir: "auto" }, name),
    h("button", { type: "button", class: "plain bare", "aria-label": `${action}: ${name}`, onclick }, action),
  );
