/** What a shopper must know of a visit: what it is, when it can be made, and where. */
import { fromNow, h, moment, plain, t, textElement } from "../shared/page.js";

const SOON = 48 * 3_600_000;

/** Returns the checklist's title and how the visit is made: "Store visit · in person". */
export const kindOf = (checklist) => `${plain(checklist.title)} · ${t(`channel-${checklist.channel}`)}`;

/** Returns when a visit can be made, in the store's own time zone. */
export function timing({ window, location }) {
  const opens = Date.parse(window.opens_at);
  const closes = Date.parse(window.closes_at);
  const now = Date.now();
  const at = (time) => moment(time, location.time_zone) + zoneMark(location.time_zone, time);
  if (now > closes) return h("span", { class: "mark" }, t("closed", { when: fromNow(closes) }));
  return h(
    "span",
    {},
    now < opens && h("strong", {}, `${t("notBefore", { time: at(window.opens_at) })} `),
    closes - now < SOON
      ? t("closes", { when: fromNow(closes), time: at(window.closes_at) })
      : t("until", { time: at(window.closes_at) }),
  );
}

/** Returns words that say so where the store's clock differs from this phone's. */
function zoneMark(timeZone, time) {
  const clock = (zone) => new Date(time).toLocaleString("en", { timeZone: zone });
  return clock(timeZone) === clock(undefined) ? "" : ` (${t("storeTime")})`;
}

/** Returns links: the address opens the phone's map, and the number of a telephone visit calls. */
export function whereabouts({ location }, channel) {
  const { address, latitude, phone } = location;
  const hasPlace = Boolean(address) || latitude !== null;
  const map = hasPlace && channel !== "telephone" && channel !== "message";
  return [
    channel === "telephone" &&
      phone &&
      h("a", { class: "call", href: dialOf(phone) }, t("call", { number: phone })),
    map &&
      h(
        "a",
        { class: "map", href: mapOf(location), target: "_blank", rel: "noreferrer" },
        textElement("span", {}, address ?? t("openMap")),
      ),
    !map && address && textElement("span", { class: "quiet" }, address),
  ].filter(Boolean);
}

const KEYPAD = ["abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"];

/** Returns the digit that has a letter on the keys of a telephone (ITU-T E.161). */
const keyOf = (letter) => KEYPAD.findIndex((letters) => letters.includes(letter)) + 2;

/** Returns the link that dials a number as people write it: "+44 (0)20 7946 0123 ext. 2". */
function dialOf(phone) {
  const [, number, extension] = /^(.*?)(?:(?:ext\.?|x|#)\s*(\d+))?$/i.exec(phone.trim());
  const digits = number
    .replace(/^(\+\d+\s*)\(0\)/, "$1") // the zero of a number within the country
    .replace(/[a-z]/gi, (letter) => String(keyOf(letter.toLowerCase())))
    .replace(/[^\d+]/g, "");
  return `tel:${digits}${extension ? `;ext=${extension}` : ""}`;
}

/** Returns the address that opens a map: the phone's own app, or OpenStreetMap on a desktop. */
function mapOf({ address, latitude, longitude, name }) {
  const position = latitude === null || longitude === null ? null : `${latitude},${longitude}`;
  const query = encodeURIComponent(address ? `${plain(name)}, ${address}` : position);
  const system = navigator.userAgent;
  if (/Android/.test(system)) return `geo:${position ?? "0,0"}?q=${query}`;
  if (/iPhone|iPad|Macintosh/.test(system))
    return `https://maps.apple.com/?q=${query}${position ? `&ll=${position}` : ""}`;
  return `https://www.openstreetmap.org/search?query=${encodeURIComponent(address ?? position)}`;
}
