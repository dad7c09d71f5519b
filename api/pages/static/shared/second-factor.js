/** Organizations may require a second factor of some roles. Whoever has none sets it up before anything else. */

/** The code of the problem with which the API rejects all other calls of such a person. */
export const SETUP_NEEDED = "second-factor-setup-needed";

/** Returns the address of the set-up, from which the user comes back here. */
export function setupAddress() {
  const here = location.pathname + location.search;
  return `/dashboard/account?${new URLSearchParams({ return: here })}#second-factor`;
}

/** Goes to the set-up. The returned promise never ends, because the page is left. */
export function leadToSetup() {
  location.assign(setupAddress());
  return new Promise(() => {});
}

/** Returns the address from which the user came to the set-up, or null. It is always one of these pages. */
export function returnAddress() {
  const address = new URLSearchParams(location.search).get("return");
  if (!address) return null;
  try {
    // The path alone could begin with two slashes, which would make it the address of another site.
    const { href, origin } = new URL(address, location.origin);
    return origin === location.origin ? href : null;
  } catch {
    return null; // it is not an address
  }
}
