"""Targets: set by administrators, and whether the places have reached them."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.months import Period
from api.domain.planning import expected_variance
from api.domain.scoring import NO_VISITS, Sums, figures, visit_figures
from api.domain.targets import TargetStatus, judge_part, judge_visits
from api.models.checklists import Checklist
from api.models.places import Location, Region
from api.models.targets import Target
from api.services import visibility
from api.services.checklists import (
    PublishedVersion,
    get_latest_version,
    require_checklist,
    select_filtered,
)
from api.services.location_sums import read_common_variance
from api.services.paging import Page, fetch_page
from api.services.places import update_columns
from api.services.rows import read_by_id
from api.services.scores.aggregates import aggregate_totals
from api.services.scores.subjects import CountedChecklists

#: Returns the sums of locations, by their numbers, and of subjects, by their IDs, over a period; by the ID of
#: the subject and the number of the location.
SumsReader = Callable[[Session, Sequence[int], Sequence[int], Period], Mapping[tuple[int, int], Sums]]


@dataclass(frozen=True, slots=True)
class JudgedTarget:
    """A target with what it refers to, and how the score of its latest months compares with it.

    ``version`` is the latest of the checklist. ``section_title`` is None for whole visits. ``sums`` are those
    of a subject at the locations with these numbers over ``period``.
    """

    target: Target
    region: Region | None
    location: Location | None
    version: PublishedVersion
    section_title: Any
    period: Period
    subject_id: int
    location_numbers: Sequence[int]
    sums: Sums
    result: TargetStatus

    @property
    def actual(self) -> dict[str, Any]:
        """The figures of the score: the fields of ``schemas.scores.Figures``."""
        is_part = self.target.section is not None
        return figures(self.sums) if is_part else visit_figures(self.sums, critical_failures=0, passed=0)


def read_current_sums(
    session: Session, location_numbers: Sequence[int], subject_ids: Sequence[int], period: Period
) -> dict[tuple[int, int], Sums]:
    """Return the sums of all accepted visits, as a ``SumsReader`` does."""
    groups = aggregate_totals(session, location_numbers, subject_ids, period, "subject_id", "place")
    return {(subject_id, number): aggregate.sums for (subject_id, number), aggregate, _ in groups}


def create_target(session: Session, actor: Actor, values: Mapping[str, Any]) -> JudgedTarget:
    """Set a target; ``values`` are the fields of ``schemas.targets.TargetNew``.

    Raises INVALID for an unknown place or checklist, and for a section that has no points.
    """
    columns = dict(values)
    checklist = require_checklist(session, actor, columns.pop("checklist_key"))
    for table, visible, name in (
        (Region, visibility.regions(actor), "region"),
        (Location, visibility.locations(actor), "location"),
    ):
        place_id = columns.get(f"{name}_id")
        if place_id is not None and visibility.find(session, table, place_id, visible) is None:
            raise problems.invalid_field(f"/{name}_id", f"This {name} does not exist.")
    _check_section(session, checklist, columns.get("section"))
    target = Target(organization_id=actor.organization_id, checklist_id=checklist.id, **columns)
    session.add(target)
    session.flush()
    return judge(session, [target])[0]


def get_target(session: Session, actor: Actor, target_id: uuid.UUID, *, lock: bool = False) -> JudgedTarget:
    """Return a target of a place that the actor may see; ``lock`` locks it for an update.

    Raises TARGET_NOT_FOUND.
    """
    target: Target | None = visibility.find(session, Target, target_id, visibility.targets(actor), lock=lock)
    if target is None:
        raise problems.TARGET_NOT_FOUND()
    return judge(session, [target])[0]


def list_targets(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of the targets of places that the actor may see, oldest first.

    The filters are ``region_id``, ``location_id``, ``checklist_key`` and ``section``.
    """
    query = select_filtered(Target, visibility.targets(actor), filters)
    page = fetch_page(session, query, Target.created_at, Target.id, limit, cursor)
    return Page(judge(session, page.items), page.cursor)


def update_target(session: Session, judged: JudgedTarget, values: Mapping[str, Any]) -> JudgedTarget:
    """Update a locked target, and judge it again. Raises INVALID for a section that has no points."""
    target = judged.target
    if "section" in values and values["section"] != target.section:
        checklist = session.get_one(Checklist, target.checklist_id)
        _check_section(session, checklist, values["section"])
    update_columns(target, values)
    session.flush()
    return judge(session, [target])[0]


def delete_target(session: Session, judged: JudgedTarget) -> None:
    """Delete a locked target."""
    session.delete(judged.target)
    session.flush()


def judge(
    session: Session, targets: Sequence[Target], read_sums: SumsReader = read_current_sums
) -> list[JudgedTarget]:
    """Return targets with their status, for everyone alike: all locations of a region count.

    The latest months include the current one, so that a visit counts as soon as ``read_sums`` returns it: by
    default, as soon as it is accepted.
    """
    evidence = _Evidence(session, targets, read_sums)
    return [evidence.judge(target) for target in targets]


def _check_section(session: Session, checklist: Checklist, key: str | None) -> None:
    version = get_latest_version(session, checklist)
    assert version is not None
    sections = version.document.sections
    has_points = {
        section.key: any(question.points_possible for question in section.questions) for section in sections
    }
    if key is not None and not has_points.get(key):
        raise problems.invalid_field("/section", "The checklist has no section with this key and points.")


class _Evidence:
    """What targets of one organization are judged by. The sums of all are read together."""

    def __init__(self, session: Session, targets: Sequence[Target], read_sums: SumsReader) -> None:
        self._session = session
        self._common_variances: dict[tuple[uuid.UUID, Period], float] = {}
        self._versions = self._read_versions(target.checklist_id for target in targets)
        self._regions = read_by_id(session, Region, (target.region_id for target in targets))
        self._locations = read_by_id(session, Location, (target.location_id for target in targets))
        self._numbers = {
            **{location.id: [location.number] for location in self._locations.values()},
            **{region_id: _list_numbers(session, region_id) for region_id in self._regions},
        }
        self._sums = self._read_sums(targets, read_sums)

    def judge(self, target: Target) -> JudgedTarget:
        version = self._versions[target.checklist_id]
        period = _get_period(target)
        subject_id = _get_subject_id(version, target)
        sums = NO_VISITS
        numbers = self._numbers[_get_place_id(target)]
        for number in numbers:
            sums += self._sums[period].get((subject_id, number), NO_VISITS)
        if target.section is None:
            title = None
            result = judge_visits(target.score, sums, lambda: self._get_variance(version, period, sums))
        else:
            counted = CountedChecklists(self._session, [version])
            title = counted.get_wording(counted.subjects[subject_id]).section.title
            result = judge_part(target.score, sums)
        return JudgedTarget(
            target,
            self._regions[target.region_id] if target.region_id else None,
            self._locations[target.location_id] if target.location_id else None,
            version,
            title,
            period,
            subject_id,
            numbers,
            sums,
            result,
        )

    def _get_variance(self, version: PublishedVersion, period: Period, sums: Sums) -> float:
        key = (version.checklist_id, period)
        if key not in self._common_variances:
            self._common_variances[key] = read_common_variance(self._session, version, period)
        return expected_variance(sums, self._common_variances[key])

    def _read_versions(self, checklist_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, PublishedVersion]:
        versions = {}
        for checklist in read_by_id(self._session, Checklist, checklist_ids).values():
            version = get_latest_version(self._session, checklist)
            assert version is not None
            versions[checklist.id] = version
        return versions

    def _read_sums(
        self, targets: Sequence[Target], read_sums: SumsReader
    ) -> dict[Period, Mapping[tuple[int, int], Sums]]:
        """Return the sums by period, and by the ID of the subject and the number of the location."""
        wanted: dict[Period, tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
        for target in targets:
            numbers, subject_ids = wanted[_get_period(target)]
            numbers.update(self._numbers[_get_place_id(target)])
            subject_ids.add(_get_subject_id(self._versions[target.checklist_id], target))
        return {
            period: read_sums(self._session, sorted(numbers), sorted(subject_ids), period)
            for period, (numbers, subject_ids) in wanted.items()
        }


def _get_period(target: Target) -> Period:
    last = Period.of(None, None).last
    return Period(last - target.months + 1, last)


def _get_place_id(target: Target) -> uuid.UUID:
    place_id = target.region_id or target.location_id
    assert place_id is not None
    return place_id


def _get_subject_id(version: PublishedVersion, target: Target) -> int:
    return (
        version.subjects["visit", ""]
        if target.section is None
        else version.subjects["section", target.section]
    )


def _list_numbers(session: Session, region_id: uuid.UUID) -> Sequence[int]:
    """Return the numbers of all locations at or below a region."""
    subtree = visibility.select_subtree(select(Region.id).where(Region.id == region_id))
    return session.scalars(select(Location.number).where(Location.region_id.in_(subtree))).all()
