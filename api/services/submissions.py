"""Submissions: checked and scored before the write transaction, then stored exactly once."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, and_, bindparam, insert, select
from sqlalchemy.orm import Session

from api.database.statements import Command, Query, Runner, Writer, execute, fetch_one, pipeline
from api.domain import answers, evidence, problems, visits
from api.domain.access import SHOPPER, Actor
from api.domain.checklist import Checklist
from api.domain.evidence import Position, Times
from api.domain.flags import Flag
from api.domain.months import get_month, to_local_time
from api.domain.privacy import get_part_of_day
from api.domain.problems import FieldError
from api.domain.scoring import VisitScore, score_visit
from api.domain.times import format_utc
from api.models.base import now
from api.models.organizations import Organization
from api.models.photos import ARRIVED
from api.models.places import Location
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services import outcomes, visibility
from api.services.canonical_json import canonicalize
from api.services.checklists import PublishedVersion, get_version
from api.services.evidence import (
    DeclaredPhoto,
    add_flags,
    flag_comments,
    flag_photos,
    flag_withdrawal,
    get_location_position,
    get_position,
    has_flags,
    read_photos,
)
from api.services.scores.results import score_to_json


class VisitToSubmit(NamedTuple):
    """A visit of the shopper with its location, and the receipt of the revision if it is stored already."""

    id: uuid.UUID
    organization_id: uuid.UUID
    checklist_version_id: uuid.UUID
    status: str
    opens_at: datetime
    closes_at: datetime
    revision: int
    day: date
    currency: str | None
    location_id: uuid.UUID
    number: int
    code: str
    time_zone: str
    latitude: float | None
    longitude: float | None
    accept_every_minutes: int | None
    receipt: str | None
    content_sha256: str | None


@dataclass(frozen=True, slots=True)
class PreparedSubmission:
    """A submission that was checked and scored, and is ready to be stored.

    ``receipt`` is the JSON of the response. ``flags`` are those that follow from the submission alone,
    ``comments`` maps long comments to their questions, ``photos`` are the IDs that it names, and
    ``commented`` the keys of questions with a comment (None for the comment on the whole visit).
    """

    visit: VisitToSubmit
    revision: int
    content: Mapping[str, Any]
    content_sha256: str
    receipt: str
    received_at: datetime
    version: PublishedVersion
    score: VisitScore
    outcome: str
    times: Times
    flags: list[Flag]
    comments: Mapping[str, str | None]
    photos: list[str]
    commented: list[str | None]
    location: Position | None
    local_start: datetime


_VISIT = Query(
    VisitToSubmit,
    select(
        Visit.id,
        Visit.organization_id,
        Visit.checklist_version_id,
        Visit.status,
        Visit.opens_at,
        Visit.closes_at,
        Visit.revision,
        Visit.day,
        Visit.currency,
        Visit.location_id,
        Location.number,
        Location.code,
        Location.time_zone,
        Location.latitude,
        Location.longitude,
        Organization.accept_every_minutes,
        Submission.receipt,
        Submission.content_sha256,
    )
    .join(Location, Location.id == Visit.location_id)
    .join(Organization, Organization.id == Visit.organization_id)
    .outerjoin(
        Submission,
        and_(Submission.visit_id == Visit.id, Submission.revision == bindparam("revision", type_=BigInteger)),
    )
    .where(Visit.id == bindparam("visit_id"), visibility.own_visits(visibility.parametrized_actor(SHOPPER))),
)


class _LockedVisit(NamedTuple):
    shopper_id: uuid.UUID
    status: str
    revision: int


_LOCK_VISIT = Query(
    _LockedVisit,
    select(Visit.shopper_id, Visit.status, Visit.revision)
    .where(Visit.id == bindparam("visit_id"))
    .with_for_update(),
)


def _read_visit(runner: Runner, actor: Actor, visit_id: uuid.UUID, revision: int) -> VisitToSubmit:
    visit = fetch_one(
        runner, _VISIT, visit_id=visit_id, revision=revision, **visibility.actor_parameters(actor)
    )
    if visit is None:
        raise problems.VISIT_NOT_FOUND()
    return visit


def prepare(
    runner: Runner,
    actor: Actor,
    visit_id: uuid.UUID,
    content: Mapping[str, Any],
    body: Mapping[str, Any],
    device_time: datetime | None,
    received_at: datetime | None = None,
) -> PreparedSubmission | str:
    """Check and score a submission, or return its receipt if it is stored already.

    ``content`` is the JSON as it was sent, ``body`` the same with its times parsed. Errors that the shopper
    can correct are rejected, with pointers; everything else is flagged. ``received_at`` defaults to now; only
    the demo sets it.

    Raises VISIT_NOT_FOUND, REVISION_UNEXPECTED, INVALID, and SUBMISSION_CONFLICT if the revision is stored
    with other content.
    """
    received_at = received_at or now()
    content_sha256 = hashlib.sha256(canonicalize(content)).hexdigest()
    revision = body["revision"]
    visit = _read_visit(runner, actor, visit_id, revision)
    if visit.receipt is not None:
        return _replay_receipt(visit, content_sha256)
    _check_revision(visit, revision)
    version = get_version(runner, visit.checklist_version_id)
    _check_answers(version, content)

    checklist = version.document
    times = evidence.correct_times(body["started_at"], body["finished_at"], device_time, received_at)
    photos = answers.list_photo_ids(content["answers"], content.get("photos") or ())
    outcome = visits.get_outcome(content)
    return PreparedSubmission(
        visit=visit,
        revision=revision,
        content=content,
        content_sha256=content_sha256,
        receipt=_build_receipt(visit.id, revision, received_at, content_sha256, photos),
        received_at=received_at,
        version=version,
        score=score_visit(checklist, content["answers"], outcome),
        outcome=outcome,
        times=times,
        flags=_flag_content(visit, checklist, content, body, times),
        comments=evidence.find_long_comments(checklist, content),
        photos=photos,
        commented=answers.find_commented_questions(checklist, content),
        location=get_location_position(visit),
        local_start=to_local_time(times.started_at, visit.time_zone),
    )


def _flag_content(
    visit: VisitToSubmit,
    checklist: Checklist,
    content: Mapping[str, Any],
    body: Mapping[str, Any],
    times: Times,
) -> list[Flag]:
    """Return the flags that follow from a submission alone, without what else is stored."""
    answered_count = sum(
        answers.is_answered(checklist.by_key[key], answer) for key, answer in content["answers"].items()
    )
    position, location = get_position(content.get("position")), get_location_position(visit)
    return [
        *evidence.flag_outcome(visits.get_outcome(content)),
        *([times.flag] if times.flag else []),
        *evidence.flag_timing(times, visit.opens_at, visit.closes_at),
        *evidence.flag_position(checklist.channel, position, location),
        *evidence.flag_pace(body["started_at"], body["finished_at"], answered_count),
    ]


def store(
    writer: Writer, actor: Actor, prepared: PreparedSubmission, accept_every_minutes: int
) -> tuple[str, bool]:
    """Store a revision with its flags, and settle its visit.

    ``accept_every_minutes`` applies unless the organization has a period of its own.

    Returns the receipt, and whether the revision is new: simultaneous replays are stored once.

    Raises VISIT_NOT_FOUND, REVISION_UNEXPECTED, SUBMISSION_CONFLICT, and INVALID if a photo was declared for
    another question.
    """
    visit = _lock_visit(writer, actor, prepared)
    if visit.receipt is not None:
        return _replay_receipt(visit, prepared.content_sha256), False
    photos = read_photos(writer, visit.id, prepared.photos)
    _check_photos(prepared, photos)
    if visit.accept_every_minutes is not None:
        accept_every_minutes = visit.accept_every_minutes
    stored_photos = [photo for photo in photos if photo.status in ARRIVED]
    flags = _collect_flags(writer, visit, prepared, stored_photos)
    is_flagged = bool(flags) or (prepared.revision > 1 and has_flags(writer, visit.id))
    with pipeline(writer):
        _insert(writer, prepared)
        add_flags(writer, visit.id, prepared.revision, flags)
        outcomes.settle(
            writer,
            _get_case(visit, prepared),
            has_missing_photos=len(stored_photos) < len(prepared.photos),
            is_flagged=is_flagged,
            submitted_at=prepared.received_at,
            accept_every_minutes=accept_every_minutes,
            changes=_get_changes(prepared),
        )
    return prepared.receipt, True


def _lock_visit(writer: Writer, actor: Actor, prepared: PreparedSubmission) -> VisitToSubmit:
    """Lock the visit of a submission, and read it again if it changed since the submission was prepared."""
    visit = prepared.visit
    locked = fetch_one(writer, _LOCK_VISIT, visit_id=visit.id)
    if locked == (actor.id, visit.status, visit.revision):
        return visit
    visit = _read_visit(writer, actor, visit.id, prepared.revision)
    if visit.receipt is None:
        _check_revision(visit, prepared.revision)
    return visit


def _collect_flags(
    writer: Writer, visit: VisitToSubmit, prepared: PreparedSubmission, stored_photos: Sequence[DeclaredPhoto]
) -> list[Flag]:
    """Return all flags of a submission, including those that follow from what else is stored."""
    channel = prepared.version.document.channel
    return [
        *prepared.flags,
        *flag_withdrawal(writer, visit.id, visit.status, prepared.revision),
        *flag_comments(writer, visit.organization_id, visit.id, prepared.comments),
        *flag_photos(stored_photos, prepared.times, channel, prepared.location),
    ]


_INSERT_SUBMISSION = Command(insert(Submission))


def _insert(writer: Writer, prepared: PreparedSubmission) -> None:
    execute(
        writer,
        _INSERT_SUBMISSION,
        visit_id=prepared.visit.id,
        revision=prepared.revision,
        content=prepared.content,
        outcome=prepared.outcome,
        content_sha256=prepared.content_sha256,
        receipt=prepared.receipt,
        photos=prepared.photos,
        commented=prepared.commented,
        result=score_to_json(prepared.score),
        clock_shift=prepared.times.shift.total_seconds(),
        received_at=prepared.received_at,
    )


def _get_changes(prepared: PreparedSubmission) -> dict[str, Any]:
    """Return the columns of a visit that change with a revision; the first revision sets day and month."""
    changes = {
        "status": "submitted",
        "revision": prepared.revision,
        "return_reason": None,
        "question_reasons": None,
        "started_at": prepared.times.started_at,
        "finished_at": prepared.times.finished_at,
    }
    if prepared.revision == 1:
        day = prepared.local_start.date()
        changes |= {"day": day, "part_of_day": get_part_of_day(prepared.local_start), "month": get_month(day)}
    return changes


def _get_case(visit: VisitToSubmit, prepared: PreparedSubmission) -> outcomes.Case:
    return outcomes.Case(
        visit_id=visit.id,
        revision=prepared.revision,
        version=prepared.version,
        location_number=visit.number,
        location_id=visit.location_id,
        location_code=visit.code,
        day=prepared.local_start.date() if prepared.revision == 1 else visit.day,
        outcome=prepared.outcome,
        score=prepared.score,
        is_paid=visit.currency is not None,
    )


def get_latest_revision(session: Session, visit: Visit) -> Submission:
    """Return the latest revision of a visit that the caller may see.

    Raises SUBMISSION_NOT_FOUND.
    """
    submission = session.get(Submission, (visit.id, visit.revision))
    if submission is None:
        raise problems.SUBMISSION_NOT_FOUND()
    return submission


def _replay_receipt(visit: VisitToSubmit, content_sha256: str) -> str:
    """Return the receipt of a stored revision; reject other content for that revision."""
    if visit.content_sha256 != content_sha256:
        raise problems.SUBMISSION_CONFLICT()
    assert visit.receipt is not None
    return visit.receipt


def _build_receipt(
    visit_id: uuid.UUID, revision: int, received_at: datetime, content_sha256: str, photos: list[str]
) -> str:
    return json.dumps(
        {
            "visit_id": str(visit_id),
            "revision": revision,
            "received_at": format_utc(received_at),
            "content_sha256": content_sha256,
            "photos": photos,
        }
    )


def _check_revision(visit: VisitToSubmit, revision: int) -> None:
    expected = visits.find_next_revision(visit.status, visit.revision)
    if expected == revision:
        return
    if expected is None:
        raise problems.REVISION_UNEXPECTED(
            f"The visit is {visit.status} with revision {visit.revision}. No further revision is expected."
        )
    raise problems.REVISION_UNEXPECTED(f"The next revision is {expected}.")


def _check_answers(version: PublishedVersion, content: Mapping[str, Any]) -> None:
    errors = answers.find_errors(
        version.document, content["answers"], visits.get_outcome(content), content.get("photos") or ()
    )
    if content["checklist_version"] != version.document.version:
        errors.append(
            FieldError("/checklist_version", f"This visit uses version {version.document.version}.")
        )
    if errors:
        raise problems.INVALID("Some answers have to be corrected.", errors=errors)


def _check_photos(prepared: PreparedSubmission, photos: Sequence[DeclaredPhoto]) -> None:
    """Reject a submission that names a photo for something else than it was declared for."""
    content = prepared.content
    declared_for = {str(photo.id): photo.question for photo in photos}
    receipts = {str(photo.id) for photo in photos if photo.is_receipt}
    errors = [
        FieldError(at, "This photo was declared for something else.")
        for key, at, photo_id in answers.list_photos(content["answers"], content.get("photos") or ())
        if declared_for.get(photo_id, key) != key or photo_id in receipts
    ]
    if errors:
        raise problems.INVALID(errors=errors)
