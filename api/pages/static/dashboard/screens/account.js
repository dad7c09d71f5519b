import { ago, h, loadMoreWords, moment, saveSetting, t } from "../../shared/page.js";
import { returnAddress } from "../../shared/second-factor.js";
import { editForm, form } from "../../staff/form.js";
import { callSignedIn } from "../../staff/session.js";
import { announce } from "../../staff/undo.js";
import { notices } from "../notices.js";
import { secondFactor } from "../second-factor.js";

const LANGUAGES = ["en", "es"];

/**
 * The user's own account: name, language, password, second factor and sessions. Whoever was led here to set up a
 * second factor sees only that.
 */
export default async function ({ read, readAll, refresh }) {
  await loadMoreWords((language) => import(`../words/account/${language}.js`));
  const [profile, factor, wanted, sessions] = await Promise.all([
    callSignedIn("GET", "/me"),
    read("/me/totp"),
    read("/me/notices"),
    readAll("/me/sessions?limit=100"),
  ]);
  const me = profile.body;
  const account = h("p", { class: "quiet" }, `${me.email} · ${me.organization.name}`);
  const returnTo = factor.enabled ? null : returnAddress();
  const factorSection = secondFactor({ status: factor, returnTo, refresh });
  if (returnTo)
    return {
      title: t("account"),
      content: [account, h("p", { class: "notice" }, t("secondFactorNeeded")), factorSection],
    };
  return {
    title: t("account"),
    content: [
      account,
      h("section", { class: "card" }, h("h2", {}, t("profile")), await profileForm(profile)),
      notices(wanted),
      h("section", { class: "card" }, h("h2", {}, t("changePassword")), passwordForm(refresh)),
      factorSection,
      h(
        "section",
        { class: "card" },
        h("h2", {}, t("sessions")),
        h("p", { class: "quiet" }, t("sessionsWhy")),
        h(
          "ul",
          { class: "plain-list" },
          sessions.map((session) => sessionItem(session, refresh)),
        ),
      ),
    ],
  };
}

/** @returns {[string, string][]} */
const languageOptions = () => [
  ["", t("noLanguage")],
  ...LANGUAGES.map((tag) => /** @type {[string, string]} */ ([tag, nameOfLanguage(tag)])),
];

/** @returns {[string, string][]} */
function timeZoneOptions(current) {
  // That of this device comes first. The browser may not know a zone that was chosen elsewhere.
  const first = [Intl.DateTimeFormat().resolvedOptions().timeZone, current].filter(Boolean);
  const names = new Set([...first, ...Intl.supportedValuesOf("timeZone")]);
  return [
    ["", t("usualTimeZone")],
    ...[...names].map((name) => /** @type {[string, string]} */ ([name, name.replaceAll("_", " ")])),
  ];
}

const nameOfLanguage = (tag) => new Intl.DisplayNames([tag], { type: "language" }).of(tag);

const profileForm = (current) =>
  editForm({
    path: "/me",
    current,
    fields: ({ name, language, time_zone: timeZone }) => [
      { name: "name", label: t("name"), required: true, value: name, attributes: { autocomplete: "name" } },
      {
        name: "language",
        label: t("language"),
        hint: t("languageHint"),
        type: "select",
        value: language ?? "",
        options: languageOptions(),
      },
      {
        name: "time_zone",
        label: t("timeZone"),
        hint: t("timeZoneHint"),
        type: "select",
        value: timeZone ?? "",
        options: timeZoneOptions(timeZone),
      },
    ],
    submit: t("save"),
    read: ({ name, language, time_zone }) => ({ name, language, time_zone }),
    done: ({ language }) => {
      if (language) saveSetting("language", language);
      // The bar has the name, and all pages the language.
      location.reload();
    },
  });

function passwordForm(refresh) {
  const field = (name, autocomplete, hint) => ({
    name,
    label: t(name),
    hint,
    type: "password",
    required: true,
    attributes: { autocomplete },
  });
  return form({
    fields: [
      field("old_password", "current-password"),
      field("new_password", "new-password", t("passwordHint")),
    ],
    submit: t("changePassword"),
    save: async (values) => {
      try {
        await callSignedIn("POST", "/me/password", values);
      } catch (problem) {
        if (problem.code !== "wrong-password") throw problem;
        problem.errors = [{ pointer: "/old_password", detail: problem.detail }];
        throw problem;
      }
      announce(t("passwordChanged"));
      refresh();
    },
  });
}

function sessionItem({ id, device, current, created_at: since, last_used_at: used }, refresh) {
  const end = async () => {
    await callSignedIn("DELETE", `/me/sessions/${id}`);
    announce(t("sessionEnded"));
    refresh();
  };
  const name = device ?? t("unknownDevice");
  return h(
    "li",
    { class: "row", "data-session": id },
    h(
      "span",
      {},
      name,
      h(
        "span",
        { class: "quiet" },
        ` · ${t("since", { time: moment(since) })} · ${t("used", { ago: ago(used) })}`,
      ),
    ),
    current
      ? h("span", { class: "status good" }, t("thisSession"))
      : h(
          "button",
          { type: "button", class: "plain", "aria-label": t("endNamed", { name }), onclick: end },
          t("end"),
        ),
  );
}
