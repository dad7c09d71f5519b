/**
 * Makes a photo smaller in a thread of its own: upright, at most 2,560 pixels long and 900 KB. A photo that
 * this browser cannot decode or draw (HEIC, or no OffscreenCanvas) stays unchanged.
 */
import { describe, inspect } from "./picture.js";

const LONG_SIDE = 2560;
const MAX_SIZE = 900_000;
const QUALITIES = [0.85, 0.75, 0.6, 0.45];

onmessage = async ({ data: { id, file } }) => {
  try {
    const facts = await inspect(file);
    const smaller = await shrink(file, facts).catch(() => null);
    const photo = await describe(smaller ?? file, smaller ? { ...facts, type: smaller.type } : facts);
    postMessage({ id, photo }, [photo.bytes]);
  } catch (error) {
    postMessage({ id, code: error.code ?? null, message: String(error) });
  }
};

/** Returns a smaller photo, or null if it is already small enough. */
async function shrink(file, { type, orientation = 1 }) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONG_SIDE / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.size <= MAX_SIZE && orientation === 1 && type) return null;
  for (let factor = scale; ; factor *= 0.75) {
    const canvas = draw(bitmap, factor);
    for (const quality of QUALITIES) {
      const smaller = await canvas.convertToBlob({ type: "image/jpeg", quality });
      if (smaller.size <= MAX_SIZE) return smaller;
    }
  }
}

function draw(bitmap, factor) {
  const width = Math.round(bitmap.width * factor) || 1;
  const height = Math.round(bitmap.height * factor) || 1;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff"; // behind the transparent parts of a PNG
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas;
}
