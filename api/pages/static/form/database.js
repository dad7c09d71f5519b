/**
 * The phone's own storage: IndexedDB. Every key of a visit's data begins with the ID of the account that owns
 * it.
 *
 * Browsers close the connection when they like, iOS without an event. Therefore a transaction that fails is
 * repeated once on a new connection. A repeated transaction writes the same rows, so repeating is safe.
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
/** Why a transaction was aborted, where a callback of `onResult` failed. */
const failures = new WeakMap();

function connect() {
  if (!connection) {
    const opening = open();
    connection = opening;
    opening.catch(() => disconnect(opening));
  }
  return connection;
}

/** Lets go of a connection, if it is still the current one. */
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
    // Safari sometimes leaves a request unanswered; the next one works.
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
      return resolve(watched(request.result));
    };
  });
}

function setBlocked(value) {
  if (value === blocked) return;
  blocked = value;
  notify(value ? "storage-blocked" : "storage-open");
}

/** Returns whether an older release in another tab keeps the database from opening. */
export const isBlocked = () => blocked;

function upgrade(database) {
  for (const [name, keyPath] of Object.entries(STORES)) {
    if (!database.objectStoreNames.contains(name)) database.createObjectStore(name, { keyPath });
  }
}

/** Lets go of a database that another tab upgrades or deletes, or that the browser closed. */
function watched(database) {
  const own = connection;
  const lose = () => {
    disconnect(own);
    notify("storage-lost");
  };
  database.onversionchange = lose;
  database.onclose = lose;
  return database;
}

/** Runs one transaction and returns what `work` asked for, once the transaction is on the disk. */
async function transaction(names, mode, work) {
  const used = connect();
  try {
    return await attempt(await used, names, mode, work);
  } catch (error) {
    if (error.name === "QuotaExceededError") throw error; // a new connection does not make space
    disconnect(used);
    return attempt(await connect(), names, mode, work);
  }
}

function attempt(database, names, mode, work) {
  return new Promise((resolve, reject) => {
    const active = database.transaction(names, mode, { durability: "strict" });
    let outcome;
    // A connection that was lost silently may never answer.
    const timer = setTimeout(
      () => reject(new DOMException("No answer", "TimeoutError")),
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
 * Continues a transaction with a request's result; if that fails, so does the transaction, for the same
 * reason.
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
 * Reads from several stores at one moment; `work` gets a function from a name to its store and returns
 * requests.
 */
export const read = (names, work) => transaction([names].flat(), "readonly", work);

/** Writes to one or several stores, all or nothing. */
export const write = (names, work) => transaction([names].flat(), "readwrite", work);

/** Writes one row. */
export const put = (name, row) => write(name, (store) => void store(name).put(row));

/** Returns one row, or undefined. */
export const get = (name, ...key) => read(name, (store) => store(name).get(key));

/** Returns all rows whose key begins with these values. */
export const list = (name, ...beginning) => read(name, (store) => store(name).getAll(below(beginning)));

/** Returns the range of all keys that begin with these values. */
export const below = (beginning) => IDBKeyRange.bound(beginning, [...beginning, []]);

/** Changes a row if it exists, in one transaction, and returns the changed row. */
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

/**
 * Opens the database early, while the page is still loading its data. A failure shows up at the first use.
 */
export const warmUp = () => void connect().catch(() => {});
