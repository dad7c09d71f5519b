"""Submissions: checked and scored before the transaction, stored in it exactly once."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, insert, select
from sqlalchemy.orm import Session

from api.domain import answers, evidence, problems, visits
from api.domain.access import SHOPPER, Actor
from api.domain.evidence import Flag, Position, Times
from api.domain.months import local, month_of
from api.domain.privacy import part_of_day
from api.domain.problems import Fault
from api.domain.scoring import VisitScore, score_visit
from api.domain.times import utc_text
from api.models import submissions as tables
from api.models.base import now
from api.models.places import Location
from api.models.statements import Row, Runner, Statement, row, rows, together
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services import totals, visibility
from api.services.canonical import canonical
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

    visit: Row
    revision: int
    content: Mapping[str, Any]
    content_sha256: str
    receipt: str
    received_at: datetime
    version: Published
    score: VisitScore
    outcome: str
    times: Times
    flags: list[Flag]
    comments: Mapping[str, str | None]
    photos: list[str]
    commented: list[str | None]
    location: Position | None
    local_start: datetime


#: a visit of the sender's own with its location, and the revision in question if that is stored
_VISIT = Statement(
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
    .where(Visit.id == bindparam("visit_id"), visibility.own_visits(visibility.anyone(SHOPPER)))
)
_HOLD = Statement(
    select(Visit.status, Visit.revision).where(Visit.id == bindparam("visit_id")).with_for_update()
)


def _visit(on: Runner, actor: Actor, visit_id: uuid.UUID, revision: int) -> Row:
    visit: Row | None = row(on, _VISIT, visit_id=visit_id, revision=revision, **visibility.whose(actor))
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
    content_sha256 = hashlib.sha256(canonical(content)).hexdigest()
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
    photos = answers.expected_photos(content["answers"], content.get("photos") or ())
    outcome = visits.outcome_of(content)
    return Prepared(
        visit=visit,
        revision=revision,
        content=content,
        content_sha256=content_sha256,
        receipt=_receipt(visit.id, revision, received_at, content_sha256, photos),
        received_at=received_at,
        version=version,
        score=score_visit(checklist, content["answers"], outcome),
        outcome=outcome,
        times=times,
        flags=[
            *evidence.outcome_flags(outcome),
            *([times.flag] if times.flag else []),
            *evidence.timing_flags(times, visit.opens_at, visit.closes_at),
            *evidence.position_flags(checklist.channel, position_of(content.get("position")), location),
            *evidence.pace_flags(body["started_at"], body["finished_at"], answered),
        ],
        comments=evidence.long_comments(checklist, content),
        photos=photos,
        commented=answers.commented(checklist, content),
        location=location,
        local_start=local(times.started_at, visit.time_zone),
    )


_STORE = Statement(insert(Submission))


def store(on: Runner, actor: Actor, prepared: Prepared, accept_every_minutes: int) -> tuple[str, bool]:
    """Store a revision with its flags and, if its evidence is all there, what follows from it.

    Returns the receipt and whether it is a new one: of the same submission sent many times at once, one is.
    """
    visit = prepared.visit
    held = row(on, _HOLD, visit_id=visit.id)
    if held != (visit.status, visit.revision):  # it changed since it was read
        visit = _visit(on, actor, visit.id, prepared.revision)
        if visit.receipt is not None:
            return _same_receipt(visit, prepared.content_sha256), False
        _check_revision(visit, prepared.revision)
    photos = photos_of(on, visit.id, prepared.photos)
    _check_photos(prepared, {str(photo.id): photo.question for photo in photos})
    stored = [photo for photo in photos if photo.status == "stored"]
    flags = [
        *prepared.flags,
        *_called_off(on, visit, prepared.revision),
        *comments_seen_before(on, visit.organization_id, visit.id, prepared.comments),
        *flags_of_photos(stored, prepared.times, prepared.version.document.channel, prepared.location),
    ]
    flagged = bool(flags) or (prepared.revision > 1 and has_flags(on, visit.id))
    changes = {
        "status": "submitted",
        "revision": prepared.revision,
        "return_reason": None,
        "question_reasons": None,
        "started_at": prepared.times.started_at,
        "finished_at": prepared.times.finished_at,
        **(_when(prepared.local_start) if prepared.revision == 1 else {}),
    }
    with together(on):
        rows(
            on,
            _STORE,
            visit_id=visit.id,
            revision=prepared.revision,
            content=prepared.content,
            outcome=prepared.outcome,
            content_sha256=prepared.content_sha256,
            receipt=prepared.receipt,
            photos=prepared.photos,
            commented=prepared.commented,
            result=totals.result_of(prepared.score),
            clock_shift=prepared.times.shift.total_seconds(),
            received_at=prepared.received_at,
        )
        add_flags(on, visit.id, prepared.revision, flags)
        if len(stored) < len(prepared.photos):
            change(on, visit.id, **changes)
            due_at = prepared.received_at + visits.PHOTOS_MAY_TAKE
            add_event(on, visits.PHOTOS_DUE, visit.id, prepared.revision, due_at)
        else:
            complete(
                on,
                Case(
                    visit_id=visit.id,
                    revision=prepared.revision,
                    version=prepared.version,
                    location_number=visit.number,
                    month=changes.get("month", visit.month),
                    outcome=prepared.outcome,
                    score=prepared.score,
                ),
                flagged=flagged,
                submitted_at=prepared.received_at,
                accept_every_minutes=accept_every_minutes,
                changes=changes,
            )
    return prepared.receipt, True


def _when(local_start: datetime) -> dict[str, Any]:
    """Return what a visit's first revision fixes for good of when it was made."""
    day = local_start.date()
    return {"day": day, "part_of_day": part_of_day(local_start), "month": month_of(day)}


def _called_off(on: Runner, visit: Row, revision: int) -> list[Flag]:
    """Return the flag of a visit that was called off before its answers came; each revision has it again."""
    if visit.status in ("cancelled", "declined"):
        return [Flag("cancelled", f"The visit was {visit.status} before its answers came.")]
    if revision == 1:
        return []
    before = rows(on, _CALLED_OFF, visit_id=visit.id, revision=revision - 1)
    return [Flag("cancelled", flag.detail) for flag in before]


_CALLED_OFF = Statement(
    select(tables.Flag.detail).where(
        tables.Flag.visit_id == bindparam("visit_id"),
        tables.Flag.revision == bindparam("revision"),
        tables.Flag.code == "cancelled",
    )
)


def latest(session: Session, visit: Visit) -> Submission:
    """Return the latest revision of a visit that the caller may see."""
    submission = session.get(Submission, (visit.id, visit.revision))
    if submission is None:
        raise problems.SUBMISSION_NOT_FOUND()
    return submission


def _same_receipt(visit: Row, content_sha256: str) -> str:
    """Return the receipt of the stored revision; refuses other content for it."""
    if visit.content_sha256 != content_sha256:
        raise problems.SUBMISSION_CONFLICT()
    receipt: str = visit.receipt
    return receipt


def _receipt(
    visit_id: uuid.UUID, revision: int, received_at: datetime, content_sha256: str, photos: list[str]
) -> str:
    return json.dumps(
        {
            "visit_id": str(visit_id),
            "revision": revision,
            "received_at": utc_text(received_at),
            "content_sha256": content_sha256,
            "photos": photos,
        }
    )


def _check_revision(visit: Row, revision: int) -> None:
    expected = visits.next_revision(visit.status, visit.revision)
    if expected == revision:
        return
    if expected is None:
        raise problems.REVISION_UNEXPECTED(
            f"Revision {visit.revision} is stored, and the visit is {visit.status}: no other is taken now."
        )
    raise problems.REVISION_UNEXPECTED(f"The next revision is {expected}.")


def _check_answers(version: Published, content: Mapping[str, Any]) -> None:
    faults = answers.faults(
        version.document, content["answers"], visits.outcome_of(content), content.get("photos") or ()
    )
    if content["checklist_version"] != version.document.version:
        faults.append(
            Fault("/checklist_version", f"This visit is made by version {version.document.version}.")
        )
    if faults:
        raise problems.INVALID("Some answers have to be mended.", faults=faults)


def _check_photos(prepared: Prepared, declared_for: Mapping[str, str | None]) -> None:
    """Reject a submission that names a photo for another question than the one it was declared for."""
    content = prepared.content
    faults = [
        Fault(at, "This photo was declared for another question.")
        for key, at, photo_id in answers.named_photos(content["answers"], content.get("photos") or ())
        if declared_for.get(photo_id, key) != key
    ]
    if faults:
        raise problems.INVALID(faults=faults)
