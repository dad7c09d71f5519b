/** Prepares photos for sending: makes them smaller and upright, and adds their hash and capture time. */
import { onResult } from "../shared/database.js";
import { write } from "./database.js";
import { fileOf, fileRow, keyOf } from "./photos.js";
import { describe, inspect, PhotoError } from "./picture.js";

const WORKER_TIMEOUT = 60_000;
let worker = null;
let lastJob = 0;
const jobs = new Map();

/** Prepares a photo, and returns its row as it is stored afterwards. */
export async function prepare(photo) {
  if (photo.ready && !photo.blob) return photo;
  const file = await fileOf(photo);
  if (!file) throw new PhotoError("photo-unreadable");
  const { bytes, ...facts } = photo.ready ? await readBytes(file) : await shrink(file);
  let row = null;
  await write(["photos", "files"], (store) => {
    onResult(store("photos").get(keyOf(photo)), (stored) => {
      if (!stored) return; // the shopper removed it in the meantime
      if (stored.ready && !stored.blob) {
        row = stored; // another tab prepared it in the meantime
        return;
      }
      row = { ...stored, ...facts, ready: true, blob: undefined };
      store("photos").put(row);
      store("files").put(fileRow(photo, bytes, row.type));
    });
  });
  return row ?? photo;
}

/** Returns the bytes of a photo from an older release, which stored them as a Blob and without their size. */
async function readBytes(file) {
  const bytes = await file.arrayBuffer();
  return { bytes, size: bytes.byteLength };
}

/**
 * Makes a photo smaller in the worker, and returns its bytes with what is declared about them. If the worker
 * fails, the photo keeps its size.
 */
export async function shrink(file) {
  try {
    return await runInWorker(file);
  } catch (error) {
    if (error instanceof PhotoError) throw error;
    return describe(file, await inspect(file));
  }
}

function runInWorker(file) {
  worker ??= startWorker();
  const id = ++lastJob;
  return new Promise((resolve, reject) => {
    // On some phones, a worker that runs out of memory stops without an event.
    const timer = setTimeout(() => stopWorker("timeout"), WORKER_TIMEOUT);
    jobs.set(id, { resolve, reject, timer });
    worker.postMessage({ id, file });
  });
}

function startWorker() {
  const newWorker = new Worker(new URL("./shrink.worker.js", import.meta.url), { type: "module" });
  newWorker.onmessage = ({ data: { id, photo, code, message } }) => {
    const job = jobs.get(id);
    if (!job) return; // it has timed out
    jobs.delete(id);
    clearTimeout(job.timer);
    if (photo) job.resolve(photo);
    else job.reject(code ? new PhotoError(code) : new Error(message));
  };
  newWorker.onerror = (event) => {
    event.preventDefault();
    stopWorker("error");
  };
  return newWorker;
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
