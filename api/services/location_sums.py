"""The sums of whole visits with one checklist, location by location."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.months import Period
from api.domain.planning import common_variance
from api.domain.scoring import Sums
from api.models.places import Location
from api.services.checklists import PublishedVersion
from api.services.scores.aggregates import aggregate_totals


def read_location_sums(
    session: Session, version: PublishedVersion, numbers: Sequence[int], period: Period
) -> dict[int, Sums]:
    """Return the sums of the visits of a period, by the number of the location; ``version`` is any version.

    Locations without visits are omitted.
    """
    subject_id = version.subjects["visit", ""]
    groups = aggregate_totals(session, numbers, [subject_id], period, "place")
    return {number: aggregate.sums for (number,), aggregate, _ in groups}


def read_common_variance(session: Session, version: PublishedVersion, period: Period) -> float:
    """Return the variance of a visit's score that all locations of the organization have in common."""
    numbers = list_location_numbers(session, version.organization_id)
    return common_variance(read_location_sums(session, version, numbers, get_spread_period(period)).values())


def list_location_numbers(session: Session, organization_id: uuid.UUID) -> Sequence[int]:
    """Return the numbers of all locations of an organization, also of those that are closed."""
    return session.scalars(select(Location.number).where(Location.organization_id == organization_id)).all()


def get_spread_period(period: Period) -> Period:
    """Return the period whose visits show the spread to expect: at least the year that ends with ``period``.

    A period that begins has no visits yet, but the spread hardly changes from one period to the next.
    """
    return Period(min(period.first, period.last - 11), period.last)
