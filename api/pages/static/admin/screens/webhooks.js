import { ago, clock, confirmAction, fromNow, h, hasWords, loadMoreWords, t } from "../../shared/page.js";
import { address } from "../../staff/address.js";
import { editForm, form } from "../../staff/form.js";
import { goTo } from "../../staff/frame.js";
import { list } from "../../staff/list.js";
import { explainFailure } from "../../staff/failures.js";
import { callSignedIn } from "../../staff/session.js";
import { announce, offerUndo } from "../../staff/undo.js";
import { regionsField, regionsText } from "../regions.js";
import { showSecret } from "../secret.js";

const PAGE = "/dashboard/admin/webhooks";
const EVENTS = [
  "visit.accepted",
  "visit.withdrawn",
  "score.changed",
  "export.ready",
  "dispute.opened",
  "dispute.decided",
];
const STATUSES = ["pending", "delivered", "failed"];
/** How many deliveries the card of a webhook shows. */
const LATEST = 5;
/** When to look again for what became of a delivery, in milliseconds. */
const LOOKS = [700, 1500, 3000, 6000, 12_000];

/** The webhooks: all of them, a new one, or one with its deliveries. */
export default async function ({ filters, read, readAll, refresh }) {
  await loadMoreWords((language) => import(`../words/integrations/${language}.js`));
  const regions = await readAll("/regions?limit=500");
  if (filters.new) return newWebhook(regions);
  if (filters.webhook) return oneWebhook(filters.webhook, regions, refresh);
  return allWebhooks(await readAll("/webhooks?limit=100"), regions, read, refresh);
}

function allWebhooks(webhooks, regions, read, refresh) {
  const cards = webhooks.map((webhook) => cardOf(webhook, regions, read, refresh));
  return {
    title: t("page-webhooks"),
    content: [
      h("p", { class: "quiet" }, t("webhooksIntro")),
      h("p", {}, h("a", { class: "primary", href: `${PAGE}?new=1` }, t("newWebhook"))),
      cards.map(({ element }) => element),
      !cards.length && h("p", { class: "empty" }, t("noWebhooks")),
    ],
    // One after the other, so that many webhooks do not send as many calls together.
    ready: async () => {
      for (const card of cards) await card.update();
    },
    leave: () => cards.forEach(({ stop }) => stop()),
  };
}

/** Returns the card of a webhook with its latest deliveries, which `update` fetches. */
function cardOf(webhook, regions, read, refresh) {
  const link = address(PAGE, { webhook: webhook.id });
  const body = h("tbody", { role: "rowgroup" });
  const columns = columnsOf(webhook, () => looks.start());
  const table = h(
    "table",
    { class: "list", role: "table", hidden: true },
    h("caption", { class: "visually-hidden" }, t("latestDeliveries")),
    h(
      "thead",
      { role: "rowgroup" },
      h(
        "tr",
        { role: "row" },
        columns.map(({ title }) => h("th", { role: "columnheader", scope: "col" }, title)),
      ),
    ),
    body,
  );
  const nothing = h("p", { class: "quiet", hidden: true }, t("noDeliveries"));

  async function update() {
    const { items } = await read(`/webhooks/${webhook.id}/deliveries?limit=${LATEST}`).catch(() => ({}));
    if (!items) return false;
    body.replaceChildren(
      ...items.map((delivery) =>
        h(
          "tr",
          { role: "row", ...attributesOf(delivery) },
          columns.map(({ title, cell }, index) =>
            index
              ? h("td", { role: "cell", "data-label": title }, cell(delivery))
              : h("th", { role: "rowheader", scope: "row" }, cell(delivery)),
          ),
        ),
      ),
    );
    table.hidden = !items.length;
    nothing.hidden = Boolean(items.length);
    return items.some(({ status }) => status === "pending");
  }

  const looks = lookAgain(update);
  const element = h(
    "section",
    { class: "card webhook", "data-webhook": webhook.id },
    h("h2", { dir: "ltr" }, h("a", { href: link }, webhook.url)),
    stateOf(webhook, refresh),
    summaryOf(webhook, regions),
    h(
      "p",
      { class: "row" },
      testButton(webhook, () => looks.start()),
      h("a", { href: link }, t("allDeliveries")),
    ),
    table,
    nothing,
  );
  return { element, update, stop: looks.stop };
}

/** Calls `update` some times, until it resolves to false: nothing is pending any more. */
function lookAgain(update) {
  let timer = null;
  const stop = () => clearTimeout(timer);
  function start(number = 0) {
    stop();
    timer = setTimeout(async () => {
      const isPending = await update();
      if (isPending && number + 1 < LOOKS.length) start(number + 1);
    }, LOOKS[number]);
  }
  return { start: () => (update(), start()), stop };
}

const attributesOf = ({ id, status }) => ({
  "data-testid": "delivery",
  "data-status": status,
  "data-delivery": id,
});

/** Returns what happens at a webhook now: its status, and why it is disabled or since when it fails. */
function stateOf(webhook, refresh) {
  if (webhook.status === "disabled") {
    const reason = webhook.disabled_reason;
    return h(
      "div",
      { class: "notice" },
      h(
        "p",
        {},
        h("span", { class: "status bad" }, t("webhookDisabled")),
        " ",
        reason ? reasonOf(reason) : t("disabledByHand"),
      ),
      h(
        "p",
        {},
        h("button", { type: "button", class: "plain", onclick: () => enable(webhook, refresh) }, t("enable")),
      ),
    );
  }
  if (webhook.failing_since)
    return h(
      "p",
      {},
      h("span", { class: "status bad" }, t("webhookFailing")),
      ` ${t("failingSince", { time: clock(webhook.failing_since) })}`,
    );
  return h(
    "p",
    {},
    h("span", { class: "status good" }, t("webhookEnabled")),
    webhook.last_success_at && ` ${t("lastSuccess", { time: ago(webhook.last_success_at) })}`,
  );
}

/** The reasons of the API, which are in English, and the words for them. */
const REASONS = {
  "The receiver responded with 410 (Gone).": "disabledGone",
  "Every delivery failed for five days.": "disabledFailed",
  "The API client that created it was revoked.": "disabledClient",
};
const reasonOf = (reason) => (REASONS[reason] ? t(REASONS[reason]) : h("span", { lang: "en" }, reason));

const eventWords = (event) => (hasWords(`event-${event}`) ? t(`event-${event}`) : event);

const summaryOf = ({ events, region_ids }, regions) =>
  h(
    "p",
    { class: "quiet" },
    events.map(eventWords).join(" · "),
    region_ids.length > 0 && [h("br"), t("regionsOnly"), ": ", regionsText(region_ids, regions)],
  );

function testButton(webhook, done) {
  const button = h(
    "button",
    { type: "button", class: "plain", disabled: webhook.status === "disabled", onclick: send },
    t("sendTest"),
  );
  async function send() {
    button.disabled = true;
    const path = `/webhooks/${webhook.id}/test`;
    const sent = await attempt(() =>
      callSignedIn("POST", path, undefined, { "Idempotency-Key": crypto.randomUUID() }),
    );
    button.disabled = false;
    if (!sent) return;
    announce(t("testSent"));
    done();
  }
  return button;
}

/** Runs an action, and reports why it failed. Resolves to whether it did not. */
async function attempt(action) {
  try {
    await action();
    return true;
  } catch (problem) {
    announce(explainFailure(problem));
    return false;
  }
}

async function setStatus(webhook, status) {
  const path = `/webhooks/${webhook.id}`;
  const { headers } = await callSignedIn("GET", path);
  await callSignedIn("PATCH", path, { status }, { "If-Match": headers.get("ETag") });
}

async function enable(webhook, refresh) {
  if (!(await attempt(() => setStatus(webhook, "enabled")))) return;
  offerUndo(t("nowEnabled"), () => setStatus(webhook, "disabled"));
  refresh();
}

// Deliveries.

/** Returns the columns of a table of deliveries. `sent` is called when one is sent again. */
const columnsOf = (webhook, sent) => [
  {
    key: "event",
    title: t("deliveryEvent"),
    cell: ({ event, created_at }) => [
      eventWords(event),
      h("span", { class: "quiet" }, ` ${clock(created_at)}`),
    ],
  },
  {
    key: "status",
    title: t("deliveryStatus"),
    cell: ({ status, next_attempt_at }) => [
      h("span", { class: ["status", CLASSES[status]].filter(Boolean).join(" ") }, t(`delivery-${status}`)),
      next_attempt_at &&
        h("span", { class: "quiet" }, ` ${t("nextAttempt", { time: fromNow(next_attempt_at) })}`),
    ],
  },
  { key: "attempts", title: t("attempts"), cell: ({ attempts }) => attemptsOf(attempts) },
  {
    key: "action",
    title: t("deliveryAction"),
    cell: (delivery) =>
      delivery.status !== "pending" && webhook.status === "enabled" && againButton(webhook, delivery, sent),
  },
];

const CLASSES = { delivered: "good", failed: "bad" };

function attemptsOf(attempts) {
  const last = attempts.at(-1);
  if (!last) return t("noAttempt");
  return h(
    "details",
    {},
    h("summary", {}, t("attemptCount", { n: attempts.length }), ": ", outcomeOf(last)),
    h(
      "ol",
      {},
      attempts.map((one) =>
        h(
          "li",
          {},
          clock(one.at),
          ": ",
          outcomeOf(one),
          h("span", { class: "quiet" }, ` ${one.duration_ms} ms`),
        ),
      ),
    ),
  );
}

const outcomeOf = ({ status, failure }) =>
  failure && failure !== "status"
    ? t(hasWords(`failure-${failure}`) ? `failure-${failure}` : "failure-internal")
    : t("responded", { status });

function againButton(webhook, delivery, sent) {
  const button = h(
    "button",
    {
      type: "button",
      class: "plain",
      "aria-label": `${t("sendAgain")}: ${eventWords(delivery.event)}, ${clock(delivery.created_at)}`,
      onclick: async () => {
        button.disabled = true;
        const path = `/webhooks/${webhook.id}/deliveries/${delivery.id}/redeliver`;
        if (await attempt(() => callSignedIn("POST", path))) sent();
        else button.disabled = false;
      },
    },
    t("sendAgain"),
  );
  return button;
}

// New and one.

/** @returns {import("../../staff/form.js").Field[]} */
const fieldsOf = (regions, { url, events, region_ids } = { url: "", events: EVENTS, region_ids: [] }) => [
  {
    name: "url",
    label: t("webhookUrl"),
    hint: t("webhookUrlHint"),
    type: "url",
    required: true,
    value: url,
    attributes: { dir: "ltr", autocomplete: "off" },
  },
  {
    name: "events",
    label: t("webhookEvents"),
    type: "checkboxes",
    options: [...new Set([...EVENTS, ...events])].map((event) => [event, eventWords(event)]),
    required: true,
    value: events,
  },
  regionsField(regions, region_ids, t("webhookRegionsHint")),
];

function newWebhook(regions) {
  const content = h("div");
  content.append(
    form({
      fields: fieldsOf(regions),
      submit: t("createWebhook"),
      draft: "new-webhook",
      cancel: () => goTo(PAGE),
      save: async (values) => {
        const { body } = await callSignedIn("POST", "/webhooks", values);
        showWebhookSecret(content, body, body.secret);
      },
    }),
  );
  return { title: t("newWebhook"), content };
}

const showWebhookSecret = (content, { id, url }, secret) =>
  showSecret(content, {
    title: t("secretOf", { name: url }),
    values: [[t("webhookSecret"), secret]],
    back: address(PAGE, { webhook: id }),
  });

async function oneWebhook(id, regions, refresh) {
  const path = `/webhooks/${id}`;
  const current = await callSignedIn("GET", path);
  const webhook = current.body;
  const content = h("div");
  const looks = lookAgain(async () => {
    await deliveries.refresh();
    return Boolean(deliveries.element.querySelector("[data-status=pending]"));
  });
  const deliveries = list({
    path: `${path}/deliveries`,
    caption: t("deliveries"),
    filters: [
      {
        name: "status",
        label: t("deliveryStatus"),
        options: STATUSES.map((status) => [status, t(`delivery-${status}`)]),
      },
      {
        name: "event",
        label: t("deliveryEvent"),
        options: [...EVENTS, "webhook.test"].map((event) => [event, eventWords(event)]),
      },
    ],
    columns: columnsOf(webhook, looks.start),
    attributes: attributesOf,
    nameOf: ({ event }) => eventWords(event),
    empty: t("noDeliveries"),
  });
  content.append(
    stateOf(webhook, refresh),
    summaryOf(webhook, regions),
    h("p", { class: "row" }, testButton(webhook, looks.start)),
    h("h2", { class: "deliveries" }, t("deliveries")),
    deliveries.element,
    h(
      "details",
      { class: "card" },
      h("summary", {}, t("changeWebhook")),
      await editForm({
        path,
        current,
        fields: (values) => fieldsOf(regions, values),
        submit: t("save"),
        done: refresh,
      }),
    ),
    h(
      "section",
      { class: "card" },
      h("h2", {}, t("replaceSecret")),
      h("p", {}, t("webhookSecretWhy")),
      h(
        "p",
        { class: "row" },
        h("button", { type: "button", class: "plain", onclick: replaceSecret }, t("replaceSecret")),
      ),
    ),
    h(
      "section",
      { class: "card" },
      h("h2", {}, t("disableOrDelete")),
      h("p", {}, t("disableWebhookWhy")),
      h(
        "p",
        { class: "row" },
        webhook.status === "enabled" &&
          h("button", { type: "button", class: "plain", onclick: disable }, t("disable")),
        h("button", { type: "button", class: "plain danger", onclick: remove }, t("deleteWebhook")),
      ),
    ),
    h("p", {}, h("a", { href: PAGE }, t("allWebhooks"))),
  );

  async function replaceSecret() {
    const question = t("replaceWebhookSecret", { url: webhook.url });
    if (!(await confirmAction(question, { yes: t("replaceSecret"), no: t("cancel") }))) return;
    await attempt(async () => {
      const { body } = await callSignedIn("POST", `${path}/secret`);
      showWebhookSecret(content, webhook, body.secret);
    });
  }

  async function disable() {
    const question = t("disableWebhookQuestion", { url: webhook.url });
    if (!(await confirmAction(question, { yes: t("disable"), no: t("cancel") }))) return;
    if (await attempt(() => setStatus(webhook, "disabled"))) refresh();
  }

  async function remove() {
    const question = t("deleteWebhookQuestion", { url: webhook.url });
    if (!(await confirmAction(question, { yes: t("deleteWebhook"), no: t("cancel") }))) return;
    if (await attempt(() => callSignedIn("DELETE", path))) await goTo(PAGE);
  }

  return { title: hostOf(webhook.url), content, leave: looks.stop };
}

/** Returns the host of a URL, which names a webhook in titles. */
const hostOf = (url) => new URL(url).host;
