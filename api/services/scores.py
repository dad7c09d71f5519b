"""Scores of a location or a region over a period, with everything that explains them."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.fundamentals import FUNDAMENTALS
from api.domain.months import Period, month_name
from api.domain.scoring import (
    change,
    change_figures,
    figures,
    possible_tallies,
    visit_figures,
)
from api.models.places import Location, Region
from api.models.scores import Total
from api.services import visibility
from api.services.score_sums import NOTHING, Counted, Sum, counted, pooled, sums, tallies


def location_score(
    session: Session, actor: Actor, location: Location, period: Period, checklist_key: str | None
) -> dict[str, Any]:
    """Return a location's score over a period; the caller has made sure that the actor may see it."""
    report = _report(session, actor, Location.id == location.id, period, checklist_key)
    return {"location": place(location), **report}


def region_score(
    session: Session, actor: Actor, region: Region, period: Period, checklist_key: str | None
) -> dict[str, Any]:
    """Return a region's score over a period, everything below it included, and those of its children."""
    tree = visibility.below(select(Region.id).where(Region.id == region.id))
    within = Location.region_id.in_(tree)
    report = _report(session, actor, within, period, checklist_key)
    checklists = counted(session, actor, checklist_key)
    by_number = {
        number: total
        for (number,), total in sums(
            session, within, checklists.subject_ids("visit"), period, Total.location_number
        )
    }
    children = _children(session, region, within, by_number)
    return {"region": place(region), **report, "children": children}


def place(row: Region | Location) -> dict[str, Any]:
    """Return what a score says of its place."""
    return {"id": row.id, "code": row.code, "name": row.name}


def whole(total: Sum) -> dict[str, Any]:
    """Return the SCORE of whole visits."""
    return visit_figures(total.sums, total.critical_failures, total.passed)


def _report(
    session: Session,
    actor: Actor,
    where: ColumnElement[bool],
    period: Period,
    checklist_key: str | None,
) -> dict[str, Any]:
    checklists = counted(session, actor, checklist_key)
    visit_ids = checklists.subject_ids("visit")
    both = Period(period.previous.first, period.last)
    by_month: dict[int, list[Sum]] = {month: [] for month in both.months}
    seen_of: set[int] = set()
    for (subject_id, month), total in sums(session, where, visit_ids, both, Total.subject_id, Total.month):
        by_month[month].append(total)
        if total.sums.visits:
            seen_of.add(subject_id)
    months = {month: pooled(totals) for month, totals in by_month.items()}
    now = pooled(months[month] for month in period.months)
    before = pooled(months[month] for month in period.previous.months)
    parts = {
        subject_id: total
        for (subject_id,), total in sums(
            session,
            where,
            checklists.subject_ids("section", "fundamental", "question"),
            period,
            Total.subject_id,
        )
        if total.asked
    }
    return {
        "from": period.first,
        "to": period.last,
        "checklist": checklist_key,
        "total": whole(now),
        "previous": whole(before),
        "change": change_figures(change(now.sums, before.sums, len(seen_of) <= 1)),
        "sections": _sections(checklists, parts),
        "fundamentals": _fundamentals(checklists, parts),
        "questions": _questions(session, where, period, checklists, parts),
        "months": [{"month": month_name(month), **whole(months[month])} for month in period.months],
    }


def _ordered(checklists: Counted, parts: Mapping[int, Sum], wanted: str) -> list[int]:
    def position(subject_id: int) -> Any:
        version, kind, key = checklists.of_subject[subject_id]
        return checklists.position(version, kind, key)

    return sorted((each for each in parts if checklists.of_subject[each][1] == wanted), key=position)


def _sections(checklists: Counted, parts: Mapping[int, Sum]) -> list[dict[str, Any]]:
    rows = []
    for subject_id in _ordered(checklists, parts, "section"):
        version, _, key = checklists.of_subject[subject_id]
        title = checklists.section(version, key).title
        about = {"checklist": version.document.key, "key": key, "title": title}
        rows.append(about | figures(parts[subject_id].sums))
    return rows


def _fundamentals(checklists: Counted, parts: Mapping[int, Sum]) -> list[dict[str, Any]]:
    by_key: dict[str, Sum] = {}
    for subject_id, total in parts.items():
        _, kind, key = checklists.of_subject[subject_id]
        if kind == "fundamental":
            by_key[key] = by_key.get(key, NOTHING).plus(total)
    return [
        {"key": each.key, "title": each.title, **figures(by_key[each.key].sums)}
        for each in FUNDAMENTALS
        if each.key in by_key
    ]


def _questions(
    session: Session,
    where: ColumnElement[bool],
    period: Period,
    checklists: Counted,
    parts: Mapping[int, Sum],
) -> list[dict[str, Any]]:
    ordered = _ordered(checklists, parts, "question")
    counts = tallies(session, where, ordered, period)
    rows = []
    for subject_id in ordered:
        version, _, key = checklists.of_subject[subject_id]
        question, section = checklists.question(version, key)
        answered = counts.get(subject_id, {})
        # An option that a later version dropped was answered all the same.
        possible = dict.fromkeys([*possible_tallies(question), *sorted(answered)], 0)
        rows.append(
            {
                "checklist": version.document.key,
                "key": key,
                "text": question.text,
                "section": section.key,
                "fundamental": question.fundamental,
                "answers": possible | {word: times for word, times in answered.items() if word in possible},
                **figures(parts[subject_id].sums),
            }
        )
    return rows


def _children(
    session: Session, top: Region, within: ColumnElement[bool], by_number: Mapping[int, Sum]
) -> list[dict[str, Any]]:
    """Return the regions and locations right below a region, each with what lies below it."""
    parents = dict(
        session.execute(
            select(Region.id, Region.parent_id).where(Region.organization_id == top.organization_id)
        ).all()
    )

    def child_above(region_id: uuid.UUID) -> uuid.UUID:
        above: uuid.UUID | None = region_id
        while above is not None and parents[above] != top.id:
            above = parents[above]
        assert above is not None
        return above

    by_region: dict[uuid.UUID, Sum] = {}
    rows = []
    locations = session.scalars(select(Location).where(within).order_by(Location.code)).all()
    for location in locations:
        total = by_number.get(location.number, NOTHING)
        if location.region_id == top.id:
            rows.append({"location": place(location), **whole(total)})
        else:
            child = child_above(location.region_id)
            by_region[child] = by_region.get(child, NOTHING).plus(total)
    regions = session.scalars(select(Region).where(Region.parent_id == top.id).order_by(Region.code))
    return [
        {"region": place(region), **whole(by_region.get(region.id, NOTHING))} for region in regions
    ] + rows
