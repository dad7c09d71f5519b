/** Publishing a checklist: what would change, what past visits would have scored, and the versions so far. */
import { confirmAction, h, loadMoreWords, localize, t } from "../../shared/page.js";
import { count } from "../../staff/numbers.js";
import { callSignedIn } from "../../staff/session.js";
import { announce } from "../../staff/undo.js";
import { changeGroups } from "../publish/changes.js";
import { replayOf } from "../publish/replay.js";
import { versionList } from "../publish/versions.js";
import { translated } from "../../staff/api-words.js";
import { explainFailure } from "../../staff/failures.js";

const VISITS = 200;

await loadMoreWords((language) => import(`../words/publish/${language}.js`));

/** What has just happened, for the screen that is drawn after it. */
let message = null;

/** The preview of a draft. */
export default async function ({ params: { key }, read, readAll, refresh }) {
  const path = `/checklists/${key}`;
  const [draft, { body: preview }] = await Promise.all([
    read(`${path}/draft`),
    callSignedIn("POST", `${path}/preview`, { visits: VISITS }),
  ]);
  const versions = preview.version ? await readAll(`${path}/versions`) : [];
  const current = preview.version && (await read(`${path}/versions/${preview.version}`));
  const name = localize(draft.title) || localize(current?.title) || key;
  const textOf = questionTexts(current, draft);
  const editor = `/dashboard/admin/checklists/${key}`;
  const outcome = message && h("p", { class: "notice", role: "status", tabindex: -1 }, message);
  message = null;
  return {
    title: t("publishTitle", { name }),
    content: h(
      "div",
      { class: "publish" },
      h("p", {}, h("a", { href: editor }, t("backToEditor"))),
      outcome,
      h("p", { class: "lead" }, state(preview)),
      preview.errors.length > 0 && errorSummary(preview.errors, draft, editor),
      preview.changes.length > 0 && [
        h("h2", { id: "changes" }, t("changes", { n: count(preview.changes.length) })),
        h("div", { class: "effects" }, changeGroups(preview.changes, current, draft)),
      ],
      replaySection(preview, textOf),
      visitsOut(preview),
      (preview.has_changes || preview.retired) &&
        !preview.errors.length &&
        publishButton(preview, draft, name, path, refresh),
      versions.length > 0 && [h("h2", {}, t("versions")), versionList(key, versions, read)],
    ),
    ready: () => outcome?.focus(),
  };
}

/** Returns a function from the key of a question to its text, in the draft or else in the current version. */
function questionTexts(...documents) {
  const texts = new Map();
  for (const document of documents)
    for (const section of document?.sections ?? [])
      for (const question of section.questions ?? []) texts.set(question.key, question.text ?? question.key);
  return (key) => texts.get(key) ?? key;
}

/** Returns in one sentence where the draft stands. */
function state({ version, retired, has_changes: hasChanges }) {
  if (!version) return t("stateNew");
  if (retired) return t(hasChanges ? "stateRetiredChanged" : "stateRetired", { version, next: version + 1 });
  return t(hasChanges ? "stateChanged" : "stateSame", { version, next: version + 1 });
}

/** Returns the number of the version that is in use once the draft is published. */
const versionAfter = ({ version, has_changes: hasChanges }) => (version ?? 0) + (hasChanges ? 1 : 0);

/** Returns the errors, each with a link to its question or section in the editor. */
function errorSummary(errors, draft, editor) {
  return h(
    "div",
    { class: "summary", role: "alert", tabindex: -1 },
    h("h2", {}, t("errors", { n: errors.length })),
    h(
      "ul",
      {},
      errors.map(({ pointer, detail }) => {
        const [target, text] = placeOf(pointer, draft);
        return h(
          "li",
          { "data-testid": "fault", "data-pointer": pointer },
          h(
            "a",
            { href: `${editor}${target}` },
            text && h("span", { dir: "auto" }, text, ": "),
            translated(detail),
          ),
        );
      }),
    ),
  );
}

/** Returns the fragment of the editor's address for a pointer into the draft, and the text of that part. */
function placeOf(pointer, draft) {
  const [, s, q] = /^\/sections\/(\d+)(?:\/questions\/(\d+))?/.exec(pointer) ?? [];
  const section = s && draft.sections[s];
  if (!section) return ["", ""];
  const question = q && section.questions[q];
  const [kind, part] = question ? ["question", question] : ["section", section];
  return [part.key ? `#${kind}-${part.key}` : "", localize(part.text ?? part.title) || part.key || ""];
}

function replaySection({ version, errors, replay }, textOf) {
  if (!version) return null;
  return [
    h("h2", {}, t("replay")),
    replay ? replayOf(replay, version, textOf) : h("p", {}, t(errors.length ? "replayErrors" : "replayNone")),
  ];
}

const visitsOut = ({ version, visits_out: n }) =>
  version && [
    h("h2", {}, t("visitsOut")),
    h("p", {}, n ? t("visitsOutSome", { n: count(n) }) : t("visitsOutNone")),
  ];

function publishButton(preview, draft, name, path, refresh) {
  const button = h(
    "button",
    { type: "button", class: "primary", "data-testid": "publish" },
    t("publishNow", { version: versionAfter(preview) }),
  );
  button.addEventListener("click", async () => {
    if (!(await confirmAction(question(preview, name), { yes: t("publishYes"), no: t("cancel") }))) return;
    button.disabled = true;
    try {
      message = await publish(path, draft);
    } catch (problem) {
      if (problem.status !== 422) {
        announce(explainFailure(problem));
        button.disabled = false;
        return;
      }
    }
    await refresh();
  });
  return h("p", { class: "row" }, button);
}

/** Publishes the draft, unless it has changed since it was previewed. Returns what happened, in words. */
async function publish(path, draft) {
  const { body: latest } = await callSignedIn("GET", `${path}/draft`);
  if (JSON.stringify(latest) !== JSON.stringify(draft)) return t("draftChanged");
  const { body } = await callSignedIn("POST", `${path}/publish`);
  return t("published", { version: body.version });
}

/** Returns the question before publishing, with everything that cannot be taken back in words. */
function question(preview, name) {
  const { version, changes, has_changes: hasChanges, visits_out: out } = preview;
  if (version && !hasChanges) return t("bringBackSure", { name, version });
  const sure = t("publishSure", { name, version: versionAfter(preview) });
  if (!version) return sure;
  const parts = [
    t("sureChanges", { n: count(changes.length) }),
    out > 0 && t("sureVisits", { n: count(out), version }),
  ];
  return [sure, ...parts.filter(Boolean)].join(" ");
}
