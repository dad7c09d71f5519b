"""Quotas: set by administrators, and how far the visits that they require are."""

import uuid
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.months import Period, to_local_time
from api.domain.quotas import Count, draw_extra_visits, get_period, list_periods
from api.models.checklists import Checklist, ChecklistVersion
from api.models.places import Location, Region
from api.models.quotas import Quota
from api.models.visits import Visit, is_in_progress
from api.services import visibility
from api.services.checklists import require_checklist, select_filtered
from api.services.outstanding_visits import count_outstanding_by_location
from api.services.paging import Page, fetch_page
from api.services.places import update_columns
from api.services.rows import read_by_id
from api.services.scores.aggregates import aggregate_totals
from api.services.scores.subjects import list_latest_versions


@dataclass(frozen=True, slots=True)
class NamedQuota:
    """A quota with the checklist and the region that it refers to.

    ``is_for_planners`` unless the actor may not see everything. They learn neither ``days_between`` nor
    ``extra``, by which a store could tell until when no visit comes.
    """

    quota: Quota
    checklist: Checklist
    region: Region
    is_for_planners: bool

    @property
    def days_between(self) -> int | None:
        """The least number of days between two visits to a location, or None if it is not disclosed."""
        return self.quota.days_between if self.is_for_planners else None

    @property
    def extra(self) -> float | None:
        """The extra visits as a proportion, or None if they are not disclosed."""
        return self.quota.extra if self.is_for_planners else None


@dataclass(frozen=True, slots=True)
class PeriodProgress:
    """How far a quota is in a period: its open locations, and their visits together.

    ``missing`` is summed over locations, because a visit to one does not replace that to another. ``out`` and
    ``missing`` are None if they are not disclosed.
    """

    period: Period
    locations: int
    required: int
    accepted: int
    out: int | None
    missing: int | None


@dataclass(frozen=True, slots=True)
class LocationProgress:
    """How far a quota is at a location. ``free_from`` is the first day of the next visit, or None for any."""

    location: Location
    count: Count
    free_from: date | None


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The visits that a quota still lacks in the period that a month is in."""

    quota: NamedQuota
    progress: PeriodProgress


def create_quota(session: Session, actor: Actor, values: Mapping[str, Any]) -> NamedQuota:
    """Set a quota; ``values`` are the fields of ``schemas.quotas.QuotaNew``.

    Raises INVALID for an unknown region or checklist, and ALREADY_EXISTS if the region has a quota for this
    checklist and period.
    """
    region = visibility.find(session, Region, values["region_id"], visibility.regions(actor))
    if region is None:
        raise problems.invalid_field("/region_id", "This region does not exist.")
    columns = dict(values)
    checklist = require_checklist(session, actor, columns.pop("checklist_key"))
    quota = Quota(organization_id=actor.organization_id, checklist_id=checklist.id, **columns)
    session.add(quota)
    _flush(session)
    return _name(session, actor, [quota])[0]


def get_quota(session: Session, actor: Actor, quota_id: uuid.UUID, *, lock: bool = False) -> NamedQuota:
    """Return a quota of a region that the actor may see; ``lock`` locks it for an update.

    Raises QUOTA_NOT_FOUND.
    """
    quota: Quota | None = visibility.find(session, Quota, quota_id, visibility.quotas(actor), lock=lock)
    if quota is None:
        raise problems.QUOTA_NOT_FOUND()
    return _name(session, actor, [quota])[0]


def list_quotas(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of the quotas of regions that the actor may see, oldest first.

    The filters are ``region_id``, ``checklist_key`` and ``per``.
    """
    query = select_filtered(Quota, visibility.quotas(actor), filters)
    page = fetch_page(session, query, Quota.created_at, Quota.id, limit, cursor)
    return Page(_name(session, actor, page.items), page.cursor)


def update_quota(session: Session, quota: NamedQuota, values: Mapping[str, Any]) -> NamedQuota:
    """Update a locked quota. Raises ALREADY_EXISTS if the region has another one for the new period."""
    update_columns(quota.quota, values)
    _flush(session)
    return quota


def delete_quota(session: Session, quota: NamedQuota) -> None:
    """Delete a locked quota. Visits that were assigned for it stay."""
    session.delete(quota.quota)
    session.flush()


def list_progress(
    session: Session, actor: Actor, quotas: Sequence[NamedQuota], span: Period
) -> list[list[PeriodProgress]]:
    """Return how far each quota is in each of its periods that have a month in ``span``.

    Managers and API clients get the visits that each location has at least, and neither ``out`` nor
    ``missing``: an extra visit that was drawn, or one in progress, would warn a store.
    """
    counts = _Counts(session, actor.organization_id, quotas, span)
    return [
        [
            _sum_up(period, list(counts.count(quota, period).values()), quota, actor)
            for period in list_periods(quota.quota.per, span)
        ]
        for quota in quotas
    ]


def list_location_progress(session: Session, quota: NamedQuota, month: int) -> list[LocationProgress]:
    """Return how far a quota is at each open location, in the period that a month is in, sorted by code."""
    period = get_period(quota.quota.per, month)
    visits = _Counts(session, quota.quota.organization_id, [quota], period)
    locations, counts = visits.list_locations(quota), visits.count(quota, period)
    free_days = _find_free_days(session, quota, locations) if quota.quota.days_between else {}
    return [
        LocationProgress(location, counts[location.id], free_days.get(location.id)) for location in locations
    ]


def list_shortfalls(session: Session, actor: Actor, month: int) -> list[Shortfall]:
    """Return the quotas that the actor may see and that lack visits in the period that a month is in.

    Quotas of retired checklists are omitted, because no visits can be assigned for them.
    """
    rows = session.scalars(
        select(Quota)
        .join(Checklist, Checklist.id == Quota.checklist_id)
        .where(visibility.quotas(actor), Checklist.retired_at.is_(None))
        .order_by(Quota.created_at, Quota.id)
    ).all()
    quotas = _name(session, actor, rows)
    return [
        Shortfall(quota, progress)
        for quota, (progress,) in zip(
            quotas, list_progress(session, actor, quotas, Period(month, month)), strict=True
        )
        if progress.missing
    ]


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError:
        raise problems.ALREADY_EXISTS(
            "This region already has a quota for this checklist and period."
        ) from None


def _name(session: Session, actor: Actor, quotas: Sequence[Quota]) -> list[NamedQuota]:
    """Return quotas with their checklists and regions, as the actor sees them."""
    checklists = read_by_id(session, Checklist, (quota.checklist_id for quota in quotas))
    regions = read_by_id(session, Region, (quota.region_id for quota in quotas))
    return [
        NamedQuota(quota, checklists[quota.checklist_id], regions[quota.region_id], actor.can_see_everything)
        for quota in quotas
    ]


def _in_regions(region_ids: Set[uuid.UUID]) -> ColumnElement[bool]:
    """Return the condition that a location is open, and at or below one of the regions."""
    subtree = visibility.select_subtree(select(Region.id).where(Region.id.in_(region_ids)))
    return Location.region_id.in_(subtree) & Location.closed.is_(False)


class _Counts:
    """The visits of quotas of an organization, all read together, for the periods with a month in a span."""

    def __init__(
        self, session: Session, organization_id: uuid.UUID, quotas: Sequence[NamedQuota], span: Period
    ) -> None:
        region_ids = {quota.region.id for quota in quotas}
        self._locations = _read_locations(session, region_ids)
        periods = [period for quota in quotas for period in list_periods(quota.quota.per, span)]
        months = Period(
            min((period.first for period in periods), default=span.first),
            max((period.last for period in periods), default=span.last),
        )
        checklist_ids = {quota.checklist.id for quota in quotas}
        self._subject_ids = {
            version.checklist_id: version.subjects["visit", ""]
            for version in list_latest_versions(session, organization_id)
            if version.checklist_id in checklist_ids
        }
        numbers = {location.number for rows in self._locations.values() for location in rows}
        # Visits to closed stores do not count.
        groups = aggregate_totals(
            session,
            sorted(numbers),
            list(self._subject_ids.values()),
            months,
            "subject_id",
            "place",
            "month",
        )
        self._accepted = {group.values: group.aggregate.asked for group in groups}
        self._out = count_outstanding_by_location(session, months, self._subject_ids, _in_regions(region_ids))

    def list_locations(self, quota: NamedQuota) -> Sequence[Location]:
        """Return the open locations at or below the region of a quota, sorted by code."""
        return self._locations[quota.region.id]

    def count(self, quota: NamedQuota, period: Period) -> dict[uuid.UUID, Count]:
        """Return the visits of a period by the ID of the location, with extra ones."""
        visits, seed, checklist_id = quota.quota.visits, quota.quota.seed, quota.checklist.id
        subject_id = self._subject_ids[checklist_id]
        expected = quota.quota.extra * visits
        return {
            location.id: Count(
                visits + draw_extra_visits(seed, location.id, period, expected),
                sum(self._accepted.get((subject_id, location.number, month), 0) for month in period.months),
                sum(self._out[checklist_id, location.id, month] for month in period.months),
            )
            for location in self.list_locations(quota)
        }


def _read_locations(session: Session, region_ids: Set[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[Location]]:
    """Return the open locations at or below each region, sorted by code."""
    tree = (
        select(Region.id.label("root_id"), Region.id.label("id"))
        .where(Region.id.in_(region_ids))
        .cte(recursive=True)
    )
    tree = tree.union(select(tree.c.root_id, Region.id).join(tree, Region.parent_id == tree.c.id))
    rows = session.execute(
        select(tree.c.root_id, Location)
        .join(Location, Location.region_id == tree.c.id)
        .where(Location.closed.is_(False))
        .order_by(Location.code)
    )
    locations: dict[uuid.UUID, list[Location]] = {region_id: [] for region_id in region_ids}
    for region_id, location in rows:
        locations[region_id].append(location)
    return locations


def _sum_up(period: Period, counts: Sequence[Count], quota: NamedQuota, actor: Actor) -> PeriodProgress:
    accepted = sum(count.accepted for count in counts)
    if not actor.can_see_everything:
        at_least = quota.quota.visits * len(counts)
        return PeriodProgress(period, len(counts), at_least, accepted, out=None, missing=None)
    return PeriodProgress(
        period,
        len(counts),
        required=sum(count.required for count in counts),
        accepted=accepted,
        out=sum(count.out for count in counts),
        missing=sum(count.missing for count in counts),
    )


def _find_free_days(
    session: Session, quota: NamedQuota, locations: Sequence[Location]
) -> dict[uuid.UUID, date]:
    """Return the first day on which a quota allows the next visit, for locations that have had visits.

    The days between are counted from the last visit, or from the end of the last window in progress.
    """
    versions = select(ChecklistVersion.id).where(ChecklistVersion.checklist_id == quota.checklist.id)
    rows = session.execute(
        select(
            Visit.location_id,
            func.max(case((Visit.status == "accepted", Visit.day))),
            func.max(case((is_in_progress(), Visit.closes_at))),
        )
        .join(Location, Location.id == Visit.location_id)
        .where(_in_regions({quota.region.id}), Visit.checklist_version_id.in_(versions))
        .group_by(Visit.location_id)
    ).all()
    time_zones = {location.id: location.time_zone for location in locations}
    free_days = {}
    for location_id, last_day, closes_at in rows:
        days = [last_day] if last_day else []
        if closes_at:
            days.append(_get_local_day(closes_at, time_zones[location_id]))
        if days:
            free_days[location_id] = max(days) + timedelta(days=quota.quota.days_between)
    return free_days


def _get_local_day(moment: datetime, time_zone: str) -> date:
    return to_local_time(moment, time_zone).date()
