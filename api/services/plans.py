"""Plans: how many visits each location needs, and what to assign."""

import uuid
from collections import Counter
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.months import Period
from api.domain.planning import LocationPlan, common_variance, expected_variance, plan_visits
from api.domain.scoring import NO_VISITS
from api.models.visits import Visit
from api.services.location_sums import get_spread_period, list_location_numbers, read_location_sums
from api.services.outstanding_visits import count_outstanding_by_location
from api.services.scores.places import Place, get_region, list_locations
from api.services.scores.subjects import get_counted_checklists


@dataclass(frozen=True, slots=True)
class PlannedLocation:
    """A location with its accepted visits and those in progress, and what is planned for it."""

    location: Place
    visits: int
    out: int
    plan: LocationPlan


def plan(
    session: Session,
    actor: Actor,
    checklist_key: str,
    period: Period,
    half_width: float,
    *,
    budget: int | None = None,
    region_id: uuid.UUID | None = None,
) -> list[PlannedLocation]:
    """Plan the visits of all open locations, or of those at or below a region, sorted by code.

    Visits count if they are accepted in the period, or in progress with a window that opens in it. The spread
    to expect is that of at least a year, in all locations of the organization.

    Raises CHECKLIST_NOT_FOUND and REGION_NOT_FOUND.
    """
    (version,) = get_counted_checklists(session, actor, checklist_key).latest
    if region_id is not None:
        get_region(session, actor, region_id)
    locations = [
        location for location in list_locations(session, actor, region_id=region_id) if not location.closed
    ]
    spread_period = get_spread_period(period)
    numbers = list_location_numbers(session, actor.organization_id)
    past = read_location_sums(session, version, numbers, spread_period)
    made = past if spread_period == period else read_location_sums(session, version, numbers, period)
    common = common_variance(past.values())
    out = _count_out(session, actor, version.checklist_id, period)
    visits = [made.get(location.number, NO_VISITS).visits for location in locations]
    pending = [out[location.id] for location in locations]
    plans = plan_visits(
        [expected_variance(past.get(location.number, NO_VISITS), common) for location in locations],
        visits,
        pending,
        half_width,
        budget,
    )
    return [PlannedLocation(*columns) for columns in zip(locations, visits, pending, plans, strict=True)]


def _count_out(session: Session, actor: Actor, checklist_id: uuid.UUID, period: Period) -> Counter[uuid.UUID]:
    in_organization = Visit.organization_id == actor.organization_id
    counts: Counter[uuid.UUID] = Counter()
    by_month = count_outstanding_by_location(session, period, [checklist_id], in_organization)
    for (_, location_id, _), count in by_month.items():
        counts[location_id] += count
    return counts
