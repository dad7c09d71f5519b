"""Lists of the photos of accepted visits, as managers see them: the newest day first."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.checklist import Question, Section
from api.domain.months import Period
from api.models.photos import Photo
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.accepted_visits import select_accepted_visits
from api.services.checklists import get_version
from api.services.paging import Page
from api.services.scored_answers import get_scored_answers
from api.services.visit_items import (
    VisitItem,
    VisitRow,
    Visits,
    describe_item,
    describe_whole_visit,
    list_visit_items,
)

_ROWS_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True)
class PhotoQuery:
    """Which photos to return: those of a period, limited to a place, a checklist or a question.

    ``checklist`` and ``question`` are keys.
    """

    period: Period
    region_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    checklist: str | None = None
    question: str | None = None


@dataclass(frozen=True, slots=True)
class VisitPhoto:
    """A stored photo of an accepted visit. ``question`` is None if it shows that the store was closed."""

    day: date
    part_of_day: str | None
    location: str
    question: Question | None
    thumbnail_key: str


def list_photos(session: Session, actor: Actor, query: PhotoQuery, limit: int, cursor: str | None) -> Page:
    """Return a page of photos in the shape of ``schemas.photos.ListedPhoto``, sorted by (day, visit).

    Within a visit, photos are in the order of the checklist and of the answer. Photos of private questions,
    those that the current revision does not name, and those that were removed are not included. A page may be
    short: see ``list_visit_items``.

    Raises REGION_NOT_FOUND, LOCATION_NOT_FOUND, CHECKLIST_NOT_FOUND, and INVALID for a cursor that this
    server did not issue.
    """

    def read_items(rows: Sequence[VisitRow]) -> Iterator[VisitItem]:
        for row, photos in groupby(_read_photos(session, rows), key=attrgetter("row")):
            answers = get_scored_answers(session, row.visit, row.submission, "watched")
            for photo in photos:
                if query.question is None or photo.question_key == query.question:
                    yield VisitItem(row.visit, photo.number, _describe(session, photo, answers))

    return list_visit_items(session, _select_visits(session, actor, query), read_items, limit, cursor)


def list_latest_photos(
    session: Session, actor: Actor, query: PhotoQuery, *, limit: int
) -> tuple[list[VisitPhoto], int]:
    """Return the latest ``limit`` photos, and how many there are altogether.

    ``question`` of the query is ignored. The order, and which photos are included, are those of
    ``list_photos``, whose errors it raises, too.
    """
    visits = _select_visits(session, actor, query).execution_options(yield_per=_ROWS_AT_A_TIME)
    photos: list[VisitPhoto] = []
    count = 0
    with closing(session.execute(visits)) as result:
        for rows in result.partitions():
            for photo in _read_photos(session, [VisitRow(*row) for row in rows]):
                count += 1
                if len(photos) < limit:
                    visit, _, location = photo.row
                    details = (visit.day, visit.part_of_day, location.name, photo.question)
                    photos.append(VisitPhoto(*details, photo.thumbnail_key))
    return photos, count


class _Photo(NamedTuple):
    """A photo with its visit. ``section`` and ``question`` are None if the store was closed."""

    row: VisitRow
    number: int
    id: uuid.UUID
    section: Section | None
    question: Question | None
    thumbnail_key: str

    @property
    def question_key(self) -> str | None:
        return None if self.question is None else self.question.key


def _select_visits(session: Session, actor: Actor, query: PhotoQuery) -> Visits:
    place = (query.region_id, query.location_id)
    visits = select_accepted_visits(session, actor, query.period, *place, query.checklist)
    is_shown = (Photo.status == "stored") & ~Photo.is_receipt
    stored = select(Photo.id).where(Photo.visit_id == Visit.id, is_shown)
    if query.question is not None:
        stored = stored.where(Photo.question == query.question)
    return visits.where(func.json_array_length(Submission.photos) > 0, stored.exists())


def _read_photos(session: Session, rows: Sequence[VisitRow]) -> Iterator[_Photo]:
    """Yield the stored photos of visits that managers may see, in the order of the visits."""
    query = select(Photo.visit_id, Photo.id, Photo.question, Photo.thumbnail_key).where(
        Photo.visit_id.in_([row.visit.id for row in rows]), Photo.status == "stored", ~Photo.is_receipt
    )
    keys = {(visit, photo, question): key for visit, photo, question, key in session.execute(query)}
    for row in rows:
        for number, (photo_id, section, question) in enumerate(_list_named(session, row)):
            key = keys.get((row.visit.id, photo_id, None if question is None else question.key))
            if key is not None:
                yield _Photo(row, number, photo_id, section, question, key)


def _list_named(
    session: Session, row: VisitRow
) -> Iterator[tuple[uuid.UUID, Section | None, Question | None]]:
    """Yield the photos that a revision names, except those of private questions."""
    content = row.submission.content
    for section in get_version(session, row.visit.checklist_version_id).document.sections:
        for question in section.questions:
            answer = content["answers"].get(question.key)
            if answer is not None and not question.private:
                for photo_id in answer.get("photos") or ():
                    yield uuid.UUID(photo_id), section, question
    for photo_id in content.get("photos") or ():
        yield uuid.UUID(photo_id), None, None


def _describe(session: Session, photo: _Photo, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return a photo with its question and answer. ``answers`` are all those of the visit."""
    row, question = photo.row, photo.question
    if question is None:
        return {"id": photo.id, **describe_whole_visit(session, row)}
    return {"id": photo.id, **describe_item(session, row, photo.section, question), **answers[question.key]}
