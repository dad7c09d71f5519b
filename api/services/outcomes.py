"""Outcomes: the consequences for a visit of its evidence, and of the decisions on it.

A revision is settled once its photos are stored: it waits for a reviewer, or it is accepted automatically,
now or at the end of its period. Each decision, automatic or a reviewer's, is stored together with its effect
on the visit and the totals.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, insert, select
from sqlalchemy.orm import Session

from api.database.statements import Command, Writer, execute, pipeline
from api.domain import visits
from api.domain.changes import VISIT_ACCEPTED, VISIT_AMENDED, VISIT_WITHDRAWN
from api.domain.evidence import flag_missing_photos
from api.domain.flags import PHOTOS_MISSING
from api.domain.months import get_month
from api.domain.scoring import VisitScore
from api.models.base import now
from api.models.photos import Photo
from api.models.places import Location
from api.models.reviews import Decision
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services import events, evidence
from api.services.changes import record_visit_change
from api.services.checklists import PublishedVersion, get_version
from api.services.payments import deciding as payments
from api.services.scores import results, totals
from api.services.visits import update_visit


@dataclass(frozen=True, slots=True)
class Case:
    """The latest revision of a visit as a decision needs it: its score, and the total that it belongs to.

    ``day`` is the day of the visit. ``is_accepted`` and ``is_rejected`` are whether the visit is that now,
    and ``is_paid`` whether its shopper gets a fee or expenses.
    """

    visit_id: uuid.UUID
    revision: int
    version: PublishedVersion
    location_number: int
    location_id: uuid.UUID
    location_code: str
    day: date
    outcome: str
    score: VisitScore
    is_accepted: bool = False
    is_rejected: bool = False
    is_paid: bool = False

    @property
    def counts(self) -> bool:
        """Whether the visit counts in totals. One to a closed store does not."""
        return self.outcome == visits.VISITED

    def as_counted(self) -> totals.CountedVisit:
        """Return the visit as the totals count it."""
        return totals.CountedVisit(self.version, self.location_number, get_month(self.day), self.score)


def get_case(session: Session, visit: Visit) -> Case:
    """Return the case of a visit that has at least one submission."""
    return _list_cases(session, [visit])[0]


def _list_cases(session: Session, submitted: Sequence[Visit]) -> list[Case]:
    """Return the cases of visits that have at least one submission each, in the same order."""
    rows = session.execute(
        select(Visit.id, Submission.outcome, Submission.result, Location.number, Location.code)
        .join(Submission, and_(Submission.visit_id == Visit.id, Submission.revision == Visit.revision))
        .join(Location, Location.id == Visit.location_id)
        .where(Visit.id.in_([visit.id for visit in submitted]))
    )
    details = {row.id: row for row in rows}
    return [
        Case(
            visit_id=visit.id,
            revision=visit.revision,
            version=get_version(session, visit.checklist_version_id),
            location_number=details[visit.id].number,
            location_id=visit.location_id,
            location_code=details[visit.id].code,
            day=visit.day,
            outcome=details[visit.id].outcome,
            score=results.score_from_json(details[visit.id].result),
            is_accepted=visit.status == "accepted",
            is_rejected=visit.status == "rejected",
            is_paid=visit.currency is not None,
        )
        for visit in submitted
    ]


def settle(
    writer: Writer,
    case: Case,
    *,
    has_missing_photos: bool,
    is_flagged: bool,
    submitted_at: datetime,
    accept_every_minutes: int,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Settle a revision: wait for its photos or for a reviewer, or accept it now or at the end of the period.

    ``accept_every_minutes`` is the length of the acceptance period; with 0, the revision is accepted now.
    ``changes`` are other columns of the visit to update.
    """
    changes = changes or {}
    if has_missing_photos:
        _update_if_needed(writer, case, changes)
        due_at = submitted_at + visits.PHOTO_DEADLINE
        events.add_event(writer, visits.PHOTOS_DUE, case.visit_id, case.revision, due_at)
    elif is_flagged or case.version.document.review == "manual":
        update_visit(writer, case.visit_id, **changes, waiting_since=submitted_at)
    elif accept_every_minutes == 0:
        _accept_automatically(writer, case, changes)
    else:
        _update_if_needed(writer, case, changes)
        due_at = visits.find_period_end(now(), accept_every_minutes)
        events.add_event(writer, visits.ACCEPTANCE_DUE, case.visit_id, case.revision, due_at)


def settle_with_photo(session: Session, visit: Visit, photo: Photo, accept_every_minutes: int) -> None:
    """Flag a photo that was just stored, and settle the visit if it was the last missing one.

    A visit that was accepted without the photo is amended by it, unless managers cannot see the photo.
    """
    if not visit.revision:
        return
    submission = session.get_one(Submission, (visit.id, visit.revision))
    if str(photo.id) not in submission.photos:
        return
    evidence.add_photo_flags(session, visit, submission, photo)
    if _is_pending(visit, visit.revision) and not evidence.count_missing_photos(session, submission):
        _settle_stored(session, visit, submission, accept_every_minutes, has_missing_photos=False)
    elif visit.status == "accepted" and not evidence.is_private_photo(session, visit, photo):
        record_change(session, get_case(session, visit), VISIT_AMENDED, changes_score=False)


def settle_again(session: Session, visit: Visit, accept_every_minutes: int) -> None:
    """Settle a stored revision whose decision was taken back, as if there had been none."""
    submission = session.get_one(Submission, (visit.id, visit.revision))
    # The photos of a revision that was flagged for them are no longer waited for.
    has_missing_photos = evidence.count_missing_photos(session, submission) > 0 and not evidence.has_flag(
        session, visit.id, visit.revision, PHOTOS_MISSING
    )
    _settle_stored(session, visit, submission, accept_every_minutes, has_missing_photos=has_missing_photos)


def _settle_stored(
    session: Session,
    visit: Visit,
    submission: Submission,
    accept_every_minutes: int,
    *,
    has_missing_photos: bool,
) -> None:
    settle(
        session,
        get_case(session, visit),
        has_missing_photos=has_missing_photos,
        is_flagged=evidence.has_flags(session, visit.id),
        submitted_at=submission.received_at,
        accept_every_minutes=accept_every_minutes,
    )


def accept_when_due(session: Session, revisions: Iterable[tuple[Visit, int]]) -> None:
    """Accept revisions automatically at the end of their period, in this order, if they are still pending.

    The totals of a location change once, whatever the number of its visits.
    """
    pending = {visit.id: visit for visit, revision in revisions if _is_pending(visit, revision)}
    cases = _list_cases(session, list(pending.values()))
    with pipeline(session):
        totals.add_visits(session, [case.as_counted() for case in cases if case.counts])
        for case in cases:
            _store_decision(session, case, "accept")


def stop_waiting_for_photos(session: Session, visit: Visit, revision: int) -> None:
    """Flag a pending revision whose photos did not arrive in time, and queue it for a reviewer."""
    if not _is_pending(visit, revision):
        return
    submission = session.get_one(Submission, (visit.id, revision))
    flags = flag_missing_photos(evidence.count_missing_photos(session, submission))
    if flags:
        evidence.add_flags(session, visit.id, revision, flags)
        visit.waiting_since = submission.received_at
        session.flush()


_INSERT_DECISION = Command(insert(Decision))


def apply_decision(
    writer: Writer,
    case: Case,
    decision: str,
    *,
    reason: str | None = None,
    question_reasons: Mapping[str, str] | None = None,
    message_to_shopper: str | None = None,
    reviewer_id: uuid.UUID | None = None,
    replaces_id: uuid.UUID | None = None,
    expense_ids: Sequence[uuid.UUID] = (),
    changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Store a decision, update the visit's status, and add its score to the totals or remove it from them.

    Records the change if the visit becomes accepted, or an acceptance is taken back.

    ``expense_ids`` are the expenses that an acceptance approves. ``changes`` are other columns of the visit
    to update. Returns the columns of the stored decision.
    """
    is_accepted = visits.STATUS_AFTER[decision] == "accepted"
    if case.counts and is_accepted and not case.is_accepted:
        totals.add_visits(writer, [case.as_counted()])
    if case.counts and case.is_accepted and not is_accepted:
        totals.remove_visit(writer, case.as_counted())
    return _store_decision(
        writer,
        case,
        decision,
        reason=reason,
        question_reasons=question_reasons,
        message_to_shopper=message_to_shopper,
        reviewer_id=reviewer_id,
        replaces_id=replaces_id,
        expense_ids=expense_ids,
        changes=changes,
    )


def _store_decision(
    writer: Writer,
    case: Case,
    decision: str,
    *,
    reason: str | None = None,
    question_reasons: Mapping[str, str] | None = None,
    message_to_shopper: str | None = None,
    reviewer_id: uuid.UUID | None = None,
    replaces_id: uuid.UUID | None = None,
    expense_ids: Sequence[uuid.UUID] = (),
    changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Store a decision with all its effects except those on the totals; see ``apply_decision``."""
    status = visits.STATUS_AFTER[decision]
    is_accepted = status == "accepted"
    if is_accepted != case.is_accepted:
        kind = VISIT_ACCEPTED if is_accepted else VISIT_WITHDRAWN
        record_change(writer, case, kind, changes_score=case.counts)
    is_returned = status == "returned"
    effects = {
        "status": status,
        "waiting_since": None,
        "return_reason": reason if is_returned else None,
        "question_reasons": question_reasons if is_returned else None,
        "message_to_shopper": message_to_shopper,
    }
    update_visit(writer, case.visit_id, **{**(changes or {}), **effects})
    columns = {
        "id": uuid.uuid4(),
        "visit_id": case.visit_id,
        "revision": case.revision,
        "decision": decision,
        "decided_at": now(),
        "reason": reason,
        "question_reasons": question_reasons,
        "message_to_shopper": message_to_shopper,
        "reviewer_id": reviewer_id,
        "replaces_id": replaces_id,
    }
    execute(writer, _INSERT_DECISION, **columns)
    if case.is_paid and not (case.is_rejected and status == "rejected"):
        payments.apply_decision(writer, case.visit_id, decision, reviewer_id, expense_ids)
    return columns


def take_back_decision(session: Session, visit: Visit, case: Case) -> None:
    """Take back what the current decision did to the visit, its payment and the totals.

    Afterwards the revision is pending; see ``settle_again``. An acceptance that is taken back is recorded as
    a change.
    """
    if case.is_accepted:
        if case.counts:
            totals.remove_visit(session, case.as_counted())
        record_change(session, case, VISIT_WITHDRAWN, changes_score=case.counts)
    update_visit(
        session,
        visit.id,
        status="submitted",
        return_reason=None,
        question_reasons=None,
        message_to_shopper=None,
    )
    session.refresh(visit)
    if case.is_paid:
        payments.take_back(session, visit.id)


def record_change(
    writer: Writer, case: Case, kind: str, *, changes_score: bool, dispute_id: uuid.UUID | None = None
) -> None:
    """Record a change of an accepted visit; see ``record_visit_change``."""
    record_visit_change(
        writer,
        kind,
        visit_id=case.visit_id,
        revision=case.revision,
        version=case.version,
        location_id=case.location_id,
        location_code=case.location_code,
        day=case.day,
        changes_score=changes_score,
        dispute_id=dispute_id,
    )


def _accept_automatically(writer: Writer, case: Case, changes: Mapping[str, Any]) -> None:
    """Accept a visit without flags; the stored decision has no reviewer."""
    apply_decision(writer, case, "accept", changes=changes)


def _is_pending(visit: Visit, revision: int) -> bool:
    """Return whether a revision is the latest one, without a decision, and not queued for a reviewer."""
    return visit.status == "submitted" and visit.revision == revision and visit.waiting_since is None


def _update_if_needed(writer: Writer, case: Case, changes: Mapping[str, Any]) -> None:
    if changes:
        update_visit(writer, case.visit_id, **changes)
