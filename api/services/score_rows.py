"""League and heat tables: rows of scores by one or two of location, region, section, question …"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, literal, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.fundamentals import BY_KEY
from api.domain.months import Period, month_name
from api.domain.scoring import (
    change,
    change_figures,
    figures,
    ranks,
    visit_interval_uncut,
    wilson_interval,
)
from api.models.places import Location, Region
from api.models.scores import Total
from api.services import visibility
from api.services.paging import Page, bad_cursor, cursor_for, cursor_values
from api.services.places import region as visible_region
from api.services.score_sums import NOTHING, Counted, Sum, counted, sums
from api.services.scores import place, whole

DIMENSIONS = ("location", "region", "section", "question", "fundamental", "month", "checklist")
#: the dimensions that are parts of a visit; the others are about whole visits
PARTS = frozenset({"section", "question", "fundamental"})
INCLUDES = ("change", "months")
SORTS = ("name", "score", "-score", "visits", "-visits", "difference", "-difference")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a table of scores is asked for."""

    by: tuple[str, ...]
    period: Period
    region_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    checklist: str | None = None
    sort: str = "name"
    include: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Row:
    """One row as it is added up; ``key`` names it, ``about`` is what it is by."""

    key: tuple[str, ...]
    about: dict[str, Any]
    name: tuple[Any, ...]
    total: Sum = NOTHING
    before: Sum = NOTHING
    months: dict[int, Sum] = field(default_factory=dict)
    checklists: set[uuid.UUID] = field(default_factory=set)


def rows(session: Session, actor: Actor, asked: Asked) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Return all rows of a table in order, each with its sort key; a few statements, however many rows."""
    _check(asked)
    checklists = counted(session, actor, asked.checklist)
    where = _where(session, actor, asked)
    kind = next((each for each in asked.by if each in PARTS), "visit")
    naming = _Naming(session, actor, checklists, where, asked)
    built = {row.key: row for row in naming.empty_rows()}

    with_change, with_months = "change" in asked.include, "months" in asked.include
    period = Period(asked.period.previous.first, asked.period.last) if with_change else asked.period
    columns: list[SQLColumnExpression[Any]] = [Total.subject_id]
    by_place = not {"location", "region"}.isdisjoint(asked.by)
    by_month = with_months or "month" in asked.by
    columns.append(Total.location_number if by_place else literal(0))
    if by_month:
        columns.append(Total.month)
    else:
        columns.append(Total.month >= asked.period.first)
    for (subject_id, number, when), total in sums(
        session, where, checklists.subject_ids(kind), period, *columns
    ):
        is_now = when >= asked.period.first if by_month else bool(when)
        for key, make in naming.keys_of(subject_id, number, when if by_month else None):
            row = built.get(key)
            if row is None:
                if not total.asked:
                    continue
                row = built[key] = make()
            if total.sums.visits:
                row.checklists.add(checklists.of_subject[subject_id][0].checklist_id)
            if is_now:
                row.total = row.total.plus(total)
                if with_months:
                    row.months[when] = row.months.get(when, NOTHING).plus(total)
            else:
                row.before = row.before.plus(total)
    kept = [row for row in built.values() if row.total.asked or row.before.asked or row.key in naming.always]
    return _finished(kept, asked, kind)


def page_of_rows(
    found: Sequence[tuple[tuple[Any, ...], dict[str, Any]]], limit: int, cursor: str | None
) -> Page:
    """Return the page of sorted rows that comes after a cursor."""
    start = 0
    if cursor is not None:
        after = cursor_values(cursor, len(found[0][0]) if found else 0) if found else []
        try:
            start = next((index for index, (key, _) in enumerate(found) if list(key) > after), len(found))
        except TypeError:
            raise bad_cursor() from None
    items = found[start : start + limit]
    following = cursor_for(*items[-1][0]) if items and start + limit < len(found) else None
    return Page([row for _, row in items], following)


def _check(asked: Asked) -> None:
    if len(asked.by) > 2 or len(set(asked.by)) < len(asked.by):
        raise problems.invalid("/by", "Name one or two different ones.")
    if len(PARTS.intersection(asked.by)) > 1:
        raise problems.invalid("/by", "Only one of section, question and fundamental goes at a time.")
    if asked.sort.removeprefix("-") == "difference" and "change" not in asked.include:
        raise problems.invalid("/sort", "Sorting by the difference takes include=change.")
    if "month" in asked.by and asked.include:
        raise problems.invalid("/include", "Rows by month carry neither change nor months.")


def _where(session: Session, actor: Actor, asked: Asked) -> ColumnElement[bool]:
    where = visibility.locations(actor)
    if asked.region_id is not None:
        top = visible_region(session, actor, asked.region_id)
        where = and_(
            where, Location.region_id.in_(visibility.below(select(Region.id).where(Region.id == top.id)))
        )
    if asked.location_id is not None:
        found = visibility.find(session, Location, asked.location_id, visibility.locations(actor))
        if found is None:
            raise problems.LOCATION_NOT_FOUND()
        where = and_(where, Location.id == found.id)
    return where


class _Naming:
    """What rows are called, and which rows a total belongs to."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        checklists: Counted,
        where: ColumnElement[bool],
        asked: Asked,
    ) -> None:
        self.checklists = checklists
        self.asked = asked
        self.always: set[tuple[str, ...]] = set()
        self.locations: dict[int, Location] = {}
        self.regions: dict[uuid.UUID, Region] = {}
        if not {"location", "region"}.isdisjoint(asked.by):
            self.locations = {each.number: each for each in session.scalars(select(Location).where(where))}
        if "region" in asked.by:
            visible = visibility.regions(actor)
            if asked.region_id is not None:
                below = visibility.below(select(Region.id).where(Region.id == asked.region_id))
                visible = and_(visible, Region.id.in_(below))
            self.regions = {each.id: each for each in session.scalars(select(Region).where(visible))}
            self.parents = dict(
                session.execute(
                    select(Region.id, Region.parent_id).where(Region.organization_id == actor.organization_id)
                ).all()
            )

    def empty_rows(self) -> Iterable[_Row]:
        """Return the rows that stand even without visits: places that are open, and months."""
        if self.asked.by == ("location",):
            made = [self._row([self._location(each)]) for each in self.locations.values() if not each.closed]
        elif self.asked.by == ("region",) and self.asked.location_id is None:
            made = [self._row([self._region(each)]) for each in self.regions.values()]
        elif self.asked.by == ("month",):
            made = [self._row([self._month(month)]) for month in self.asked.period.months]
        else:
            made = []
        self.always = {row.key for row in made}
        return made

    def keys_of(
        self, subject_id: int, number: int, month: int | None
    ) -> Iterable[tuple[tuple[str, ...], Callable[[], _Row]]]:
        """Return the keys of the rows that a total belongs to, each with how the row is made."""
        choices: list[list[tuple[str, dict[str, Any], tuple[Any, ...]]]] = []
        for dimension in self.asked.by:
            if dimension == "location":
                choices.append([self._location(self.locations[number])])
            elif dimension == "region":
                choices.append([self._region(each) for each in self._regions_above(number)])
            elif dimension == "month":
                assert month is not None
                choices.append([self._month(month)])
            else:
                choices.append([self._subject(dimension, subject_id)])
        combined: list[list[tuple[str, dict[str, Any], tuple[Any, ...]]]] = [[]]
        for options in choices:
            combined = [[*one, option] for one in combined for option in options]
        return [(tuple(part[0] for part in parts), partial(self._row, parts)) for parts in combined]

    def _row(self, parts: Sequence[tuple[str, dict[str, Any], tuple[Any, ...]]]) -> _Row:
        about = {name: value for part in parts for name, value in part[1].items()}
        return _Row(
            tuple(part[0] for part in parts), about, tuple(word for part in parts for word in part[2])
        )

    def _location(self, location: Location) -> tuple[str, dict[str, Any], tuple[Any, ...]]:
        return str(location.id), {"location": place(location)}, (location.code,)

    def _region(self, region: Region) -> tuple[str, dict[str, Any], tuple[Any, ...]]:
        return str(region.id), {"region": place(region)}, (region.code,)

    def _month(self, month: int) -> tuple[str, dict[str, Any], tuple[Any, ...]]:
        return month_name(month), {"month": month_name(month)}, (month_name(month),)

    def _subject(self, dimension: str, subject_id: int) -> tuple[str, dict[str, Any], tuple[Any, ...]]:
        version, kind, key = self.checklists.of_subject[subject_id]
        name = version.document.key
        if dimension == "fundamental":
            return key, {"fundamental": {"key": key, "title": BY_KEY[key].title}}, (key,)
        if dimension == "checklist":
            return name, {"checklist": {"key": name, "title": version.document.title}}, (name,)
        about: dict[str, Any] = {"checklist": name, "key": key}
        if dimension == "section":
            about["title"] = self.checklists.section(version, key).title
        else:
            question, section = self.checklists.question(version, key)
            about |= {
                "text": question.text,
                "section": section.key,
                "fundamental": question.fundamental,
            }
        _, gone, index, _ = self.checklists.position(version, kind, key)
        return f"{name}/{key}", {dimension: about}, (name, gone, index, key)

    def _regions_above(self, number: int) -> Iterable[Region]:
        above: uuid.UUID | None = self.locations[number].region_id
        while above is not None:
            if above in self.regions:
                yield self.regions[above]
            above = self.parents[above]


def _finished(built: Sequence[_Row], asked: Asked, kind: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Turn sums into figures, rank places, sort."""
    interval_of = visit_interval_uncut if kind == "visit" else wilson_interval
    finished = []
    for row in built:
        score = whole(row.total) if kind == "visit" else figures(row.total.sums)
        answer = {**row.about, **score}
        if "change" in asked.include:
            answer["change"] = change_figures(
                change(row.total.sums, row.before.sums, len(row.checklists) <= 1, interval_of)
            )
        if "months" in asked.include:
            answer["months"] = [
                {
                    "month": month_name(month),
                    **(
                        whole(row.months.get(month, NOTHING))
                        if kind == "visit"
                        else figures(row.months.get(month, NOTHING).sums)
                    ),
                }
                for month in asked.period.months
            ]
        finished.append(answer)
    if asked.by == ("location",):
        _rank(built, finished)
    keyed = [(_sort_key(asked, row, answer), answer) for row, answer in zip(built, finished, strict=True)]
    return sorted(keyed, key=lambda pair: pair[0])


def _rank(built: Sequence[_Row], finished: Sequence[dict[str, Any]]) -> None:
    """Rank locations where all their visits are of one checklist; else a rank would compare unlike things."""
    comparable = len(set().union(*(row.checklists for row in built))) <= 1
    for answer, rank in zip(finished, ranks([row.total.sums for row in built]), strict=True):
        known = rank if comparable else None
        answer["rank"] = known.rank if known else None
        answer["rank_range"] = {"best": known.best, "worst": known.worst} if known else None


def _sort_key(asked: Asked, row: _Row, answer: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what a row is sorted by: what is too thin to judge comes last, equals by what they are."""
    name, descending = asked.sort.removeprefix("-"), asked.sort.startswith("-")
    sign = -1 if descending else 1
    if name == "name":
        return (0, 0, *row.name, *row.key)
    if name == "visits":
        return (0, sign * answer["visits"], *row.name, *row.key)
    value = answer["score"] if name == "score" else answer["change"]["difference"]
    last = 2 if value is None else int(answer["indicative"])
    return (last, sign * (value or 0), *row.name, *row.key)
