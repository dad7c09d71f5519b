"""A recount: every accepted visit is scored again, and each stored figure that differs is reported.

Decided disputes are applied again too.
"""

import uuid
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.amendments import score_amended_visit
from api.domain.months import format_month
from api.domain.scoring import NO_POINTS, Points, score_visit
from api.domain.visits import STORE_CLOSED, get_outcome
from api.models.checklists import Checklist
from api.models.places import Location
from api.models.scores import DisputeEffect, Subject, Tally, Total
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.checklists import get_version
from api.services.disputes.effects import read_amendments
from api.services.scores.results import score_to_json
from api.services.scores.totals import KEY_LENGTH, SUM_COLUMNS, Key, get_contributions


def find_differences(session: Session) -> Iterator[str]:
    """Yield each stored result, total and tally that differs from a recount, described in words."""
    totals: dict[Key, Counter[str]] = {}
    tallies: Counter[Key] = Counter()
    effects: dict[Key, Points] = {}
    yield from _recount_visits(session, totals, tallies, effects)
    names = _KeyNames(session)
    yield from _compare_totals(session, names, totals)
    yield from _compare_tallies(session, names, tallies)
    yield from _compare_effects(session, names, effects)


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
            effect_key = (number, version.subjects["visit", ""], month)
            effect = score.points - score_visit(version.document, answers, outcome).points
            effects[effect_key] = effects.get(effect_key, NO_POINTS) + effect


def _compare_totals(
    session: Session, names: "_KeyNames", recounted: dict[Key, Counter[str]]
) -> Iterator[str]:
    """Yield the stored totals that differ from the recounted ones; empties ``recounted``."""
    for total in session.scalars(select(Total).execution_options(yield_per=1000)):
        key: Key = total.location_number, total.subject_id, total.month
        sums = recounted.pop(key, Counter())
        for name in SUM_COLUMNS:
            stored = getattr(total, name)
            if stored != sums[name]:
                yield f"{names.describe(key)}: {name} is {stored}, but {sums[name]} in the recount"
    for key in recounted:
        yield f"{names.describe(key)}: missing"


def _compare_tallies(session: Session, names: "_KeyNames", recounted: Counter[Key]) -> Iterator[str]:
    """Yield the stored tallies that differ from the recounted ones; empties ``recounted``."""
    for tally in session.scalars(select(Tally).execution_options(yield_per=1000)):
        key: Key = tally.location_number, tally.subject_id, tally.month, tally.answer
        times = recounted.pop(key, 0)
        if tally.times != times:
            yield f"{names.describe(key)}: times is {tally.times}, but {times} in the recount"
    for key in recounted:
        yield f"{names.describe(key)}: missing"


def _compare_effects(session: Session, names: "_KeyNames", recounted: dict[Key, Points]) -> Iterator[str]:
    """Yield the stored effects of disputes that differ from the recounted ones; empties ``recounted``."""
    for effect in session.scalars(select(DisputeEffect)):
        key: Key = effect.location_number, effect.subject_id, effect.month
        stored, points = Points(effect.earned, effect.possible), recounted.pop(key, NO_POINTS)
        if stored != points:
            yield f"{names.describe(key)}: disputes changed {stored}, but {points} in the recount"
    for key in recounted:
        yield f"{names.describe(key)}: the effect of disputes is missing"


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
        location_number, subject_id, month, *answer = key
        return (
            f"location {self._locations[location_number]}, {format_month(month)}, "
            f"{self._subjects[subject_id]}{''.join(f' = {name}' for name in answer)}"
        )
