/**
 * Timers that keep running while the app is closed. Within one life of the page the monotonic clock counts,
 * which nobody can set. Across restarts, and while the phone slept, the wall clock does.
 */
const PAGE = Math.random();
let slept = 0;
let hidden = null;

document.addEventListener("visibilitychange", () => {
  if (document.hidden) hidden = { wall: Date.now(), ticks: performance.now() };
  else if (hidden) {
    // Many phones stop the monotonic clock while they sleep.
    slept += Math.max(0, Date.now() - hidden.wall - (performance.now() - hidden.ticks));
    hidden = null;
  }
});

const ticks = () => performance.now() + slept;

/** Returns a timer that has counted so many milliseconds and goes on counting. */
export const startTimer = (before = 0) => ({ before, wall: Date.now(), ticks: ticks(), page: PAGE });

/** Returns how many milliseconds a timer has counted. */
export function elapsed(timer) {
  if (timer.page === PAGE) return timer.before + ticks() - timer.ticks;
  return timer.before + Math.max(0, Date.now() - timer.wall);
}

/** Returns the timer as this life of the page continues it. */
export const resumeTimer = (timer) => startTimer(elapsed(timer));
