/** Only one tab at a time edits a draft: the tab that holds its lock. */
const PREFIX = "draft ";
const lockOf = (account, visit) => `${PREFIX}${account} ${visit}`;

/** Returns whether any tab has a draft open. Then no new release takes over. */
export async function anyDraftOpen() {
  const { held } = await navigator.locks.query();
  return held.some(({ name }) => name.startsWith(PREFIX));
}

/**
 * Holds a draft for this tab. `onchange(true)` is called once this tab has it, `onchange(false)` while
 * another tab has it. Returns `leave`, which releases it, and `take`, which takes it from the other tab.
 */
export function holdDraft(account, visit, onchange) {
  const name = lockOf(account, visit);
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const leaving = new AbortController();
  const request = (options) =>
    navigator.locks
      .request(name, options, (lock) => {
        onchange(Boolean(lock));
        return lock ? released : undefined;
      })
      .catch(() => onchange(false)); // taken by another tab, or this tab left while it waited
  const queue = () => leaving.signal.aborted || request({ signal: leaving.signal }).then(queue);
  request({ ifAvailable: true }).then(queue);
  return {
    leave: () => (leaving.abort(), release()),
    take: () => request({ steal: true }),
  };
}

/** Works on a draft unless another tab has it open; returns whether it did. */
export const ifFree = (account, visit, work) =>
  navigator.locks.request(lockOf(account, visit), { ifAvailable: true }, async (lock) => {
    if (lock) await work();
    return Boolean(lock);
  });
