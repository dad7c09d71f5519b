/** A list of the API that is shown page by page: the next page follows with a button. */
import { h, t } from "../shared/page.js";
import { address } from "../staff/address.js";
import { explainFailure } from "../staff/failures.js";
import { callSignedIn } from "../staff/session.js";

const API = "/api/v1";

/**
 * Returns the list as `{element, refresh, more}`. `container` receives the element of each item from `draw(item)`.
 * `refresh(path, query)` shows the first page of an API list, and `more()` adds the next one; it resolves to
 * whether there was one. `describe(n, isComplete)` returns how many items are shown, in words.
 *
 * The API looks through a limited number of visits at a time, so that a page may be empty although more follow.
 * The list then goes on by itself.
 */
export function pagedList({ container, draw, describe, empty }) {
  let fetching = 0;
  let next = null;
  let shown = 0;
  const status = h("p", { class: "quiet count", role: "status" });
  const problemLine = h("p", { class: "fault", role: "alert" });
  const nothing = h("p", { class: "empty", hidden: true }, empty);
  const button = h(
    "button",
    { type: "button", class: "plain", hidden: true, onclick: () => more() },
    t("showMore"),
  );

  function refresh(path, query) {
    next = address(path, query);
    return fetchPage({ isFirst: true });
  }

  const more = () => (next ? fetchPage({ isFirst: false }) : Promise.resolve(false));

  async function fetchPage({ isFirst }) {
    const number = ++fetching;
    button.disabled = true;
    problemLine.replaceChildren();
    container.setAttribute("aria-busy", "true");
    try {
      let items = [];
      while (next && !items.length) {
        const { body } = await callSignedIn("GET", next);
        if (number !== fetching) return false;
        items = body.items;
        next = body.next && pathOf(body.next);
        if (!items.length && next) status.textContent = t("searchGoesOn");
      }
      if (isFirst) {
        container.replaceChildren();
        shown = 0;
      }
      container.append(...items.map((item, index) => draw(item, shown + index)));
      shown += items.length;
      nothing.hidden = shown > 0;
      status.textContent = shown ? describe(shown, !next) : "";
      return items.length > 0;
    } catch (problem) {
      if (number !== fetching) return false;
      const again = () => fetchPage({ isFirst });
      problemLine.replaceChildren(
        `${explainFailure(problem)} `,
        h("button", { type: "button", class: "plain", onclick: again }, t("tryAgain")),
      );
      return false;
    } finally {
      if (number === fetching) {
        container.removeAttribute("aria-busy");
        button.disabled = false;
        button.hidden = !next || problemLine.hasChildNodes();
      }
    }
  }

  const element = h("section", {}, status, container, nothing, problemLine, button);
  return { element, refresh, more };
}

function pathOf(url) {
  const { pathname, search } = new URL(url);
  return pathname.slice(API.length) + search;
}
