import { h, t } from "../shared/page.js";

/** Returns a photo of a visit as a thumbnail that opens the whole picture. */
export function enlargeable(visit, photo, words) {
  const address = `/api/v1/visits/${visit}/photos/${photo}`;
  const open = () => enlarge(address, words);
  return h(
    "button",
    { type: "button", class: "thumbnail", "data-photo": photo, onclick: open },
    h("img", { src: `${address}/thumbnail`, alt: words, loading: "lazy", width: 120, height: 120 }),
  );
}

function enlarge(address, words) {
  const dialog = h(
    "dialog",
    { class: "enlarged", "aria-label": words },
    h("img", { src: address, alt: words }),
    h(
      "p",
      { class: "row" },
      h("span", { dir: "auto" }, words),
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
