/** Locks on drafts: only the tab that holds the lock edits the draft. */
const PREFIX = "draft ";
const lockName = (account, visit) => `${PREFIX}${account} ${visit}`;

/** Returns whether any tab has a draft open. A new release waits until none has. */
export async function anyDraftOpen() {
  const { held } = await navigator.locks.query();
  return held.some(({ name }) => name.startsWith(PREFIX));
}

/**
 * Requests the lock on a draft for this tab. `onchange(true)` is called when this tab holds it,
 * `onchange(false)` when another tab does. Returns `leave`, which releases it, and `take`, which takes it
 * from the other tab.
 */
export function holdDraft(account, visit, onchange) {
  const name = lockName(account, visit);
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const leaving = new AbortController();
  const request = (options) =>
    navigator.locks
      .request(name, options, (lock) => {
        onchange(Boolean(lock));
        return lock ? released : undefined;
      })
      .catch(() => onchange(false)); // another tab took it, or this tab left while it waited
  const queue = () => leaving.signal.aborted || request({ signal: leaving.signal }).then(queue);
  request({ ifAvailable: true }).then(queue);
  return {
    leave: () => (leaving.abort(), release()),
    take: () => request({ steal: true }),
  };
}

/** Runs `work` on a draft, unless another tab has it open. Returns whether it ran. */
export const ifFree = (account, visit, work) =>
  navigator.locks.request(lockName(account, visit), { ifAvailable: true }, async (lock) => {
    if (lock) await work();
    return Boolean(lock);
  });
