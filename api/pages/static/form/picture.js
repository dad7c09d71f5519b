/** Reads the type of a picture, its hash, and the time and place where it was taken, from its bytes. */
const MAX_FILE_SIZE = 20 * 2 ** 20;
const HEAD_BYTES = 256 * 1024;

/** The file cannot be sent as a photo. `code` is the reason. */
export class PhotoError extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** Returns the type, orientation, capture time and position of a photo, as far as they can be read. */
export async function inspect(file) {
  if (!file.size) throw new PhotoError("photo-empty");
  const head = new DataView(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const type = typeOf(head);
  return { type, ...(type === "image/jpeg" ? readExif(head) : {}) };
}

/** Returns a photo as it is sent: its bytes, and the facts that are declared about them. */
export async function describe(file, { type, taken_at = null, position = null }) {
  if (!type) throw new PhotoError("no-photo");
  if (file.size > MAX_FILE_SIZE) throw new PhotoError("photo-too-large");
  const bytes = await file.arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { bytes, type, size: bytes.byteLength, sha256, taken_at, position };
}

function typeOf(head) {
  const text = (at, length) => {
    const end = Math.max(0, Math.min(length, head.byteLength - at));
    return String.fromCharCode(...new Uint8Array(head.buffer, Math.min(at, head.byteLength), end));
  };
  if (text(0, 3) === "\xff\xd8\xff") return "image/jpeg";
  if (text(1, 3) === "PNG") return "image/png";
  if (text(0, 4) === "RIFF" && text(8, 4) === "WEBP") return "image/webp";
  return text(4, 4) === "ftyp" && /hei[cxms]|mif1|msf1/.test(text(8, 24)) ? "image/heic" : null;
}

// EXIF: https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf

function readExif(head) {
  try {
    const tiff = findExif(head);
    return tiff === null ? {} : readTags(head, tiff);
  } catch {
    return {};
  }
}

function findExif(head) {
  for (
    let at = 2;
    at + 10 < head.byteLength && head.getUint8(at) === 0xff;
    at += 2 + head.getUint16(at + 2)
  ) {
    if (head.getUint8(at + 1) === 0xe1 && head.getUint32(at + 4) === 0x45786966) return at + 10;
  }
  return null;
}

function readTags(head, tiff) {
  const little = head.getUint16(tiff) === 0x4949;
  const main = readDirectory(head, tiff, tiff + head.getUint32(tiff + 4, little), little);
  const inner = (tag) => (tag in main ? readDirectory(head, tiff, tiff + main[tag][0], little) : {});
  const exif = inner(0x8769);
  return {
    orientation: main[0x112]?.[0],
    taken_at: timeOf(exif[0x9003] ?? main[0x132], exif[0x9011]),
    position: positionOf(inner(0x8825)),
  };
}

/** Returns the tags of a directory. A value is a text or a list of numbers. */
function readDirectory(head, tiff, at, little) {
  const tags = {};
  for (let i = 0, count = head.getUint16(at, little); i < count; i++) {
    const entry = at + 2 + 12 * i;
    const type = head.getUint16(entry + 2, little);
    const length = head.getUint32(entry + 4, little);
    const size = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8 }[type];
    if (!size || length > 1000) continue;
    const from = size * length > 4 ? tiff + head.getUint32(entry + 8, little) : entry + 8;
    const readValue = {
      1: (place) => head.getUint8(place),
      2: (place) => String.fromCharCode(head.getUint8(place)),
      3: (place) => head.getUint16(place, little),
      4: (place) => head.getUint32(place, little),
      5: (place) => head.getUint32(place, little) / head.getUint32(place + 4, little),
    }[type];
    const values = Array.from({ length }, (_, index) => readValue(from + index * size));
    tags[head.getUint16(entry, little)] = type === 2 ? values.join("").replace(/\0.*$/s, "") : values;
  }
  return tags;
}

/** Returns a capture time in UTC. A time without an offset is in the time zone of this phone. */
function timeOf(text, offset) {
  const match = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)/.exec(text ?? "");
  if (!match) return null;
  const zone = /^[+-]\d\d:\d\d$/.test(offset ?? "") ? offset : "";
  const time = new Date(`${match[1]}-${match[2]}-${match[3]}T${match[4]}${zone}`);
  return Number.isNaN(+time) ? null : time.toISOString();
}

function positionOf(tags) {
  if (!tags[2] || !tags[4] || !tags[1] || !tags[3]) return null;
  const [latitude, longitude] = [degreesOf(tags[2], tags[1]), degreesOf(tags[4], tags[3])];
  const isPlausible = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && (latitude || longitude);
  return isPlausible ? { latitude, longitude } : null;
}

function degreesOf([degrees, minutes = 0, seconds = 0], direction) {
  return (degrees + minutes / 60 + seconds / 3600) * ("SW".includes(direction) ? -1 : 1);
}
