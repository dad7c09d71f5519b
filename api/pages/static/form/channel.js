/**
 * What happens in one tab is announced to all tabs. A topic is a short text, such as "queue" or "account".
 */
// Safari has it from 15.4.
const channel = globalThis.BroadcastChannel ? new BroadcastChannel("survey") : null;
const listeners = new Set();

/** Tells the listeners of this tab. */
export function notify(topic) {
  for (const listener of [...listeners]) listener(topic);
}

/** Tells the listeners of all tabs. */
export function announce(topic) {
  channel?.postMessage(topic);
  notify(topic);
}

/** Calls the listener with each topic; returns a function that stops it. */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

if (channel) channel.onmessage = ({ data }) => notify(data);
