/** The facts of a visit: what it is, when it can take place, and where. */
import { fromNow, h, moment, localize, t, textElement } from "../shared/page.js";

const SOON = 48 * 3_600_000;

/** Returns the title and the channel of the checklist: "Store visit · in person". */
export const kindOf = (checklist) => `${localize(checklist.title)} · ${t(`channel-${checklist.channel}`)}`;

/** Returns when a visit can take place, in the time zone of the store. */
export function timing({ window, location }) {
  const opens = Date.parse(window.opens_at);
  const closes = Date.parse(window.closes_at);
  const now = Date.now();
  const format = (time) => moment(time, location.time_zone) + zoneNote(location.time_zone, time);
  if (now > closes) return h("span", { class: "mark" }, t("closed", { when: fromNow(closes) }));
  return h(
    "span",
    {},
    now < opens && h("strong", {}, `${t("notBefore", { time: format(window.opens_at) })} `),
    closes - now < SOON
      ? t("closes", { when: fromNow(closes), time: format(window.closes_at) })
      : t("until", { time: format(window.closes_at) }),
  );
}

/** Returns a note if the time zone of the store differs from that of this phone. */
function zoneNote(timeZone, time) {
  const clock = (zone) => new Date(time).toLocaleString("en", { timeZone: zone });
  return clock(timeZone) === clock(undefined) ? "" : ` (${t("storeTime")})`;
}

/** Returns links to the place: the address opens a map, and the phone number of a telephone visit dials. */
export function placeLinks({ location }, channel) {
  const { address, latitude, phone } = location;
  const hasPlace = Boolean(address) || latitude !== null;
  const map = hasPlace && channel !== "telephone" && channel !== "message";
  return [
    channel === "telephone" &&
      phone &&
      h("a", { class: "call", href: dialLink(phone) }, t("call", { number: phone })),
    map &&
      h(
        "a",
        { class: "map", href: mapLink(location), target: "_blank", rel: "noreferrer" },
        textElement("span", {}, address ?? t("openMap")),
      ),
    !map && address && textElement("span", { class: "quiet" }, address),
  ].filter(Boolean);
}

const KEYPAD = ["abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"];

/** Returns the digit on the same telephone key as a letter (ITU-T E.161). */
const digitOf = (letter) => KEYPAD.findIndex((letters) => letters.includes(letter)) + 2;

/** Returns the link that dials a number in any common notation, such as "+44 (0)20 7946 0123 ext. 2". */
function dialLink(phone) {
  const [, number, extension] = /^(.*?)(?:(?:ext\.?|x|#)\s*(\d+))?$/i.exec(phone.trim());
  const digits = number
    .replace(/^(\+\d+\s*)\(0\)/, "$1") // this zero is dialled only within the country
    .replace(/[a-z]/gi, (letter) => String(digitOf(letter.toLowerCase())))
    .replace(/[^\d+]/g, "");
  return `tel:${digits}${extension ? `;ext=${extension}` : ""}`;
}

/** Returns the link that opens a map: in the phone's own app, or OpenStreetMap on a desktop. */
function mapLink({ address, latitude, longitude, name }) {
  const position = latitude === null || longitude === null ? null : `${latitude},${longitude}`;
  const query = encodeURIComponent(address ? `${localize(name)}, ${address}` : position);
  const system = navigator.userAgent;
  if (/Android/.test(system)) return `geo:${position ?? "0,0"}?q=${query}`;
  if (/iPhone|iPad|Macintosh/.test(system))
    return `https://maps.apple.com/?q=${query}${position ? `&ll=${position}` : ""}`;
  return `https://www.openstreetmap.org/search?query=${encodeURIComponent(address ?? position)}`;
}
