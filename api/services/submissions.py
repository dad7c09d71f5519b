"""Submissions: checked and scored before the transaction, stored in it exactly once."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain import answers, evidence, problems, visits
from api.domain.access import Actor
from api.domain.checklist import pointer
from api.domain.evidence import Flag, Times
from api.domain.months import local, month_of
from api.domain.privacy import part_of_day
from api.domain.problems import Fault
from api.domain.scoring import VisitScore, score_visit
from api.models.base import now
from api.models.events import Event
from api.models.places import Location
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services import totals
from api.services.checklists import Published, published
from api.services.evidence import (
    add_flags,
    comments_seen_before,
    complete,
    flags_of_photos,
    photos_of,
    position_of,
)
from api.services.visits import own


@dataclass(frozen=True, slots=True)
class Prepared:
    """A submission that was read, checked and scored, and waits to be stored."""

    visit_id: uuid.UUID
    revision: int
    content: Mapping[str, Any]
    content_sha256: str
    received_at: datetime
    score: VisitScore
    times: Times
    flags: list[Flag]
    comments: set[str]
    photos: list[str]
    local_start: datetime


def stored_receipt(session: Session, visit_id: uuid.UUID, revision: int, content_sha256: str) -> str | None:
    """Return the receipt of a revision that is stored with this content; refuses other content for it."""
    row = session.execute(
        select(Submission.receipt, Submission.content_sha256).where(
            Submission.visit_id == visit_id, Submission.revision == revision
        )
    ).one_or_none()
    if row is None:
        return None
    if row.content_sha256 != content_sha256:
        raise problems.SUBMISSION_CONFLICT()
    return row.receipt


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
    visit = own(session, actor, visit_id)
    content_sha256 = hashlib.sha256(rfc8785.dumps(_with_safe_numbers(content))).hexdigest()
    revision = body["revision"]
    receipt = stored_receipt(session, visit.id, revision, content_sha256)
    if receipt is not None:
        return receipt
    _check_revision(visit, revision)
    version = published(session, visit.checklist_version_id)
    _check_answers(version, content)

    location = session.scalars(select(Location).where(Location.id == visit.location_id)).one()
    times = evidence.corrected(body["started_at"], body["finished_at"], device_time, received_at)
    checklist = version.document
    answered = sum(
        answers.is_answered(checklist.question(key), answer) for key, answer in content["answers"].items()
    )
    flags = [
        *([times.flag] if times.flag else []),
        *evidence.timing_flags(times, visit.opens_at, visit.closes_at),
        *evidence.position_flags(
            checklist.channel, position_of(content.get("position")), position_of(location)
        ),
        *evidence.pace_flags(body["started_at"], body["finished_at"], answered),
    ]
    return Prepared(
        visit_id=visit.id,
        revision=revision,
        content=content,
        content_sha256=content_sha256,
        received_at=received_at,
        score=score_visit(checklist, content["answers"]),
        times=times,
        flags=flags,
        comments=evidence.long_comments(checklist, content),
        photos=answers.expected_photos(content["answers"]),
        local_start=local(times.started_at, location.time_zone),
    )


def store(session: Session, actor: Actor, prepared: Prepared, accept_every_minutes: int) -> tuple[str, bool]:
    """Store a revision with its flags and, if its evidence is all there, what follows from it.

    Returns the receipt and whether it is a new one: of the same submission sent many times at once, one is.
    """
    visit = own(session, actor, prepared.visit_id, lock=True)
    receipt = stored_receipt(session, visit.id, prepared.revision, prepared.content_sha256)
    if receipt is not None:
        return receipt, False
    _check_revision(visit, prepared.revision)
    flags = list(prepared.flags)
    if visit.status in ("cancelled", "declined"):
        flags.append(Flag("cancelled", f"The visit was {visit.status} before its answers came."))
    submission = Submission(
        visit_id=visit.id,
        revision=prepared.revision,
        content=dict(prepared.content),
        content_sha256=prepared.content_sha256,
        receipt=_receipt(prepared),
        photos=prepared.photos,
        result=totals.result_of(prepared.score),
        clock_shift=prepared.times.shift.total_seconds(),
        received_at=prepared.received_at,
    )
    session.add(submission)
    visit.status = "submitted"
    visit.revision = prepared.revision
    visit.return_reason = visit.question_reasons = None
    visit.started_at, visit.finished_at = prepared.times.started_at, prepared.times.finished_at
    if prepared.revision == 1:
        visit.day = prepared.local_start.date()
        visit.part_of_day = part_of_day(prepared.local_start)
        visit.month = month_of(visit.day)
    session.flush()

    flags += comments_seen_before(session, visit, prepared.comments)
    photos = photos_of(session, visit.id, prepared.photos)
    _check_photos(prepared, {str(photo.id): photo.question for photo in photos})
    stored = [photo for photo in photos if photo.status == "stored"]
    if stored:
        flags += flags_of_photos(session, visit, submission, stored)
    if flags:
        add_flags(session, visit, flags)
    if len(stored) == len(prepared.photos):
        complete(session, visit, submission, accept_every_minutes)
    else:
        session.add(
            Event(
                kind=visits.PHOTOS_DUE,
                visit_id=visit.id,
                revision=prepared.revision,
                due_at=prepared.received_at + visits.PHOTOS_MAY_TAKE,
            )
        )
        session.flush()
    return submission.receipt, True


def latest(session: Session, visit: Visit) -> Submission:
    """Return the latest revision of a visit that the caller may see."""
    submission = session.get(Submission, (visit.id, visit.revision))
    if submission is None:
        raise problems.SUBMISSION_NOT_FOUND()
    return submission


def _with_safe_numbers(value: Any) -> Any:
    """Return JSON in which ±2⁵³ is a float: rfc8785 refuses it as an integer, and writes it the same."""
    if isinstance(value, Mapping):
        return {key: _with_safe_numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_safe_numbers(each) for each in value]
    return float(value) if type(value) is int and abs(value) == answers.MAX_NUMBER else value


def _receipt(prepared: Prepared) -> str:
    return json.dumps(
        {
            "visit_id": str(prepared.visit_id),
            "revision": prepared.revision,
            "received_at": prepared.received_at.isoformat().replace("+00:00", "Z"),
            "content_sha256": prepared.content_sha256,
            "photos": prepared.photos,
        }
    )


def _check_revision(visit: Visit, revision: int) -> None:
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
