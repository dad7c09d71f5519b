/** Shows the photos of a list one by one, large, with the answers that they belong to. */
import { dayName, h, localize, t, textElement } from "../shared/page.js";
import { onward } from "./filters.js";
import { picture } from "./photo.js";

/** Returns what a photo shows, in words. */
export const photoWords = ({ question, location, day }) =>
  t("photoAt", {
    subject: question ? localize(question.text) : t("storeClosed"),
    place: location.name,
    day: dayName(day),
  });

/**
 * Opens the viewer at a photo. `photos` is the list, which `more()` extends; it resolves to whether it did.
 * When the viewer closes, the focus is on the photo that it showed last, in `grid`.
 * @param {{ photos: any[], index: number, more: () => Promise<boolean>, grid: HTMLElement }} options
 */
export function openViewer({ photos, index, more, grid }) {
  let current = index;
  const frame = h("div", { class: "frame" });
  const caption = h("div", { class: "caption", "aria-live": "polite" });
  const [previous, next] = [
    ["previousPhoto", -1],
    ["nextPhoto", 1],
  ].map(([words, step]) =>
    h(
      "button",
      { type: "button", class: "plain", onclick: () => go(current + Number(step)) },
      t(String(words)),
    ),
  );
  const close = h(
    "button",
    { type: "button", class: "plain", autofocus: true, onclick: () => dialog.close() },
    t("close"),
  );
  const dialog = h(
    "dialog",
    { class: "enlarged viewer", "aria-label": t("page-photos"), onkeydown },
    frame,
    caption,
    h("p", { class: "row" }, previous, next, close),
  );

  async function go(target) {
    if (target < 0 || (target >= photos.length && !(await more()))) return;
    current = target;
    draw();
  }

  function onkeydown({ key, ctrlKey, metaKey, altKey }) {
    const forward = document.documentElement.dir === "rtl" ? -1 : 1;
    const targets = {
      ArrowRight: current + forward,
      ArrowLeft: current - forward,
      Home: 0,
      End: photos.length - 1,
    };
    if (key in targets && !ctrlKey && !metaKey && !altKey) go(targets[key]);
  }

  function draw() {
    const photo = photos[current];
    const address = `/api/v1/visits/${photo.visit_id}/photos/${photo.id}`;
    frame.replaceChildren(picture(address, photoWords(photo), frame));
    caption.replaceChildren(...captionOf(photo));
    previous.disabled = current === 0;
  }

  dialog.addEventListener("close", () => {
    dialog.remove();
    grid.querySelector(`[data-photo="${photos[current].id}"]`)?.focus();
  });
  // Besides the close button, a click beside the viewer closes it, and so does the link to the visit.
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog || /** @type {Element} */ (target).closest("a")) dialog.close();
  });
  document.body.append(dialog);
  draw();
  dialog.showModal();
}

function captionOf({
  question,
  location,
  day,
  visit_id: visit,
  comment,
  points_earned: earned,
  points_possible: possible,
}) {
  const place = `${location.name}, ${dayName(day)}`;
  return [
    question
      ? textElement("p", { class: "subject" }, question.text)
      : h("p", { class: "subject" }, t("storeClosed")),
    h(
      "p",
      { class: "row" },
      question && possible > 0 && h("span", { class: "points-of" }, t("pointsOf", { earned, possible })),
      h("a", { href: onward(`/dashboard/visits/${visit}`) }, place),
    ),
    comment ? h("blockquote", { dir: "auto" }, comment) : "",
  ];
}
