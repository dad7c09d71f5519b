/** The section of the user's second factor: set up, recovery codes, switched off. */
import { h, t } from "../shared/page.js";
import { copyText } from "../staff/copying.js";
import { explainFailure } from "../staff/failures.js";
import { form } from "../staff/form.js";
import { callSignedIn } from "../staff/session.js";
import { announce } from "../staff/undo.js";
import { qrCode } from "./qr-code.js";
import { recoveryCodes } from "./recovery-codes.js";

const TOTP = "/me/totp";
/** How many characters of a secret are read at a glance. */
const GROUP = 4;
/** From this number of recovery codes on, the user should create new ones. */
const FEW_CODES = 3;

/**
 * Returns the section. `status` is the response of `GET /me/totp`. With `returnTo`, the organization requires the
 * factor, and the user continues at that address once it is set up. `refresh` draws the screen again.
 */
export function secondFactor({ status, returnTo, refresh }) {
  const heading = h("h2", { id: "second-factor", tabindex: -1 }, t("secondFactor"));
  const content = h("div", {});
  const show = (...children) => {
    content.replaceChildren(...children.flat().filter(Boolean));
    heading.focus();
  };
  const finish = (codes) =>
    show(recoveryCodes(codes), returnTo ? continueLink(returnTo) : doneButton(refresh));
  content.append(...(status.enabled ? whileOn(status, show, finish, refresh) : whileOff(show, finish)));
  return h("section", { class: "card second-factor", "aria-labelledby": heading.id }, heading, content);
}

const continueLink = (address) =>
  h("p", {}, h("a", { href: address, class: "primary" }, t("codesStoredContinue")));
const doneButton = (refresh) =>
  h("p", {}, h("button", { type: "button", class: "primary", onclick: refresh }, t("codesStored")));

// Off.

function whileOff(show, finish) {
  const problemLine = h("p", { class: "fault", role: "alert" });
  const start = async ({ currentTarget: button }) => {
    button.disabled = true;
    try {
      const { body } = await callSignedIn("POST", TOTP);
      show(await setup(body, finish, () => show(whileOff(show, finish))));
    } catch (problem) {
      problemLine.textContent = explainFailure(problem);
    } finally {
      button.disabled = false;
    }
  };
  return [
    h("p", { class: "quiet" }, t("secondFactorWhy")),
    problemLine,
    h("p", {}, h("button", { type: "button", class: "plain", onclick: start }, t("setUp"))),
  ];
}

/** Returns the steps of the set-up: an app, the secret in it, and a code from it. */
async function setup({ secret, uri }, finish, cancel) {
  const groups = secret.match(new RegExp(`.{1,${GROUP}}`, "g"));
  const code = h("code", { dir: "ltr", tabindex: 0, "aria-labelledby": "secret-label" }, groups.join(" "));
  const copy = () => copyText(secret, code);
  return [
    h(
      "ol",
      { class: "setup" },
      h("li", {}, t("setupApp")),
      h(
        "li",
        {},
        t("setupScan"),
        h(
          "div",
          { class: "secret-parts" },
          await qrCode(uri, t("qrCode")),
          h(
            "div",
            {},
            h("p", {}, h("a", { href: uri, class: "touch" }, t("openApp"))),
            h("p", { id: "secret-label" }, t("typeSecret")),
            h("p", {}, code),
            h("p", {}, h("button", { type: "button", class: "plain", onclick: copy }, t("copySecret"))),
          ),
        ),
      ),
      h("li", {}, t("setupCode")),
    ),
    form({
      fields: [codeField(t("factorCodeHint"))],
      submit: t("switchOn"),
      cancel,
      save: async ({ code: typed }) => {
        const { body } = await sendCode(`${TOTP}/confirm`, { code: typed });
        finish(body.recovery_codes);
      },
    }),
  ];
}

// On.

function whileOn({ recovery_codes_left: left }, show, finish, refresh) {
  const back = () => show(whileOn({ recovery_codes_left: left }, show, finish, refresh));
  return [
    h("p", {}, h("span", { class: "status good" }, t("secondFactorOn"))),
    h("p", { class: left < FEW_CODES ? "fault" : "quiet" }, t("codesLeft", { n: left })),
    h(
      "p",
      { class: "row" },
      h(
        "button",
        { type: "button", class: "plain", onclick: () => show(newCodes(finish, back)) },
        t("newCodes"),
      ),
      h(
        "button",
        { type: "button", class: "plain danger", onclick: () => show(switchOff(refresh, back)) },
        t("switchOff"),
      ),
    ),
  ];
}

const newCodes = (finish, cancel) => [
  h("p", {}, t("newCodesWhy")),
  form({
    fields: [codeField(t("factorCodeOrRecoveryHint"), "text")],
    submit: t("newCodes"),
    cancel,
    save: async ({ code }) =>
      finish((await sendCode(`${TOTP}/recovery-codes`, { code })).body.recovery_codes),
  }),
];

const switchOff = (refresh, cancel) => [
  h("p", {}, t("switchOffWhy")),
  form({
    fields: [
      {
        name: "password",
        label: t("old_password"),
        type: "password",
        required: true,
        attributes: { autocomplete: "current-password" },
      },
      codeField(t("factorCodeOrRecoveryHint"), "text"),
    ],
    submit: t("switchOff"),
    cancel,
    save: async (values) => {
      await sendCode(`${TOTP}/disable`, values);
      announce(t("secondFactorOff"));
      refresh();
    },
  }),
];

/** Returns the field of a code. Recovery codes have letters, so a field for these has the keyboard for text. */
const codeField = (hint, inputmode = "numeric") => ({
  name: "code",
  label: t("factorCode"),
  hint,
  required: true,
  attributes: {
    inputmode,
    autocomplete: "one-time-code",
    autocapitalize: "none",
    spellcheck: "false",
    dir: "ltr",
  },
});

/** Problems that concern a field, or the whole form, with the words for them. */
const PROBLEMS = {
  "wrong-password": ["/password", "notYourPassword"],
  "second-factor-required": [null, "secondFactorRequired"],
};

/** Calls the API with a code. Its problems become errors of the form. */
async function sendCode(path, values) {
  try {
    return await callSignedIn("POST", path, values);
  } catch (problem) {
    const [pointer, words] = PROBLEMS[problem.code] ?? [];
    if (words) problem.errors = [{ pointer, detail: t(words), lang: document.documentElement.lang }];
    throw problem;
  }
}
