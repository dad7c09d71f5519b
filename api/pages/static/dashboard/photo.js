import { h, t } from "../shared/page.js";

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

/** Returns a picture. If it cannot be loaded, a message takes the place of `element`, which contains it. */
function picture(src, alt, element, attributes = {}) {
  const onerror = async () => {
    const words = t((await isRemoved(src)) ? "photoRemoved" : "photoAbsent");
    element.replaceWith(
      h("p", { class: "absent-photo" }, h("span", { class: "visually-hidden" }, `${alt}: `), words),
    );
  };
  return h("img", { src, alt, onerror, ...attributes });
}

/** Returns whether the organization no longer keeps a photo. A picture does not report why it failed. */
const isRemoved = (address) =>
  fetch(address, { redirect: "manual" }).then(
    ({ status }) => status === 410,
    () => false,
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
