"""Announces results of locations: fixes what managers may learn of them by mail.

The results of a location and checklist are announced when at least three visits are new since the last time.
Visits of the location's current day, which begins at 07:00, have to wait. All mails use the sums that were
announced, also those about targets, so that no two of them differ by fewer than three visits.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.database.engines import insert
from api.database.lists import among
from api.domain.access import ADMIN, Actor
from api.domain.months import FIRST_MONTH, LAST_MONTH, Period
from api.domain.notices import DROP_CONFIDENCE, MIN_VISITS_TOGETHER, RESULT_MONTHS
from api.domain.scoring import NO_VISITS, Sums, change, visit_interval_uncut
from api.models.notices import Announcement
from api.models.places import Location
from api.services.notices.recent_visits import Key, Results, read_recent_visits, subtract
from api.services.scores.aggregates import aggregate_totals
from api.services.scores.places import list_locations
from api.services.scores.subjects import list_latest_versions

_ALL_MONTHS = Period(FIRST_MONTH, LAST_MONTH)
_drop_interval = partial(visit_interval_uncut, confidence=DROP_CONFIDENCE)

#: subject → month → sums
SubjectSums = Mapping[int, Mapping[int, Sums]]


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
    subjects = {
        version.subjects["visit", ""]: [
            subject_id for (kind, _), subject_id in version.subjects.items() if kind in ("visit", "section")
        ]
        for version in list_latest_versions(session, organization_id)
    }
    too_recent = read_recent_visits(session, organization_id, moment)
    announced = {
        (row.location_number, row.subject_id): row
        for row in session.scalars(
            select(Announcement)
            .join(Location, Location.number == Announcement.location_number)
            .where(Location.organization_id == organization_id)
        )
    }
    counts = {}
    for group in aggregate_totals(
        session, numbers, list(subjects), _ALL_MONTHS, "place", "subject_id", extra="outcomes"
    ):
        key = group.values[0], group.values[1]
        recent = too_recent.get(key, Results())
        visits = group.aggregate.sums.visits - recent.visits
        if visits - (announced[key].visits if key in announced else 0) >= MIN_VISITS_TOGETHER:
            counts[key] = visits, group.aggregate.critical_failures - recent.failures
    sums = _read_sums(session, counts, subjects, too_recent)
    return [
        announcement
        for key, (visits, failures) in counts.items()
        if (announcement := _build_announcement(key, visits, failures, sums[key], announced.get(key), moment))
    ]


def _read_sums(
    session: Session,
    keys: Mapping[Key, Any],
    subjects: Mapping[int, Sequence[int]],
    too_recent: Mapping[Key, Results],
) -> Mapping[Key, SubjectSums]:
    """Return the sums to announce by location and checklist, without visits that are too recent.

    ``subjects`` are the subjects to include by that of the whole visits.
    """
    numbers = sorted({number for number, _ in keys})
    checklist_of = {
        subject_id: visit_id for visit_id, subject_ids in subjects.items() for subject_id in subject_ids
    }
    sums: dict[Key, dict[int, dict[int, Sums]]] = defaultdict(lambda: defaultdict(dict))
    for group in aggregate_totals(
        session, numbers, sorted(checklist_of), _ALL_MONTHS, "place", "subject_id", "month"
    ):
        number, subject_id, month = group.values
        key = number, checklist_of[subject_id]
        if key in keys:
            recent = too_recent.get((number, subject_id), Results())
            sums[key][subject_id][month] = subtract(group.aggregate.sums, recent.months[month])
    return sums


def _build_announcement(
    key: Key,
    visits: int,
    failures: int,
    sums: SubjectSums,
    before: Announcement | None,
    moment: datetime,
) -> NewAnnouncement | None:
    """Return the announcement of results, or None if their period has too few visits to report."""
    of_visits = sums[key[1]]
    month = max(month for month, month_sums in of_visits.items() if month_sums.visits)
    period = Period(month - RESULT_MONTHS + 1, month)
    current, previous = _add_up(of_visits, period), _add_up(of_visits, period.previous)
    if current.visits < MIN_VISITS_TOGETHER:
        return None
    difference = change(current, previous, comparable=True, interval_of=_drop_interval)
    has_dropped = difference.significant and (difference.difference or 0) < 0
    has_failed = failures > (before.critical_failures if before else 0)
    columns = {
        "location_number": key[0],
        "subject_id": key[1],
        "visits": visits,
        "critical_failures": failures,
        "sums": _to_json(sums),
        "month": month,
        "earned": current.earned,
        "possible": current.possible,
        "announced_at": moment,
        # A drop that goes on is reported once.
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


def read_announced_sums(
    session: Session, location_numbers: Sequence[int], subject_ids: Sequence[int], period: Period
) -> dict[tuple[int, int], Sums]:
    """Return the announced sums of a period, by the ID of the subject and the number of the location."""
    rows = session.execute(
        select(Announcement.location_number, Announcement.sums).where(
            among(Announcement.location_number, "numbers")
        ),
        {"numbers": location_numbers},
    )
    sums: dict[tuple[int, int], Sums] = {}
    for number, stored in rows:
        announced = _from_json(stored)
        for subject_id in subject_ids:
            if subject_id in announced:
                sums[subject_id, number] = _add_up(announced[subject_id], period)
    return sums


def _add_up(months: Mapping[int, Sums], period: Period) -> Sums:
    return sum((sums for month, sums in months.items() if month in period.months), NO_VISITS)


def _to_json(sums: SubjectSums) -> dict[str, dict[str, list[int]]]:
    return {
        str(subject_id): {str(month): list(month_sums) for month, month_sums in months.items()}
        for subject_id, months in sums.items()
    }


def _from_json(stored: Mapping[str, Mapping[str, Sequence[int]]]) -> SubjectSums:
    return {
        int(subject_id): {int(month): Sums(*month_sums) for month, month_sums in months.items()}
        for subject_id, months in stored.items()
    }
