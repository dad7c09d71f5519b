"""Submissions: checked and scored before the transaction, stored in it exactly once."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import BigInteger, Row, and_, bindparam, insert, select
from sqlalchemy.orm import Session

from api.domain import answers, evidence, problems, visits
from api.domain.access import Actor
from api.domain.checklist import pointer
from api.domain.evidence import Flag, Position, Times
from api.domain.months import local, month_of
from api.domain.privacy import part_of_day
from api.domain.problems import Fault
from api.domain.scoring import VisitScore, score_visit
from api.domain.times import utc_text
from api.models import submissions as tables
from api.models.base import now
from api.models.database import rows
from api.models.places import Location
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services import totals, visibility
from api.services.checklists import Published, published
from api.services.evidence import (
    add_event,
    add_flags,
    comments_seen_before,
    complete,
    flags_of_photos,
    has_flags,
    photos_of,
    position_of,
    position_of_location,
)
from api.services.reviews import Case
from api.services.visits import change


@dataclass(frozen=True, slots=True)
class Prepared:
    """A submission that was read, checked and scored, and waits to be stored."""

    visit_id: uuid.UUID
    revision: int
    content: Mapping[str, Any]
    content_sha256: str
    received_at: datetime
    version: Published
    score: VisitScore
    times: Times
    flags: list[Flag]
    comments: set[str]
    photos: list[str]
    location: Position | None
    local_start: datetime


#: a visit of the sender's own with its location, and the revision in question if that is stored
_VISIT = (
    select(
        Visit.id,
        Visit.organization_id,
        Visit.checklist_version_id,
        Visit.status,
        Visit.opens_at,
        Visit.closes_at,
        Visit.revision,
        Visit.month,
        Location.number,
        Location.time_zone,
        Location.latitude,
        Location.longitude,
        Submission.receipt,
        Submission.content_sha256,
    )
    .join(Location, Location.id == Visit.location_id)
    .outerjoin(
        Submission,
        and_(Submission.visit_id == Visit.id, Submission.revision == bindparam("revision", type_=BigInteger)),
    )
    .where(Visit.id == bindparam("visit_id"), visibility.OWN_VISITS)
)
_LOCK = select(Visit.id).where(Visit.id == bindparam("visit_id")).with_for_update()


def _visit(session: Session, actor: Actor, visit_id: uuid.UUID, revision: int) -> Row[Any]:
    visit = rows(
        session, _VISIT, visit_id=visit_id, revision=revision, **visibility.whose(actor)
    ).one_or_none()
    if visit is None:
        raise problems.VISIT_NOT_FOUND()
    return visit


def prepare(
    session: Session,
    actor: Actor,
    visit_id: uuid.UUID,
    content: Mapping[str, Any],
    body: Mapping[str, Any],
    device_time: datetime | None,
    received_at: datetime | None = None,
) -> Prepared | str:
    """Check and score a submission, or return the receipt if it is stored already.

    ``content`` is the JSON as it came, ``body`` the same with its times read. Refuses what the shopper can
    mend, with pointers; what he cannot becomes a flag. It is received now, unless the demo says otherwise.
    """
    received_at = received_at or now()
    content_sha256 = hashlib.sha256(_canonical(content)).hexdigest()
    revision = body["revision"]
    visit = _visit(session, actor, visit_id, revision)
    if visit.receipt is not None:
        return _same_receipt(visit, content_sha256)
    _check_revision(visit, revision)
    version = published(session, visit.checklist_version_id)
    _check_answers(version, content)

    checklist, location = version.document, position_of_location(visit)
    times = evidence.corrected(body["started_at"], body["finished_at"], device_time, received_at)
    answered = sum(
        answers.is_answered(checklist.question(key), answer) for key, answer in content["answers"].items()
    )
    return Prepared(
        visit_id=visit.id,
        revision=revision,
        content=content,
        content_sha256=content_sha256,
        received_at=received_at,
        version=version,
        score=score_visit(checklist, content["answers"]),
        times=times,
        flags=[
            *([times.flag] if times.flag else []),
            *evidence.timing_flags(times, visit.opens_at, visit.closes_at),
            *evidence.position_flags(checklist.channel, position_of(content.get("position")), location),
            *evidence.pace_flags(body["started_at"], body["finished_at"], answered),
        ],
        comments=evidence.long_comments(checklist, content),
        photos=answers.expected_photos(content["answers"]),
        location=location,
        local_start=local(times.started_at, visit.time_zone),
    )


_STORE = insert(Submission)


def store(session: Session, actor: Actor, prepared: Prepared, accept_every_minutes: int) -> tuple[str, bool]:
    """Store a revision with its flags and, if its evidence is all there, what follows from it.

    Returns the receipt and whether it is a new one: of the same submission sent many times at once, one is.
    """
    # The lock first, in a statement of its own: PostgreSQL's next one then sees what it waited for.
    rows(session, _LOCK, visit_id=prepared.visit_id)
    visit = _visit(session, actor, prepared.visit_id, prepared.revision)
    if visit.receipt is not None:
        return _same_receipt(visit, prepared.content_sha256), False
    _check_revision(visit, prepared.revision)
    receipt = _receipt(prepared)
    rows(
        session,
        _STORE,
        visit_id=visit.id,
        revision=prepared.revision,
        content=prepared.content,
        content_sha256=prepared.content_sha256,
        receipt=receipt,
        photos=prepared.photos,
        result=totals.result_of(prepared.score),
        clock_shift=prepared.times.shift.total_seconds(),
        received_at=prepared.received_at,
    )
    when = _when(prepared.local_start) if prepared.revision == 1 else {}
    change(
        session,
        visit.id,
        status="submitted",
        revision=prepared.revision,
        return_reason=None,
        question_reasons=None,
        started_at=prepared.times.started_at,
        finished_at=prepared.times.finished_at,
        **when,
    )
    photos = photos_of(session, visit.id, prepared.photos)
    _check_photos(prepared, {str(photo.id): photo.question for photo in photos})
    stored = [photo for photo in photos if photo.status == "stored"]
    flags = [
        *prepared.flags,
        *_called_off(session, visit, prepared.revision),
        *comments_seen_before(session, visit.organization_id, visit.id, prepared.comments),
        *flags_of_photos(stored, prepared.times, prepared.version.document.channel, prepared.location),
    ]
    if flags:
        add_flags(session, visit.id, prepared.revision, flags)
    if len(stored) < len(prepared.photos):
        due_at = prepared.received_at + visits.PHOTOS_MAY_TAKE
        add_event(session, visits.PHOTOS_DUE, visit.id, prepared.revision, due_at)
    else:
        complete(
            session,
            Case(
                visit_id=visit.id,
                revision=prepared.revision,
                version=prepared.version,
                location_number=visit.number,
                month=when.get("month", visit.month),
                score=prepared.score,
            ),
            flagged=bool(flags) or (prepared.revision > 1 and has_flags(session, visit.id)),
            submitted_at=prepared.received_at,
            accept_every_minutes=accept_every_minutes,
        )
    return receipt, True


def _when(local_start: datetime) -> dict[str, Any]:
    """Return what a visit's first revision fixes for good of when it was made."""
    day = local_start.date()
    return {"day": day, "part_of_day": part_of_day(local_start), "month": month_of(day)}


def _called_off(session: Session, visit: Row[Any], revision: int) -> list[Flag]:
    """Return the flag of a visit that was called off before its answers came; each revision has it again."""
    if visit.status in ("cancelled", "declined"):
        return [Flag("cancelled", f"The visit was {visit.status} before its answers came.")]
    if revision == 1:
        return []
    before = select(tables.Flag.detail).where(
        tables.Flag.visit_id == visit.id,
        tables.Flag.revision == revision - 1,
        tables.Flag.code == "cancelled",
    )
    return [Flag("cancelled", detail) for detail in session.scalars(before)]


def latest(session: Session, visit: Visit) -> Submission:
    """Return the latest revision of a visit that the caller may see."""
    submission = session.get(Submission, (visit.id, visit.revision))
    if submission is None:
        raise problems.SUBMISSION_NOT_FOUND()
    return submission


def _same_receipt(visit: Row[Any], content_sha256: str) -> str:
    """Return the receipt of the stored revision; refuses other content for it."""
    if visit.content_sha256 != content_sha256:
        raise problems.SUBMISSION_CONFLICT()
    receipt: str = visit.receipt
    return receipt


def _canonical(content: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON (RFC 8785) of a submission."""
    try:
        return rfc8785.dumps(content)
    except rfc8785.IntegerDomainError:
        return rfc8785.dumps(_with_floats(content))


def _with_floats(value: Any) -> Any:
    """Return JSON in which ±2⁵³ is a float: rfc8785 refuses it as an integer, and writes it the same."""
    if isinstance(value, Mapping):
        return {key: _with_floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_floats(each) for each in value]
    return float(value) if type(value) is int and abs(value) == answers.MAX_NUMBER else value


def _receipt(prepared: Prepared) -> str:
    return json.dumps(
        {
            "visit_id": str(prepared.visit_id),
            "revision": prepared.revision,
            "received_at": utc_text(prepared.received_at),
            "content_sha256": prepared.content_sha256,
            "photos": prepared.photos,
        }
    )


def _check_revision(visit: Row[Any], revision: int) -> None:
    expected = visits.next_revision(visit.status, visit.revision)
    if expected == revision:
        return
    if expected is None:
        raise problems.REVISION_UNEXPECTED(
            f"Revision {visit.revision} is stored, and the visit is {visit.status}: no other is taken now."
        )
    raise problems.REVISION_UNEXPECTED(f"The next revision is {expected}.")


def _check_answers(version: Published, content: Mapping[str, Any]) -> None:
    faults = answers.faults(version.document, content["answers"])
    if content["checklist_version"] != version.document.version:
        faults.append(
            Fault("/checklist_version", f"This visit is made by version {version.document.version}.")
        )
    if faults:
        raise problems.INVALID("Some answers have to be mended.", faults=faults)


def _check_photos(prepared: Prepared, declared_for: Mapping[str, str]) -> None:
    """Refuse answers that name a photo which was declared for another question."""
    faults = []
    for key, answer in prepared.content["answers"].items():
        for index, photo_id in enumerate(answer.get("photos") or ()):
            if declared_for.get(photo_id, key) != key:
                faults.append(
                    Fault(
                        pointer("answers", key, "photos", index),
                        "This photo was declared for another question.",
                    )
                )
    if faults:
        raise problems.INVALID(faults=faults)
