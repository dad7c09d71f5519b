/** What is not saved on the server yet, in this browser: one row for each open tab with a draft. */
import { Database } from "../shared/database.js";
import { newId } from "../shared/ids.js";

const database = new Database("editor", 1, { drafts: ["account", "checklist", "tab"] });
const lockName = (tab) => `editor ${tab}`;

/**
 * Returns the storage of this tab, for `DraftStore`. After `close`, other tabs take over what is not saved.
 */
export async function openStorage(account, checklist) {
  const tab = newId();
  let close;
  const closed = new Promise((resolve) => (close = resolve));
  navigator.locks.request(lockName(tab), () => closed);
  let rows = await findRows(account, checklist).catch(() => []);
  /** Writes the row of this tab, or removes it. The rows of closed tabs are part of it now. */
  const write = (row) =>
    database.write("drafts", (store) => {
      const drafts = store("drafts");
      if (row) drafts.put({ ...row, account, checklist, tab });
      else drafts.delete([account, checklist, tab]);
      for (const other of rows) drafts.delete([account, checklist, other.tab]);
      rows = [];
    });
  return { rows, save: write, clear: () => write(null), close };
}

/** Returns the rows of tabs that are closed. An open tab holds a lock with its name. */
async function findRows(account, checklist) {
  const rows = await database.list("drafts", account, checklist);
  const { held } = await navigator.locks.query();
  const open = new Set(held.map(({ name }) => name));
  return rows.filter(({ tab }) => !open.has(lockName(tab)));
}
