/** Who uses this phone: the person who signed in last, also without a signal. */
import * as api from "../shared/api.js";
import { announce, notify } from "./channel.js";
import { get, put, write } from "./database.js";

const CURRENT = "current";
/** A session that was ended on this phone while there was no signal to tell the server. */
const ENDED = "ended";
let current = null;

/** Returns the account whose data this phone shows, or null. */
export const account = () => current;

/** Reads from the disk who signed in last, perhaps in another tab. */
export async function recall() {
  current = (await get("accounts", CURRENT)) ?? null;
  return current;
}

/**
 * Asks the server who is signed in, and remembers it: on the disk soon, so that the page need not wait for
 * that.
 */
export async function whoami() {
  const { body } = await api.call("GET", "/me");
  const { name: organization, accent_color: accent } = body.organization;
  const before = current;
  current = { slot: CURRENT, id: body.id, name: body.name, organization, accent };
  if (before && Object.keys(current).every((name) => current[name] === before[name])) return current;
  put("accounts", current).then(
    () => announce("account"),
    () => notify("storage-broken"),
  );
  return current;
}

/** Signs in and remembers who it is. */
export async function signIn(...credentials) {
  await endSession();
  await api.signIn(...credentials);
  await write("accounts", (store) => void store("accounts").delete([ENDED]));
  await whoami();
  announce("account"); // also where the same person signs in again: other tabs wait for that
}

/** Signs out at once; without a signal, the server hears of it later. What is on the phone stays there. */
export async function signOut() {
  const session = api.dropSession();
  await write("accounts", (store) => {
    store("accounts").delete([CURRENT]);
    if (session) store("accounts").put({ slot: ENDED, session });
  });
  current = null;
  announce("account");
  await endSession();
}

/** Ends on the server a session that was ended on this phone. */
export async function endSession() {
  const ended = await get("accounts", ENDED);
  if (!ended) return;
  try {
    await api.endDroppedSession(ended.session);
  } catch {
    return; // no signal: it is tried again when there is one
  }
  await write("accounts", (store) => void store("accounts").delete([ENDED]));
}
