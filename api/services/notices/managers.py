"""What is reported to managers: results and alerts, as they were announced, and decisions on disputes."""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.orm import Session

from api.database.lists import among
from api.domain.disputes import DECIDED
from api.domain.months import format_month, to_local_time
from api.domain.notices import (
    CRITICAL_FAILURE,
    DAILY,
    DROP,
    FRESH,
    MIN_VISITS_TOGETHER,
    MORNING,
    NO_VISIT,
    TARGET_MISSED,
    WEEKLY,
    find_notice_day,
)
from api.domain.scoring import share
from api.domain.targets import MISSED
from api.models.checklists import ChecklistVersion
from api.models.disputes import Dispute
from api.models.notices import Announcement
from api.models.organizations import Organization
from api.models.places import Location, Region
from api.models.targets import Target
from api.models.visits import Visit
from api.services import targets, visibility
from api.services.notices.announcing import read_announced_sums
from api.services.notices.facts import Fact, Facts, Reader
from api.services.scores.subjects import get_counted_checklists


class _PlaceFact(NamedTuple):
    """A fact about a location or a region, for those who may see it."""

    place_id: uuid.UUID
    subject: str
    fact: Fact


def find_results(session: Session, readers: Sequence[Reader], moment: datetime) -> Mapping[uuid.UUID, Facts]:
    """Find the results that were announced within about a week."""
    announced = _read_counted_announcements(
        session, readers, Announcement.announced_at > moment - FRESH[WEEKLY]
    )
    results = [
        _PlaceFact(
            location_id,
            _get_subject(row),
            Fact(str(row.visits), row.announced_at, _describe_location(row, location_id)),
        )
        for row, location_id in announced
        if row.announced_at is not None
    ]
    return _select_visible(session, readers, results)


def find_alerts(session: Session, readers: Sequence[Reader], moment: datetime) -> Mapping[uuid.UUID, Facts]:
    """Find clear drops, missed targets, critical failures, and locations that have had no visit for long."""
    since = moment - FRESH[DAILY]
    alerts = [
        *_find_bad_results(session, readers, since),
        *_find_missed_targets(session, readers, since),
        *_find_locations_without_visits(session, readers, moment),
    ]
    return _select_visible(session, readers, alerts)


def _find_bad_results(session: Session, readers: Sequence[Reader], since: datetime) -> Iterator[_PlaceFact]:
    announced = _read_counted_announcements(
        session, readers, or_(Announcement.dropped_at > since, Announcement.failed_at > since)
    )
    for row, location_id in announced:
        for reason, happened_at in ((DROP, row.dropped_at), (CRITICAL_FAILURE, row.failed_at)):
            if happened_at is not None:
                data = {"reason": reason, **_describe_location(row, location_id)}
                fact = Fact(happened_at.isoformat(), happened_at, data)
                yield _PlaceFact(location_id, f"{reason} {_get_subject(row)}", fact)


def _find_missed_targets(
    session: Session, readers: Sequence[Reader], since: datetime
) -> Iterator[_PlaceFact]:
    """Find the targets that are missed by the results that were announced."""
    rows = session.scalars(select(Target).where(Target.organization_id == readers[0].organization_id)).all()
    if not rows:
        return
    announced_at = {
        (row.location_number, row.subject_id): row.announced_at
        for row, _ in _read_announcements(session, readers, Announcement.announced_at > since)
    }
    for judged in targets.judge(session, rows, read_announced_sums):
        if judged.result.status != MISSED or judged.sums.visits < MIN_VISITS_TOGETHER:
            continue
        target = judged.target
        name = "region_id" if target.region_id else "location_id"
        place_id = target.region_id or target.location_id
        assert place_id is not None
        keys = ((number, judged.version.subjects["visit", ""]) for number in judged.location_numbers)
        times = [target.created_at, *(announced_at[key] for key in keys if key in announced_at)]
        data = {
            "reason": TARGET_MISSED,
            **_describe(name, place_id, judged.period.last, judged.sums.earned, judged.sums.possible),
        }
        since = max(time for time in times if time is not None)
        yield _PlaceFact(place_id, f"{TARGET_MISSED} {target.id}", Fact(MISSED, since, data))


def find_dispute_outcomes(
    session: Session, readers: Sequence[Reader], moment: datetime
) -> Mapping[uuid.UUID, Facts]:
    """Find the disputes of each reader that were decided before the current day of the location."""
    rows = session.execute(
        select(Dispute.id, Dispute.opener_id, Dispute.closed_at, Location.time_zone)
        .join(Visit, Visit.id == Dispute.visit_id)
        .join(Location, Location.id == Visit.location_id)
        .where(
            Dispute.organization_id == readers[0].organization_id,
            Dispute.status == DECIDED,
            Dispute.closed_at > moment - FRESH[DAILY],
        )
    )
    facts: dict[uuid.UUID, dict[str, Fact]] = defaultdict(dict)
    for dispute_id, opener_id, closed_at, time_zone in rows:
        assert closed_at is not None
        if to_local_time(closed_at, time_zone).date() < find_notice_day(moment, time_zone):
            facts[opener_id][str(dispute_id)] = Fact(DECIDED, closed_at)
    return facts


def _read_announcements(
    session: Session, readers: Sequence[Reader], condition: ColumnElement[bool]
) -> Sequence[Row[Announcement, uuid.UUID]]:
    return session.execute(
        select(Announcement, Location.id)
        .join(Location, Location.number == Announcement.location_number)
        .where(Location.organization_id == readers[0].organization_id, condition)
    ).all()


def _read_counted_announcements(
    session: Session, readers: Sequence[Reader], condition: ColumnElement[bool]
) -> Sequence[Row[Announcement, uuid.UUID]]:
    """Return announcements without those of self-checks, which only targets are about."""
    checklists = get_counted_checklists(session, readers[0].actor, None)
    is_counted = Announcement.subject_id.in_(checklists.subject_ids("visit"))
    return _read_announcements(session, readers, condition & is_counted)


def _get_subject(row: Announcement) -> str:
    return f"{row.location_number}:{row.subject_id}"


def _describe(name: str, place_id: uuid.UUID, month: int, earned: int, possible: int) -> dict[str, Any]:
    """Return all that a mail may say of results: those of the place whose ID has a name, up to a month."""
    return {name: str(place_id), "month": format_month(month), "score": share(earned, possible)}


def _describe_location(row: Announcement, location_id: uuid.UUID) -> dict[str, Any]:
    return _describe("location_id", location_id, row.month, row.earned, row.possible)


def _find_locations_without_visits(
    session: Session, readers: Sequence[Reader], moment: datetime
) -> Iterator[_PlaceFact]:
    """Find the locations that recently reached the number of days without a visit."""
    organization = session.get_one(Organization, readers[0].organization_id)
    days = organization.no_visit_alert_days
    if days is None:
        return
    checklist_ids = [
        version.checklist_id for version in get_counted_checklists(session, readers[0].actor, None).latest
    ]
    last_day = func.max(Visit.day)
    rows = session.execute(
        select(Location.id, Location.time_zone, last_day)
        .join(Visit, Visit.location_id == Location.id)
        .join(ChecklistVersion, ChecklistVersion.id == Visit.checklist_version_id)
        .where(
            Visit.organization_id == organization.id,
            Visit.status == "accepted",
            Visit.day > (moment - FRESH[DAILY] - timedelta(days=days + 2)).date(),
            Location.closed.is_(False),
            ChecklistVersion.checklist_id.in_(checklist_ids),
        )
        .group_by(Location.id, Location.time_zone)
    )
    for location_id, time_zone, day in rows:
        first_day = day + timedelta(days=days + 1)
        if find_notice_day(moment, time_zone) >= first_day:
            since = datetime.combine(first_day, MORNING, ZoneInfo(time_zone))
            data = {"reason": NO_VISIT, "location_id": str(location_id), "days": days}
            yield _PlaceFact(location_id, f"{NO_VISIT} {location_id}", Fact(str(day), since, data))


def _select_visible(
    session: Session, readers: Sequence[Reader], facts: Sequence[_PlaceFact]
) -> dict[uuid.UUID, Facts]:
    """Return the facts about the places that each reader may see."""
    if not facts:
        return {}
    place_ids = list({fact.place_id for fact in facts})
    selected: dict[uuid.UUID, Facts] = {}
    for reader in readers:
        visible = {
            place_id
            for table, is_visible in (
                (Location, visibility.locations(reader.actor)),
                (Region, visibility.regions(reader.actor)),
            )
            for place_id in session.scalars(
                select(table.id).where(is_visible, among(table.id, "place_ids")), {"place_ids": place_ids}
            )
        }
        selected[reader.id] = {subject: fact for place_id, subject, fact in facts if place_id in visible}
    return selected
