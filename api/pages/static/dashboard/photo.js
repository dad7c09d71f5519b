import { NoSignal, Problem } from "../shared/api.js";
import { h, t } from "../shared/page.js";

/** Statuses that stay: the photo does not exist, or the organization no longer keeps it. */
const GONE = [404, 410];
const MAX_TRIES = 3;

/**
 * Returns a photo of a visit as a thumbnail that opens the full picture. A photo that is not there has a message
 * in its place.
 */
export function enlargeable(visit, photo, label) {
  const address = `/api/v1/visits/${visit}/photos/${photo}`;
  const open = () => enlarge(address, label);
  const button = h("button", { type: "button", class: "thumbnail", "data-photo": photo, onclick: open });
  button.append(picture(`${address}/thumbnail`, label, button, { loading: "lazy", width: 120, height: 120 }));
  return button;
}

/**
 * Returns a picture. If it cannot be loaded, it is tried again, and then a message takes the place of `element`,
 * which contains it.
 */
export function picture(src, alt, element, attributes = {}) {
  let tries = 0;
  const image = h("img", { src, alt, onerror, ...attributes });
  async function onerror() {
    /** @type {any} */
    const { status, wait } = await reasonOf(src);
    if (!GONE.includes(status) && ++tries < MAX_TRIES) {
      setTimeout(() => (image.src = src), 1000 * (wait ?? 1));
      return;
    }
    const words = t(status === 410 ? "photoRemoved" : "photoAbsent");
    element.replaceWith(
      h("p", { class: "absent-photo" }, h("span", { class: "visually-hidden" }, `${alt}: `), words),
    );
  }
  return image;
}

/** Returns why a picture failed, which pictures do not report: the status, and how long to wait. */
const reasonOf = (address) =>
  fetch(address, { redirect: "manual" }).then(
    (response) => new Problem(response, {}),
    () => new NoSignal(),
  );

function enlarge(address, label) {
  const frame = h("div", {});
  frame.append(picture(address, label, frame));
  const dialog = h(
    "dialog",
    { class: "enlarged", "aria-label": label },
    frame,
    h(
      "p",
      { class: "row" },
      h("span", { dir: "auto" }, label),
      h(
        "button",
        { type: "button", class: "plain", autofocus: true, onclick: () => dialog.close() },
        t("close"),
      ),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}
