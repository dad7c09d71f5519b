import { download, h, t } from "../shared/page.js";
import { copyText } from "../staff/copying.js";

/** Returns recovery codes, which the API shows only once, with buttons to copy, save and print them. */
export function recoveryCodes(codes) {
  const text = [t("codesFor", { host: location.host }), "", ...codes, ""].join("\n");
  const list = h(
    "ol",
    { class: "recovery-codes", dir: "ltr", "data-testid": "recovery-codes" },
    codes.map((code) => h("li", {}, h("code", {}, code))),
  );
  const copy = () => copyText(codes.join("\n"), list);
  const save = () => download(t("codesFile"), new Blob([text], { type: "text/plain" }));
  const button = (words, onclick) => h("button", { type: "button", class: "plain", onclick }, words);
  return [
    h("h3", {}, t("recoveryCodes")),
    h("p", { role: "status" }, t("recoveryCodesWhy")),
    list,
    h(
      "p",
      { class: "row" },
      button(t("copy"), copy),
      button(t("saveAsFile"), save),
      button(t("print"), () => print()),
    ),
  ];
}
