/**
 * A database of this browser: IndexedDB.
 *
 * Browsers can close the connection at any time, and iOS does so without an event. Therefore a transaction
 * that fails is repeated once on a new connection. A repeated transaction writes the same rows, so this is
 * safe.
 */
const OPEN_TIMEOUT = 10_000;
const TRANSACTION_TIMEOUT = 30_000;
/** Transactions that were aborted because a callback of `onResult` failed, with the error. */
const failures = new WeakMap();

export class Database {
  #name;
  #version;
  #stores;
  /** @type {(topic: string) => void} */
  #notify;
  #connection = null;
  #isBlocked = false;

  /**
   * `stores` maps the names of the object stores to their key paths. `notify` is called with
   * "storage-blocked" while an older release in another tab prevents the database from opening, then with
   * "storage-open", and with "storage-lost" when the browser has closed the database.
   */
  constructor(name, version, stores, notify = () => {}) {
    this.#name = name;
    this.#version = version;
    this.#stores = stores;
    this.#notify = notify;
  }

  #connect() {
    if (!this.#connection) {
      const opening = this.#open();
      this.#connection = opening;
      opening.catch(() => this.#disconnect(opening));
    }
    return this.#connection;
  }

  /** Closes a connection. If it is the current one, the next transaction opens another. */
  #disconnect(former) {
    former?.then(
      (database) => database.close(),
      () => {},
    );
    if (this.#connection === former) this.#connection = null;
  }

  #open() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(this.#name, this.#version);
      let expired = false;
      // Safari sometimes never completes a request; the next request works.
      const timer = setTimeout(() => {
        expired = true;
        reject(new DOMException("The database did not open", "TimeoutError"));
      }, OPEN_TIMEOUT);
      request.onupgradeneeded = () => this.#upgrade(request.result);
      request.onblocked = () => {
        clearTimeout(timer);
        this.#setBlocked(true);
      };
      request.onerror = () => (clearTimeout(timer), reject(request.error));
      request.onsuccess = () => {
        clearTimeout(timer);
        if (expired) return request.result.close();
        this.#setBlocked(false);
        return resolve(this.#watchConnection(request.result));
      };
    });
  }

  #setBlocked(value) {
    if (value === this.#isBlocked) return;
    this.#isBlocked = value;
    this.#notify(value ? "storage-blocked" : "storage-open");
  }

  /** Returns whether an older release in another tab prevents the database from opening. */
  isBlocked = () => this.#isBlocked;

  #upgrade(database) {
    for (const [name, keyPath] of Object.entries(this.#stores)) {
      if (!database.objectStoreNames.contains(name)) database.createObjectStore(name, { keyPath });
    }
  }

  /** Disconnects when another tab upgrades or deletes the database, or the browser closes it. */
  #watchConnection(database) {
    const watched = this.#connection;
    const lose = () => {
      this.#disconnect(watched);
      this.#notify("storage-lost");
    };
    database.onversionchange = lose;
    database.onclose = lose;
    return database;
  }

  /**
   * Runs one transaction. Returns the results of the requests from `work` when the transaction is on the
   * disk.
   */
  async #transaction(names, mode, work) {
    const used = this.#connect();
    try {
      return await attempt(await used, names, mode, work);
    } catch (error) {
      if (error.name === "QuotaExceededError") throw error; // a new connection does not free any space
      this.#disconnect(used);
      return attempt(await this.#connect(), names, mode, work);
    }
  }

  /**
   * Reads from several stores in one transaction. `work` is called with a function that returns the store
   * with a name, and returns requests.
   */
  read = (names, work) => this.#transaction([names].flat(), "readonly", work);

  /** Writes to one or several stores, atomically. */
  write = (names, work) => this.#transaction([names].flat(), "readwrite", work);

  /** Writes one row. */
  put = (name, row) => this.write(name, (store) => void store(name).put(row));

  /** Returns one row, or undefined. */
  get = (name, ...key) => this.read(name, (store) => store(name).get(key));

  /** Returns all rows whose key begins with these values. */
  list = (name, ...beginning) => this.read(name, (store) => store(name).getAll(below(beginning)));

  /** Changes a row in one transaction, if it exists, and returns the changed row. */
  change = async (name, key, part) => {
    let changed;
    await this.write(name, (store) => {
      onResult(store(name).get(key), (row) => {
        changed = row && { ...row, ...part };
        if (changed) store(name).put(changed);
      });
    });
    return changed;
  };

  /** Opens the database early, while the page is still loading its data. The first use reports a failure. */
  warmUp = () => void this.#connect().catch(() => {});
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

/** Returns the range of all keys that begin with these values. */
export const below = (beginning) => IDBKeyRange.bound(beginning, [...beginning, []]);
