/**
 * What a reviewer looks at beside the answers: the flags, what was seen before, the times and the distance.
 */
import { h, moment, plain, t } from "../shared/page.js";
import { onward } from "./address.js";
import { count, dayName } from "./figures.js";
import { enlargeable } from "./photo.js";

/** Shorter comments are never compared with those of other visits. */
const LONG_COMMENT = 30;
const html = document.documentElement;

/**
 * Returns what was noticed of a visit, in words, with the earlier visit beside it where the same was seen in
 * one.
 */
export async function flagsOf(visit, submission, read) {
  const items = await Promise.all(visit.flags.map((flag) => flagOf(visit, submission, flag, read)));
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("noticed")),
    items.length ? h("ul", { class: "flags" }, items) : h("p", {}, t("noFlags")),
  );
}

async function flagOf(visit, submission, flag, read) {
  return h(
    "li",
    { "data-flag": flag.code },
    h("h3", {}, t(`flag-${flag.code}`)),
    saidOf(flag),
    h("p", { class: "quiet" }, t(`look-${flag.code}`)),
    flag.revision < visit.revision && h("p", { class: "quiet" }, t("ofRevision", { n: flag.revision })),
    flag.other_visit_id && (await beside(visit, submission, flag, read)),
  );
}

/**
 * The server says it in English: elsewhere that stands below the page's own words, where it has figures to
 * add.
 */
function saidOf({ code, detail }) {
  if (html.lang === "en") return h("p", {}, detail);
  return [h("p", {}, t(`says-${code}`)), /\d/.test(detail) && h("p", { class: "quiet", lang: "en" }, detail)];
}

async function beside(visit, submission, flag, read) {
  const address = `/visits/${flag.other_visit_id}`;
  // A photo may be of a visit that was never sent.
  const [other, theirs] = await Promise.all([
    read(`${address}?include=checklist`),
    flag.photo_id ? null : read(`${address}/submission`),
  ]);
  const parts = flag.photo_id
    ? [photo(visit, flag.photo_id), photo(other, flag.other_photo_id)]
    : [words(visit, submission, flag.question), words(other, theirs, flag.other_question)];
  const link = h("a", { href: onward(`/dashboard${address}`), dir: "auto" }, other.location.name);
  return h(
    "div",
    { class: "beside" },
    h(
      "figure",
      { "data-visit": visit.id },
      h("figcaption", {}, t("thisVisit"), by(visit)),
      h("div", {}, parts[0]),
    ),
    h(
      "figure",
      { "data-visit": other.id },
      h("figcaption", {}, t("earlierVisit"), " ", link, other.day && `, ${dayName(other.day)}`, by(other)),
      h("div", {}, parts[1]),
    ),
  );
}

/** Whether both are by one shopper says much; of a reviewer's own visit the API does not tell who made it. */
const by = ({ shopper }) => shopper && h("span", { class: "quiet", dir: "auto" }, shopper.name);

// Older flags name the other visit alone.
const photo = (visit, id) =>
  id
    ? enlargeable(visit.id, id, t("photoFrom", { location: visit.location.name }))
    : h("p", {}, t("lookInVisit"));

function words(visit, { answers, comment }, key) {
  const texts = key ? [answers[key]?.comment, answers[key]?.value] : [comment];
  const long = texts.filter((text) => typeof text === "string" && text.length >= LONG_COMMENT);
  return [
    h("p", { class: "quiet", dir: "auto" }, key ? plain(questionOf(visit, key).text) : t("lastWord")),
    long.length ? long.map((text) => h("blockquote", { dir: "auto" }, text)) : h("p", {}, t("lookInVisit")),
  ];
}

const questionOf = (visit, key) =>
  visit.checklist.sections.flatMap(({ questions }) => questions).find((each) => each.key === key);

/** Returns when a visit was to be made, by the location's clock, and what is known of one that was sent. */
export function factsOf(visit, submission) {
  const { window, location, shopper } = visit;
  const at = (time) => moment(time, location.time_zone);
  const facts = [
    ["shopper", shopper.name],
    ["window", `${at(window.opens_at)} – ${at(window.closes_at)}`],
    ...(submission ? sentFacts(visit, submission, at) : []),
  ];
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("timesAndPlace")),
    h(
      "dl",
      { class: "facts times" },
      facts.map(([name, value, more]) =>
        h(
          "div",
          { "data-fact": name },
          h("dt", {}, t(`fact-${name}`)),
          h("dd", { dir: "auto" }, value, more && h("span", { class: "quiet" }, more)),
        ),
      ),
    ),
    h("p", { class: "quiet" }, t("clockOf", { zone: location.time_zone })),
    visit.photo_evidence.length > 0 && tellingPhotos(visit, at),
  );
}

/** Returns when a visit was made and came in, how far away it was sent from, and its photos. */
function sentFacts({ started_at, finished_at, photos }, submission, at) {
  return [
    [
      "made",
      `${at(started_at)} – ${at(finished_at)}`,
      t("took", { time: span((Date.parse(finished_at) - Date.parse(started_at)) / 1000) }),
    ],
    [
      "received",
      at(submission.received_at),
      submission.clock_shift !== 0 && t("clockCorrected", { time: span(Math.abs(submission.clock_shift)) }),
    ],
    ["distance", ...distanceOf(submission)],
    [
      "photos",
      t("photosStored", { stored: count(photos.stored), expected: count(photos.expected) }),
      photos.missing.length > 0 && t("photosMissing", { n: photos.missing.length }),
    ],
  ];
}

function distanceOf({ distance_m: metres, position }) {
  if (metres == null) return [t("notKnown")];
  return [
    t("away", { length: length(metres) }),
    position.accuracy_m != null && t("giveOrTake", { length: length(position.accuracy_m) }),
  ];
}

function tellingPhotos(visit, at) {
  return h(
    "details",
    {},
    h("summary", {}, t("photosTell")),
    h(
      "ul",
      { class: "plain-list" },
      visit.photo_evidence.map((each) =>
        h(
          "li",
          {},
          h(
            "span",
            { dir: "auto" },
            each.question ? plain(questionOf(visit, each.question).text) : t("storeClosed"),
          ),
          ": ",
          each.taken_at ? t("takenAt", { time: at(each.taken_at) }) : t("takenUnknown"),
          each.make && ` · ${each.make}`,
        ),
      ),
    ),
  );
}

const unit = (value, name, options) =>
  new Intl.NumberFormat(html.lang, {
    style: "unit",
    unit: name,
    maximumFractionDigits: 0,
    ...options,
  }).format(value);

/**
 * Units of time, each with its seconds and the decimals that it is written with.
 * @type {[name: string, size: number, digits: number][]}
 */
const UNITS = [
  ["day", 86_400, 1],
  ["hour", 3600, 1],
  ["minute", 60, 0],
  ["second", 1, 0],
];

/** Returns a span of seconds in the largest unit that it fills. */
function span(seconds) {
  const [name, size, digits] = UNITS.find((each) => seconds >= each[1]) ?? UNITS.at(-1);
  return unit(seconds / size, name, { unitDisplay: "long", maximumFractionDigits: digits });
}

const length = (metres) =>
  metres < 1000 ? unit(metres, "meter") : unit(metres / 1000, "kilometer", { maximumFractionDigits: 1 });
