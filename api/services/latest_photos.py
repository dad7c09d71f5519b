"""The latest photos of accepted visits, as managers see them."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.checklist import Question
from api.domain.months import Period
from api.models.photos import Photo
from api.models.places import Location
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.accepted_visits import select_accepted_visits
from api.services.checklists import get_version

_ROWS_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True)
class VisitPhoto:
    """A stored photo of an accepted visit. ``question`` is None if it shows that the store was closed."""

    day: date
    part_of_day: str | None
    location: str
    question: Question | None
    thumbnail_key: str


def list_latest_photos(
    session: Session,
    actor: Actor,
    period: Period,
    region_id: uuid.UUID | None,
    location_id: uuid.UUID | None,
    checklist_key: str | None,
    *,
    limit: int,
) -> tuple[list[VisitPhoto], int]:
    """Return the latest ``limit`` photos, newest day first, and how many there are altogether.

    Photos of private questions, and those that the current revision does not name, are not included. Raises
    the same as ``select_accepted_visits``.
    """
    visits = select_accepted_visits(session, actor, period, region_id, location_id, checklist_key)
    photos: list[VisitPhoto] = []
    count = 0
    for row in session.execute(_select_photos(visits)):
        question = _find_question(session, row.checklist_version_id, row.question)
        if str(row.id) not in row.photos or (question is not None and question.private):
            continue
        count += 1
        if len(photos) < limit:
            photos.append(VisitPhoto(row.day, row.part_of_day, row.name, question, row.thumbnail_key))
    return photos, count


def _find_question(session: Session, version_id: uuid.UUID, key: str | None) -> Question | None:
    return None if key is None else get_version(session, version_id).document.by_key[key]


def _select_photos(visits: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        visits.with_only_columns(
            Visit.day,
            Visit.part_of_day,
            Visit.checklist_version_id,
            Submission.photos,
            Location.name,
            Photo.id,
            Photo.question,
            Photo.thumbnail_key,
        )
        .join(Photo, Photo.visit_id == Visit.id)
        .where(Photo.status == "stored")
        .order_by(Photo.id)
        .execution_options(yield_per=_ROWS_AT_A_TIME)
    )
