/** The pages that people open from a link: an invitation, a forgotten password, or the end of a kind of mail. */
import { call } from "../shared/api.js";
import { h, languageButtons, loadWords, showScreen, t } from "../shared/page.js";
import { form } from "../staff/form.js";

/** The token in the link. Browsers do not send this part of an address. */
const token = decodeURIComponent(location.hash.slice(1));

async function start() {
  await loadWords((language) => import(`./words/${language}.js`));
  addEventListener("hashchange", () => location.reload());
  if (location.pathname === "/invitation") showInvitation();
  else if (location.pathname === "/unsubscribe") showUnsubscribe();
  else if (token) showNewPassword();
  else showForgotten();
}

function showInvitation() {
  if (!token) return showExpired("/auth/invitation");
  return show(
    t("invitation"),
    h("p", {}, t("invitationWhy")),
    form({
      fields: [nameField(), passwordField()],
      submit: t("accept"),
      save: (values) => send("/auth/invitation", { token, ...values }, () => showDone(t("accepted"))),
    }),
  );
}

function showNewPassword() {
  return show(
    t("newPassword"),
    form({
      fields: [passwordField()],
      submit: t("savePassword"),
      save: (values) => send("/auth/password", { token, ...values }, () => showDone(t("passwordSaved"))),
    }),
  );
}

function showForgotten() {
  const { email, organization } = Object.fromEntries(new URLSearchParams(location.search));
  const fields = [
    {
      name: "email",
      label: t("email"),
      type: "email",
      required: true,
      value: email,
      attributes: { autocomplete: "username" },
    },
    // Without a name, everybody with this address gets a mail for each of their accounts.
    ...(organization ? [{ name: "organization", label: t("organization"), value: organization }] : []),
  ];
  return show(
    t("forgotten"),
    h("p", {}, t("forgottenWhy")),
    form({
      fields,
      submit: t("sendLink"),
      save: (values) =>
        send("/auth/password-reset", values, () =>
          show(t("lookIntoMail"), h("p", {}, t("lookIntoMailWhy", { email: values.email })), signInLinks()),
        ),
    }),
  );
}

/** Switches nothing off by itself: programs that check links open this page too. */
function showUnsubscribe() {
  if (!token) return showExpired("/unsubscribe");
  return show(
    t("unsubscribe"),
    h("p", {}, t("unsubscribeWhy")),
    form({
      fields: [],
      submit: t("unsubscribeDo"),
      save: () =>
        send(`/unsubscribe/${encodeURIComponent(token)}`, undefined, () =>
          show(t("unsubscribed"), h("p", {}, t("unsubscribedWhy")), accountLink()),
        ),
    }),
  );
}

const accountLink = () =>
  h("p", {}, h("a", { href: "/dashboard/account", class: "touch" }, t("toTheAccount")));

const nameField = () => ({
  name: "name",
  label: t("yourName"),
  hint: t("yourNameHint"),
  required: true,
  attributes: { autocomplete: "name" },
});

const passwordField = () => ({
  name: "password",
  label: t("password"),
  hint: t("passwordHint"),
  type: "password",
  required: true,
  attributes: { autocomplete: "new-password" },
});

async function send(path, body, done) {
  try {
    await call("POST", path, body);
    done();
  } catch (problem) {
    if (problem.code !== "link-expired") throw problem;
    showExpired(path);
  }
}

function showExpired(path) {
  if (path.startsWith("/unsubscribe"))
    return show(t("expired"), h("p", {}, t("unsubscribeExpired")), accountLink());
  const isInvitation = path === "/auth/invitation";
  return show(
    t("expired"),
    h("p", {}, t(isInvitation ? "invitationExpired" : "resetExpired")),
    h("p", {}, h("a", { href: "/password", class: "touch" }, t("forgotten"))),
  );
}

function showDone(words) {
  // The token has been used.
  history.replaceState(null, "", location.pathname);
  return show(words, signInLinks());
}

const signInLinks = () => [
  h("p", {}, t("signInWhere")),
  h(
    "ul",
    {},
    h("li", {}, h("a", { href: "/", class: "touch" }, t("toTheForm"))),
    h("li", {}, h("a", { href: "/dashboard", class: "touch" }, t("toTheDashboard"))),
  ),
];

function show(title, ...children) {
  const heading = h("h1", { tabindex: -1 }, title);
  showScreen(
    title,
    heading,
    children,
    h("nav", { class: "row", "aria-label": t("language") }, languageButtons()),
  );
  document.documentElement.dataset.ready = "1";
  heading.focus({ preventScroll: true });
}

start();
