"""Announces results of locations: fixes what managers may be told of them by mail.

The results of a location and checklist are announced when at least three visits are new since the last time.
Visits of the location's current day, which begins at 07:00, have to wait. All mails use what was announced,
so that no two of them differ by fewer than three visits.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.database.engines import insert
from api.domain.access import ADMIN, Actor
from api.domain.months import FIRST_MONTH, LAST_MONTH, Period
from api.domain.notices import DROP_CONFIDENCE, MIN_VISITS_TOGETHER, RESULT_MONTHS
from api.domain.scoring import change, visit_interval_uncut
from api.models.notices import Announcement
from api.models.places import Location
from api.services.notices.recent_visits import Key, Results, read_recent_visits, subtract
from api.services.scores.aggregates import aggregate_totals
from api.services.scores.places import list_locations
from api.services.scores.subjects import get_counted_checklists

_ALL_MONTHS = Period(FIRST_MONTH, LAST_MONTH)
_drop_interval = partial(visit_interval_uncut, confidence=DROP_CONFIDENCE)


@dataclass(frozen=True, slots=True)
class NewAnnouncement:
    """The columns of an announcement, and how many visits the one before had, or None if it is the first."""

    columns: Mapping[str, Any]
    visits_before: int | None


def find_announcements(
    session: Session, organization_id: uuid.UUID, moment: datetime
) -> list[NewAnnouncement]:
    """Return what can be announced of an organization's locations."""
    actor = Actor(organization_id, organization_id, ADMIN)
    numbers = [location.number for location in list_locations(session, actor)]
    subject_ids = get_counted_checklists(session, actor, None).subject_ids("visit")
    too_recent = read_recent_visits(session, organization_id, moment)
    announced = {
        (row.location_number, row.subject_id): row
        for row in session.scalars(
            select(Announcement)
            .join(Location, Location.number == Announcement.location_number)
            .where(Location.organization_id == organization_id)
        )
    }
    totals = {}
    for group in aggregate_totals(
        session, numbers, subject_ids, _ALL_MONTHS, "location_number", "subject_id", extra="outcomes"
    ):
        key = group.values[0], group.values[1]
        recent = too_recent.get(key, Results())
        visits = group.aggregate.sums.visits - recent.visits
        if visits - (announced[key].visits if key in announced else 0) >= MIN_VISITS_TOGETHER:
            totals[key] = Results(visits, group.aggregate.critical_failures - recent.failures)
    _add_months(session, totals, too_recent)
    return [
        announcement
        for key, results in totals.items()
        if (announcement := _build_announcement(key, results, announced.get(key), moment))
    ]


def _add_months(session: Session, totals: Mapping[Key, Results], too_recent: Mapping[Key, Results]) -> None:
    """Add the sums by month to the totals of keys, without those of visits that are too recent."""
    if not totals:
        return
    numbers, subject_ids = (sorted(set(values)) for values in zip(*totals, strict=True))
    for group in aggregate_totals(
        session, numbers, subject_ids, _ALL_MONTHS, "location_number", "subject_id", "month"
    ):
        number, subject_id, month = group.values
        if results := totals.get((number, subject_id)):
            recent = too_recent.get((number, subject_id), Results())
            results.months[month] = subtract(group.aggregate.sums, recent.months[month])


def _build_announcement(
    key: Key, results: Results, before: Announcement | None, moment: datetime
) -> NewAnnouncement | None:
    """Return the announcement of results, or None if their period has too few visits to be told of."""
    month = max(month for month, sums in results.months.items() if sums.visits)
    period = Period(month - RESULT_MONTHS + 1, month)
    current, previous = results.add_up(period), results.add_up(period.previous)
    if current.visits < MIN_VISITS_TOGETHER:
        return None
    difference = change(current, previous, comparable=True, interval_of=_drop_interval)
    has_dropped = difference.significant and (difference.difference or 0) < 0
    has_failed = results.failures > (before.critical_failures if before else 0)
    columns = {
        "location_number": key[0],
        "subject_id": key[1],
        "visits": results.visits,
        "critical_failures": results.failures,
        "month": month,
        "earned": current.earned,
        "possible": current.possible,
        "announced_at": moment,
        # A drop that goes on is told once.
        "dropped_at": ((before and before.dropped_at) or moment) if has_dropped else None,
        "failed_at": moment if has_failed else None,
    }
    return NewAnnouncement(columns, before.visits if before else None)


def store_announcements(session: Session, announcements: Sequence[NewAnnouncement]) -> None:
    """Store announcements, except where another worker announced something in the meantime."""
    for announcement in announcements:
        columns = announcement.columns
        if announcement.visits_before is None:
            session.execute(insert(session, Announcement).values(columns).on_conflict_do_nothing())
            continue
        session.execute(
            update(Announcement)
            .where(
                Announcement.location_number == columns["location_number"],
                Announcement.subject_id == columns["subject_id"],
                Announcement.visits == announcement.visits_before,
            )
            .values(columns)
            .execution_options(synchronize_session=False)
        )
