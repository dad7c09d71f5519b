import * as api from "../shared/api.js";
import { get, put, tell, write } from "./store.js";

let known = null;

/** Returns whom this phone's data are shown to: the last one who signed in, also without a signal. */
export const account = () => known;

/** Reads from the disk who signed in last, perhaps in another tab. */
export const recall = async () => (known = (await get("accounts", "current")) ?? null);

/** Asks who is signed in, and remembers it. */
export async function whoami() {
  const { body } = await api.call("GET", "/me");
  if (body.id === known?.id) return known;
  known = { slot: "current", id: body.id, name: body.name, organization: body.organization.name };
  await put("accounts", known);
  tell("account");
  return known;
}

/** Signs in, and remembers who it is. */
export async function signIn(...credentials) {
  await api.signIn(...credentials);
  return whoami();
}

/** Signs out; what is on the phone stays for when the same account comes back. */
export async function signOut() {
  await api.signOut();
  await write("accounts", (store) => void store("accounts").clear());
  known = null;
  tell("account");
}
