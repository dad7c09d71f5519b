import { adminLinks, EDITOR, ROOT } from "../admin/links.js";
import { loadWords, t } from "../shared/page.js";
import { startPage } from "../staff/frame.js";

async function start() {
  await loadWords((language) => import(`./words/${language}.js`));
  await startPage({
    root: ROOT,
    // All other pages of the administration have their own scripts.
    elsewhere: new RegExp(`^${ROOT}(?!${EDITOR}$)`),
    screens: { [EDITOR]: "editor" },
    title: () => t("title"),
    load: () => import("./screens/editor.js"),
    links: adminLinks,
    keepOut: ({ role }) => (role === "admin" ? null : [t("notFound")]),
  });
}

start();
