/** The evidence for a reviewer, next to the answers: flags, earlier visits, times and distance. */
import { dayName, h, moment, localize, t } from "../shared/page.js";
import { count } from "../staff/numbers.js";
import { onward } from "./filters.js";
import { enlargeable } from "./photo.js";

/** The server compares only comments of at least this many characters with those of other visits. */
const COMPARED_LENGTH = 30;
const html = document.documentElement;

/** Returns the flags of a visit in words, each with the earlier visit that it refers to, if any. */
export async function flagsOf(visit, submission, read) {
  const items = await Promise.all(visit.flags.map((flag) => flagOf(visit, submission, flag, read)));
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("flags")),
    items.length ? h("ul", { class: "flags" }, items) : h("p", {}, t("noFlags")),
  );
}

async function flagOf(visit, submission, flag, read) {
  return h(
    "li",
    { "data-flag": flag.code },
    h("h3", {}, t(`flag-${flag.code}`)),
    descriptionOf(flag),
    h("p", { class: "quiet" }, t(`look-${flag.code}`)),
    flag.revision < visit.revision && h("p", { class: "quiet" }, t("ofRevision", { n: flag.revision })),
    flag.other_visit_id && (await comparison(visit, submission, flag, read)),
  );
}

/**
 * The server describes flags in English. In other languages, the page uses its own words, and adds the
 * server's description only if it has figures.
 */
function descriptionOf({ code, detail }) {
  if (html.lang === "en") return h("p", {}, detail);
  return [
    h("p", {}, t(`description-${code}`)),
    /\d/.test(detail) && h("p", { class: "quiet", lang: "en" }, detail),
  ];
}

async function comparison(visit, submission, flag, read) {
  const address = `/visits/${flag.other_visit_id}`;
  // The other visit may have a photo but no submission.
  const [other, otherSubmission] = await Promise.all([
    read(`${address}?include=checklist`),
    flag.photo_id ? null : read(`${address}/submission`),
  ]);
  const sides = flag.photo_id
    ? [photoOf(visit, flag.photo_id), photoOf(other, flag.other_photo_id)]
    : [textOf(visit, submission, flag.question), textOf(other, otherSubmission, flag.other_question)];
  const link = h("a", { href: onward(`/dashboard${address}`), dir: "auto" }, other.location.name);
  return h(
    "div",
    { class: "comparison" },
    h(
      "figure",
      { "data-visit": visit.id },
      h("figcaption", {}, t("thisVisit"), shopperOf(visit)),
      h("div", {}, sides[0]),
    ),
    h(
      "figure",
      { "data-visit": other.id },
      h(
        "figcaption",
        {},
        t("earlierVisit"),
        " ",
        link,
        other.day && `, ${dayName(other.day)}`,
        shopperOf(other),
      ),
      h("div", {}, sides[1]),
    ),
  );
}

/** Returns the shopper, who may be the same for both visits. The API omits them from one's own visits. */
const shopperOf = ({ shopper }) => shopper && h("span", { class: "quiet", dir: "auto" }, nameOf(shopper));

/** Returns the name of a shopper, unless they were deleted or their name is no longer kept. */
const nameOf = ({ name }) => name ?? t("noLongerKept");

// Older flags name the other visit, but not its photo or question.
const photoOf = (visit, id) =>
  id
    ? enlargeable(visit.id, id, t("photoFrom", { location: visit.location.name }))
    : h("p", {}, t("lookInVisit"));

function textOf(visit, { answers, comment }, key) {
  const texts = key ? [answers[key]?.comment, answers[key]?.value] : [comment];
  const compared = texts.filter((text) => typeof text === "string" && text.length >= COMPARED_LENGTH);
  return [
    h("p", { class: "quiet", dir: "auto" }, key ? localize(questionOf(visit, key).text) : t("lastWord")),
    compared.length
      ? compared.map((text) => h("blockquote", { dir: "auto" }, text))
      : h("p", {}, t("lookInVisit")),
  ];
}

const questionOf = (visit, key) =>
  visit.checklist.sections.flatMap(({ questions }) => questions).find((question) => question.key === key);

/** Returns the window of a visit, in the location's time zone, and the facts of its submission, if any. */
export function factsOf(visit, submission) {
  const { window, location, shopper } = visit;
  const at = (time) => moment(time, location.time_zone);
  const facts = [
    ["shopper", nameOf(shopper)],
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
      facts.map(([name, value, note]) =>
        h(
          "div",
          { "data-fact": name },
          h("dt", {}, t(`fact-${name}`)),
          h("dd", { dir: "auto" }, value, note && h("span", { class: "quiet" }, note)),
        ),
      ),
    ),
    h("p", { class: "quiet" }, t("clockOf", { zone: location.time_zone })),
    visit.photo_evidence.length > 0 && photoDetails(visit, at),
  );
}

/** Returns when a visit took place and was received, how far away it was sent from, and its photos. */
function sentFacts({ started_at, finished_at, photos }, submission, at) {
  return [
    started_at
      ? [
          "made",
          `${at(started_at)} – ${at(finished_at)}`,
          t("tookTime", { time: duration((Date.parse(finished_at) - Date.parse(started_at)) / 1000) }),
        ]
      : ["made", t("noLongerKept")],
    [
      "received",
      at(submission.received_at),
      submission.clock_shift !== 0 &&
        t("clockCorrected", { time: duration(Math.abs(submission.clock_shift)) }),
    ],
    ...(submission.briefing_version
      ? [["briefing", t("briefingRead", { n: submission.briefing_version })]]
      : []),
    ["distance", ...distanceOf(submission)],
    [
      "photos",
      t("photosStored", { stored: count(photos.stored), expected: count(photos.expected) }),
      photos.missing.length > 0 && t("photosMissing", { n: photos.missing.length }),
    ],
  ];
}

function distanceOf({ distance_m: metres, position }) {
  if (metres == null) return [t("unknown")];
  return [
    t("distanceAway", { length: length(metres) }),
    position.accuracy_m != null && t("accuracy", { length: length(position.accuracy_m) }),
  ];
}

function photoDetails(visit, at) {
  return h(
    "details",
    {},
    h("summary", {}, t("photoDetails")),
    h(
      "ul",
      { class: "plain-list" },
      visit.photo_evidence.map((photo) =>
        h(
          "li",
          {},
          h(
            "span",
            { dir: "auto" },
            photo.question ? localize(questionOf(visit, photo.question).text) : t("storeClosed"),
          ),
          ": ",
          photo.taken_at ? t("takenAt", { time: at(photo.taken_at) }) : t("takenUnknown"),
          photo.make && ` · ${photo.make}`,
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
 * Units of time, with their length in seconds and the number of decimals.
 * @type {[name: string, size: number, digits: number][]}
 */
const UNITS = [
  ["day", 86_400, 1],
  ["hour", 3600, 1],
  ["minute", 60, 0],
  ["second", 1, 0],
];

/** Returns a duration in its largest unit of at least 1. */
function duration(seconds) {
  const [name, size, digits] = UNITS.find(([, unitSize]) => seconds >= unitSize) ?? UNITS.at(-1);
  return unit(seconds / size, name, { unitDisplay: "long", maximumFractionDigits: digits });
}

const length = (metres) =>
  metres < 1000 ? unit(metres, "meter") : unit(metres / 1000, "kilometer", { maximumFractionDigits: 1 });
