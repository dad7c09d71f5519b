/** The settings of the organization: one form, and the logo beside it. */
import { h, loadMoreWords, show, t } from "../../shared/page.js";
import { editForm } from "../../staff/form.js";
import { updateUser } from "../../staff/frame.js";
import { explainFailure } from "../../staff/failures.js";
import { callSignedIn } from "../../staff/session.js";
import { offerUndo } from "../../staff/undo.js";
import { measureContrast, MIN_CONTRAST } from "../color.js";
import { paymentFields, readPayment, writePayment } from "../payment-settings.js";
import { roleOptions, showPeopleWithoutFactor } from "../requirement.js";
import { confirmShorterRetention } from "../retention.js";

const PATH = "/organization";
const LOGO = "/organization/logo";
const MAX_LOGO_BYTES = 256 * 1024;
const DEFAULT_COLOR = "#0b6b5c";

export default async function () {
  const [current] = await Promise.all([
    callSignedIn("GET", PATH),
    loadMoreWords((language) => import(`../words/settings/${language}.js`)),
  ]);
  const form = await editForm({
    path: PATH,
    current,
    fields,
    // Languages are typed as one text, and colours in any case.
    read: (body) => ({ ...readPayment(body), languages: body.languages.join(", ") }),
    write: (values, stored) => ({
      ...writePayment(values, stored),
      ...("languages" in values && { languages: (values.languages ?? "").split(/[\s,;]+/).filter(Boolean) }),
      ...(values.accent_color && { accent_color: values.accent_color.toLowerCase() }),
    }),
    confirm: confirmShorterRetention,
    submit: t("save"),
    done: updateUser,
    attributes: { "data-testid": "settings" },
  });
  showColor(form);
  showLanguages(form);
  showPeopleWithoutFactor(form);
  return { title: t("page-settings"), content: [form, logoCard(current.body)] };
}

const fields = (values) => [
  {
    name: "name",
    label: t("organizationName"),
    hint: t("organizationNameHint"),
    required: true,
    value: values.name,
  },
  {
    name: "accent_color",
    label: t("color"),
    hint: t("colorHint", { standard: DEFAULT_COLOR }),
    value: values.accent_color,
    attributes: { spellcheck: "false", autocomplete: "off", dir: "ltr" },
  },
  {
    name: "languages",
    label: t("languages"),
    hint: t("languagesHint"),
    required: true,
    value: values.languages,
    attributes: { spellcheck: "false", dir: "ltr" },
  },
  {
    name: "lockout_days",
    label: t("lockoutDays"),
    hint: t("lockoutDaysHint"),
    type: "decimal",
    required: true,
    value: values.lockout_days,
  },
  {
    name: "accept_every_minutes",
    label: t("acceptEvery"),
    hint: t("acceptEveryHint"),
    type: "decimal",
    value: values.accept_every_minutes,
  },
  {
    name: "no_visit_alert_days",
    label: t("alertDays"),
    hint: t("alertDaysHint"),
    type: "decimal",
    value: values.no_visit_alert_days,
  },
  {
    name: "dispute_days",
    label: t("disputeDays"),
    hint: t("disputeDaysHint"),
    type: "decimal",
    required: true,
    value: values.dispute_days,
  },
  {
    name: "answer_days",
    label: t("answerDays"),
    hint: t("answerDaysHint"),
    type: "decimal",
    required: true,
    value: values.answer_days,
  },
  ...paymentFields(values),
  {
    name: "require_second_factor",
    label: t("requireFactor"),
    hint: t("requireFactorHint"),
    type: "checkboxes",
    value: values.require_second_factor,
    options: roleOptions(),
  },
  {
    name: "keep_photos_months",
    label: t("keepPhotos"),
    hint: t("keepPhotosHint"),
    type: "decimal",
    value: values.keep_photos_months,
  },
  {
    name: "keep_personal_data_months",
    label: t("keepPersonalData"),
    hint: t("keepPersonalDataHint"),
    type: "decimal",
    value: values.keep_personal_data_months,
  },
];

/** Adds a picker to the field of the colour, a sample of it, and its contrast in words. */
function showColor(form) {
  const input = form.querySelector("[name=accent_color]");
  const picker = h("input", {
    type: "color",
    "aria-label": t("pickColor"),
    oninput: () => {
      input.value = picker.value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    },
  });
  const sample = h("p", { class: "color-sample", "data-testid": "color-sample" }, t("sample"));
  const words = h("p", { role: "status", "data-testid": "contrast" });
  input.after(h("div", { class: "row" }, picker, sample), words);

  function update() {
    const typed = input.value.trim().toLowerCase() || DEFAULT_COLOR;
    const contrast = measureContrast(typed);
    show(sample, contrast !== null);
    if (contrast === null) {
      words.textContent = t("noColor");
      return;
    }
    picker.value = typed;
    sample.style.setProperty("--brand", typed);
    const isReadable = contrast >= MIN_CONTRAST;
    const values = { contrast: contrast.toFixed(1), least: MIN_CONTRAST };
    words.textContent = t(isReadable ? "contrastGood" : "contrastLow", values);
    words.className = isReadable ? "quiet" : "fault";
  }
  form.addEventListener("input", update);
  form.addEventListener("click", () => setTimeout(update)); // a draft that was discarded
  update();
}

/** Adds the names of the typed languages to their field. */
function showLanguages(form) {
  const input = form.querySelector("[name=languages]");
  const words = h("p", { role: "status", class: "quiet" });
  input.after(words);
  const names = new Intl.DisplayNames([document.documentElement.lang], { type: "language" });
  function update() {
    const tags = input.value.split(/[\s,;]+/).filter(Boolean);
    words.textContent = tags.map((tag) => nameOf(names, tag)).join(", ");
  }
  form.addEventListener("input", update);
  update();
}

function nameOf(names, tag) {
  try {
    return names.of(tag);
  } catch {
    return tag; // it is not a language tag, which the API explains
  }
}

// The logo.

function logoCard({ logo, name }) {
  const picture = h("div", {});
  const problemLine = h("p", { class: "fault", role: "alert" });
  const file = h("input", {
    type: "file",
    id: "logo",
    accept: "image/png,image/jpeg,image/webp",
    "aria-describedby": "logo-hint",
    onchange: upload,
  });
  const remove = h(
    "button",
    { type: "button", class: "plain", onclick: () => replace(null) },
    t("removeLogo"),
  );
  /** The logo that is shown, as a Blob or null. */
  let shown = null;
  if (logo) fetchLogo().then(draw);
  else draw(null);

  function draw(blob) {
    shown = blob;
    show(remove, blob !== null);
    picture.replaceChildren(
      blob
        ? h("img", { class: "logo large", src: URL.createObjectURL(blob), alt: t("logoOf", { name }) })
        : h("p", { class: "quiet" }, t("noLogo")),
    );
  }

  async function upload() {
    const [chosen] = file.files;
    if (!chosen) return;
    if (chosen.size > MAX_LOGO_BYTES) problemLine.textContent = t("logoTooLarge");
    else await replace(chosen);
    file.value = "";
  }

  /** Stores another logo, or none, and offers to take that back. */
  async function replace(blob) {
    const before = shown;
    problemLine.textContent = "";
    try {
      await store(blob);
      draw(blob && (await fetchLogo()));
      offerUndo(t(blob ? "logoReplaced" : "logoRemoved"), () => store(before));
    } catch (problem) {
      problemLine.textContent = explainFailure(problem);
    }
  }

  return h(
    "section",
    { class: "card", "data-testid": "logo" },
    h("h2", {}, h("label", { for: file.id }, t("logo"))),
    h("p", { class: "quiet", id: "logo-hint" }, t("logoHint")),
    picture,
    problemLine,
    h("p", { class: "row" }, file, remove),
  );
}

async function store(blob) {
  await (blob ? callSignedIn("PUT", LOGO, blob) : callSignedIn("DELETE", LOGO));
  await updateUser();
}

async function fetchLogo() {
  const response = await fetch(`/api/v1${LOGO}`);
  return response.ok ? response.blob() : null;
}
