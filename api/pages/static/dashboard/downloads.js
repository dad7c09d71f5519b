/** Downloads: files that the server builds, with their progress. Fetched when the panel is opened. */
import { call, NoSignal, Problem } from "../shared/api.js";
import { formatNumber, h, show, t } from "../shared/page.js";

const FORMATS = { csv: "CSV", xlsx: "Excel", pdf: "PDF" };
/** The delays before the first polls, in milliseconds. Later ones follow every LONGEST_DELAY. */
const DELAYS = [300, 500, 1000];
const LONGEST_DELAY = 2000;

/**
 * Returns a form to choose a file and to follow its progress. `scores` are the parameters of the score rows of
 * the page. With `place`, the form offers the report of a location or a region.
 * @param {{ scores: Record<string, string>, place?: boolean }} options
 */
export function downloadForm({ scores, place = false }) {
  const kinds = [
    ...["scores", "visits", "answers"].flatMap((kind) => ["xlsx", "csv"].map((format) => [kind, format])),
    ...(place ? [["report", "pdf"]] : []),
  ];
  const select = h(
    "select",
    { id: "download-kind", name: "kind" },
    kinds.map(([kind, format], index) =>
      h("option", { value: index }, `${t(`download-${kind}`)} (${FORMATS[format]})`),
    ),
  );
  const button = h("button", { type: "submit", class: "plain" }, t("createFile"));
  const progress = h("progress", { "aria-label": t("download"), hidden: true });
  const status = h("p", { role: "status" });
  const problem = h("p", { class: "fault", role: "alert" });
  const form = h(
    "form",
    { class: "filters download", "data-testid": "download", onsubmit: start },
    h("p", {}, h("label", { for: select.id }, t("downloadWhat")), select),
    button,
    progress,
    status,
    problem,
  );

  async function start(event) {
    event.preventDefault();
    const [kind, format] = kinds[Number(select.value)];
    button.disabled = true;
    problem.textContent = "";
    status.textContent = t("downloadWaiting");
    progress.removeAttribute("value");
    show(progress, true);
    try {
      const requested = (await call("POST", "/exports", orderOf(scores, kind, format))).body;
      const finished = await follow(requested.id, showProgress, () => form.isConnected);
      if (finished) showResult(finished);
    } catch (error) {
      status.textContent = "";
      problem.textContent = wordsOf(error);
    } finally {
      button.disabled = false;
      show(progress, false);
    }
  }

  function showProgress({ status: state, progress: { done, of } }) {
    if (state === "queued" || of == null) return;
    progress.max = of || 1;
    progress.value = done;
    status.textContent = t("downloadProgress", { done: formatNumber(done), of: formatNumber(of) });
  }

  function showResult({ status: state, download }) {
    status.textContent = "";
    if (state !== "ready") {
      problem.textContent = t("downloadFailed");
      return;
    }
    const { pathname, search } = new URL(download);
    const link = h("a", { href: pathname + search, download: true }, t("saveFile"));
    status.append(`${t("downloadReady")} `, link);
    link.click();
  }

  return form;
}

/** Returns the body of a request for an export, with the filters of the page. */
function orderOf(scores, kind, format) {
  const { by, include, from, to, region_id, location_id, checklist } = scores;
  const order = { kind, format, from, to, region_id, location_id, checklist };
  order.language = document.documentElement.lang;
  if (kind === "scores") Object.assign(order, { by: by.split(","), include: include?.split(",") });
  return JSON.parse(JSON.stringify(order)); // without undefined fields
}

/**
 * Calls `report` with an export again and again until it has finished, and returns it. Returns null if the
 * panel was closed. A lost connection is not an error, because the server goes on.
 */
async function follow(id, report, isOpen) {
  for (let round = 0; isOpen(); round += 1) {
    await new Promise((resolve) => setTimeout(resolve, DELAYS[round] ?? LONGEST_DELAY));
    try {
      const { body } = await call("GET", `/exports/${id}`);
      if (body.status !== "queued" && body.status !== "running") return body;
      report(body);
    } catch (error) {
      if (!(error instanceof NoSignal)) throw error;
    }
  }
  return null;
}

function wordsOf(error) {
  if (error instanceof NoSignal) return t("noSignal");
  return t(error instanceof Problem && error.code === "exports-queued" ? "downloadsWait" : "downloadFailed");
}
