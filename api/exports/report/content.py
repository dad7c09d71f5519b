"""What a report contains: the figures, comments and photos of a place over a period.

All figures come from the services that the API uses, so that a report and the dashboard show the same.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.checklist import Question
from api.domain.fields import Text
from api.domain.months import Period, get_month
from api.models.organizations import Organization
from api.services.comments import CommentQuery, count_comments, list_comments
from api.services.photo_lists import PhotoQuery, VisitPhoto, list_latest_photos
from api.services.scores import places, reports, tables
from api.services.scores.query import RowQuery
from api.services.scores.subjects import CountedChecklists, Subject, get_counted_checklists

MAX_QUESTIONS = 12
MAX_COMMENTS = 30
MAX_PHOTOS = 20
MAX_SECTIONS = 60
MAX_PLACES = 40
_ROW_FIELDS = ("location", "visits", "score", "interval", "indicative", "rank", "rank_range")


@dataclass(frozen=True)
class ReportOrder:
    """Which report to write: of one region or of one location.

    Scores are kept by month, so the report covers the whole months from ``first_day`` to ``last_day``.
    ``checklist`` is a key, or None for all checklists except self-checks. ``language`` is a language tag; the
    report is in English if it does not have that language.
    """

    first_day: date
    last_day: date
    region_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    checklist: str | None = None
    language: str = "en"

    def __post_init__(self) -> None:
        if (self.region_id is None) == (self.location_id is None):
            raise ValueError("A report is of a region or of a location")

    @property
    def period(self) -> Period:
        """The months that the report covers. Raises ValueError if they are not a valid period."""
        return Period.of(get_month(self.first_day), get_month(self.last_day))


Item = TypeVar("Item")


@dataclass(frozen=True)
class Excerpt(Generic[Item]):
    """Some items of a list, and how many there are altogether."""

    items: Sequence[Item]
    count: int

    @property
    def omitted(self) -> int:
        """How many items are omitted."""
        return self.count - len(self.items)


@dataclass(frozen=True)
class Content:
    """The content of a report.

    ``figures`` has the fields of ``schemas.scores.LocationReport`` or ``RegionReport``. ``ranked`` and
    ``unranked`` are score rows of the locations of a region: the ranked ones best first, the others by code.
    ``is_mixed`` is whether none is ranked because the visits use different checklists.
    ``questions`` are those of ``figures`` that lost points, the most points first. ``comments`` have the
    fields of ``schemas.comments.Comment``.
    """

    organization: Organization
    place: str
    period: Period
    figures: Mapping[str, Any]
    checklists: CountedChecklists
    regions: Excerpt[Mapping[str, Any]]
    ranked: Sequence[Mapping[str, Any]]
    unranked: Excerpt[Mapping[str, Any]]
    is_mixed: bool
    sections: Excerpt[Mapping[str, Any]]
    questions: Excerpt[Mapping[str, Any]]
    comments: Excerpt[Mapping[str, Any]]
    photos: Excerpt[VisitPhoto]

    @property
    def is_of_region(self) -> bool:
        """Whether the report is of a region."""
        return "region" in self.figures

    @cached_property
    def checklist_titles(self) -> Mapping[str, Text]:
        """The title of each checklist that counts, by key."""
        return {version.document.key: version.document.title for version in self.checklists.latest}

    def get_question(self, checklist: str, key: str) -> Question:
        """Return a question by the keys of its checklist and of itself, in its newest wording."""
        version = next(version for version in self.checklists.latest if version.document.key == checklist)
        question = self.checklists.get_wording(Subject(version, "question", key)).question
        assert question is not None
        return question


#: The steps in which a report is written, each of which calls ``on_step``
STEPS = 4


def read_content(session: Session, actor: Actor, order: ReportOrder, on_step: Callable[[], None]) -> Content:
    """Read the content of a report, in the session's snapshot. Calls ``on_step`` three times.

    Raises REGION_NOT_FOUND, LOCATION_NOT_FOUND and CHECKLIST_NOT_FOUND if the actor may not see them.
    """
    period = order.period
    checklists = get_counted_checklists(session, actor, order.checklist)
    if order.region_id is not None:
        place = places.get_region(session, actor, order.region_id)
        figures = reports.get_region_report(session, actor, place, period, order.checklist).figures
    else:
        assert order.location_id is not None
        place = places.get_location(session, actor, order.location_id)
        figures = reports.get_location_report(session, actor, place, period, order.checklist)
    rows = [] if order.region_id is None else _list_locations(session, actor, order, period)
    on_step()
    filters = (period, order.region_id, order.location_id, order.checklist)
    comments = _read_comments(session, actor, CommentQuery(*filters))
    on_step()
    photos = Excerpt(*list_latest_photos(session, actor, PhotoQuery(*filters), limit=MAX_PHOTOS))
    on_step()
    ranked = [row for row in rows if row["rank"] is not None]
    unranked = sorted((row for row in rows if row["rank"] is None), key=lambda row: row["location"]["code"])
    return Content(
        organization=session.get_one(Organization, actor.organization_id),
        place=place.name,
        period=period,
        figures=figures,
        checklists=checklists,
        regions=_take([row for row in figures.get("children", ()) if "region" in row], MAX_PLACES),
        ranked=ranked,
        unranked=_take(unranked, MAX_PLACES),
        is_mixed=not ranked and any(not row["indicative"] for row in unranked),
        sections=_take(figures["sections"], MAX_SECTIONS),
        questions=_take(_sort_by_points_lost(figures["questions"]), MAX_QUESTIONS),
        comments=comments,
        photos=photos,
    )


def _list_locations(
    session: Session, actor: Actor, order: ReportOrder, period: Period
) -> list[Mapping[str, Any]]:
    query = RowQuery(
        by=("location",),
        period=period,
        region_id=order.region_id,
        checklist=order.checklist,
        sort="-score",
    )
    return list(tables.list_rows(session, actor, query, _ROW_FIELDS, None, None).items)


def _read_comments(session: Session, actor: Actor, query: CommentQuery) -> Excerpt[Mapping[str, Any]]:
    latest = list_comments(session, actor, query, MAX_COMMENTS, None)
    return Excerpt(latest.items, count_comments(session, actor, query))


def _sort_by_points_lost(questions: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the questions that lost points, the most points first. Equal ones keep their order."""
    lost = [question for question in questions if count_points_lost(question)]
    return sorted(lost, key=count_points_lost, reverse=True)


def count_points_lost(figures: Mapping[str, Any]) -> int:
    """Return the points that were possible and not earned."""
    lost: int = figures["points_possible"] - figures["points_earned"]
    return lost


def _take(items: Sequence[Item], limit: int) -> Excerpt[Item]:
    return Excerpt(items[:limit], len(items))
