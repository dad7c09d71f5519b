/** What keeps everything from being sent until the shopper acts: they are signed out, or lack a second factor. */
import { h, t } from "../shared/page.js";
import { SETUP_NEEDED, setupAddress } from "../shared/second-factor.js";

export const SIGNED_OUT = "signed-out";

/** Returns the obstacle that a problem of the API reports, or null. */
export function obstacleOf({ status, code }) {
  if (status === 401) return SIGNED_OUT;
  return code === SETUP_NEEDED ? SETUP_NEEDED : null;
}

/** Returns a notice with what to do about an obstacle, or null if there is none. */
export function obstacleNotice(obstacle, signIn) {
  if (!obstacle) return null;
  const notice = h("p", { class: "notice" });
  if (obstacle === SIGNED_OUT)
    notice.append(
      t("signedOut"),
      " ",
      h("button", { type: "button", class: "plain", onclick: signIn }, t("signIn")),
    );
  else notice.append(t("secondFactorNeeded"), " ", setupLink());
  return notice;
}

/** Returns a link to the set-up of a second factor, which comes back to this page. */
export const setupLink = () => h("a", { href: setupAddress(), class: "touch" }, t("setUpSecondFactor"));
