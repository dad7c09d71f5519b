/** The phone's storage. Every key of a visit's data begins with the ID of the account that owns it. */
import { Database } from "../shared/database.js";
import { notify } from "./channel.js";

const STORES = {
  accounts: ["slot"],
  visits: ["account", "id"],
  checklists: ["account", "key", "version"],
  drafts: ["account", "visit"],
  answers: ["account", "visit", "question"],
  photos: ["account", "visit", "id"],
  files: ["account", "visit", "id"],
  queue: ["account", "visit"],
  messages: ["account", "id"],
  expenses: ["account", "id"],
};
const VERSION = 4; // 2 added `files`, 3 `messages`, 4 `expenses`

const database = new Database("survey", VERSION, STORES, notify);
export const change = database.change;
export const get = database.get;
export const isBlocked = database.isBlocked;
export const list = database.list;
export const put = database.put;
export const read = database.read;
export const warmUp = database.warmUp;
export const write = database.write;
