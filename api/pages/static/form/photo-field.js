/** The photos of a question, or of the whole visit if the key of the question is null. */
import { h, show, t } from "../shared/page.js";
import { typeOf } from "../shared/question-types/index.js";
import { photoRange } from "./rules.js";

/** Returns `{element, redraw}`, or null for a question without photos. */
export function photoField(context) {
  const { question, draft, id } = context;
  const { maximum } = photoRange(question);
  if (!maximum) return null;
  const message = h("p", { class: "fault", role: "alert" });
  const items = h("ul", { class: "photos" });
  const thumbnails = new Map();
  const addChosen = () => {
    const chosen = [...input.files];
    const files = chosen.slice(0, maximum - draft.photosOf(question.key).length);
    input.value = "";
    addPhotos(context, files, message);
    if (files.length < chosen.length)
      message.textContent = t("photosNotAdded", { n: chosen.length - files.length });
  };
  const described = { "aria-describedby": `${id}-text` };
  const input = h("input", {
    type: "file",
    id: `${id}-photo`,
    accept: "image/*",
    multiple: maximum > 1,
    ...described,
    onchange: addChosen,
  });
  const openCamera = () => {
    input.setAttribute("capture", "environment");
    input.click();
    input.removeAttribute("capture");
  };
  const camera = h(
    "button",
    { type: "button", class: "plain camera", ...described, onclick: openCamera },
    t("takePhoto"),
  );
  const adding = h(
    "div",
    { class: "row" },
    camera,
    h("label", { class: "plain file", for: `${id}-photo` }, t("choosePhoto"), input),
  );
  const redraw = () => {
    const photos = draft.photosOf(question.key);
    const hadFocus = [items, adding].some((part) => part.contains(document.activeElement));
    for (const [photoId, { remove }] of thumbnails) {
      if (photos.some((photo) => photo.id === photoId)) continue;
      remove();
      thumbnails.delete(photoId);
    }
    photos.forEach((photo, index) => {
      if (!thumbnails.has(photo.id)) thumbnails.set(photo.id, thumbnail(context, photo));
      const { element, redraw: redrawPhoto } = thumbnails.get(photo.id);
      redrawPhoto(photo, index);
      if (!element.isConnected) items.append(element);
    });
    show(items, photos.length);
    show(adding, photos.length < maximum);
    // The control with the focus may have disappeared. The focus stays with the photos.
    if (hadFocus && !(/** @type {HTMLElement} */ (document.activeElement)?.offsetParent))
      (adding.hidden ? items : adding).querySelector("button").focus();
  };
  return { element: h("div", {}, items, adding, message), redraw };
}

/** The IDs of the photos that are being made smaller. */
const shrinking = new Set();

/** Stores photos, then makes them smaller. The question shows which photos could not be stored. */
async function addPhotos(context, files, message) {
  const { draft, question, onchange, redraw } = context;
  message.replaceChildren();
  const adding = draft.addPhotos(question.key, files);
  if (typeOf(question).isAnsweredByPhotos && draft.answers[question.key]?.not_applicable) {
    draft.set(question.key, { not_applicable: false });
  }
  redraw();
  onchange(question.key);
  const photos = await adding;
  redraw();
  for (const photo of photos.filter(draft.isSaved)) await shrink(context, photo, message);
}

/** Files that can never be sent. */
const UNUSABLE = new Set(["no-photo", "photo-empty", "photo-too-large"]);

/** Makes a photo smaller. A file that is not a photo is removed, and the question shows the reason. */
async function shrink(context, photo, message) {
  const { draft, question, onchange, redraw } = context;
  shrinking.add(photo.id);
  redraw();
  try {
    await draft.preparePhoto(photo);
  } catch (error) {
    if (!UNUSABLE.has(error.code)) return; // the sender prepares it
    await draft.removePhoto(photo);
    message.replaceChildren(t(`problem-${error.code}`));
    onchange(question.key);
  } finally {
    shrinking.delete(photo.id);
    redraw();
  }
}

/** Returns a thumbnail with its state and a button to remove the photo: `{element, remove, redraw}`. */
function thumbnail(context, { id }) {
  const { draft, question, onchange, redraw } = context;
  const remove = async () => {
    const photo = draft.photos.find((other) => other.id === id);
    if (photo) await draft.removePhoto(photo).catch(() => {}); // it stays if the phone cannot remove it
    redraw();
    onchange(question.key);
  };
  const picture = h("img", { width: 96, height: 96, hidden: true });
  const placeholder = h("span", { class: "placeholder", hidden: true });
  const state = h("span", { class: "quiet" });
  const button = h("button", { type: "button", class: "plain", onclick: remove }, t("remove"));
  const element = h("li", {}, picture, placeholder, state, button);
  let last = null; // what was drawn last
  const showFile = (file) => {
    URL.revokeObjectURL(picture.src);
    if (file) picture.src = URL.createObjectURL(file);
    show(picture, file);
    show(placeholder, !file);
  };
  // Many browsers cannot show HEIC, for example.
  picture.onerror = () => {
    placeholder.textContent = `${picture.alt} · ${t("cannotBeShown")}`;
    showFile(null);
  };
  return {
    element,
    remove() {
      URL.revokeObjectURL(picture.src);
      element.remove();
    },
    redraw(photo, index) {
      const words = stateWords(photo, draft);
      const before = last;
      last = { photo, index, words };
      if (before?.photo === photo && before.index === index && before.words === words) return;
      const name = t("photo", { n: index + 1 });
      button.setAttribute("aria-label", `${t("remove")}: ${name}`);
      picture.alt = name;
      if (before?.photo !== photo) {
        draft.fileOf(photo).then((file) => {
          const reason = t(photo.state === "sent" ? "sentBefore" : "cannotBeShown");
          if (!file) placeholder.textContent = `${name} · ${reason}`;
          showFile(file);
        });
      }
      state.textContent = words;
      show(state, words);
    },
  };
}

function stateWords(photo, draft) {
  if (!draft.isSaved(photo)) return t("notSaved");
  if (photo.state === "needs-you") return t("state-needs-you");
  return shrinking.has(photo.id) ? t("shrinking") : "";
}
