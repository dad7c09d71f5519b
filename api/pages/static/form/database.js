/**
 * The phone's storage: IndexedDB. Every key of a visit's data begins with the ID of the account that owns it.
 *
 * Browsers can close the connection at any time, and iOS does so without an event. Therefore a transaction
 * that fails is repeated once on a new connection. A repeated transaction writes the same rows, so this is
 * safe.
 */
import { notify } from "./channel.js";

const NAME = "survey";
const VERSION = 2; // 2 added `files`
const STORES = {
  accounts: ["slot"],
  visits: ["account", "id"],
  checklists: ["account", "key", "version"],
  drafts: ["account", "visit"],
  answers: ["account", "visit", "question"],
  photos: ["account", "visit", "id"],
  files: ["account", "visit", "id"],
  queue: ["account", "visit"],
};
const OPEN_TIMEOUT = 10_000;
const TRANSACTION_TIMEOUT = 30_000;
let connection = null;
let blocked = false;
/** Transactions that were aborted because a callback of `onResult` failed, with the error. */
const failures = new WeakMap();

function connect() {
  if (!connection) {
    const opening = open();
    connection = opening;
    opening.catch(() => disconnect(opening));
  }
  return connection;
}

/** Closes a connection. If it is the current one, the next transaction opens another. */
function disconnect(former = connection) {
  former?.then(
    (database) => database.close(),
    () => {},
  );
  if (connection === former) connection = null;
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    let expired = false;
    // Safari sometimes never completes a request; the next request works.
    const timer = setTimeout(() => {
      expired = true;
      reject(new DOMException("The database did not open", "TimeoutError"));
    }, OPEN_TIMEOUT);
    request.onupgradeneeded = () => upgrade(request.result);
    request.onblocked = () => {
      clearTimeout(timer);
      setBlocked(true);
    };
    request.onerror = () => (clearTimeout(timer), reject(request.error));
    request.onsuccess = () => {
      clearTimeout(timer);
      if (expired) return request.result.close();
      setBlocked(false);
      return resolve(watchConnection(request.result));
    };
  });
}

function setBlocked(value) {
  if (value === blocked) return;
  blocked = value;
  notify(value ? "storage-blocked" : "storage-open");
}

/** Returns whether an older release in another tab prevents the database from opening. */
export const isBlocked = () => blocked;

function upgrade(database) {
  for (const [name, keyPath] of Object.entries(STORES)) {
    if (!database.objectStoreNames.contains(name)) database.createObjectStore(name, { keyPath });
  }
}

/** Disconnects when another tab upgrades or deletes the database, or the browser closes it. */
function watchConnection(database) {
  const watched = connection;
  const lose = () => {
    disconnect(watched);
    notify("storage-lost");
  };
  database.onversionchange = lose;
  database.onclose = lose;
  return database;
}

/**
 * Runs one transaction. Returns the results of the requests from `work` when the transaction is on the disk.
 */
async function transaction(names, mode, work) {
  const used = connect();
  try {
    return await attempt(await used, names, mode, work);
  } catch (error) {
    if (error.name === "QuotaExceededError") throw error; // a new connection does not free any space
    disconnect(used);
    return attempt(await connect(), names, mode, work);
  }
}

function attempt(database, names, mode, work) {
  return new Promise((resolve, reject) => {
    const active = database.transaction(names, mode, { durability: "strict" });
    let outcome;
    // A connection that was lost silently may never complete the transaction.
    const timer = setTimeout(
      () => reject(new DOMException("The transaction timed out", "TimeoutError")),
      TRANSACTION_TIMEOUT,
    );
    active.oncomplete = () => {
      clearTimeout(timer);
      resolve(resultOf(outcome));
    };
    active.onabort = () => {
      clearTimeout(timer);
      const reason = failures.get(active) ?? active.error;
      reject(reason ?? new DOMException("The transaction was aborted", "AbortError"));
    };
    try {
      outcome = work((name) => active.objectStore(name));
    } catch (error) {
      reject(error);
      active.abort();
    }
  });
}

function resultOf(outcome) {
  if (Array.isArray(outcome)) return outcome.map(resultOf);
  return outcome instanceof IDBRequest ? outcome.result : undefined;
}

/**
 * Continues a transaction with the result of a request. If `work` throws, the transaction fails with its
 * error.
 */
export function onResult(request, work) {
  request.onsuccess = () => {
    try {
      work(request.result);
    } catch (error) {
      failures.set(request.transaction, error);
      request.transaction.abort();
    }
  };
}

/**
 * Reads from several stores in one transaction. `work` is called with a function that returns the store with
 * a name, and returns requests.
 */
export const read = (names, work) => transaction([names].flat(), "readonly", work);

/** Writes to one or several stores, atomically. */
export const write = (names, work) => transaction([names].flat(), "readwrite", work);

/** Writes one row. */
export const put = (name, row) => write(name, (store) => void store(name).put(row));

/** Returns one row, or undefined. */
export const get = (name, ...key) => read(name, (store) => store(name).get(key));

/** Returns all rows whose key begins with these values. */
export const list = (name, ...beginning) => read(name, (store) => store(name).getAll(below(beginning)));

/** Returns the range of all keys that begin with these values. */
export const below = (beginning) => IDBKeyRange.bound(beginning, [...beginning, []]);

/** Changes a row in one transaction, if it exists, and returns the changed row. */
export async function change(name, key, part) {
  let changed;
  await write(name, (store) => {
    onResult(store(name).get(key), (row) => {
      changed = row && { ...row, ...part };
      if (changed) store(name).put(changed);
    });
  });
  return changed;
}

/** Opens the database early, while the page is still loading its data. The first use reports a failure. */
export const warmUp = () => void connect().catch(() => {});
