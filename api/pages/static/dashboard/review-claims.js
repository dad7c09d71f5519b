/**
 * Claims: other reviewers see which visit this one is looking at, so that two do not do the same work. A claim
 * prevents no decision. If one cannot be stored, the page goes on without it.
 */
import { call } from "../shared/api.js";
import { h, t } from "../shared/page.js";

/** How often a claim is extended, in milliseconds. It expires ten minutes after the last time. */
const EXTENSION_INTERVAL = 240_000;

/** The last request. The next one waits for it, so that a visit is not released after it was claimed again. */
let lastRequest = Promise.resolve();

function inOrder(request) {
  lastRequest = lastRequest.then(request).catch(() => {});
}

/** Returns whether another reviewer is looking at a visit in the queue. */
export const isClaimedByOther = ({ claim }, me) => Boolean(claim) && claim.reviewer_id !== me.id;

/** Returns who is looking at a visit, in words. */
export const claimWords = (claim) => t("claimedBy", { who: claim?.reviewer_name ?? t("anotherReviewer") });

/**
 * Claims the visit of a row, unless another reviewer has, and keeps the claim. Returns `{element, update, end}`:
 * what says that somebody else is looking at it, a function that takes the row as it is now, and one that ends
 * the claim. Nothing has to be ended once the visit was decided on.
 */
export function claimOf(row, me) {
  const path = `/visits/${row.visit_id}/claim`;
  const element = h("p", { class: "notice", role: "status", "data-testid": "claimed" });
  /** Until when the visit is this reviewer's, as the last response said, or null. */
  let mineUntil = null;

  const claim = ({ takeOver = false } = {}) =>
    inOrder(async () => {
      try {
        const { body } = await call("POST", path, { take_over: takeOver });
        mineUntil = body.expires_at;
        element.replaceChildren();
      } catch (problem) {
        if (problem.code === "visit-claimed") showOther(null);
      }
    });
  const takeOver = () => {
    claim({ takeOver: true });
    document.getElementById("case")?.focus();
  };
  const showOther = (other) => {
    mineUntil = null;
    element.replaceChildren(
      `${claimWords(other)} `,
      h("button", { type: "button", class: "plain", onclick: takeOver }, t("claimAnyway")),
    );
  };
  // A row that was fetched before this reviewer took the visit over has a claim that expires earlier.
  const isOutdated = (other) => mineUntil && Date.parse(other.expires_at) <= Date.parse(mineUntil);
  const update = (current) => {
    if (isClaimedByOther(current, me)) {
      if (!isOutdated(current.claim)) showOther(current.claim);
      return;
    }
    element.replaceChildren();
    if (!(mineUntil && current.claim) && !document.hidden) claim();
  };
  update(row);
  const timer = setInterval(() => mineUntil && !document.hidden && claim(), EXTENSION_INTERVAL);
  const end = ({ isDecided }) => {
    clearInterval(timer);
    if (!isDecided) inOrder(() => mineUntil && call("DELETE", path));
  };
  return { element, update, end };
}
