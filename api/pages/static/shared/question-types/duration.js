/** How long something took, in whole seconds, with points by bands. A timer can measure it. */
import { h, formatMinutes, show as setShown, t } from "../page.js";
import { elapsed, redrawEverySecond, toggleTimer } from "../timers.js";
import { refill } from "./inputs.js";

const MAX_SECONDS = 31_536_000;

export const hasTimer = true;

export function input(question, field) {
  const seconds = h("input", {
    type: "number",
    min: 0,
    max: MAX_SECONDS,
    step: 1,
    inputmode: "numeric",
    id: `${field.id}-input`,
    ...field.labels,
    oninput: () => field.enter(seconds.value),
  });
  const entry = h("span", { class: "row" }, seconds, h("span", { class: "quiet" }, t("seconds")));
  const clock = h("span", { class: "quiet" });
  const toggle = () => field.change(toggleTimer(field.answer()));
  const button = h("button", { type: "button", class: "plain", onclick: toggle });
  const redraw = () => {
    const { timer, value: stored } = field.answer();
    button.textContent = timer ? t("stop") : t("startTimer");
    setShown(entry, !timer);
    if (!timer) refill(seconds, stored);
    clock.textContent = timer
      ? formatMinutes(elapsed(timer) / 1000)
      : stored >= 60
        ? formatMinutes(stored)
        : "";
  };
  redrawEverySecond(clock, () => field.answer().timer && redraw());
  return { element: h("div", { class: "row" }, entry, clock, button), redraw };
}

export const value = (question, text) => (text === "" ? null : Number(text));

export const findError = (question, seconds) =>
  Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_SECONDS ? null : "seconds";

/** The points of the first band that includes the seconds. */
export const points = ({ bands }, seconds) =>
  bands?.find((band) => band.up_to == null || seconds <= band.up_to)?.points ?? 0;

export const pointsPossible = ({ bands }) => Math.max(0, ...(bands ?? []).map((band) => band.points ?? 0));

export const show = (question, seconds) => t("minutes", { time: formatMinutes(seconds) });

/** Returns up to which time an answer earns the most points. Empty if that has no limit. */
export function bestValues(question) {
  const most = pointsPossible(question);
  if (!most) return [];
  const { up_to: limit } = question.bands.find((band) => band.points === most);
  return limit == null ? [] : [t("upToMinutes", { time: formatMinutes(limit) })];
}
