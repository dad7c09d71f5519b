/** What is kept on the phone: IndexedDB. Every key of a visit's data begins with its account's id. */
const NAME = "survey";
const STORES = {
  accounts: ["slot"],
  visits: ["account", "id"],
  checklists: ["account", "key", "version"],
  drafts: ["account", "visit"],
  answers: ["account", "visit", "question"],
  photos: ["account", "visit", "id"],
  queue: ["account", "visit"],
};
const channel = new BroadcastChannel("survey");
const listeners = new Set();
let opening = null;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) request.result.createObjectStore(name, { keyPath });
    };
    request.onsuccess = () => {
      // A newer release in another tab may want to change the stores; the next use opens them again.
      request.result.onversionchange = () => forget(request.result);
      request.result.onclose = () => forget();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  opening.catch(() => (opening = null));
  return opening;
}

function forget(database) {
  database?.close();
  opening = null;
}

/** Does one transaction; resolves only once it is complete, which is when it is on the disk. */
async function transaction(names, mode, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const each = database.transaction(names, mode, { durability: "strict" });
    let result;
    each.oncomplete = () => resolve(result?.result);
    each.onabort = () => reject(each.error ?? new DOMException("The write was given up", "AbortError"));
    try {
      result = work((name) => each.objectStore(name));
    } catch (error) {
      reject(error);
      each.abort();
    }
  });
}

/** Writes; `work` is given a function from a store's name to the store. */
export const write = (names, work) => transaction([names].flat(), "readwrite", work);

/** Writes one row. */
export const put = (name, row) => write(name, (store) => void store(name).put(row));

/** Changes a row where it is still there, within one transaction, and returns it as it is then. */
export async function change(name, key, part) {
  let changed;
  await write(name, (store) => {
    const found = store(name).get(key);
    found.onsuccess = () => {
      if (!found.result) return;
      changed = { ...found.result, ...part };
      store(name).put(changed);
    };
  });
  return changed;
}

/** Returns one row, or undefined. */
export const get = (name, ...key) => transaction([name], "readonly", (store) => store(name).get(key));

/** Returns all rows whose key begins so. */
export const list = (name, ...beginning) =>
  transaction([name], "readonly", (store) => store(name).getAll(below(beginning)));

/** Returns the range of all keys that begin so. */
export const below = (beginning) => IDBKeyRange.bound(beginning, [...beginning, []]);

/** Tells this tab and all others that something changed. */
export function tell(topic) {
  channel.postMessage(topic);
  for (const listener of listeners) listener(topic);
}

/** Calls the listener whenever something changes, here or in another tab; returns how to stop it. */
export function hear(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

channel.onmessage = ({ data }) => listeners.forEach((listener) => listener(data));
