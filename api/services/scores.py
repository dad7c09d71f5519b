"""Scores of a location or a region over a period, with everything that explains them.

What is returned is JSON as ``schemas.scores`` describes it.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.fundamentals import FUNDAMENTALS
from api.domain.months import Period, format_month
from api.domain.scoring import change, change_figures, figures, possible_tallies, visit_figures
from api.models.places import Region
from api.models.scores import SHARED_ANSWERS
from api.services import visibility
from api.services.score_sums import (
    NOTHING,
    PARTS,
    Counted,
    Subject,
    Sum,
    counted,
    locations,
    pooled,
    sums,
    tallies,
)


def location(session: Session, actor: Actor, location_id: uuid.UUID) -> Row[*tuple[Any, ...]]:
    """Return a location that the actor may see."""
    found = locations(session, actor, location_id=location_id)
    if not found:
        raise problems.LOCATION_NOT_FOUND()
    return found[0]


def region(session: Session, actor: Actor, region_id: uuid.UUID) -> Row[*tuple[Any, ...]]:
    """Return a region that the actor may see."""
    parameters = {"region_id": region_id, **visibility.actor_parameters(actor)}
    found = session.execute(_region(actor.role), parameters).first()
    if found is None:
        raise problems.REGION_NOT_FOUND()
    return found


@cache
def _region(role: str) -> Select[*tuple[Any, ...]]:
    visible = visibility.regions(visibility.parametrized_actor(role))
    return select(Region.id, Region.code, Region.name).where(Region.id == bindparam("region_id"), visible)


def location_score(
    session: Session, actor: Actor, location: Row[*tuple[Any, ...]], period: Period, checklist_key: str | None
) -> dict[str, Any]:
    """Return the score over a period of a ``location`` from above."""
    checklists = counted(session, actor, checklist_key)
    report = _report(session, checklists, [location.number], period, checklist_key)
    return {**report, "location": place(location)}


def region_score(
    session: Session, actor: Actor, region: Row[*tuple[Any, ...]], period: Period, checklist_key: str | None
) -> dict[str, Any]:
    """Return the score over a period of a ``region`` from above, everything below it included.

    Its children's scores come with it.
    """
    checklists = counted(session, actor, checklist_key)
    below = locations(session, actor, region_id=region.id)
    numbers = [each.number for each in below]
    report = _report(session, checklists, numbers, period, checklist_key)
    visits = checklists.subject_ids("visit")
    by_number: dict[int, Sum] = {
        each.by_location_number: total
        for each, total in sums(session, numbers, visits, period, "location_number", of="visit")
    }
    children = _children(session, actor, region, below, by_number)
    return {**report, "region": place(region), "children": children}


def place(row: Any) -> dict[str, Any]:
    """Return what a score says of its place."""
    return {"id": row.id, "code": row.code, "name": row.name}


def whole(total: Sum) -> dict[str, Any]:
    """Return the SCORE of whole visits."""
    return visit_figures(total.sums, total.critical_failures, total.passed)


def _report(
    session: Session, checklists: Counted, numbers: Sequence[int], period: Period, checklist_key: str | None
) -> dict[str, Any]:
    visits = checklists.subject_ids("visit")
    both = Period(period.previous.first, period.last)
    months = dict.fromkeys(both.months, NOTHING)
    compared = set()
    for each, total in sums(session, numbers, visits, both, "subject_id", "month", of="visit"):
        months[each.by_month] = months[each.by_month].plus(total)
        if total.sums.visits:
            compared.add(each.by_subject_id)
    now = pooled(months[month] for month in period.months)
    before = pooled(months[month] for month in period.previous.months)
    parts: dict[int, Sum] = {}
    answers: dict[int, dict[str, int]] = {}
    of_parts = checklists.subject_ids(*PARTS)
    for each, total in sums(session, numbers, of_parts, period, "subject_id", of="question"):
        if total.asked:
            parts[each.by_subject_id] = total
            answers[each.by_subject_id] = {
                answer: times for answer in SHARED_ANSWERS if (times := getattr(each, answer))
            }
    for subject_id, own in tallies(session, numbers, of_parts, period).items():
        answers[subject_id] |= own
    return {
        "from": format_month(period.first),
        "to": format_month(period.last),
        "checklist": checklist_key,
        "total": whole(now),
        "previous": whole(before),
        "change": change_figures(change(now.sums, before.sums, comparable=len(compared) <= 1)),
        "sections": _sections(checklists, parts),
        "fundamentals": _fundamentals(checklists, parts),
        "questions": _questions(checklists, parts, answers),
        "months": [{**whole(months[month]), "month": format_month(month)} for month in period.months],
    }


def _sections(checklists: Counted, parts: Mapping[int, Sum]) -> list[dict[str, Any]]:
    return [
        {**figures(parts[each].sums), **section_name(checklists, checklists.subjects[each])}
        for each in _ordered(checklists, parts, "section")
    ]


def section_name(checklists: Counted, subject: Subject) -> dict[str, Any]:
    """Return what a score says of its section."""
    section = checklists.wording(subject).section
    return {"checklist": subject.version.document.key, "key": section.key, "title": section.title}


def _fundamentals(checklists: Counted, parts: Mapping[int, Sum]) -> list[dict[str, Any]]:
    """Return the fundamentals, each pooled over all checklists that observe it."""
    by_key: dict[str, Sum] = {}
    for subject_id, total in parts.items():
        subject = checklists.subjects[subject_id]
        if subject.kind == "fundamental":
            by_key[subject.key] = by_key.get(subject.key, NOTHING).plus(total)
    return [
        {**figures(by_key[each.key].sums), "key": each.key, "title": each.title}
        for each in FUNDAMENTALS
        if each.key in by_key
    ]


def _questions(
    checklists: Counted, parts: Mapping[int, Sum], answers: Mapping[int, Mapping[str, int]]
) -> list[dict[str, Any]]:
    described = []
    for each in _ordered(checklists, parts, "question"):
        subject = checklists.subjects[each]
        question = checklists.wording(subject).question
        assert question is not None
        counts = answers.get(each, {})
        # An option that a later version dropped was answered all the same.
        possible = dict.fromkeys([*possible_tallies(question), *sorted(counts)], 0)
        described.append(
            {
                **figures(parts[each].sums),
                **question_name(checklists, subject),
                "answers": {**possible, **counts},
            }
        )
    return described


def question_name(checklists: Counted, subject: Subject) -> dict[str, Any]:
    """Return what a score says of its question."""
    _, section, question = checklists.wording(subject)
    assert question is not None
    return {
        "checklist": subject.version.document.key,
        "key": question.key,
        "text": question.text,
        "section": section.key,
        "fundamental": question.fundamental,
    }


def _ordered(checklists: Counted, parts: Iterable[int], kind: str) -> list[int]:
    """Return the ids of the subjects of a kind, in the order of their checklists."""
    wanted = (each for each in parts if checklists.subjects[each].kind == kind)
    return sorted(wanted, key=lambda each: checklists.wording(checklists.subjects[each]).order)


def _children(
    session: Session,
    actor: Actor,
    top: Row[*tuple[Any, ...]],
    below: Sequence[Row[*tuple[Any, ...]]],
    by_number: Mapping[int, Sum],
) -> list[dict[str, Any]]:
    """Return the regions and locations right below a region, each with what lies below it."""
    regions = session.execute(_REGIONS, {"organization_id": actor.organization_id}).all()
    parents: dict[uuid.UUID, uuid.UUID] = {each.id: each.parent_id for each in regions}
    by_region = {each.id: NOTHING for each in regions if each.parent_id == top.id}
    stores = []
    for each in below:
        total = by_number.get(each.number, NOTHING)
        if each.region_id == top.id:
            stores.append({**whole(total), "location": place(each)})
        else:
            child = each.region_id
            while child not in by_region:
                child = parents[child]
            by_region[child] = by_region[child].plus(total)
    return [
        {**whole(by_region[each.id]), "region": place(each)} for each in regions if each.id in by_region
    ] + stores


_REGIONS = (
    select(Region.id, Region.parent_id, Region.code, Region.name)
    .where(Region.organization_id == bindparam("organization_id"))
    .order_by(Region.code)
)
