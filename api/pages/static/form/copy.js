/** A copy of a visit for the shopper: one HTML file with the answers and the photos. */
import { download, h, localize, t } from "../shared/page.js";
import { answerWords } from "./answers.js";
import { get, list } from "./database.js";
import { fileOf } from "./photos.js";
import { questionsOf } from "./rules.js";

/** Saves a copy of a visit that waits to be sent as a file on the device. */
export async function saveCopy({ account, visit, place, body }) {
  const stored = await list("answers", account, visit);
  const answers =
    body?.answers ?? Object.fromEntries(stored.map(({ question, answer }) => [question, answer]));
  const draft = await get("drafts", account, visit);
  const pinned = draft?.checklist;
  const checklist = pinned && (await get("checklists", account, pinned.key, pinned.version))?.document;
  const questions = new Map(
    checklist ? questionsOf(checklist).map((question) => [question.key, question]) : [],
  );
  const page = document.implementation.createHTMLDocument(place);
  page.head.prepend(h("meta", { charset: "utf-8" }));
  page.body.append(
    h("h1", {}, place),
    ...Object.entries(answers).map(([key, answer]) => paragraph(questions.get(key), key, answer)),
  );
  for (const photo of await list("photos", account, visit)) {
    const file = await fileOf(photo);
    if (!file) continue;
    // The image belongs to the new page: the policy of this page does not allow data URLs.
    const image = page.body.appendChild(page.createElement("img"));
    Object.assign(image, { src: await dataUrl(file), alt: photo.question ?? place, width: 600 });
  }
  page.body.append(h("pre", {}, JSON.stringify(body ?? { answers }, null, 1)));
  const html = `<!doctype html>${page.documentElement.outerHTML}`;
  download(`${place} ${visit.slice(0, 8)}.html`, new Blob([html], { type: "text/html" }));
}

function paragraph(question, key, answer) {
  const words = question
    ? answerWords(question, answer)
    : [answer.value, answer.comment].flat().filter(Boolean).join(" · ");
  return h(
    "p",
    {},
    h("strong", {}, question ? localize(question.text) : key),
    h("br"),
    words || t("noAnswer"),
  );
}

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
