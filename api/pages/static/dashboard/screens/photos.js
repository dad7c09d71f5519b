/** The photo wall: photos of accepted visits, the newest day first, with a viewer. */
import { dayName, h, loadMoreWords, localize, t } from "../../shared/page.js";
import { filters as addressFilters } from "../../staff/address.js";
import { count } from "../../staff/numbers.js";
import { questionsOf } from "../checklists.js";
import { common, filterBar } from "../filters.js";
import { locationChoice, questionChoice } from "../further-filters.js";
import { pagedList } from "../paged-list.js";
import { picture } from "../photo.js";
import { openViewer, photoWords } from "../photo-viewer.js";

await loadMoreWords((language) => import(`../words/questions/${language}.js`));

const PAGE_SIZE = 60;

export default async function ({ filters, read, readAll }) {
  const checklists = await readAll("/checklists?limit=500");
  const photos = [];
  const grid = h("ul", { class: "wall", onkeydown: (event) => moveFocus(event, grid) });
  const list = pagedList({
    container: grid,
    draw(photo, index) {
      photos.length = index;
      photos.push(photo);
      return h(
        "li",
        {},
        thumbnail(photo, () => openViewer({ photos, index, more: list.more, grid })),
      );
    },
    describe: (n, isComplete) => t(isComplete ? "allPhotos" : "firstPhotos", { n, count: count(n) }),
    empty: t("noPhotos"),
  });
  const bar = filterBar(filters, readAll);
  bar.append(locationChoice(filters, readAll));
  if (filters.checklist) bar.append(questionChoice(filters, () => fetchQuestions(filters, checklists, read)));
  return {
    title: t("page-photos"),
    content: [bar, list.element],
    ready: () => list.refresh("/photos", { limit: `${PAGE_SIZE}`, ...queryOf(addressFilters()) }),
  };
}

const queryOf = (filters) => ({
  ...common(filters),
  location_id: filters.location_id,
  question: filters.question,
});

/** Returns the questions of the checklist that ask for photos which managers may see. */
async function fetchQuestions({ checklist }, checklists, read) {
  const questions = await questionsOf(checklists, [checklist], read);
  return [...questions.values()]
    .filter((question) => question.photos?.maximum && !question.private)
    .map(({ key, text }) => [key, localize(text)]);
}

function thumbnail(photo, open) {
  const address = `/api/v1/visits/${photo.visit_id}/photos/${photo.id}`;
  const button = h("button", { type: "button", class: "thumbnail", "data-photo": photo.id, onclick: open });
  const { points_earned: earned, points_possible: possible } = photo;
  button.append(
    picture(`${address}/thumbnail`, photoWords(photo), button, { loading: "lazy", width: 200, height: 200 }),
  );
  return [
    button,
    h(
      "p",
      { class: "quiet", dir: "auto", "aria-hidden": "true" },
      `${photo.location.name}, ${dayName(photo.day)}`,
      photo.question &&
        earned < possible &&
        h("b", { class: "points-of" }, t("pointsOf", { earned, possible })),
    ),
  ];
}

/** Moves the focus between the photos of the grid with the arrow keys, Home and End. */
function moveFocus(event, grid) {
  const buttons = [...grid.querySelectorAll("button")];
  const from = buttons.indexOf(document.activeElement);
  if (from < 0) return;
  const { top } = buttons[0].getBoundingClientRect();
  const columns = buttons.filter((button) => button.getBoundingClientRect().top === top).length;
  const isRightToLeft = getComputedStyle(grid).direction === "rtl";
  const forward = isRightToLeft ? -1 : 1;
  const targets = {
    ArrowRight: from + forward,
    ArrowLeft: from - forward,
    ArrowDown: from + columns,
    ArrowUp: from - columns,
    Home: 0,
    End: buttons.length - 1,
  };
  const target = buttons[targets[event.key]];
  if (!target || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  target.focus();
}
