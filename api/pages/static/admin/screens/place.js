import { h, loadMoreWords, t } from "../../shared/page.js";
import { editForm } from "../../staff/form.js";
import { goTo } from "../../staff/frame.js";
import { callSignedIn } from "../../staff/session.js";
import { offerUndo } from "../../staff/undo.js";
import {
  locationFields,
  restorePlace,
  timeZoneList,
  toBody,
  toFields,
  treeOf,
  visitsText,
} from "../places.js";

await loadMoreWords((language) => import(`../words/places/${language}.js`));

/** A location, to edit. Moving it to another region says how many visits move with it. */
export default async function ({ params, read, readAll }) {
  const path = `/locations/${params.id}`;
  const [current, regions] = await Promise.all([
    callSignedIn("GET", path),
    readAll("/regions?include=counts&limit=500"),
  ]);
  const code = new URLSearchParams({ code: current.body.code, include: "counts" });
  const { items } = await read(`/locations?${code}`);
  const visits = items.find(({ id }) => id === params.id)?.counts.visits ?? 0;
  const names = new Map(regions.map(({ id, name }) => [id, name]));
  const others = readAll("/locations?status=open&limit=500").then((locations) =>
    locations.filter(({ id }) => id !== params.id),
  );

  const form = await editForm({
    path,
    current,
    submit: t("save"),
    fields: (values) => locationFields(values, treeOf(regions), others, t("visitsMove", { n: visits })),
    read: toFields,
    write: toBody,
    cancel: () => goTo("/dashboard/admin/places"),
    done: async (location, before) => {
      const changed = Object.keys(before).length > 0;
      await goTo("/dashboard/admin/places");
      if (!changed) return;
      const moved = {
        name: location.name,
        region: names.get(location.region_id),
        visits: visitsText(visits),
      };
      offerUndo(before.region_id ? t("locationMoved", moved) : t("locationChanged", moved), () =>
        restorePlace(path, toBody(before)),
      );
    },
  });
  return {
    title: current.body.name,
    content: [
      h("p", {}, h("a", { href: "/dashboard/admin/places" }, t("backToPlaces"))),
      form,
      timeZoneList(),
    ],
  };
}
