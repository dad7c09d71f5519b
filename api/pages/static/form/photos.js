import { change } from "./store.js";

let worker = null;
let last = 0;
const waiting = new Map();

/** Makes a kept photo ready to be sent: smaller, upright, with its hash; the row that comes of it is stored. */
export async function prepare(row) {
  if (row.ready) return row;
  const found = await inWorker(row.blob);
  // It may have been taken away while it was made smaller.
  return (await change("photos", keyOf(row), { ...found, ready: true })) ?? row;
}

/** Returns the key of a photo's row. */
export const keyOf = ({ account, visit, id }) => [account, visit, id];

function inWorker(blob) {
  worker ??= begun();
  return new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject });
    worker.postMessage({ id: last, blob });
  });
}

function begun() {
  const each = new Worker(new URL("./shrink.worker.js", import.meta.url));
  each.onmessage = ({ data: { id, error, ...found } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(found);
  };
  each.onerror = (event) => {
    event.preventDefault();
    for (const { reject } of waiting.values()) reject(new Error("worker"));
    waiting.clear();
    worker = null;
  };
  return each;
}
