"""Evidence: the flags of a revision, set as it comes in, and what follows when all of it is there."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from api.domain import evidence, visits
from api.domain.evidence import Flag, Position, Times
from api.models import submissions as tables
from api.models.base import now
from api.models.events import Event
from api.models.photos import Photo
from api.models.places import Location
from api.models.statements import InsertMany, Row, Runner, Statement, among, many, row, rows
from api.models.submissions import CommentPrint, Submission
from api.models.visits import Visit
from api.services import reviews
from api.services.checklists import published
from api.services.visits import change


def position_of(place: Mapping[str, Any] | None) -> Position | None:
    """Return where a phone or a photo says that it was, if it says so."""
    if place is None:
        return None
    return Position(place["latitude"], place["longitude"], place.get("accuracy_m") or 0.0)


def position_of_location(location: Any) -> Position | None:
    """Return where a location (a row with its latitude and longitude) is, if that is known."""
    if location.latitude is None or location.longitude is None:
        return None
    return Position(location.latitude, location.longitude)


def metres_from_location(session: Session, visit: Visit, submission: Submission) -> int | None:
    """Return how far from its location a visit was sent, as far as both positions are known."""
    position = position_of(submission.content.get("position"))
    location = session.scalars(select(Location).where(Location.id == visit.location_id)).one()
    store = position_of_location(location)
    return round(evidence.distance(position, store)) if position and store else None


_REMEMBER = InsertMany(
    CommentPrint,
    ("organization_id", "print", "visit_id", "question"),
    lambda insert: insert.on_conflict_do_nothing(),
)
_IN_ANOTHER = Statement(
    lambda dialect: (
        select(CommentPrint.print, CommentPrint.visit_id, CommentPrint.question)
        .where(
            CommentPrint.organization_id == bindparam("organization_id"),
            among(CommentPrint.print, "prints", dialect),
            CommentPrint.visit_id != bindparam("visit_id"),
        )
        .order_by(CommentPrint.print)
        .limit(1)
    )
)


def comments_seen_before(
    on: Runner, organization_id: uuid.UUID, visit_id: uuid.UUID, comments: Mapping[str, str | None]
) -> list[Flag]:
    """Remember long comments, each with its question, and flag the visit if another had one of them first."""
    questions = {hashlib.sha256(comment.encode()).digest(): key for comment, key in comments.items()}
    prints = sorted(questions)
    if not prints:
        return []
    # Of two visits that send the same comment at once, the second waits here and then sees the first.
    many(on, _REMEMBER, [(organization_id, each, visit_id, questions[each]) for each in prints])
    first = row(on, _IN_ANOTHER, organization_id=organization_id, visit_id=visit_id, prints=prints)
    if first is None:
        return []
    return [
        Flag(
            "comment-seen-before",
            "The same comment is in another visit.",
            question=questions[first.print],
            other_visit_id=first.visit_id,
            other_question=first.question,
        )
    ]


def flags_of_photos(
    photos: Iterable[Any], times: Times, channel: str, location: Position | None
) -> list[Flag]:
    """Return the flags of stored photos that a revision names."""
    return [
        flag
        for photo in photos
        for flag in evidence.photo_flags(
            photo.id,
            times=times,
            channel=channel,
            taken_at=photo.taken_at,
            position=position_of(photo.position),
            location=location,
            seen_in_visit_id=photo.seen_in_visit_id,
            seen_photo_id=photo.seen_photo_id,
        )
    ]


_TOLD = ("code", "detail", "photo_id", "question", "other_visit_id", "other_photo_id", "other_question")
_ADD_FLAGS = InsertMany(tables.Flag, ("visit_id", "revision", *_TOLD))


def add_flags(on: Runner, visit_id: uuid.UUID, revision: int, flags: Iterable[Flag]) -> None:
    """Keep flags of a revision."""
    many(on, _ADD_FLAGS, [(visit_id, revision, *(getattr(flag, name) for name in _TOLD)) for flag in flags])


_ANY_FLAG = Statement(
    select(tables.Flag.number).where(tables.Flag.visit_id == bindparam("visit_id")).limit(1)
)


def has_flags(on: Runner, visit_id: uuid.UUID) -> bool:
    """Say whether any revision of a visit was flagged; mending one does not take the reviewer's look away."""
    return row(on, _ANY_FLAG, visit_id=visit_id) is not None


_PHOTOS = Statement(
    lambda dialect: select(
        Photo.id,
        Photo.question,
        Photo.status,
        Photo.taken_at,
        Photo.position,
        Photo.seen_in_visit_id,
        Photo.seen_photo_id,
    ).where(Photo.visit_id == bindparam("visit_id"), among(Photo.id, "ids", dialect))
)


def photos_of(on: Runner, visit_id: uuid.UUID, photo_ids: Iterable[str]) -> list[Row]:
    """Return those of the named photos that were declared."""
    ids = [uuid.UUID(photo_id) for photo_id in photo_ids]
    return rows(on, _PHOTOS, visit_id=visit_id, ids=ids) if ids else []


def photo_arrived(session: Session, visit: Visit, photo: Photo, accept_every_minutes: int) -> None:
    """Take note of a photo that was just stored: its flags, and the visit's evidence if it was the last."""
    if not visit.revision:
        return
    submission = session.get_one(Submission, (visit.id, visit.revision))
    if str(photo.id) not in submission.photos:
        return
    location = session.scalars(select(Location).where(Location.id == visit.location_id)).one()
    channel = published(session, visit.checklist_version_id).document.channel
    assert visit.started_at is not None
    assert visit.finished_at is not None
    times = Times(visit.started_at, visit.finished_at, timedelta(seconds=submission.clock_shift), None)
    flags = flags_of_photos([photo], times, channel, position_of_location(location))
    add_flags(session, visit.id, visit.revision, flags)
    photos = photos_of(session, visit.id, submission.photos)
    stored = sum(each.status == "stored" for each in photos)
    if stored == len(submission.photos) and visit.status == "submitted" and visit.waiting_since is None:
        complete(
            session,
            reviews.case_of(session, visit),
            flagged=has_flags(session, visit.id),
            submitted_at=submission.received_at,
            accept_every_minutes=accept_every_minutes,
        )


_NEW_EVENT = Statement(insert(Event))


def complete(
    on: Runner,
    case: reviews.Case,
    *,
    flagged: bool,
    submitted_at: datetime,
    accept_every_minutes: int,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Accept a visit whose evidence is all there, at once or with its period, or put it before a reviewer.

    ``changes`` are columns of the visit that change with it.
    """
    changes = changes or {}
    if flagged or case.version.document.review == "manual":
        change(on, case.visit_id, **changes, waiting_since=submitted_at)
    elif accept_every_minutes == 0:
        reviews.accept_by_itself(on, case, changes)
    else:
        if changes:
            change(on, case.visit_id, **changes)
        due_at = visits.end_of_period(now(), accept_every_minutes)
        add_event(on, visits.ACCEPTANCE_DUE, case.visit_id, case.revision, due_at)


def add_event(on: Runner, kind: str, visit_id: uuid.UUID, revision: int, due_at: datetime) -> None:
    """Leave the worker something to do about a revision."""
    rows(
        on,
        _NEW_EVENT,
        id=uuid.uuid4(),
        kind=kind,
        visit_id=visit_id,
        revision=revision,
        due_at=due_at,
        attempts=0,
        created_at=now(),
    )


def photos_overdue(session: Session, visit: Visit, revision: int) -> None:
    """Flag a revision whose photos have not come in seven days, and put it before a reviewer."""
    if visit.revision != revision or visit.status != "submitted" or visit.waiting_since is not None:
        return
    submission = session.get_one(Submission, (visit.id, revision))
    photos = photos_of(session, visit.id, submission.photos)
    missing = len(submission.photos) - sum(photo.status == "stored" for photo in photos)
    if not missing:
        return
    words = "1 photo is" if missing == 1 else f"{missing} photos are"
    add_flags(
        session, visit.id, revision, [Flag("photos-missing", f"{words} still missing after seven days.")]
    )
    visit.waiting_since = submission.received_at
    session.flush()
