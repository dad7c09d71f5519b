import { download, h, plain, t } from "../shared/page.js";
import { get, list } from "./store.js";
import { questionsOf } from "./rules.js";

/** Saves a copy of a visit: one file that any browser opens, with the answers and the photos. */
export async function saveCopy({ account, visit, place, body }) {
  const kept = await list("answers", account, visit);
  const answers = body?.answers ?? Object.fromEntries(kept.map((each) => [each.question, each.answer]));
  const photos = await list("photos", account, visit);
  const draft = await get("drafts", account, visit);
  const checklist = draft?.checklist && (await get("checklists", account, draft.checklist.key, draft.checklist.version));
  const texts = new Map(checklist ? questionsOf(checklist.document).map((each) => [each.key, plain(each.text)]) : []);
  const page = document.implementation.createHTMLDocument(place);
  page.head.prepend(h("meta", { charset: "utf-8" }));
  page.body.append(h("h1", {}, place), ...Object.entries(answers).map(([key, answer]) => paragraph(texts.get(key) ?? key, answer)));
  for (const photo of photos.filter((each) => each.blob)) {
    // Made in the new page, for this one may show no pictures out of texts.
    const image = page.body.appendChild(page.createElement("img"));
    Object.assign(image, { src: await inText(photo.blob), alt: photo.question, width: 600 });
  }
  page.body.append(h("pre", {}, JSON.stringify(body ?? { answers }, null, 1)));
  download(`${place} ${visit.slice(0, 8)}.html`, new Blob([`<!doctype html>${page.documentElement.outerHTML}`], { type: "text/html" }));
}

function paragraph(text, { value, comment, not_applicable }) {
  const said = [not_applicable ? t("notApplicable") : [value ?? ""].flat().join(", "), comment].filter(Boolean);
  return h("p", {}, h("strong", {}, text), h("br"), said.join(" — "));
}

function inText(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
