/** Calls that survive the end of a session: what was typed stays on the page while the user signs in again. */
import { call, signIn } from "../shared/api.js";
import { h, t } from "../shared/page.js";
import { leadToSetup, SETUP_NEEDED } from "../shared/second-factor.js";
import { loadModule } from "./load.js";

/** The headers of a change to a resource, whatever has changed in it since it was read. */
export const ANY_STATE = { "If-Match": "*" };

let userId = null;
/** The dialog that asks to sign in again, as a promise that ends with it. All calls wait for the same one. */
let asking = null;

/** Stores who is signed in, so that nobody else continues in their place. */
export function rememberUser(id) {
  userId = id;
}

/**
 * Calls the API as `call` of `shared/api.js` does. If the session has ended, it asks the user to sign in again
 * and repeats the call. If they have to set up a second factor first, it leads there.
 */
export async function callSignedIn(method, path, body, headers) {
  for (;;) {
    try {
      return await call(method, path, body, headers);
    } catch (problem) {
      if (problem.code === SETUP_NEEDED) return leadToSetup();
      if (problem.status !== 401) throw problem;
      await signInAgain();
    }
  }
}

/** Asks to sign in again, in a dialog that covers the page. Reloads the page if somebody else signs in. */
export function signInAgain() {
  asking ??= askToSignIn().finally(() => (asking = null));
  return asking;
}

async function askToSignIn() {
  const { signInForm } = await loadModule(() => import("../shared/sign-in.js"));
  return new Promise((resolve) => {
    const done = async () => {
      const { body: me } = await call("GET", "/me");
      if (userId && me.id !== userId) return location.reload();
      dialog.close();
      return resolve(null);
    };
    const dialog = h(
      "dialog",
      {
        class: "covering",
        "aria-labelledby": "sign-in-again",
        // Escape would leave the page without a session.
        oncancel: (event) => event.preventDefault(),
        onclose: () => dialog.remove(),
      },
      h("h2", { id: "sign-in-again" }, t("signInAgain")),
      h("p", {}, t("signInAgainWhy")),
    );
    signInForm({ signIn, done }).then((form) => {
      dialog.append(form);
      document.body.append(dialog);
      dialog.showModal();
    });
  });
}
