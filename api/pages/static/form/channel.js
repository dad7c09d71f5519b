/** Events between the tabs of this browser. A topic is a short text, such as "queue" or "account". */

// Safari has BroadcastChannel since 15.4.
const channel = globalThis.BroadcastChannel ? new BroadcastChannel("survey") : null;
const listeners = new Set();

/** Calls the listeners of this tab. */
export function notify(topic) {
  for (const listener of [...listeners]) listener(topic);
}

/** Calls the listeners of all tabs. */
export function announce(topic) {
  channel?.postMessage(topic);
  notify(topic);
}

/** Registers a listener that is called with each topic. Returns a function that removes it. */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

if (channel) channel.onmessage = ({ data }) => notify(data);
