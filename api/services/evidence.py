"""Evidence: the flags of a revision, and which of its photos are stored."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.database.lists import among
from api.database.statements import BulkInsert, Query, Writer, fetch_all, fetch_one, insert_rows
from api.domain import evidence, flags
from api.domain.evidence import Position, Times
from api.domain.flags import Flag
from api.models import submissions as tables
from api.models.photos import ARRIVED, Photo
from api.models.places import Location
from api.models.submissions import CommentFingerprint, Submission
from api.models.visits import Visit
from api.services.checklists import get_version


def get_position(position: Mapping[str, Any] | None) -> Position | None:
    """Return the position that a phone or a photo reported (degrees, accuracy in metres), or None."""
    if position is None:
        return None
    return Position(position["latitude"], position["longitude"], position.get("accuracy_m") or 0.0)


def get_location_position(location: Any) -> Position | None:
    """Return the position of a location (a row with ``latitude`` and ``longitude``), or None."""
    if location.latitude is None or location.longitude is None:
        return None
    return Position(location.latitude, location.longitude)


def measure_distance(session: Session, visit: Visit, submission: Submission) -> int | None:
    """Return the metres between a visit's location and where it was sent from, or None if one is unknown."""
    position = get_position(submission.content.get("position"))
    location = session.scalars(select(Location).where(Location.id == visit.location_id)).one()
    location_position = get_location_position(location)
    if position is None or location_position is None:
        return None
    return round(evidence.measure_distance(position, location_position))


_INSERT_FINGERPRINTS = BulkInsert(
    CommentFingerprint,
    ("organization_id", "print", "visit_id", "question"),
    lambda insert: insert.on_conflict_do_nothing(),
)


class _Fingerprint(NamedTuple):
    print: bytes
    visit_id: uuid.UUID
    question: str | None


_FIRST_IN_OTHER_VISIT = Query(
    _Fingerprint,
    select(CommentFingerprint.print, CommentFingerprint.visit_id, CommentFingerprint.question)
    .where(
        CommentFingerprint.organization_id == bindparam("organization_id"),
        among(CommentFingerprint.print, "fingerprints"),
        CommentFingerprint.visit_id != bindparam("visit_id"),
    )
    .order_by(CommentFingerprint.print)
    .limit(1),
)


def flag_comments(
    writer: Writer, organization_id: uuid.UUID, visit_id: uuid.UUID, comments: Mapping[str, str | None]
) -> list[Flag]:
    """Store the fingerprints of long comments, and return a flag if another visit had one of them before.

    ``comments`` maps each comment to its question, or to None for the comment on the whole visit.
    """
    questions = {hashlib.sha256(comment.encode()).digest(): key for comment, key in comments.items()}
    fingerprints = sorted(questions)
    if not fingerprints:
        return []
    # If two visits send the same comment simultaneously, the second waits here and then sees the first.
    insert_rows(
        writer,
        _INSERT_FINGERPRINTS,
        [(organization_id, digest, visit_id, questions[digest]) for digest in fingerprints],
    )
    first = fetch_one(
        writer,
        _FIRST_IN_OTHER_VISIT,
        organization_id=organization_id,
        visit_id=visit_id,
        fingerprints=fingerprints,
    )
    if first is None:
        return []
    return [
        flags.COMMENT_SEEN_BEFORE(
            question=questions[first.print],
            other_visit_id=first.visit_id,
            other_question=first.question,
        )
    ]


def flag_photos(photos: Iterable[Any], times: Times, channel: str, location: Position | None) -> list[Flag]:
    """Return the flags of the stored photos that a revision names."""
    return [
        flag
        for photo in photos
        for flag in evidence.flag_photo(
            photo.id,
            times=times,
            channel=channel,
            taken_at=photo.taken_at,
            position=get_position(photo.position),
            location=location,
            seen_in_visit_id=photo.seen_in_visit_id,
            seen_photo_id=photo.seen_photo_id,
        )
    ]


_FLAG_COLUMNS = ("code", "detail", *flags.FIELDS)
_INSERT_FLAGS = BulkInsert(tables.Flag, ("visit_id", "revision", *_FLAG_COLUMNS))


def add_flags(writer: Writer, visit_id: uuid.UUID, revision: int, raised: Iterable[Flag]) -> None:
    """Store the flags of a revision."""
    insert_rows(
        writer,
        _INSERT_FLAGS,
        [(visit_id, revision, *(getattr(flag, name) for name in _FLAG_COLUMNS)) for flag in raised],
    )


class _FlagNumber(NamedTuple):
    number: int


_ANY_FLAG = Query(
    _FlagNumber, select(tables.Flag.number).where(tables.Flag.visit_id == bindparam("visit_id")).limit(1)
)


def has_flags(writer: Writer, visit_id: uuid.UUID) -> bool:
    """Return whether any revision of a visit was flagged. A correction of it still needs a reviewer."""
    return fetch_one(writer, _ANY_FLAG, visit_id=visit_id) is not None


def has_flag(session: Session, visit_id: uuid.UUID, revision: int, kind: flags.FlagKind) -> bool:
    """Return whether a revision of a visit has a flag of this kind."""
    query = select(tables.Flag.number).where(
        tables.Flag.visit_id == visit_id, tables.Flag.revision == revision, tables.Flag.code == kind.code
    )
    return session.scalar(query.limit(1)) is not None


class _FlagDetail(NamedTuple):
    detail: str


_CANCELLED_DETAIL = Query(
    _FlagDetail,
    select(tables.Flag.detail).where(
        tables.Flag.visit_id == bindparam("visit_id"),
        tables.Flag.revision == bindparam("revision"),
        tables.Flag.code == flags.CANCELLED.code,
    ),
)


def flag_withdrawal(writer: Writer, visit_id: uuid.UUID, status: str, revision: int) -> list[Flag]:
    """Return the flag of a visit that was withdrawn before its answers arrived.

    Every later revision carries the flag of the revision before it.
    """
    if revision == 1:
        return evidence.flag_status(status)
    earlier_flags = fetch_all(writer, _CANCELLED_DETAIL, visit_id=visit_id, revision=revision - 1)
    return [Flag(flags.CANCELLED.code, flag.detail) for flag in earlier_flags]


class DeclaredPhoto(NamedTuple):
    """What flags need of a photo that was declared."""

    id: uuid.UUID
    question: str | None
    is_receipt: bool
    status: str
    taken_at: datetime | None
    position: dict[str, Any] | None
    seen_in_visit_id: uuid.UUID | None
    seen_photo_id: uuid.UUID | None


_PHOTOS = Query(
    DeclaredPhoto,
    select(
        Photo.id,
        Photo.question,
        Photo.is_receipt,
        Photo.status,
        Photo.taken_at,
        Photo.position,
        Photo.seen_in_visit_id,
        Photo.seen_photo_id,
    ).where(Photo.visit_id == bindparam("visit_id"), among(Photo.id, "ids")),
)


def read_photos(writer: Writer, visit_id: uuid.UUID, photo_ids: Iterable[str]) -> list[DeclaredPhoto]:
    """Return the declared photos of a visit that have these IDs."""
    ids = [uuid.UUID(photo_id) for photo_id in photo_ids]
    return fetch_all(writer, _PHOTOS, visit_id=visit_id, ids=ids) if ids else []


def add_photo_flags(session: Session, visit: Visit, submission: Submission, photo: Photo) -> None:
    """Add the flags of a photo that was stored after the submission which names it."""
    location = session.scalars(select(Location).where(Location.id == visit.location_id)).one()
    channel = get_version(session, visit.checklist_version_id).document.channel
    assert visit.started_at is not None
    assert visit.finished_at is not None
    times = Times(visit.started_at, visit.finished_at, timedelta(seconds=submission.clock_shift), None)
    raised = flag_photos([photo], times, channel, get_location_position(location))
    add_flags(session, visit.id, visit.revision, raised)


def count_missing_photos(session: Session, submission: Submission) -> int:
    """Return how many of a submission's photos are not stored."""
    photos = read_photos(session, submission.visit_id, submission.photos)
    return len(submission.photos) - sum(photo.status in ARRIVED for photo in photos)


def is_private_photo(session: Session, visit: Visit, photo: Photo) -> bool:
    """Return whether a photo is hidden from managers: a receipt, or one of a private question."""
    if photo.question is None:
        return photo.is_receipt
    return get_version(session, visit.checklist_version_id).document.by_key[photo.question].private
