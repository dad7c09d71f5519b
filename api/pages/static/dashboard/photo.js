import { h, t } from "../shared/page.js";

/** Returns a photo of a visit as a thumbnail that opens the full picture. */
export function enlargeable(visit, photo, label) {
  const address = `/api/v1/visits/${visit}/photos/${photo}`;
  const open = () => enlarge(address, label);
  return h(
    "button",
    { type: "button", class: "thumbnail", "data-photo": photo, onclick: open },
    h("img", { src: `${address}/thumbnail`, alt: label, loading: "lazy", width: 120, height: 120 }),
  );
}

function enlarge(address, label) {
  const dialog = h(
    "dialog",
    { class: "enlarged", "aria-label": label },
    h("img", { src: address, alt: label }),
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
