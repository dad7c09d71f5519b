"""Evidence: the flags of a revision, set as it comes in, and what follows when all of it is there."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain import evidence, visits
from api.domain.evidence import Flag, Position, Times
from api.models import submissions as tables
from api.models.base import now
from api.models.database import insert
from api.models.events import Event
from api.models.photos import Photo
from api.models.places import Location
from api.models.submissions import CommentPrint, Submission
from api.models.visits import Visit
from api.services import reviews
from api.services.checklists import published


def position_of(place: Mapping[str, Any] | Location | None) -> Position | None:
    """Return where a phone, a photo or a location says that it is, if it says so."""
    if place is None:
        return None
    if isinstance(place, Location):
        if place.latitude is None or place.longitude is None:
            return None
        return Position(place.latitude, place.longitude)
    return Position(place["latitude"], place["longitude"], place.get("accuracy_m") or 0.0)


def comments_seen_before(session: Session, visit: Visit, comments: Iterable[str]) -> list[Flag]:
    """Remember long comments, and flag the visit if another one had one of them first."""
    prints = sorted(hashlib.sha256(comment.encode()).digest() for comment in comments)
    if not prints:
        return []
    # Of two visits that send the same comment at once, the second waits here and then sees the first.
    session.connection().execute(
        insert(session, CommentPrint).on_conflict_do_nothing(),
        [{"organization_id": visit.organization_id, "print": each, "visit_id": visit.id} for each in prints],
    )
    first = session.scalar(
        select(CommentPrint.visit_id).where(
            CommentPrint.organization_id == visit.organization_id,
            CommentPrint.print.in_(prints),
            CommentPrint.visit_id != visit.id,
        )
    )
    if first is None:
        return []
    return [Flag("comment-seen-before", "The same comment is in another visit.", other_visit_id=first)]


def flags_of_photos(
    session: Session, visit: Visit, submission: Submission, photos: Iterable[Photo]
) -> list[Flag]:
    """Return the flags of stored photos that a revision names."""
    location = session.scalars(select(Location).where(Location.id == visit.location_id)).one()
    channel = published(session, visit.checklist_version_id).document.channel
    assert visit.started_at is not None
    assert visit.finished_at is not None
    times = Times(visit.started_at, visit.finished_at, timedelta(seconds=submission.clock_shift), None)
    return [
        flag
        for photo in photos
        for flag in evidence.photo_flags(
            photo.id,
            times=times,
            channel=channel,
            taken_at=photo.taken_at,
            position=position_of(photo.position),
            location=position_of(location),
            seen_in_visit_id=photo.seen_in_visit_id,
        )
    ]


def add_flags(session: Session, visit: Visit, flags: Iterable[Flag]) -> None:
    """Keep the flags of a visit's latest revision."""
    session.add_all(
        tables.Flag(
            visit_id=visit.id,
            revision=visit.revision,
            code=flag.code,
            detail=flag.detail,
            photo_id=flag.photo_id,
            other_visit_id=flag.other_visit_id,
        )
        for flag in flags
    )
    session.flush()


def photos_of(session: Session, visit_id: uuid.UUID, photo_ids: Iterable[str]) -> list[Photo]:
    """Return those of the named photos that were declared."""
    ids = [uuid.UUID(photo_id) for photo_id in photo_ids]
    if not ids:
        return []
    return list(session.scalars(select(Photo).where(Photo.visit_id == visit_id, Photo.id.in_(ids))))


def photo_arrived(session: Session, visit: Visit, photo: Photo, accept_every_minutes: int) -> None:
    """Take note of a photo that was just stored: its flags, and the visit's evidence if it was the last."""
    if not visit.revision:
        return
    submission = session.get_one(Submission, (visit.id, visit.revision))
    if str(photo.id) not in submission.photos:
        return
    add_flags(session, visit, flags_of_photos(session, visit, submission, [photo]))
    photos = photos_of(session, visit.id, submission.photos)
    stored = sum(each.status == "stored" for each in photos)
    if stored == len(submission.photos) and visit.status == "submitted" and visit.waiting_since is None:
        complete(session, visit, submission, accept_every_minutes)


def complete(session: Session, visit: Visit, submission: Submission, accept_every_minutes: int) -> None:
    """Accept a visit whose evidence is all there, at once or with its period, or put it before a reviewer."""
    version = published(session, visit.checklist_version_id)
    flagged = session.scalar(
        select(tables.Flag.number)
        .where(tables.Flag.visit_id == visit.id, tables.Flag.revision == visit.revision)
        .limit(1)
    )
    if flagged is not None or version.document.review == "manual":
        visit.waiting_since = submission.received_at
    elif accept_every_minutes == 0:
        reviews.accept_by_itself(session, visit)
    else:
        session.add(
            Event(
                kind=visits.ACCEPTANCE_DUE,
                visit_id=visit.id,
                revision=visit.revision,
                due_at=visits.end_of_period(now(), accept_every_minutes),
            )
        )
    session.flush()


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
    add_flags(session, visit, [Flag("photos-missing", f"{words} still missing after seven days.")])
    visit.waiting_since = submission.received_at
    session.flush()
