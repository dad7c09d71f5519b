/** The account on this phone: that of the person who signed in last. It is known without a signal too. */
import * as api from "../shared/api.js";
import { announce, notify } from "./channel.js";
import { get, put, write } from "./database.js";

const CURRENT = "current";
/** A session that has ended on this phone, but not yet on the server, because there was no signal. */
const ENDED = "ended";
let current = null;

/** Returns the account whose data this phone shows, or null. */
export const account = () => current;

/** Reads the account from the disk: a person may have signed in in another tab. */
export async function recall() {
  current = (await get("accounts", CURRENT)) ?? null;
  return current;
}

/**
 * Fetches the account that is signed in. It is written to the disk later, so that the page need not wait. If the
 * shopper signs out in the meantime, in any tab, the account is not remembered: it throws a problem with 401.
 */
export async function fetchAccount() {
  const { body } = await api.call("GET", "/me");
  api.requireSession();
  const { name: organization, accent_color: accent, logo } = body.organization;
  const previous = current;
  const { id, name, briefing } = body;
  current = { slot: CURRENT, id, name, organization, accent, logo, briefing };
  if (JSON.stringify(previous) === JSON.stringify(current)) return current;
  put("accounts", current).then(
    () => announce("account"),
    () => notify("storage-broken"),
  );
  return current;
}

/** Signs in, and stores the account. */
export async function signIn(credentials) {
  await endSession();
  await api.signIn(credentials);
  await write("accounts", (store) => void store("accounts").delete([ENDED]));
  await fetchAccount();
  announce("account"); // also if the same person signs in again: other tabs wait for that
}

/** Signs out. Without a signal, the session ends on the server later. Data on the phone stays there. */
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

/** Ends a session on the server that has ended on this phone. */
export async function endSession() {
  const ended = await get("accounts", ENDED);
  if (!ended) return;
  try {
    await api.endDroppedSession(ended.session);
  } catch {
    return; // no signal; the next call tries again
  }
  await write("accounts", (store) => void store("accounts").delete([ENDED]));
}
