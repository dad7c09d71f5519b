/** Positions: read from text in common formats, and drawn on an outline of the locations themselves. */
import { h, t } from "../shared/page.js";
import { svg } from "../staff/svg.js";

const EARTH_RADIUS_KM = 6371;
const WIDTH = 320;
const MAX_HEIGHT = 320;
const MARGIN = 16;
/** A number with its hemisphere, and with minutes and seconds if it has any: N 41° 22′ 48″ */
const COORDINATE =
  /([NSEWO])?\s*([+-]?\d+(?:[.,]\d+)?)\s*(?:°\s*(?:(\d+(?:[.,]\d+)?)\s*['′’]\s*)?(?:(\d+(?:[.,]\d+)?)\s*(?:["″”]|''))?)?\s*([NSEWO])?/iy;
const SEPARATOR = /\s*[,;/]?\s*/y;

/**
 * Returns a position as `{latitude, longitude}` from a text such as "41.38, 2.17", "41,38; 2,17",
 * "41°22'48\"N 2°10'12\"E" or the address of a page of a map. Returns null for an empty text, and undefined if
 * the text is no position.
 */
export function parsePosition(text) {
  const trimmed = text.trim();
  if (!trimmed) return null;
  const inAddress = /[@=/](-?\d+\.\d+)(?:,|%2C|\/)(-?\d+\.\d+)/i.exec(trimmed);
  if (/^https?:|^geo:/i.test(trimmed)) {
    const match = inAddress ?? /^geo:(-?[\d.]+),(-?[\d.]+)/i.exec(trimmed);
    return match ? check(Number(match[1]), Number(match[2])) : undefined;
  }
  // A comma is a decimal mark only if it has a digit on both sides and another sign separates the numbers.
  const isDecimalComma = /\d,\d+\s*[;/\s]\s*[+-]?\d+,\d/.test(trimmed) || /\d,\d+°/.test(trimmed);
  const source = isDecimalComma ? trimmed.replace(/(\d),(\d)/g, "$1.$2") : trimmed.replaceAll(",", " , ");
  const first = readCoordinate(source, 0);
  if (!first) return undefined;
  SEPARATOR.lastIndex = first.end;
  SEPARATOR.exec(source);
  const second = readCoordinate(source, SEPARATOR.lastIndex);
  if (!second || source.slice(second.end).trim()) return undefined;
  const sides = [first, second].map(({ side }) => side && (/[NS]/.test(side) ? "latitude" : "longitude"));
  if (sides[0] && sides[0] === sides[1]) return undefined;
  const isSwapped = sides[0] === "longitude" || sides[1] === "latitude";
  return isSwapped ? check(second.value, first.value) : check(first.value, second.value);
}

function readCoordinate(text, start) {
  COORDINATE.lastIndex = start;
  const match = COORDINATE.exec(text);
  if (!match) return null;
  const [, before, degrees, minutes = "0", seconds = "0", after] = match;
  const side = (before ?? after ?? "").toUpperCase();
  const size =
    Math.abs(Number(degrees.replace(",", "."))) +
    Number(minutes.replace(",", ".")) / 60 +
    Number(seconds.replace(",", ".")) / 3600;
  const isNegative = degrees.startsWith("-") || /[SWO]/.test(side);
  return { value: isNegative ? -size : size, side, end: COORDINATE.lastIndex };
}

function check(latitude, longitude) {
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return undefined;
  return { latitude: round(latitude), longitude: round(longitude) };
}

/** Rounds to a tenth of a metre. */
const round = (degrees) => Math.round(degrees * 1e6) / 1e6;

/** Returns a position as text, in the format that people paste. */
export const positionText = ({ latitude, longitude }) =>
  latitude == null || longitude == null ? "" : `${latitude}, ${longitude}`;

/**
 * Returns a map that shows where a position is among `locations`: an outline around them, a dot for each, and a
 * mark at the position. `place(position)` moves the mark.
 */
export function positionMap(locations) {
  const known = locations.filter(({ latitude, longitude }) => latitude != null && longitude != null);
  const words = h("p", { class: "quiet", role: "status" });
  const drawing = h("div", { class: "map" });
  const element = h("figure", { class: "position" }, drawing, h("figcaption", {}, words));

  function place(position) {
    const points = position ? [...known, position] : known;
    if (!points.length) {
      drawing.replaceChildren();
      words.textContent = t("mapEmpty");
      return;
    }
    drawing.replaceChildren(draw(known, position));
    words.textContent = position ? describe(position) : t("mapWithout", { n: known.length });
  }

  /** Says in words what the drawing shows: which location is nearest, and how far away. */
  function describe(position) {
    if (!known.length) return t("mapFirst");
    const { location, distance } = known
      .map((location) => ({ location, distance: distanceKm(location, position) }))
      .reduce((best, next) => (next.distance < best.distance ? next : best));
    const km = distance < 10 ? distance.toFixed(1) : Math.round(distance);
    return t("mapNearest", { km, location: location.name });
  }

  return { element, place };
}

function draw(locations, position) {
  const points = position ? [...locations, position] : locations;
  const project = projectionOf(points);
  const dots = locations.map(project);
  const { width, height } = project;
  const outline = hullOf(dots);
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" },
    outline.length > 2 &&
      svg("path", { class: "outline", d: `M${outline.map((xy) => xy.join(" ")).join("L")}Z` }),
    dots.map(([x, y]) => svg("circle", { class: "dot", cx: x, cy: y, r: 2 })),
    position && markAt(project(position)),
  );
}

function markAt(center) {
  const [cx, cy] = center;
  return [
    svg("circle", { class: "halo", cx, cy, r: 9 }),
    svg("circle", { class: "mark", cx, cy, r: 5, "data-testid": "map-mark" }),
  ];
}

/** Returns the function from a position to [x, y], in a drawing around all points that keeps their proportions. */
function projectionOf(points) {
  const latitudes = points.map(({ latitude }) => latitude);
  const longitudes = points.map(({ longitude }) => longitude);
  const [south, north] = rangeOf(latitudes);
  const [west, east] = rangeOf(longitudes);
  const shrink = Math.max(Math.cos((((south + north) / 2) * Math.PI) / 180), 0.1);
  const spanX = Math.max((east - west) * shrink, 0.02);
  const spanY = Math.max(north - south, 0.02);
  const scale = Math.min((WIDTH - 2 * MARGIN) / spanX, (MAX_HEIGHT - 2 * MARGIN) / spanY);
  const height = Math.round(Math.max(spanY * scale, 60) + 2 * MARGIN);
  const project = ({ latitude, longitude }) => [
    Math.round((WIDTH / 2 + (longitude - (west + east) / 2) * shrink * scale) * 10) / 10,
    Math.round((height / 2 - (latitude - (south + north) / 2) * scale) * 10) / 10,
  ];
  return Object.assign(project, { width: WIDTH, height });
}

/** Returns the smallest and the largest of numbers, of which there can be more than a call has arguments. */
const rangeOf = (numbers) => [
  numbers.reduce((low, number) => Math.min(low, number), Infinity),
  numbers.reduce((high, number) => Math.max(high, number), -Infinity),
];

/** Returns the corners of the convex hull of points, in order (Andrew's monotone chain). */
function hullOf(points) {
  const sorted = [...points].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const turn = ([ax, ay], [bx, by], [cx, cy]) => (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  const half = (sequence) => {
    const chain = [];
    for (const point of sequence) {
      while (chain.length > 1 && turn(chain.at(-2), chain.at(-1), point) <= 0) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

/** Returns the distance between two positions along the surface of the earth. */
function distanceKm(one, other) {
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const dy = Math.sin(radians(other.latitude - one.latitude) / 2);
  const dx = Math.sin(radians(other.longitude - one.longitude) / 2);
  const square = dy * dy + Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude)) * dx * dx;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(square)));
}
