"""Overturn rates: how many of the decided questions of disputes were set aside or amended."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.disputes import OVERTURNED, overturn_figures
from api.domain.months import Period
from api.models.checklists import ChecklistVersion
from api.models.disputes import Dispute, DisputedQuestion
from api.models.reviews import Decision
from api.models.users import User
from api.models.visits import Visit
from api.services import visibility
from api.services.checklists import get_version
from api.services.scores.places import format_place, list_locations, list_regions
from api.services.scores.reports import format_question
from api.services.scores.subjects import CountedChecklists, get_counted_checklists

#: How often a question had an outcome, with everything that rates can be grouped by
_Counts = Row[*tuple[Any, ...]]
#: Returns the keys of the groups that a row of ``_count_outcomes`` belongs to.
_FindGroups = Callable[[_Counts], Iterable[Any]]


def list_rates(
    session: Session, actor: Actor, by: str, period: Period, checklist_key: str | None
) -> list[dict[str, Any]]:
    """Return overturn rates in the shape of ``schemas.disputes.OverturnRate``, most decided questions first.

    ``by`` is "question", "location", "region", "shopper" or "reviewer". The reviewer is the one who accepted
    the visit; automatic acceptances have none. The period contains the months of the visits.

    Raises CHECKLIST_NOT_FOUND.
    """
    checklists = get_counted_checklists(session, actor, checklist_key)
    rows = _count_outcomes(session, actor, checklists, period)
    names, find_groups = _get_groups(session, actor, by, checklists, rows)
    decided: Counter[Any] = Counter()
    overturned: Counter[Any] = Counter()
    for row in rows:
        for group in find_groups(row):
            decided[group] += row.times
            overturned[group] += row.times if row.outcome in OVERTURNED else 0
    return [
        {by: names[group], **overturn_figures(count, overturned[group])}
        for group, count in sorted(decided.items(), key=lambda item: (-item[1], str(item[0])))
        if group in names
    ]


def _count_outcomes(
    session: Session, actor: Actor, checklists: CountedChecklists, period: Period
) -> Sequence[_Counts]:
    """Return how often each question had each outcome, by everything that rates can be grouped by."""
    checklist_ids = [version.checklist_id for version in checklists.latest]
    groups = (
        DisputedQuestion.question,
        DisputedQuestion.outcome,
        Visit.checklist_version_id,
        Visit.location_id,
        Visit.shopper_id,
        Decision.reviewer_id,
    )
    return session.execute(
        select(*groups, func.count().label("times"))
        .join(Dispute, Dispute.id == DisputedQuestion.dispute_id)
        .join(Visit, Visit.id == Dispute.visit_id)
        .join(Decision, Decision.id == Dispute.acceptance_id)
        .join(ChecklistVersion, ChecklistVersion.id == Visit.checklist_version_id)
        .where(
            visibility.disputes(actor),
            DisputedQuestion.outcome.is_not(None),
            and_(Visit.month >= period.first, Visit.month <= period.last),
            ChecklistVersion.checklist_id.in_(checklist_ids),
        )
        .group_by(*groups)
    ).all()


def _get_groups(
    session: Session, actor: Actor, by: str, checklists: CountedChecklists, rows: Sequence[_Counts]
) -> tuple[Mapping[Any, Any], _FindGroups]:
    """Return the groups by their keys, as rates name them, and the function that finds those of a row."""
    if by == "question":
        return _get_questions(session, checklists)
    if by in ("shopper", "reviewer"):
        column = f"{by}_id"
        people = session.execute(
            select(User.id, User.name).where(User.id.in_({getattr(row, column) for row in rows}))
        )
        return (
            {person.id: {"id": person.id, "name": person.name or None} for person in people},
            lambda row: (getattr(row, column),),
        )
    locations = {location.id: location for location in list_locations(session, actor)}
    if by == "location":
        return (
            {location_id: format_place(location) for location_id, location in locations.items()},
            lambda row: (row.location_id,),
        )
    regions = {region.id: region for region in list_regions(session, actor, None)}

    def find_regions(row: _Counts) -> Iterable[uuid.UUID]:
        region_id = locations[row.location_id].region_id
        while region_id in regions:
            yield region_id
            region_id = regions[region_id].parent_id

    return {region_id: format_place(region) for region_id, region in regions.items()}, find_regions


def _get_questions(session: Session, checklists: CountedChecklists) -> tuple[Mapping[Any, Any], _FindGroups]:
    """Return the questions by checklist and key, which are the same in all versions."""
    questions = {
        (subject.version.checklist_id, subject.key): format_question(checklists, subject)
        for subject in checklists.subjects.values()
        if subject.kind == "question"
    }
    return questions, lambda row: (
        (get_version(session, row.checklist_version_id).checklist_id, row.question),
    )
