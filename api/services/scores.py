"""Scores of a location or a region over a period, with everything that explains them."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.fundamentals import FUNDAMENTALS
from api.domain.months import Period, month_name
from api.domain.scoring import change, change_figures, figures, possible_tallies, visit_figures
from api.models.places import Location, Region
from api.models.scores import Total
from api.services import visibility
from api.services.score_sums import (
    NOTHING,
    PARTS,
    Counted,
    Places,
    Subject,
    Sum,
    counted,
    fixed_tallies,
    places,
    pooled,
    sums,
    tallies,
)


def location_score(
    session: Session, actor: Actor, location: Location, period: Period, checklist_key: str | None
) -> dict[str, Any]:
    """Return a location's score over a period; the caller has made sure that the actor may see it."""
    checklists = counted(session, actor, checklist_key)
    report = _report(session, checklists, [location.number], period)
    return {"location": place(location), "checklist": checklist_key, **report}


def region_score(
    session: Session, actor: Actor, region: Region, period: Period, checklist_key: str | None
) -> dict[str, Any]:
    """Return a region's score over a period, everything below it included, and those of its children."""
    checklists = counted(session, actor, checklist_key)
    below = visibility.below(select(Region.id).where(Region.id == region.id))
    where = Location.region_id.in_(below)
    numbers = places(session, actor, where)
    report = _report(session, checklists, numbers, period)
    visits = checklists.subject_ids("visit")
    by_number: dict[int, Sum] = {
        number: total
        for (number,), total in sums(
            session, numbers, visits, period, Total.location_number, whole_visits=True
        )
    }
    children = _children(session, region, where, by_number)
    return {"region": place(region), "checklist": checklist_key, **report, "children": children}


def place(row: Any) -> dict[str, Any]:
    """Return what a score says of its place."""
    return {"id": row.id, "code": row.code, "name": row.name}


def whole(total: Sum) -> dict[str, Any]:
    """Return the SCORE of whole visits."""
    return visit_figures(total.sums, total.critical_failures, total.passed)


def _report(session: Session, checklists: Counted, numbers: Places, period: Period) -> dict[str, Any]:
    visits = checklists.subject_ids("visit")
    both = Period(period.previous.first, period.last)
    months = dict.fromkeys(both.months, NOTHING)
    compared = set()
    for (subject_id, month), total in sums(
        session, numbers, visits, both, Total.subject_id, Total.month, whole_visits=True
    ):
        months[month] = months[month].plus(total)
        if total.sums.visits:
            compared.add(subject_id)
    now = pooled(months[month] for month in period.months)
    before = pooled(months[month] for month in period.previous.months)
    parts: dict[int, Sum] = {
        subject_id: total
        for (subject_id,), total in sums(
            session, numbers, checklists.subject_ids(*PARTS), period, Total.subject_id
        )
        if total.asked
    }
    answers = _answers(session, checklists, numbers, parts, period)
    return {
        "from": period.first,
        "to": period.last,
        "total": whole(now),
        "previous": whole(before),
        "change": change_figures(change(now.sums, before.sums, comparable=len(compared) <= 1)),
        "sections": _sections(checklists, parts),
        "fundamentals": _fundamentals(checklists, parts),
        "questions": _questions(checklists, parts, answers),
        "months": [{"month": month_name(month), **whole(months[month])} for month in period.months],
    }


def _answers(
    session: Session, checklists: Counted, numbers: Places, parts: Iterable[int], period: Period
) -> dict[int, dict[str, int]]:
    """Count how often each question was answered in each way."""
    fixed: list[int] = []
    free: list[int] = []
    for each in parts:
        subject = checklists.subjects[each]
        if subject.kind == "question":
            question = checklists.wording(subject).question
            assert question is not None
            (free if question.type in ("scale", "choice") else fixed).append(each)
    return tallies(session, numbers, free, period) | fixed_tallies(session, numbers, fixed, period)


def _sections(checklists: Counted, parts: Mapping[int, Sum]) -> list[dict[str, Any]]:
    return [
        section_name(checklists, checklists.subjects[each]) | figures(parts[each].sums)
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
        {"key": each.key, "title": each.title, **figures(by_key[each.key].sums)}
        for each in FUNDAMENTALS
        if each.key in by_key
    ]


def _questions(
    checklists: Counted, parts: Mapping[int, Sum], answers: Mapping[int, Mapping[str, int]]
) -> list[dict[str, Any]]:
    rows = []
    for each in _ordered(checklists, parts, "question"):
        subject = checklists.subjects[each]
        question = checklists.wording(subject).question
        assert question is not None
        counts = answers.get(each, {})
        # An option that a later version dropped was answered all the same.
        possible = dict.fromkeys([*possible_tallies(question), *sorted(counts)], 0)
        rows.append(
            question_name(checklists, subject)
            | {"answers": {**possible, **counts}}
            | figures(parts[each].sums)
        )
    return rows


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
    session: Session, top: Region, where: ColumnElement[bool], by_number: Mapping[int, Sum]
) -> list[dict[str, Any]]:
    """Return the regions and locations right below a region, each with what lies below it."""
    regions = session.execute(
        select(Region.id, Region.parent_id, Region.code, Region.name)
        .where(Region.organization_id == top.organization_id)
        .order_by(Region.code)
    ).all()
    parents: dict[uuid.UUID, uuid.UUID] = {each.id: each.parent_id for each in regions}
    by_region = {each.id: NOTHING for each in regions if each.parent_id == top.id}
    locations = []
    for each in session.execute(
        select(Location.number, Location.region_id, Location.id, Location.code, Location.name)
        .where(where)
        .order_by(Location.code)
    ):
        total = by_number.get(each.number, NOTHING)
        if each.region_id == top.id:
            locations.append({"location": place(each), **whole(total)})
        else:
            child = each.region_id
            while child not in by_region:
                child = parents[child]
            by_region[child] = by_region[child].plus(total)
    return [
        {"region": place(each), **whole(by_region[each.id])} for each in regions if each.id in by_region
    ] + locations
