import { loadWords, t } from "../shared/page.js";
import { ID, startPage } from "../staff/frame.js";
import { adminLinks, EDITOR, KEY, ROOT } from "./links.js";

async function start() {
  await loadWords((language) => import(`./words/${language}.js`));
  await startPage({
    root: ROOT,
    elsewhere: new RegExp(`^${ROOT}${EDITOR}$`),
    screens: {
      "": "start",
      "/people": "people",
      [`/people/${ID}`]: "person",
      "/places": "places",
      [`/places/${ID}`]: "place",
      "/import": "import",
      "/checklists": "checklists",
      [`/checklists/${KEY}/publish`]: "publish",
      "/assign": "assign",
      "/visits": "visits",
      "/plan": "plan",
      "/targets": "targets",
      "/api": "api",
      "/webhooks": "webhooks",
      "/audit": "audit",
      "/settings": "settings",
    },
    title: () => t("title"),
    load: (name) => import(`./screens/${name}.js`),
    links: adminLinks,
    keepOut: ({ role }) => (role === "admin" ? null : [t("notFound")]),
  });
}

start();
