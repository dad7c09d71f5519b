/** Days of a location: when they begin and end, in its own time zone. */

const SECOND = 1000;
/** Creating a format takes the browser long, so there is one for each time zone. */
const formats = new Map();

/** Returns the window from the beginning of a day to the end of another, as the API takes it. */
export function windowOf(from, to, timeZone) {
  return {
    opens_at: new Date(beginOf(from, timeZone)).toISOString(),
    closes_at: endOf(to, timeZone),
  };
}

/** Returns the last second of a day. */
export const endOf = (day, timeZone) => new Date(beginOf(addDays(day, 1), timeZone) - SECOND).toISOString();

/** Returns the first and the last day of a window. One that closes as a day begins ends on the day before. */
export function daysOf({ opens_at: opensAt, closes_at: closesAt }, timeZone) {
  return {
    from: dayOf(Date.parse(opensAt), timeZone),
    to: dayOf(Date.parse(closesAt) - SECOND, timeZone),
  };
}

/** Returns the day that is this many days after another: addDays("2026-01-31", 1) is "2026-02-01". */
export function addDays(day, days) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/**
 * Returns the days from the first to the last as this many parts in their order, with so many days between two
 * of them. Parts of too few days overlap, but each has one.
 */
export function splitDays({ from, to }, parts, between = 0) {
  const length = (Date.parse(to) - Date.parse(from)) / (24 * 3600 * SECOND) + 1;
  const begin = (part) => Math.floor((part * (length + between)) / parts);
  return Array.from({ length: parts }, (_, part) => {
    const first = Math.min(begin(part), length - 1);
    const last = Math.max(first, Math.min(begin(part + 1) - between, length) - 1);
    return { from: addDays(from, first), to: addDays(from, last) };
  });
}

/** Returns whether a text is a day that the API takes: YYYY-MM-DD, in the years 1971 to 2998. */
export const isDay = (text) =>
  /^\d{4}-\d\d-\d\d$/.test(text ?? "") && !Number.isNaN(Date.parse(text)) && text >= "1971" && text < "2999";

/** Returns the day of a time in a time zone. */
export const dayOf = (time, timeZone) => new Date(time + offset(time, timeZone)).toISOString().slice(0, 10);

/** Returns the time at which a day begins, in milliseconds. */
function beginOf(day, timeZone) {
  const utc = Date.parse(`${day}T00:00:00Z`);
  // The offset at that moment is known only once the moment is. Near a change of clocks, the first is wrong.
  const guess = utc - offset(utc, timeZone);
  const begin = utc - offset(guess, timeZone);
  // Where clocks change at midnight, the day begins later.
  return dayOf(begin, timeZone) === day ? begin : guess;
}

/** Returns by how much the clocks of a time zone are ahead of UTC, in milliseconds. */
function offset(time, timeZone) {
  if (!formats.has(timeZone)) {
    /** @type {Intl.DateTimeFormatOptions} */
    const options = {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    };
    formats.set(timeZone, new Intl.DateTimeFormat("en-US", options));
  }
  const parts = formats.get(timeZone).formatToParts(new Date(time));
  const part = (type) => Number(parts.find((other) => other.type === type).value);
  const local = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return local - Math.floor(time / SECOND) * SECOND;
}
