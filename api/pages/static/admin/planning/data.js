/** What planning reads from the API: locations with their visits so far, people, checklists and lock-outs. */
import { localize } from "../../shared/page.js";

const FIGURES = "/scores?by=location&fields=location,visits,interval&limit=500";

/** Reads what does not depend on the days of the plan. */
export async function readPlanningData(read, readAll, period) {
  const [locations, regions, people, checklists, scores, planning] = await Promise.all([
    readAll("/locations?closed=false&limit=500"),
    readAll("/regions?limit=500"),
    readAll("/users?disabled=false&limit=500"),
    readAll("/checklists?limit=500"),
    readAll(FIGURES),
    read(planningPath(period)),
  ]);
  const regionsById = new Map(regions.map((region) => [region.id, region]));
  const scoresById = new Map(scores.map((row) => [row.location.id, row]));
  const visitsById = new Map(planning.locations.map((row) => [row.location_id, row]));
  const places = locations.map((location) => ({
    ...location,
    region: regionsById.get(location.region_id)?.name ?? "",
    regionIds: idsAbove(location.region_id, regionsById),
    visits: scoresById.get(location.id)?.visits ?? 0,
    interval: scoresById.get(location.id)?.interval ?? null,
    lastVisit: visitsById.get(location.id)?.last_visit ?? null,
    inProgress: visitsById.get(location.id)?.visits_in_progress ?? 0,
  }));
  return {
    places: places.sort(byLastVisit),
    regions,
    people,
    checklists: checklists.map((checklist) => ({ ...checklist, name: localize(checklist.title) })),
    lockouts: lockoutsOf(planning),
  };
}

/** Returns the path of what depends on the days. */
export const planningPath = ({ from, to }) => `/visits/planning?from=${from}&to=${to}`;

/** Returns the days from which shoppers are free, by location and shopper; null if there is no such day. */
export const lockoutsOf = ({ lockouts }) =>
  new Map(
    lockouts.map(({ location_id: place, shopper_id: shopper, free_from: day }) => [
      `${place} ${shopper}`,
      day,
    ]),
  );

/** Returns whether visits with a checklist may be assigned to anyone, and are never locked out. */
export const isSelfCheck = (checklist) => checklist?.channel === "self_check";

/** Those that nobody has visited come first, then those whose last visit is the longest ago. */
const byLastVisit = (one, other) =>
  (one.lastVisit ?? "").localeCompare(other.lastVisit ?? "") || one.code.localeCompare(other.code);

function idsAbove(regionId, regionsById) {
  const ids = [];
  for (let id = regionId; id && regionsById.has(id); id = regionsById.get(id).parent_id) ids.push(id);
  return ids;
}
