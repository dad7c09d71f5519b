/**
 * What is kept on the phone, in IndexedDB, and whose it is: every key of a visit's data begins with its account's id.
 * Both in one file: on the way to the first answer, a phone has no connection left for another.
 */
import * as api from "../shared/api.js";
import { paint } from "../shared/page.js";

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

// Whose it is.

let known = null;

/** Returns whom this phone's data are shown to: the last one who signed in, also without a signal. */
export const account = () => known;

/** Reads from the disk who signed in last, perhaps in another tab. */
export async function recall() {
  known = (await get("accounts", "current")) ?? null;
  paint(known?.accent);
  return known;
}

/** Asks who is signed in, and remembers it. */
export async function whoami() {
  const { body } = await api.call("GET", "/me");
  const { name: organization, accent_color: accent } = body.organization;
  const before = known;
  known = { slot: "current", id: body.id, name: body.name, organization, accent };
  paint(accent);
  if (before && Object.keys(known).every((name) => known[name] === before[name])) return known;
  await put("accounts", known);
  if (known.id !== before?.id) tell("account");
  return known;
}

/** Signs in, remembers who it is, and tells the tabs that are signed out. */
export async function signIn(...credentials) {
  await api.signIn(...credentials);
  await whoami();
  tell("account");
}

/** Signs out; what is on the phone stays for when the same account comes back. */
export async function signOut() {
  await api.signOut();
  await write("accounts", (store) => void store("accounts").clear());
  known = null;
  tell("account");
}
