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
 * Returns the form. It calls `done` when `signIn` has succeeded, and `failed` when it has not.
 * @param {{ signIn: any, done: () => any, failed?: () => void }} options
 */
export async function signInForm({ signIn, done, failed }) {
  await loadMoreWords((language) => import(`./words/${language}.js`));
  const description = { "aria-describedby": "fault" };
  const email = h("input", {
    name: "email",
    id: "email",
    type: "email",
    autocomplete: "username",
    required: true,
    ...description,
  });
  const password = h("input", {
    name: "password",
    id: "password",
    type: "password",
    autocomplete: "current-password",
    required: true,
    ...description,
  });
  const organization = h("input", {
    name: "organization",
    id: "organization",
    autocomplete: "organization",
    ...description,
  });
  const organizationField = h(
    "p",
    { hidden: true },
    h("label", { for: "organization" }, t("organization")),
    organization,
  );
  const message = h("p", { class: "fault", id: "fault", role: "alert" });
  const button = h("button", { class: "primary" }, t("signIn"));
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    message.textContent = "";
    try {
      await signIn(email.value.trim(), password.value, organization.value.trim());
      return done();
    } catch (problem) {
      if (problem.code === "which-organization") show(organizationField, true);
      message.textContent = problemWords(problem);
      failed?.();
      for (const input of [email, password])
        input.setAttribute("aria-invalid", String(problem.status === 401));
      (organizationField.hidden ? email : organization).focus();
      return undefined;
    } finally {
      button.disabled = false;
    }
  };
  return h(
    "form",
    { onsubmit: submit, novalidate: true },
    h("p", {}, h("label", { for: "email" }, t("email")), email),
    h("p", {}, h("label", { for: "password" }, t("password")), password),
    organizationField,
    message,
    h("p", {}, button),
    h("p", {}, h("a", { href: "/password", class: "touch" }, t("forgottenPassword"))),
  );
}

function problemWords(problem) {
  if (problem.status === 401) return t("wrongPassword");
  if (problem.code === "which-organization") return t("whichOrganization");
  if (problem.status === 429) return t("tooManyFailures", { n: Math.ceil((problem.wait ?? 60) / 60) });
  if (problem.status === 422) return t("fillIn");
  return problem.status ? problem.detail : t("noSignal");
}
