/** Shares out visits among shoppers. This module knows no page, so that it can be tested on its own. */

/**
 * Returns the shopper of each visit, by its ID: the ID of a shopper, or null if none is free. The location with
 * the fewest free shoppers comes first, and gets the free shopper with the fewest visits in progress. Those of
 * the plan count too. Of several, the first in their order is taken. Several visits to a location go to
 * different shoppers, as long as there are any.
 * @param {{ id: string, location_id: string }[]} visits
 * @param {{ id: string, visits_in_progress?: number }[]} shoppers
 * @param {(locationId: string, shopperId: string) => boolean} isFree
 */
export function shareOut(visits, shoppers, isFree) {
  const loads = new Map(shoppers.map((shopper) => [shopper.id, shopper.visits_in_progress ?? 0]));
  const choices = visits
    .map(({ id, location_id: place }) => ({
      id,
      place,
      free: shoppers.filter((shopper) => isFree(place, shopper.id)),
    }))
    .sort((one, other) => one.free.length - other.free.length);
  const shares = new Map();
  const taken = new Set();
  for (const { id, place, free } of choices) {
    const others = free.filter((shopper) => !taken.has(`${place} ${shopper.id}`));
    let chosen = null;
    for (const shopper of others.length ? others : free)
      if (chosen === null || loads.get(shopper.id) < loads.get(chosen)) chosen = shopper.id;
    if (chosen !== null) loads.set(chosen, loads.get(chosen) + 1);
    taken.add(`${place} ${chosen}`);
    shares.set(id, chosen);
  }
  return shares;
}
