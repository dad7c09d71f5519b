"""A recount: every accepted visit is scored again, and each stored figure that differs is reported.

Decided disputes are applied again too. The totals of regions are compared with those of their locations.
"""

import uuid
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, except_, inspect, select
from sqlalchemy.orm import Session

from api.database.sums import sum_of
from api.domain.amendments import score_amended_visit
from api.domain.months import format_month
from api.domain.scoring import NO_POINTS, Points, score_visit
from api.domain.visits import STORE_CLOSED, get_outcome
from api.models.checklists import Checklist
from api.models.organizations import Organization
from api.models.places import Location, Region
from api.models.scores import DisputeEffect, Subject, Tally, Total, VisitTotal
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.checklists import get_version
from api.services.disputes.effects import read_amendments
from api.services.scores import region_totals
from api.services.scores.region_totals import Regions
from api.services.scores.results import score_to_json
from api.services.scores.totals import KEY_LENGTH, SUM_COLUMNS, Key, get_contributions
from api.services.visibility import select_subtree


def find_differences(session: Session) -> Iterator[str]:
    """Yield each stored result, total and tally that differs from a recount, described in words."""
    totals: dict[Key, Counter[str]] = {}
    tallies: Counter[Key] = Counter()
    effects: dict[Key, Points] = {}
    yield from _recount_visits(session, totals, tallies, effects)
    names = _KeyNames(session)
    yield from _compare_totals(session, names, totals)
    yield from _compare_visit_totals(session, names)
    yield from _compare_tallies(session, names, tallies)
    yield from _compare_effects(session, names, effects)
    for organization_id in session.scalars(select(Organization.id)):
        yield from _compare_regions(session, names, Regions(session, organization_id))


def _recount_visits(
    session: Session,
    totals: dict[Key, Counter[str]],
    tallies: Counter[Key],
    effects: dict[Key, Points],
) -> Iterator[str]:
    """Score every accepted visit from its answers and amendments; yield the stored results that differ.

    Adds what the visits contribute to ``totals``, ``tallies`` and ``effects``.
    """
    amendments = read_amendments(session)
    accepted = session.execute(
        select(Visit.id, Visit.checklist_version_id, Visit.month, Location.number, Submission)
        .join(Location, Location.id == Visit.location_id)
        .join(Submission, (Submission.visit_id == Visit.id) & (Submission.revision == Visit.revision))
        .where(Visit.status == "accepted")
        .execution_options(yield_per=500)
    )
    for visit_id, version_id, month, number, submission in accepted:
        assert month is not None
        version = get_version(session, version_id)
        outcome = get_outcome(submission.content)
        if outcome != submission.outcome:
            yield f"visit {visit_id}: the stored outcome differs from the submitted one"
        answers, amended = submission.content["answers"], amendments.get((visit_id, submission.revision))
        if amended != submission.amendments:
            yield f"visit {visit_id}: the stored amendments differ from those of its dispute"
        score = score_amended_visit(version.document, answers, amended, outcome)
        if score_to_json(score) != submission.result:
            yield f"visit {visit_id}: the stored score differs from the score of its answers"
        if outcome == STORE_CLOSED:
            continue
        total_rows, tally_rows = get_contributions(version, number, month, score)
        for row in total_rows:
            sums = dict(zip(SUM_COLUMNS, row[KEY_LENGTH:], strict=True))
            totals.setdefault(row[:KEY_LENGTH], Counter()).update(sums)
        for *key, times in tally_rows:
            tallies[tuple(key)] += times
        if amended:
            effect_key = (number, month, version.subjects["visit", ""])
            effect = score.points - score_visit(version.document, answers, outcome).points
            effects[effect_key] = effects.get(effect_key, NO_POINTS) + effect


def _compare_totals(
    session: Session, names: "_KeyNames", recounted: dict[Key, Counter[str]]
) -> Iterator[str]:
    """Yield the stored totals that differ from the recounted ones; empties ``recounted``."""
    for total in session.scalars(select(Total).execution_options(yield_per=1000)):
        key: Key = total.location_number, total.month, total.subject_id
        sums = recounted.pop(key, Counter())
        for name in SUM_COLUMNS:
            stored = getattr(total, name)
            if stored != sums[name]:
                yield f"{names.describe(key)}: {name} is {stored}, but {sums[name]} in the recount"
    for key in recounted:
        yield f"{names.describe(key)}: missing"


def _compare_visit_totals(session: Session, names: "_KeyNames") -> Iterator[str]:
    """Yield the totals of whole visits that differ from those among all totals."""
    columns = VisitTotal.__table__.columns.keys()
    among_all = (
        select(*(getattr(Total, name) for name in columns))
        .join(Subject, Subject.id == Total.subject_id)
        .where(Subject.kind == "visit")
    )
    separate = select(VisitTotal.__table__)
    differing = {
        (row.location_number, row.month, row.subject_id)
        for rows, others in ((among_all, separate), (separate, among_all))
        for row in session.execute(except_(rows, others))
    }
    for key in sorted(differing):
        yield f"{names.describe(key)}: the totals of whole visits differ from the other totals"


def _compare_tallies(session: Session, names: "_KeyNames", recounted: Counter[Key]) -> Iterator[str]:
    """Yield the stored tallies that differ from the recounted ones; empties ``recounted``."""
    for tally in session.scalars(select(Tally).execution_options(yield_per=1000)):
        key: Key = tally.location_number, tally.month, tally.subject_id, tally.answer
        times = recounted.pop(key, 0)
        if tally.times != times:
            yield f"{names.describe(key)}: times is {tally.times}, but {times} in the recount"
    for key in recounted:
        yield f"{names.describe(key)}: missing"


def _compare_effects(session: Session, names: "_KeyNames", recounted: dict[Key, Points]) -> Iterator[str]:
    """Yield the stored effects of disputes that differ from the recounted ones; empties ``recounted``."""
    for effect in session.scalars(select(DisputeEffect)):
        key: Key = effect.location_number, effect.month, effect.subject_id
        stored, points = Points(effect.earned, effect.possible), recounted.pop(key, NO_POINTS)
        if stored != points:
            yield f"{names.describe(key)}: disputes changed {stored}, but {points} in the recount"
    for key in recounted:
        yield f"{names.describe(key)}: the effect of disputes is missing"


def _compare_regions(session: Session, names: "_KeyNames", regions: Regions) -> Iterator[str]:
    """Yield what is stored for regions and differs from the sums of all locations below them.

    Months that have changed since, and are therefore not read, are omitted.
    """
    changed = regions.find_changed_months(regions.changes)
    for region_id in regions.children:
        changed_months = changed.get(region_id, frozenset())
        if changed_months is None:
            continue
        for table, source in region_totals.TABLES.items():
            stored = _read_rows(session, table, table.region_id == region_id)
            expected = _read_rows(session, source, source.location_number.in_(_select_below(region_id)))
            for key in sorted(stored.keys() | expected.keys()):
                if key[0] not in changed_months and stored.get(key) != expected.get(key):
                    sums = f"{stored.get(key)} is stored, but the locations add up to {expected.get(key)}"
                    yield f"{names.describe_region(region_id, key)}: {sums}"


def _read_rows(
    session: Session, table: Any, condition: ColumnElement[bool]
) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """Return the sums of a table by month, subject and, if it has any, answer, except those that are zero."""
    keys = inspect(table).primary_key[1:]
    sums = [column for column in table.__table__.columns if not column.primary_key]
    rows = session.execute(select(*keys, *map(sum_of, sums)).where(condition).group_by(*keys))
    return {tuple(row[: len(keys)]): tuple(row[len(keys) :]) for row in rows if any(row[len(keys) :])}


def _select_below(region_id: uuid.UUID) -> Select[int]:
    regions = select_subtree(select(Region.id).where(Region.id == region_id))
    return select(Location.number).where(Location.region_id.in_(regions))


class _KeyNames:
    """The keys of totals and tallies in words. The names are read when the first difference is found."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def _subjects(self) -> dict[int, str]:
        rows = self._session.execute(
            select(Subject.id, Checklist.key, Subject.kind, Subject.key).join(
                Checklist, Checklist.id == Subject.checklist_id
            )
        )
        return {subject_id: " ".join(words).strip() for subject_id, *words in rows}

    @cached_property
    def _locations(self) -> dict[int, uuid.UUID]:
        return dict(self._session.execute(select(Location.number, Location.id)).all())

    def describe(self, key: Key) -> str:
        """Return a key as "location <id>, 2026-01, <checklist> <kind> <key>", with the answer of a tally."""
        location_number, *of_month = key
        return f"location {self._locations[location_number]}, {self._describe(*of_month)}"

    def describe_region(self, region_id: uuid.UUID, key: Key) -> str:
        """Return the key of a region's row, which is month, subject and perhaps an answer, in words."""
        return f"region {region_id}, {self._describe(*key)}"

    def _describe(self, month: int, subject_id: int, *answer: str) -> str:
        of_answer = "".join(f" = {name}" for name in answer)
        return f"{format_month(month)}, {self._subjects[subject_id]}{of_answer}"
