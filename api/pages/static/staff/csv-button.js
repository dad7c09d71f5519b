/** A button that downloads a list of the API as CSV. */
import { download, h, t } from "../shared/page.js";
import { explainFailure } from "./failures.js";
import { callSignedIn } from "./session.js";

/** Spreadsheets read UTF-8 only after it. The text of a response never has it. */
const BYTE_ORDER_MARK = "\ufeff";

/** Returns the button with its status. `path` is the address of the list, and `name` that of the file. */
export function csvButton(path, name, words, attributes = {}) {
  const status = h("span", { role: "status", class: "quiet" });
  const button = h("button", { type: "button", class: "plain", onclick: save, ...attributes }, words);
  async function save() {
    button.disabled = true;
    status.textContent = t("loading");
    try {
      const { body } = await callSignedIn("GET", path, undefined, { Accept: "text/csv" });
      download(name, new Blob([BYTE_ORDER_MARK, body], { type: "text/csv" }));
      status.textContent = "";
    } catch (problem) {
      status.textContent = explainFailure(problem);
    } finally {
      button.disabled = false;
    }
  }
  return [button, status];
}
