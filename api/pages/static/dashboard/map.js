/**
 * A map of locations, drawn from their positions alone: there are no tiles, which would come from another host and
 * tell it what the reader looks at. It has a grid of degrees, a scale, and names where there is room.
 */
import { h, t } from "../shared/page.js";
import { address } from "../staff/address.js";
import { count, percent } from "../staff/numbers.js";
import { svg } from "../staff/svg.js";
import { onward } from "./filters.js";
import { VERDICTS, verdictLabel, verdictMark, verdictWords } from "./verdict.js";

const RADIAN = Math.PI / 180;
/** The radius of the earth, in kilometres. */
const EARTH = 6371;
/** In pixels: the space around the outermost locations, and the distance under which locations become a group. */
const PADDING = 44;
const NEAR = 34;
/** The shortest width of a map, in kilometres. */
const SHORTEST = 2;
/** With more marks than this, there are no names. */
const MOST_NAMED = 30;
/** About how wide a letter is, and how high a line, in pixels. */
const LETTER = 7;
const LINE = 16;
/** The steps of the grid, in degrees. */
const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30];

/** Returns the locations, by their IDs. `region` limits them to those in it and below it. */
export const positionsOf = async (region, readAll) =>
  new Map(
    (await readAll(address("/locations", { within: region, limit: "500" }))).map((place) => [
      place.id,
      place,
    ]),
  );

/**
 * Returns the map of score rows by location. `positions` has the location of each row by its ID, with its latitude
 * and longitude. Rows without a position are left to the list of the page. A group of locations that are close
 * together opens when it is pressed.
 */
export function locationMap(rows, positions, width, height) {
  const places = project(
    rows
      .map((row) => ({ row, ...positions.get(row.location.id) }))
      .filter(({ latitude, longitude }) => latitude != null && longitude != null),
  );
  const frame = h("div", {
    class: "map",
    role: "group",
    "aria-label": t("mapOf", { n: places.length, count: count(places.length) }),
  });
  frame.style.aspectRatio = `${width} / ${height}`;
  frame.style.maxWidth = `${width}px`;
  const size = { width, height };

  function draw(members, isFocused = false) {
    const view = fit(members, size);
    const groups = group(members, view);
    // Locations at the same place stay one group, however close the view: they are shown around it.
    const marks = groups.length === 1 && members.length > 1 ? spread(groups[0]) : groups;
    const labels = marks.length > MOST_NAMED ? new Map() : placeNames(marks, size);
    frame.replaceChildren(
      background(view, size),
      ...marks.map((mark) =>
        mark.members.length > 1
          ? groupMark(mark, size, () => draw(mark.members, true))
          : locationMark(mark, size, labels.get(mark)),
      ),
      members.length < places.length ? wholeMap(() => draw(places, true)) : "",
    );
    if (isFocused) frame.querySelector("a, button").focus();
  }

  if (!places.length) return h("p", { class: "empty" }, t("noPositions"));
  draw(places);
  return [frame, legend(rows)];
}

/** Adds positions on a Mercator map, in radians. A map across the date line is cut at the widest gap instead. */
function project(places) {
  const longitudes = places.map(({ longitude }) => longitude).sort((one, other) => one - other);
  const gaps = longitudes.map((west, index) => ({
    east: longitudes[(index + 1) % longitudes.length],
    width: (longitudes[(index + 1) % longitudes.length] - west + 360) % 360,
  }));
  const west = gaps.reduce((widest, gap) => (gap.width > widest.width ? gap : widest), gaps[0])?.east ?? 0;
  return places.map((place) => ({
    ...place,
    x: (((place.longitude - west + 360) % 360) + west) * RADIAN,
    y: -Math.asinh(Math.tan(Math.max(-85, Math.min(85, place.latitude)) * RADIAN)),
  }));
}

/** Returns the view that shows these places: its middle, and the pixels of a radian. */
function fit(places, { width, height }) {
  const [left, right] = ends(places.map(({ x }) => x));
  const [top, bottom] = ends(places.map(({ y }) => y));
  const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
  /** Kilometres of a radian at the middle of the map. */
  const radian = EARTH / Math.cosh(middle.y);
  const scale = Math.min(
    (width - 2 * PADDING) / (right - left || Number.MIN_VALUE),
    (height - 2 * PADDING) / (bottom - top || Number.MIN_VALUE),
    (width * radian) / SHORTEST,
  );
  return {
    scale,
    kilometre: scale / radian,
    toX: (x) => width / 2 + (x - middle.x) * scale,
    toY: (y) => height / 2 + (y - middle.y) * scale,
    fromX: (pixels) => middle.x + (pixels - width / 2) / scale,
    fromY: (pixels) => middle.y + (pixels - height / 2) / scale,
  };
}

const ends = (values) =>
  values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

/** Returns marks at their positions in pixels: each place alone, or with those that are close to it. */
function group(places, view) {
  const cells = new Map();
  const marks = [];
  for (const place of places) {
    const [x, y] = [view.toX(place.x), view.toY(place.y)];
    const [column, row] = [Math.floor(x / NEAR), Math.floor(y / NEAR)];
    const around = [-1, 0, 1].flatMap((right) =>
      [-1, 0, 1].flatMap((down) => cells.get(`${column + right}/${row + down}`) ?? []),
    );
    const near = around.find((mark) => Math.hypot(mark.x - x, mark.y - y) < NEAR);
    if (near) near.members.push(place);
    else {
      const mark = { x, y, members: [place] };
      marks.push(mark);
      const cell = `${column}/${row}`;
      cells.set(cell, [...(cells.get(cell) ?? []), mark]);
    }
  }
  return marks;
}

function spread({ x, y, members }) {
  const radius = Math.max(NEAR, (members.length * NEAR) / (2 * Math.PI));
  return members.map((place, index) => {
    const angle = (2 * Math.PI * index) / members.length;
    return { x: x + radius * Math.cos(angle), y: y + radius * Math.sin(angle), members: [place] };
  });
}

/** Returns the side of its mark on which each name has room, by mark. Names that have none are omitted. */
function placeNames(marks, { width, height }) {
  const taken = marks.map(({ x, y }) => ({ left: x - 10, right: x + 10, top: y - 10, bottom: y + 10 }));
  const isFree = (box) =>
    box.left > 0 &&
    box.right < width &&
    box.top > 0 &&
    box.bottom < height &&
    taken.every(
      (other) =>
        other.right < box.left || other.left > box.right || other.bottom < box.top || other.top > box.bottom,
    );
  const sides = new Map();
  for (const mark of marks.filter(({ members }) => members.length === 1)) {
    const { x, y } = mark;
    const half = (mark.members[0].row.location.name.length * LETTER) / 2;
    const boxes = {
      right: { left: x + 11, right: x + 14 + 2 * half, top: y - LINE / 2, bottom: y + LINE / 2 },
      left: { left: x - 14 - 2 * half, right: x - 11, top: y - LINE / 2, bottom: y + LINE / 2 },
      above: { left: x - half, right: x + half, top: y - 11 - LINE, bottom: y - 11 },
      below: { left: x - half, right: x + half, top: y + 11, bottom: y + 11 + LINE },
    };
    const side = Object.keys(boxes).find((name) => isFree(boxes[name]));
    if (!side) continue;
    sides.set(mark, side);
    taken.push(boxes[side]);
  }
  return sides;
}

/** Returns the grid of degrees and the scale. */
function background(view, { width, height }) {
  const span = (view.fromX(width) - view.fromX(0)) / RADIAN;
  const step = STEPS.find((degrees) => span / degrees <= 8) ?? STEPS.at(-1);
  const meridians = multiples(step, view.fromX(0) / RADIAN, view.fromX(width) / RADIAN);
  const toLatitude = (pixels) => Math.atan(Math.sinh(-view.fromY(pixels))) / RADIAN;
  const parallels = multiples(step, toLatitude(height), toLatitude(0));
  const lines = [
    ...meridians.map((degrees) => `M${view.toX(degrees * RADIAN)} 0V${height}`),
    ...parallels.map((degrees) => `M0 ${view.toY(-Math.asinh(Math.tan(degrees * RADIAN)))}H${width}`),
  ];
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    svg("path", { class: "tick", fill: "none", d: lines.join("") }),
    scaleBar(view, height),
  );
}

function multiples(step, from, to) {
  const values = [];
  for (let n = Math.ceil(from / step); n * step < to; n++) values.push(n * step);
  return values;
}

/** Returns a line of a round length, with that length. */
function scaleBar({ kilometre }, height) {
  const longest = 120 / kilometre;
  const power = 10 ** Math.floor(Math.log10(longest));
  const length = [5, 2, 1].map((n) => n * power).find((n) => n <= longest);
  const words = length < 1 ? t("metres", { n: count(length * 1000) }) : t("kilometres", { n: count(length) });
  const end = 12 + length * kilometre;
  return [
    svg("path", { class: "scale", d: `M12 ${height - 16}v6H${end}v-6` }),
    svg("text", { x: end + 6, y: height - 10 }, words),
  ];
}

/** Puts an element at the position of a mark. In per cent, so that it stays there if the map becomes smaller. */
function put(element, { x, y }, { width, height }) {
  element.style.left = `${(100 * x) / width}%`;
  element.style.top = `${(100 * y) / height}%`;
  return element;
}

const drawing = (...children) =>
  svg("svg", { viewBox: "-10 -10 20 20", width: 20, height: 20, "aria-hidden": "true" }, children);

function locationMark(mark, size, side) {
  const { row } = mark.members[0];
  const { location, verdict, score, visits } = row;
  const words = t("markWords", {
    name: location.name,
    verdict: verdictWords(verdict),
    score: percent(score),
    n: visits,
  });
  const link = h(
    "a",
    {
      class: side ? `mark-${side}` : "mark-hidden",
      href: onward(`/dashboard/locations/${location.id}`),
      "aria-label": words,
      "data-location": location.id,
      "data-verdict": verdict ?? "none",
    },
    drawing(verdictMark(verdict, 0, 0, words)),
    h("span", { "aria-hidden": "true", dir: "auto" }, location.name),
  );
  return put(link, mark, size);
}

function groupMark(mark, size, onclick) {
  const { members } = mark;
  const words = t("groupWords", {
    n: members.length,
    verdicts: countVerdicts(members.map(({ row }) => row))
      .map(([verdict, n]) => `${verdictWords(verdict)}: ${n}`)
      .join(", "),
  });
  const worst = members.some(({ row }) => row.verdict === "below") ? "below" : null;
  const button = h(
    "button",
    { type: "button", class: "group", title: words, "aria-label": words, onclick },
    count(members.length),
    worst && drawing(verdictMark(worst, 0, 0)),
  );
  return put(button, mark, size);
}

const wholeMap = (onclick) => h("button", { type: "button", class: "plain whole", onclick }, t("wholeMap"));

/** Returns which verdicts rows have, and how many each, as [verdict, number]. */
function countVerdicts(rows) {
  return [...VERDICTS, null]
    .map((verdict) => [verdict, rows.filter((row) => (row.verdict ?? null) === verdict).length])
    .filter(([, n]) => n);
}

/** Returns what the shapes mean, with how many locations have each. */
const legend = (rows) =>
  h(
    "p",
    { class: "legend" },
    countVerdicts(rows).map(([verdict, n]) => verdictLabel(verdict, `${verdictWords(verdict)}: ${count(n)}`)),
  );
