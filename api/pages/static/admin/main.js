import { loadWords, t } from "../shared/page.js";
import { ID, startPage } from "../staff/frame.js";

const ROOT = "/dashboard/admin";
const KEY = "(?<key>[a-z0-9][a-z0-9_-]*)";
/** The areas of the administration, in the order of the bar. */
const AREAS = ["people", "places", "checklists", "assign", "visits", "api", "webhooks", "audit", "settings"];

const links = () => [
  [ROOT, t("page-start")],
  ...AREAS.map((area) => [`${ROOT}/${area}`, t(`page-${area}`)]),
  ["/dashboard", t("page-scores")],
];

async function start() {
  await loadWords((language) => import(`./words/${language}.js`));
  await startPage({
    root: ROOT,
    screens: {
      "": "start",
      "/people": "people",
      [`/people/${ID}`]: "person",
      "/places": "places",
      [`/places/${ID}`]: "place",
      "/import": "import",
      "/checklists": "checklists",
      [`/checklists/${KEY}`]: "editor",
      [`/checklists/${KEY}/publish`]: "publish",
      "/assign": "assign",
      "/visits": "visits",
      "/api": "api",
      "/webhooks": "webhooks",
      "/audit": "audit",
      "/settings": "settings",
    },
    title: () => t("title"),
    load: (name) => import(`./screens/${name}.js`),
    links,
    keepOut: ({ role }) => (role === "admin" ? null : [t("notFound")]),
  });
}

start();
