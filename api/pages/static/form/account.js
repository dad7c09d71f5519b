import * as api from "../shared/api.js";
import { paint } from "../shared/page.js";
import { get, put, tell, write } from "./store.js";

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
