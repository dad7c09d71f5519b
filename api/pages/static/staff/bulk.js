/** One call of the API for each of many rows, with progress, and a list of what failed. */
import { h, t } from "../shared/page.js";
import { explainFailure } from "./failures.js";

/** How many calls run at the same time. */
const PARALLEL = 4;
/** Work that takes less time than this, in milliseconds, shows no progress. */
const PATIENCE = 400;

/**
 * Runs `action(row)` for each row, and shows progress in a dialog with a button that stops after the calls in
 * progress. Resolves to the rows that are `done` and the `failures` as `{row, problem}`. Failures are shown in
 * the dialog, grouped by reason; `nameOf(row)` names a row in it.
 * @template Row
 * @param {Row[]} rows
 * @param {(row: Row) => any} action
 * @param {{ label: string, nameOf: (row: Row) => string }} words
 */
export async function runAll(rows, action, { label, nameOf }) {
  const waiting = [...rows];
  const done = [];
  const failures = [];
  const progress = h("progress", { max: rows.length, value: 0, "aria-label": label });
  const status = h("p", { class: "quiet", role: "status" });
  const stop = h("button", { type: "button", class: "plain", onclick: () => waiting.splice(0) }, t("stop"));
  const dialog = h(
    "dialog",
    { "aria-label": label, oncancel: () => waiting.splice(0) },
    h("p", {}, label),
    progress,
    status,
    stop,
  );
  const timer = setTimeout(() => {
    document.body.append(dialog);
    dialog.showModal();
  }, PATIENCE);

  async function work() {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
      try {
        await repeatWhenLimited(() => action(row));
        done.push(row);
      } catch (problem) {
        failures.push({ row, problem });
      }
      progress.value = done.length + failures.length;
      status.textContent = t("doneOf", { n: done.length + failures.length, of: rows.length });
    }
  }

  await Promise.all(Array.from({ length: PARALLEL }, work));
  clearTimeout(timer);
  if (dialog.open) dialog.close();
  dialog.remove();
  if (failures.length) await showFailures(failures, rows.length, nameOf);
  return { done, failures };
}

/** Runs a call. If there were too many of them, waits as long as the API says and runs it again. */
async function repeatWhenLimited(run) {
  for (;;) {
    try {
      return await run();
    } catch (problem) {
      if (problem.code !== "rate-limited") throw problem;
      await new Promise((resolve) => setTimeout(resolve, (problem.wait ?? 1) * 1000));
    }
  }
}

/** Shows what failed and why. Resolves once the dialog is closed. */
function showFailures(failures, total, nameOf) {
  const byReason = new Map();
  for (const { row, problem } of failures) {
    const reason = explainFailure(problem);
    byReason.set(reason, [...(byReason.get(reason) ?? []), row]);
  }
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { "aria-labelledby": "failures", onclose: () => (dialog.remove(), resolve(null)) },
      h("h2", { id: "failures" }, t("failuresOf", { n: failures.length, of: total })),
      [...byReason].map(([reason, rows]) => [
        h("h3", {}, reason),
        h(
          "ul",
          {},
          rows.map((row) => h("li", { dir: "auto" }, nameOf(row))),
        ),
      ]),
      h("p", {}, h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, t("close"))),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
