/** Makes photos ready to be sent: smaller, upright, and described. */
import { onResult, write } from "./database.js";
import { fileOf, fileRow, keyOf } from "./photos.js";
import { describe, inspect, PhotoError } from "./picture.js";

const WORKER_TIMEOUT = 60_000;
let worker = null;
let lastJob = 0;
const jobs = new Map();

/**
 * Makes a photo ready to be sent (smaller, upright, with its hash), and returns its row as it is stored then.
 */
export async function prepare(photo) {
  if (photo.ready && !photo.blob) return photo;
  const file = await fileOf(photo);
  if (!file) throw new PhotoError("photo-unreadable");
  const { bytes, ...facts } = photo.ready ? await bytesOf(file) : await prepared(file);
  let row = null;
  await write(["photos", "files"], (store) => {
    onResult(store("photos").get(keyOf(photo)), (stored) => {
      if (!stored) return; // it was removed in the meantime
      if (stored.ready && !stored.blob) {
        row = stored; // the sender has prepared it in the meantime
        return;
      }
      row = { ...stored, ...facts, ready: true, blob: undefined };
      store("photos").put(row);
      store("files").put(fileRow(photo, bytes, row.type));
    });
  });
  return row ?? photo;
}

/**
 * Returns the bytes of a photo that an older release prepared, which stored them as a Blob without their
 * size.
 */
async function bytesOf(file) {
  const bytes = await file.arrayBuffer();
  return { bytes, size: bytes.byteLength };
}

/** Returns the photo made smaller; where the worker fails, for whatever reason, as it is. */
async function prepared(file) {
  try {
    return await inWorker(file);
  } catch (error) {
    if (error instanceof PhotoError) throw error;
    return describe(file, await inspect(file));
  }
}

function inWorker(file) {
  worker ??= startWorker();
  const id = ++lastJob;
  return new Promise((resolve, reject) => {
    // A worker that runs out of memory dies without a word on some phones.
    const timer = setTimeout(() => stopWorker("timeout"), WORKER_TIMEOUT);
    jobs.set(id, { resolve, reject, timer });
    worker.postMessage({ id, file });
  });
}

function startWorker() {
  const started = new Worker(new URL("./shrink.worker.js", import.meta.url), { type: "module" });
  started.onmessage = ({ data: { id, photo, code, message } }) => {
    const job = jobs.get(id);
    if (!job) return; // given up
    jobs.delete(id);
    clearTimeout(job.timer);
    if (photo) job.resolve(photo);
    else job.reject(code ? new PhotoError(code) : new Error(message));
  };
  started.onerror = (event) => {
    event.preventDefault();
    stopWorker("error");
  };
  return started;
}

function stopWorker(reason) {
  worker?.terminate();
  worker = null;
  for (const { reject, timer } of jobs.values()) {
    clearTimeout(timer);
    reject(new Error(reason));
  }
  jobs.clear();
}
