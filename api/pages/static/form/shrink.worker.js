/**
 * Makes a photo smaller, away from the page's own thread: at most 2,560 pixels and 900 KB, upright. When and
 * where it was taken is read first. What the browser cannot decode (HEIC) is left as it is.
 */
const LONG_SIDE = 2560;
const MOST_BYTES = 900_000;
const MOST_BYTES_AS_IT_IS = 20 * 2 ** 20;
const QUALITIES = [0.85, 0.75, 0.6, 0.45];

onmessage = async ({ data: { id, blob } }) => {
  try {
    postMessage({ id, ...(await prepared(blob)) });
  } catch (error) {
    postMessage({ id, error: error.message || String(error) });
  }
};

async function prepared(blob) {
  const head = new DataView(await blob.slice(0, 256 * 1024).arrayBuffer());
  const type = typeOf(head);
  const exif = type === "image/jpeg" ? readExif(head) : {};
  const small = (await smaller(blob, type, exif.orientation)) ?? blob;
  const sent = small === blob ? type : small.type;
  if (!sent || small.size > MOST_BYTES_AS_IT_IS) throw new Error("no-photo");
  const bytes = await small.arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  // Bytes of its own: what a gallery gives may be gone tomorrow.
  return { blob: new Blob([bytes], { type: sent }), type: sent, sha256, taken_at: exif.taken_at ?? null, position: exif.position ?? null };
}

function typeOf(head) {
  const text = (at, length) => String.fromCharCode(...new Uint8Array(head.buffer, at, Math.min(length, Math.max(0, head.byteLength - at))));
  if (text(0, 3) === "\xff\xd8\xff") return "image/jpeg";
  if (text(1, 3) === "PNG") return "image/png";
  if (text(0, 4) === "RIFF" && text(8, 4) === "WEBP") return "image/webp";
  return text(4, 4) === "ftyp" && /hei[cxms]|mif1|msf1/.test(text(8, 24)) ? "image/heic" : null;
}

/** Returns the photo made smaller; null where it is small already or cannot be decoded. */
async function smaller(blob, type, orientation = 1) {
  const bitmap = await createImageBitmap(blob).catch(() => null);
  if (!bitmap) return null;
  const scale = Math.min(1, LONG_SIDE / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && blob.size <= MOST_BYTES && orientation === 1 && type) return null;
  for (let shrunk = scale; ; shrunk *= 0.75) {
    const canvas = drawn(bitmap, shrunk);
    for (const quality of QUALITIES) {
      const made = await canvas.convertToBlob({ type: "image/jpeg", quality });
      if (made.size <= MOST_BYTES) return made;
    }
  }
}

function drawn(bitmap, scale) {
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale) || 1, Math.round(bitmap.height * scale) || 1);
  const context = canvas.getContext("2d", { alpha: false });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff"; // behind what a PNG leaves clear
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Reads orientation, capture time and position of a JPEG; whatever cannot be read is left out. */
function readExif(head) {
  try {
    const at = findExif(head);
    return at === null ? {} : told(head, at);
  } catch {
    return {};
  }
}

function findExif(head) {
  for (let at = 2; at + 10 < head.byteLength && head.getUint8(at) === 0xff; at += 2 + head.getUint16(at + 2)) {
    if (head.getUint8(at + 1) === 0xe1 && head.getUint32(at + 4) === 0x45786966) return at + 10;
  }
  return null;
}

function told(head, tiff) {
  const little = head.getUint16(tiff) === 0x4949;
  const first = directory(head, tiff, tiff + head.getUint32(tiff + 4, little), little);
  const inner = (tag) => (tag in first ? directory(head, tiff, tiff + first[tag][0], little) : {});
  const exif = inner(0x8769);
  return {
    orientation: first[0x112]?.[0],
    taken_at: timeOf(exif[0x9003] ?? first[0x132], exif[0x9011]),
    position: positionOf(inner(0x8825)),
  };
}

/** Returns what a directory of tags holds: texts, and numbers as lists. */
function directory(head, tiff, at, little) {
  const tags = {};
  for (let i = 0, count = head.getUint16(at, little); i < count; i++) {
    const entry = at + 2 + 12 * i;
    const type = head.getUint16(entry + 2, little);
    const length = head.getUint32(entry + 4, little);
    const size = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8 }[type];
    if (!size || length > 1000) continue;
    const from = size * length > 4 ? tiff + head.getUint32(entry + 8, little) : entry + 8;
    const read = {
      1: (place) => head.getUint8(place),
      2: (place) => String.fromCharCode(head.getUint8(place)),
      3: (place) => head.getUint16(place, little),
      4: (place) => head.getUint32(place, little),
      5: (place) => head.getUint32(place, little) / head.getUint32(place + 4, little),
    }[type];
    const values = Array.from({ length }, (_, index) => read(from + index * size));
    tags[head.getUint16(entry, little)] = type === 2 ? values.join("").replace(/\0.*$/s, "") : values;
  }
  return tags;
}

/** Returns a capture time with its offset; one without is by this phone's clock. */
function timeOf(text, offset) {
  const match = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)/.exec(text ?? "");
  if (!match) return null;
  const zone = /^[+-]\d\d:\d\d$/.test(offset ?? "") ? offset : "";
  const time = new Date(`${match[1]}-${match[2]}-${match[3]}T${match[4]}${zone}`);
  return Number.isNaN(+time) ? null : time.toISOString();
}

function positionOf(tags) {
  const degrees = (values, letter) => {
    const [whole, minutes = 0, seconds = 0] = values;
    return (whole + minutes / 60 + seconds / 3600) * ("SW".includes(letter) ? -1 : 1);
  };
  if (!tags[2] || !tags[4] || !tags[1] || !tags[3]) return null;
  const [latitude, longitude] = [degrees(tags[2], tags[1]), degrees(tags[4], tags[3])];
  const plausible = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && (latitude || longitude);
  return plausible ? { latitude, longitude } : null;
}
