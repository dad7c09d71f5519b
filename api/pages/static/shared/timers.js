/**
 * Timers that keep running while the app is closed. While the page is open, they use the monotonic clock,
 * which does not change when the phone's clock is set. Across restarts, and while the phone sleeps, they use
 * the wall clock.
 */
const PAGE = Math.random();
let sleptTicks = 0;
let hiddenAt = null;

document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenAt = { wall: Date.now(), ticks: performance.now() };
  else if (hiddenAt) {
    // Many phones stop the monotonic clock while they sleep.
    sleptTicks += Math.max(0, Date.now() - hiddenAt.wall - (performance.now() - hiddenAt.ticks));
    hiddenAt = null;
  }
});

const ticks = () => performance.now() + sleptTicks;

/** Returns a running timer that has already counted `before` milliseconds. */
export const startTimer = (before = 0) => ({ before, wall: Date.now(), ticks: ticks(), page: PAGE });

/** Returns how many milliseconds a timer has counted. */
export function elapsed(timer) {
  if (timer.page === PAGE) return timer.before + ticks() - timer.ticks;
  return timer.before + Math.max(0, Date.now() - timer.wall);
}

/** Returns a timer from storage, ready to continue in this page. */
export const resumeTimer = (timer) => startTimer(elapsed(timer));

/** Returns the changes to an answer when its timer is started, or stopped. */
export const toggleTimer = ({ timer }) =>
  timer
    ? { timer: null, value: Math.round(elapsed(timer) / 1000), not_applicable: false }
    : { timer: startTimer(), value: null, not_applicable: false };

/** Calls `redraw` every second while the element is on the page. */
export function redrawEverySecond(element, redraw) {
  const interval = setInterval(() => (element.isConnected ? redraw() : clearInterval(interval)), 1000);
}
