"""Planning: what administrators know of locations and shoppers before they assign visits."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from api.domain import visits
from api.domain.access import Actor
from api.domain.checklist import SELF_CHECK
from api.models.places import Location
from api.models.users import IS_PERSON, User
from api.models.visits import Visit
from api.services import visibility
from api.services.assignments import get_lockout_days, group_spans, read_channels


@dataclass(slots=True)
class LocationVisits:
    """The day of the last accepted visit to a location, or None, and the number of visits in progress."""

    location_id: uuid.UUID
    last_visit: date | None = None
    visits_in_progress: int = 0


@dataclass(frozen=True, slots=True)
class Lockout:
    """A shopper to whom no visit to a location can be assigned yet; see ``visits.find_free_day``."""

    location_id: uuid.UUID
    shopper_id: uuid.UUID
    free_from: date | None


def list_location_visits(session: Session, actor: Actor) -> list[LocationVisits]:
    """Return the visits of each location that has any. Self-checks do not count."""
    rows = session.execute(
        select(
            Visit.location_id,
            Visit.checklist_version_id,
            func.max(case((Visit.status == "accepted", Visit.day))),
            func.count(case((Visit.status.in_(visits.OUTSTANDING), 1))),
        )
        .where(visibility.planned_visits(actor))
        .group_by(Visit.location_id, Visit.checklist_version_id)
    ).all()
    channels = read_channels(session, (version_id for _, version_id, _, _ in rows))
    locations: dict[uuid.UUID, LocationVisits] = {}
    for location_id, version_id, last_visit, in_progress in rows:
        if channels[version_id] != SELF_CHECK:
            location = locations.setdefault(location_id, LocationVisits(location_id))
            location.visits_in_progress += in_progress
            if last_visit is not None:
                location.last_visit = max(location.last_visit or last_visit, last_visit)
    return list(locations.values())


def list_lockouts(session: Session, actor: Actor, first: date, last: date) -> list[Lockout]:
    """Return who cannot be assigned to which location for a window from the day ``first`` to ``last``.

    The days are in the time zone of each location.
    """
    days = get_lockout_days(session, actor)
    # A day begins in some time zone up to fourteen hours before it begins in UTC.
    since = datetime.combine(first, time(), UTC) - timedelta(days=days + 1)
    time_zones: dict[uuid.UUID, str] = dict(
        session.execute(select(Location.id, Location.time_zone).where(visibility.locations(actor))).all()
    )
    # Not the anonymous user, to whom nothing can be assigned.
    is_person = Visit.shopper_id.in_(
        select(User.id).where(User.organization_id == actor.organization_id, IS_PERSON)
    )
    lockouts = []
    for (shopper_id, location_id), spans in group_spans(session, actor, is_person, since=since).items():
        time_zone = time_zones[location_id]
        window = (_begin(first, time_zone), _begin(last + timedelta(days=1), time_zone))
        if any(visits.violates_lockout(window, span, days) for span in spans):
            free_from = visits.find_free_day(window, spans, days, time_zone)
            lockouts.append(Lockout(location_id, shopper_id, free_from))
    return lockouts


def _begin(day: date, time_zone: str) -> datetime:
    """Return the time at which a day begins."""
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)
