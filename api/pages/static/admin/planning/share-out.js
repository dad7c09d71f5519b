/** Shares out visits among shoppers. This module knows no page, so that it can be tested on its own. */

/**
 * Returns the shopper of each location, by its ID: the ID of a shopper, or null if none is free. The location
 * with the fewest free shoppers comes first, and gets the free shopper with the fewest visits in progress.
 * Those of the plan count too. Of several, the first in their order is taken.
 * @param {{ id: string }[]} locations
 * @param {{ id: string, visits_in_progress?: number }[]} shoppers
 * @param {(locationId: string, shopperId: string) => boolean} isFree
 */
export function shareOut(locations, shoppers, isFree) {
  const loads = new Map(shoppers.map((shopper) => [shopper.id, shopper.visits_in_progress ?? 0]));
  const choices = locations
    .map(({ id }) => ({ id, free: shoppers.filter((shopper) => isFree(id, shopper.id)) }))
    .sort((one, other) => one.free.length - other.free.length);
  const shares = new Map();
  for (const { id, free } of choices) {
    let chosen = null;
    for (const shopper of free)
      if (chosen === null || loads.get(shopper.id) < loads.get(chosen)) chosen = shopper.id;
    if (chosen !== null) loads.set(chosen, loads.get(chosen) + 1);
    shares.set(id, chosen);
  }
  return shares;
}
