"""League and heat tables: rows of scores by one or two of location, region, section, question …"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.fundamentals import FUNDAMENTALS_BY_KEY
from api.domain.months import Period, format_month
from api.domain.scoring import (
    Change,
    Rank,
    change,
    change_figures,
    figures,
    ranks,
    share,
    visit_interval_uncut,
    wilson_interval,
)
from api.models.places import Region
from api.services import visibility
from api.services.paging import Page, decode_cursor, encode_cursor, invalid_cursor
from api.services.score_sums import (
    NOTHING,
    PARTS,
    Counted,
    Subject,
    Sum,
    counted,
    locations,
    sums,
)
from api.services.scores import location, place, question_name, region, section_name, whole

DIMENSIONS = ("location", "region", "section", "question", "fundamental", "month", "checklist")
INCLUDES = ("change", "previous_visits", "months", "trend", "made", "worst_section")
SORTS = ("name", "score", "-score", "visits", "-visits", "difference", "-difference")

#: the fields of SCORE; the last two are of whole visits only
FIGURES = ("visits", "points_earned", "points_possible", "score", "spread", "interval", "indicative")
FIGURES_OF_VISITS = (*FIGURES, "critical_failures", "passed")


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

    @property
    def kind(self) -> str:
        """What kind of subject the rows are about: whole visits, or the part that they are by."""
        return next((each for each in self.by if each in PARTS), "visit")

    @property
    def is_of_places(self) -> bool:
        """Whether places are told apart."""
        return not {"location", "region"}.isdisjoint(self.by)

    @property
    def is_ranked(self) -> bool:
        """Whether rows stand for locations, so that they can be ranked."""
        return self.by == ("location",)

    @property
    def has_before(self) -> bool:
        """Whether the period before is added up as well."""
        return not {"change", "previous_visits"}.isdisjoint(self.include)

    @property
    def has_months(self) -> bool:
        """Whether each row is added up month by month as well."""
        return not {"months", "trend", "made"}.isdisjoint(self.include)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of every row, in order."""
        return (
            *self.by,
            *(FIGURES_OF_VISITS if self.kind == "visit" else FIGURES),
            *(("rank", "rank_range") if self.is_ranked else ()),
            *(each for each in INCLUDES if each in self.include),
        )


def page_of_rows(
    session: Session, actor: Actor, asked: Asked, picked: Sequence[str], limit: int | None, cursor: str | None
) -> Page:
    """Return a page of the rows of a table, or all of them; a few statements, however many rows there are.

    They have the ``picked`` of the fields that were asked for.
    """
    _check(asked)
    checklists, found_places = counted(session, actor, asked.checklist), _locations(session, actor, asked)
    made = _rows(session, actor, asked, checklists, found_places)
    found = sorted(((_sort_key(asked, row), row) for row in made), key=lambda pair: pair[0])
    is_ranked = not {"rank", "rank_range"}.isdisjoint(picked)
    ranked = _ranked(made) if is_ranked else {}
    worst: dict[tuple[str, ...], dict[str, Any]] = {}
    if "worst_section" in picked:
        worst = _worst_sections(session, actor, asked, checklists, found_places)
    start = _after(cursor, [key for key, _ in found]) if cursor is not None else 0
    shown = found[start:] if limit is None else found[start : start + limit]
    more = start + len(shown) < len(found)
    return Page(
        [_shown(asked, picked, row, ranked.get(row.key), worst.get(row.key)) for _, row in shown],
        encode_cursor(*shown[-1][0]) if more else None,
    )


def _check(asked: Asked) -> None:
    if len(asked.by) > 2 or len(set(asked.by)) < len(asked.by):
        raise problems.invalid_field("/by", "Name one or two different ones.")
    if len(set(PARTS).intersection(asked.by)) > 1:
        raise problems.invalid_field("/by", "Only one of section, question and fundamental goes at a time.")
    if asked.sort.removeprefix("-") == "difference" and "change" not in asked.include:
        raise problems.invalid_field("/sort", "Sorting by the difference takes include=change.")
    if "month" in asked.by and asked.include:
        raise problems.invalid_field("/include", "Rows by month carry nothing else.")
    if "worst_section" in asked.include and asked.by != ("location",):
        raise problems.invalid_field("/include", "Rows by location alone carry their worst section.")


# Adding up.


class _Part(NamedTuple):
    """What a row is by, in one dimension: the key that tells it apart, how it is named and sorted."""

    key: str
    name: Any
    order: tuple[Any, ...]


@dataclass(slots=True)
class _Pool:
    """The sum of a row over a period, and the checklists of the visits in it."""

    total: Sum = NOTHING
    checklists: frozenset[uuid.UUID] = frozenset()

    def add(self, total: Sum, checklist_id: uuid.UUID) -> None:
        self.total = self.total.plus(total)
        if total.sums.visits and checklist_id not in self.checklists:
            self.checklists |= {checklist_id}


@dataclass(slots=True)
class _Row:
    """One row as it is added up; ``stands`` if it is shown even without visits."""

    key: tuple[str, ...]
    parts: tuple[_Part, ...]
    stands: bool = False
    now: _Pool = field(default_factory=_Pool)
    before: _Pool = field(default_factory=_Pool)
    months: dict[int, Sum] = field(default_factory=dict)


def _rows(
    session: Session, actor: Actor, asked: Asked, checklists: Counted, found: Sequence[Row[*tuple[Any, ...]]]
) -> list[_Row]:
    """Return the rows of a table, over the locations ``found``, with their sums, in no order."""
    numbers = [each.number for each in found]
    names = _Names(session, actor, asked, checklists, found)
    made = {row.key: row for row in names.standing()}
    for subject_id, number, month, total in _sums(session, asked, checklists, numbers):
        checklist_id = checklists.subjects[subject_id].checklist_id
        for parts in product(*names.parts(subject_id, number, month)):
            key = tuple([part.key for part in parts])
            row = made.get(key)
            if row is None:
                row = made[key] = _Row(key, parts)
            if month >= asked.period.first:
                row.now.add(total, checklist_id)
                if asked.has_months:
                    row.months[month] = row.months.get(month, NOTHING).plus(total)
            else:
                row.before.add(total, checklist_id)
    return [row for row in made.values() if row.stands or row.now.total.asked]


def _locations(session: Session, actor: Actor, asked: Asked) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the locations of a table: those asked for that the actor may see."""
    if asked.region_id is not None:
        region(session, actor, asked.region_id)
    if asked.location_id is not None:
        location(session, actor, asked.location_id)
    return locations(session, actor, region_id=asked.region_id, location_id=asked.location_id)


def _sums(
    session: Session, asked: Asked, checklists: Counted, numbers: Sequence[int]
) -> Iterator[tuple[int, int, int, Sum]]:
    """Add up totals as finely as the table needs them: (subject, location or 0, month, sum).

    Where months are not told apart, the first of the period stands for all of it, and the one before that
    for the period before.
    """
    first, period = asked.period.first, asked.period
    by, since = ["subject_id"], {}
    if asked.is_of_places:
        by.append("location_number")
    if asked.has_before:
        period = Period(period.previous.first, period.last)
    if asked.has_months or "month" in asked.by:
        by.append("month")
    elif asked.has_before:
        by.append("since")
        since["since"] = first
    subject_ids = checklists.subject_ids(asked.kind)
    of = "visit" if asked.kind == "visit" else ""
    for at, total in sums(session, numbers, subject_ids, period, *by, of=of, **since):
        number = at.by_location_number if asked.is_of_places else 0
        month = first
        if by[-1] == "month":
            month = at.by_month
        elif by[-1] == "since" and not at.by_since:
            month = first - 1
        yield at.by_subject_id, number, month, total


class _Names:
    """What rows are called: of which location, region, section … a total is."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        asked: Asked,
        checklists: Counted,
        found: Iterable[Row[*tuple[Any, ...]]],
    ) -> None:
        self.asked = asked
        self.checklists = checklists
        self.subjects: dict[tuple[str, int], _Part] = {}
        self.locations: dict[int, Row[*tuple[Any, ...]]] = {}
        self.of_location: dict[int, _Part] = {}
        self.regions: dict[uuid.UUID, Row[*tuple[Any, ...]]] = {}
        self.of_region: dict[uuid.UUID, _Part] = {}
        if asked.is_of_places:
            self.locations = {each.number: each for each in found}
        if "location" in asked.by:
            self.of_location = {number: _place(each) for number, each in self.locations.items()}
        if "region" in asked.by:
            self.regions = {each.id: each for each in _regions(session, actor, asked.region_id)}
            self.of_region = {region_id: _place(each) for region_id, each in self.regions.items()}

    def standing(self) -> Iterator[_Row]:
        """Yield the rows that are shown even without visits: places that are open, and months."""
        standing: Iterable[_Part]
        if self.asked.by == ("location",):
            standing = (
                self.of_location[number] for number, each in self.locations.items() if not each.closed
            )
        elif self.asked.by == ("region",) and self.asked.location_id is None:
            standing = (self.of_region[key] for key, each in self.regions.items() if not each.closed)
        elif self.asked.by == ("month",):
            standing = map(_month, self.asked.period.months)
        else:
            return
        for part in standing:
            yield _Row((part.key,), (part,), stands=True)

    def parts(self, subject_id: int, number: int, month: int) -> Iterator[Sequence[_Part]]:
        """Yield for each dimension what a total belongs to: several in regions that lie in one another."""
        for dimension in self.asked.by:
            if dimension == "location":
                yield (self.of_location[number],)
            elif dimension == "region":
                yield tuple(self._regions_above(number))
            elif dimension == "month":
                yield (_month(month),)
            else:
                yield (self._of_subject(dimension, subject_id),)

    def _regions_above(self, number: int) -> Iterator[_Part]:
        # Whoever sees a region sees all below it: going up, the first that he does not see ends the way.
        above = self.locations[number].region_id
        while above in self.regions:
            yield self.of_region[above]
            above = self.regions[above].parent_id

    def _of_subject(self, dimension: str, subject_id: int) -> _Part:
        known = self.subjects.get((dimension, subject_id))
        if known is None:
            made = _subject(self.checklists, dimension, self.checklists.subjects[subject_id])
            known = self.subjects[dimension, subject_id] = made
        return known


def _regions(session: Session, actor: Actor, top_id: uuid.UUID | None) -> list[Row[*tuple[Any, ...]]]:
    """Return the regions that the actor may see, of those in or below one where that is asked for."""
    given = {} if top_id is None else {"region_id": top_id}
    statement = _regions_statement(actor.role, top_id is not None)
    return list(session.execute(statement, {**given, **visibility.actor_parameters(actor)}))


@cache
def _regions_statement(role: str, below_one: bool) -> Select[*tuple[Any, ...]]:
    where = [visibility.regions(visibility.parametrized_actor(role))]
    if below_one:
        top = select(Region.id).where(Region.id == bindparam("region_id"))
        where.append(Region.id.in_(visibility.select_subtree(top)))
    return select(Region.id, Region.parent_id, Region.code, Region.name, Region.closed).where(*where)


def _place(row: Row[*tuple[Any, ...]]) -> _Part:
    return _Part(str(row.id), row, (row.code,))


def _month(month: int) -> _Part:
    return _Part(format_month(month), format_month(month), (month,))


_ORDER_OF_FUNDAMENTALS = {key: index for index, key in enumerate(FUNDAMENTALS_BY_KEY)}


def _subject(checklists: Counted, dimension: str, subject: Subject) -> _Part:
    """Return what a total's subject is called as a checklist, a fundamental, a section or a question."""
    checklist, key = subject.version.document, subject.key
    if dimension == "checklist":
        return _Part(checklist.key, {"key": checklist.key, "title": checklist.title}, (checklist.key,))
    if dimension == "fundamental":
        shown = {"key": key, "title": FUNDAMENTALS_BY_KEY[key].title}
        return _Part(key, shown, (_ORDER_OF_FUNDAMENTALS[key],))
    name = section_name if dimension == "section" else question_name
    return _Part(f"{checklist.key}/{key}", name(checklists, subject), checklists.wording(subject).order)


# Sorting, ranking and showing.

#: Scores of different points differ by far more than this; as whole numbers they sort exactly.
_SCALE = 10**30


def _sort_key(asked: Asked, row: _Row) -> tuple[Any, ...]:
    """Return what a row is sorted by: what is too thin to judge comes last, equals by what they are."""
    name, sign = asked.sort.removeprefix("-"), -1 if asked.sort.startswith("-") else 1
    equals = (*(value for part in row.parts for value in part.order), *row.key)
    now = row.now.total.sums
    if name == "name":
        return equals
    if name == "visits":
        return (sign * now.visits, *equals)
    value: float | None
    if name == "score":
        value = now.earned * _SCALE // now.possible if now.possible else None
    else:
        value = _change(asked, row).difference
    if value is None:
        return (2, 0, *equals)
    return (int(now.is_indicative), sign * value, *equals)


def _after(cursor: str, keys: Sequence[tuple[Any, ...]]) -> int:
    """Return the index of the first row after the one that a cursor stands for."""
    if not keys:
        return 0
    after = tuple(decode_cursor(cursor, len(keys[0])))
    try:
        return next((index for index, key in enumerate(keys) if key > after), len(keys))
    except TypeError:
        raise invalid_cursor() from None


def _ranked(rows: Sequence[_Row]) -> dict[tuple[str, ...], Rank | None]:
    """Rank locations, if the visits of those that have enough are all of one checklist."""
    compared = [row.now for row in rows if not row.now.total.sums.is_indicative]
    if len(set().union(*(pool.checklists for pool in compared))) > 1:
        return {}
    found = ranks([row.now.total.sums for row in rows])
    return {row.key: rank for row, rank in zip(rows, found, strict=True)}


def _worst_sections(
    session: Session,
    actor: Actor,
    asked: Asked,
    checklists: Counted,
    found_places: Sequence[Row[*tuple[Any, ...]]],
) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return the section with the lowest score of each location, by the location's key.

    Of equals it is the first in the checklist; one that is too thin to judge counts only among such.
    """
    by_section = replace(asked, by=("location", "section"), sort="score", include=frozenset())
    worst: dict[tuple[str, ...], dict[str, Any]] = {}
    rows_of_sections = _rows(session, actor, by_section, checklists, found_places)
    for row in sorted(rows_of_sections, key=lambda row: _sort_key(by_section, row)):
        now = row.now.total.sums
        if now.possible:
            found = {**row.parts[1].name, "score": share(now.earned, now.possible), "visits": now.visits}
            worst.setdefault(row.key[:1], found)
    return worst


def _change(asked: Asked, row: _Row) -> Change:
    return change(
        row.now.total.sums,
        row.before.total.sums,
        comparable=len(row.now.checklists | row.before.checklists) <= 1,
        interval_of=visit_interval_uncut if asked.kind == "visit" else wilson_interval,
    )


def _score(asked: Asked, total: Sum) -> dict[str, Any]:
    return whole(total) if asked.kind == "visit" else figures(total.sums)


def _shown(
    asked: Asked, picked: Sequence[str], row: _Row, rank: Rank | None, worst_section: dict[str, Any] | None
) -> dict[str, Any]:
    """Return the picked fields of a row, as the contract has them."""
    shown = {
        dimension: place(part.name) if dimension in ("location", "region") else part.name
        for dimension, part in zip(asked.by, row.parts, strict=True)
    }
    if not set(FIGURES_OF_VISITS).isdisjoint(picked):
        shown |= _score(asked, row.now.total)
    if asked.is_ranked:
        shown["rank"] = rank and rank.rank
        shown["rank_range"] = rank and {"best": rank.best, "worst": rank.worst}
    if "change" in picked:
        shown["change"] = change_figures(_change(asked, row))
    shown["previous_visits"] = row.before.total.sums.visits
    if asked.has_months:
        months = {format_month(month): row.months.get(month, NOTHING) for month in asked.period.months}
        shown["trend"] = {name: share(each.sums.earned, each.sums.possible) for name, each in months.items()}
        shown["made"] = {name: each.asked for name, each in months.items()}
        if "months" in picked:
            shown["months"] = [{"month": name, **_score(asked, each)} for name, each in months.items()]
    shown["worst_section"] = worst_section
    return {name: shown[name] for name in picked}
