/** The sign-in form. */
import { h, languageButtons, loadMoreWords, showScreen, show, t } from "./page.js";

/**
 * Shows the form as the whole screen, and calls `done` when `signIn` has succeeded. `notice` is the reason to
 * sign in again, and `product` is the end of the title of the page.
 */
export async function signInScreen({ signIn, done, notice, product }) {
  const title = product ? `${t("signIn")} – ${product}` : t("signIn");
  const form = await signInForm({
    signIn,
    done,
    failed: () => (document.title = t("errorTitle", { title })),
  });
  showScreen(
    title,
    h("h1", {}, t("signIn")),
    notice && h("p", { class: "notice" }, notice),
    form,
    h("nav", { class: "row", "aria-label": t("language") }, languageButtons()),
  );
  form.querySelector("input").focus();
}

/**
 * Returns the form. It calls `done` when `signIn` has succeeded, and `failed` when it has not. A second factor is
 * a second step: the form then asks for the code alone, and keeps what was entered.
 * @param {{ signIn: any, done: () => any, failed?: () => void }} options
 */
export async function signInForm({ signIn, done, failed }) {
  await loadMoreWords((language) => import(`./words/${language}.js`));
  const email = inputOf("email", { type: "email", autocomplete: "username", required: true });
  const password = inputOf("password", {
    type: "password",
    autocomplete: "current-password",
    required: true,
  });
  const organization = inputOf("organization", { autocomplete: "organization" });
  const organizationField = h(
    "p",
    { hidden: true },
    h("label", { for: "organization" }, t("organization")),
    organization,
  );
  const message = h("p", { class: "fault", id: "fault", role: "alert" });
  const code = codeField(() => (message.textContent = ""));
  const button = h("button", { class: "primary" }, t("signIn"));
  const credentials = h(
    "div",
    {},
    h("p", {}, h("label", { for: "email" }, t("email")), email),
    h("p", {}, h("label", { for: "password" }, t("password")), password),
    organizationField,
  );
  const more = h("p", {}, h("a", { href: "/password", class: "touch" }, t("forgottenPassword")));
  const startAgain = () => {
    showStep(false);
    message.textContent = "";
    password.value = "";
    email.focus();
  };
  const others = h(
    "p",
    { class: "row", hidden: true },
    code.other,
    h("button", { type: "button", class: "plain", onclick: startAgain }, t("otherAccount")),
  );

  /** Shows the step with the code, or the one with the address and password. */
  function showStep(asksForCode) {
    show(credentials, !asksForCode);
    show(more, !asksForCode);
    show(code.element, asksForCode);
    show(others, asksForCode);
    code.clear();
  }

  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    message.textContent = "";
    const asksForCode = !code.element.hidden;
    try {
      await signIn({
        email: email.value.trim(),
        password: password.value,
        organization: organization.value.trim(),
        code: asksForCode && code.input.value.trim(),
      });
      return done();
    } catch (problem) {
      if (problem.code === "second-factor-needed" && !asksForCode) {
        showStep(true);
        code.input.focus();
        return undefined;
      }
      if (problem.code === "which-organization") show(organizationField, true);
      // The password was changed since the first step.
      if (problem.status === 401 && !CODE_PROBLEMS.includes(problem.code)) showStep(false);
      message.textContent = problemWords(problem, code.isRecovery());
      failed?.();
      const isRejected = String(problem.status === 401);
      for (const input of [email, password, code.input]) input.setAttribute("aria-invalid", isRejected);
      if (!code.element.hidden) {
        code.input.focus();
        code.input.select();
      } else (organizationField.hidden ? email : organization).focus();
      return undefined;
    } finally {
      button.disabled = false;
    }
  };
  return h(
    "form",
    { onsubmit: submit, novalidate: true },
    credentials,
    code.element,
    message,
    h("p", {}, button),
    more,
    others,
  );
}

const inputOf = (name, attributes) =>
  h("input", { name, id: name, "aria-describedby": "fault", ...attributes });

/**
 * Returns the field of the code: `{element, input, other, clear, isRecovery}`. The button `other` asks for a recovery
 * code in place of one of the app, and calls `switched`.
 */
function codeField(switched) {
  const hint = h("p", { id: "code-hint", class: "quiet" });
  const label = h("label", { for: "code" });
  const input = inputOf("code", {
    "aria-describedby": "code-hint fault",
    autocomplete: "one-time-code",
    autocapitalize: "none",
    spellcheck: "false",
    required: true,
  });
  const other = h("button", {
    type: "button",
    class: "plain",
    onclick: () => {
      use(!isRecovery());
      input.value = "";
      input.removeAttribute("aria-invalid");
      input.focus();
      switched();
    },
  });
  const isRecovery = () => input.inputMode === "text";
  /** Asks for a code of the app, or for a recovery code, which has letters. */
  function use(recovery) {
    label.textContent = t(recovery ? "recoveryCode" : "oneTimeCode");
    hint.textContent = t(recovery ? "recoveryCodeHint" : "oneTimeCodeHint");
    other.textContent = t(recovery ? "useApp" : "useRecoveryCode");
    input.inputMode = recovery ? "text" : "numeric";
  }
  use(false);
  return {
    element: h("div", { hidden: true }, label, hint, h("p", {}, input)),
    input,
    other,
    isRecovery,
    clear() {
      input.value = "";
      use(false);
    },
  };
}

/** The problems of the second step. */
const CODE_PROBLEMS = ["second-factor-needed", "wrong-code"];

function problemWords(problem, isRecovery) {
  if (problem.code === "second-factor-needed") return t("enterCode");
  if (problem.code === "wrong-code") return t(isRecovery ? "wrongRecoveryCode" : "wrongCode");
  if (problem.status === 401) return t("wrongPassword");
  if (problem.code === "which-organization") return t("whichOrganization");
  if (problem.status === 429) return t("tooManyFailures", { n: Math.ceil((problem.wait ?? 60) / 60) });
  if (problem.status === 422) return t("fillIn");
  if (problem.status === 503) return t("busy");
  return problem.status ? problem.detail : t("noSignal");
}
