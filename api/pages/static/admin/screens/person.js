import { ago, h, loadMoreWords, moment, t } from "../../shared/page.js";
import { editForm } from "../../staff/form.js";
import { goTo } from "../../staff/frame.js";
import { recordOf, recordPath } from "../../staff/shopper-record.js";
import { offerUndo } from "../../staff/undo.js";
import { bodyOf, edit, personFields, watchRole } from "../people.js";
import { personActions } from "../person-actions.js";

/**
 * One person: their details, the record of their visits, their invitation, whether they can log in and how, and
 * their deletion.
 */
export default async function ({ params, me, read, readAll, refresh }) {
  await loadMoreWords((language) => import(`../words/people/${language}.js`));
  const path = `/users/${params.id}`;
  const [person, regions, record] = await Promise.all([
    read(path),
    readAll("/regions?limit=500"),
    // Nobody can read their own record.
    params.id === me.id ? null : read(recordPath(params.id)),
  ]);
  const element = await editForm({
    path,
    fields: (values) => personFields(values, regions),
    submit: t("save"),
    read: ({ email, name, role, region_ids, location_ids, language }) => ({
      email,
      name,
      role,
      region_ids,
      location_ids,
      language,
    }),
    write: (values) => bodyOf(values, values.role ?? person.role),
    done: (body, before) => {
      if (Object.keys(before).length)
        offerUndo(t("changedPerson", { name: body.name }), () =>
          edit(params.id, () => bodyOf(before, before.role ?? body.role)),
        );
      return goTo("/dashboard/admin/people");
    },
  });
  return {
    title: person.name,
    content: [
      h("p", {}, h("a", { href: "/dashboard/admin/people" }, t("page-people"))),
      facts(person),
      personActions(person, me, refresh),
      watchRole(element),
      record &&
        (record.assigned > 0 || person.role === "shopper") && [
          recordOf(record),
          h("p", {}, h("a", { href: `/dashboard/admin/visits?shopper_id=${params.id}` }, t("recordVisits"))),
        ],
    ],
  };
}

function facts({
  status,
  last_login_at: at,
  visits_in_progress: n,
  invitation_expires_at: expires,
  second_factor: factor,
}) {
  const lines = [
    t(`person-${status}`),
    at ? t("lastLoginWas", { ago: ago(at) }) : t("neverLoggedIn"),
    t(factor ? "hasFactor" : "hasNoFactor"),
    t("visitsCount", { n }),
    status === "invited" && expires && t("linkUntil", { time: moment(expires) }),
  ];
  return h("p", { class: "quiet" }, lines.filter(Boolean).join(" · "));
}
