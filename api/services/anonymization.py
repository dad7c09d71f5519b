"""Anonymization: removes what ties visits to the people who made them. Answers, scores and flags stay.

Afterwards, the visits belong to the anonymous user of the organization, who stands for all such people.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, null, or_, select, update
from sqlalchemy.orm import Session

from api.database.engines import insert
from api.domain.access import SHOPPER
from api.models.audit import AuditEntry
from api.models.messages import Message
from api.models.notices import Notice
from api.models.payments import PaymentItem
from api.models.photos import ARRIVED, Photo
from api.models.reviews import Decision
from api.models.submissions import Submission
from api.models.users import IS_PERSON, User
from api.models.visits import Visit


def get_anonymous_user_id(session: Session, organization_id: uuid.UUID) -> uuid.UUID:
    """Return the ID of the anonymous user of an organization, who is created when first needed.

    They are disabled and have no password, so nobody can log in as them.
    """
    session.execute(
        insert(session, User)
        .values(
            organization_id=organization_id, email="", name="", role=SHOPPER, password_hash="", disabled=True
        )
        .on_conflict_do_nothing()
    )
    query = select(User.id).where(User.organization_id == organization_id, ~IS_PERSON)
    return session.scalars(query).one()


def anonymize_visits(
    session: Session, organization_id: uuid.UUID, selected: ColumnElement[bool]
) -> list[str]:
    """Remove the shopper from the selected visits, and cancel those that are still assigned.

    Removes the positions and times that the phone sent, what photos disclose of it, the reasons for which a
    visit was declined or a lock-out overridden, what reviewers and the shopper wrote to each other, the
    shopper from the audit log, and the visits from what the shopper was mailed about. Expenses keep only
    their amounts. Receipts, and photos that were not stored, are deleted: their keys in the store are
    returned, for the caller to delete.
    """
    visits = session.scalars(select(Visit).where(selected).order_by(Visit.id).with_for_update()).all()
    for visit in visits:
        if visit.status == "assigned":
            visit.status = "cancelled"
    session.flush()
    ids = select(Visit.id).where(selected)
    _clear_submissions(session, ids)
    keys = [*_clear_photos(session, ids), *_clear_expenses(session, ids)]
    _clear_messages(session, ids)
    _clear_notices(session, visits)
    clear_personal_changes(
        session,
        organization_id,
        or_(
            AuditEntry.subject_id.in_(ids),
            AuditEntry.subject_id.in_(select(Visit.batch_id).where(selected)),
        ),
    )
    # Last, because it changes which visits are selected. A statement of its own, so that it is not audited.
    session.execute(
        update(Visit)
        .where(selected)
        .values(
            shopper_id=get_anonymous_user_id(session, organization_id),
            started_at=None,
            finished_at=None,
            override_reason=None,
            decline_reason=None,
            message_to_shopper=None,
        )
        .execution_options(synchronize_session=False)
    )
    return keys


def clear_personal_changes(
    session: Session, organization_id: uuid.UUID, selected: ColumnElement[bool]
) -> None:
    """Clear what identifies a person in the selected entries of an organization's audit log."""
    session.execute(
        update(AuditEntry)
        .where(
            AuditEntry.organization_id == organization_id,
            AuditEntry.personal_changes.is_not(null()),
            selected,
        )
        .values(personal_changes=None)
        .execution_options(synchronize_session=False)
    )


def _clear_submissions(session: Session, visit_ids: Any) -> None:
    query = select(Submission).where(Submission.visit_id.in_(visit_ids))
    for submission in session.scalars(query):
        cleared = {"started_at": None, "finished_at": None, "position": None}
        submission.content, submission.clock_shift = {**submission.content, **cleared}, 0.0
    session.flush()


def _clear_messages(session: Session, visit_ids: Any) -> None:
    session.execute(
        delete(Message).where(Message.visit_id.in_(visit_ids)).execution_options(synchronize_session=False)
    )
    session.execute(
        update(Decision)
        .where(Decision.visit_id.in_(visit_ids))
        .values(message_to_shopper=None)
        .execution_options(synchronize_session=False)
    )


def _clear_expenses(session: Session, visit_ids: Any) -> list[str]:
    """Clear what expenses disclose of the shopper, and delete the receipts. Returns the keys of these."""
    session.execute(
        update(PaymentItem)
        .where(PaymentItem.visit_id.in_(visit_ids))
        .values(description=None, reason=None, receipts=[])
        .execution_options(synchronize_session=False)
    )
    receipts = delete(Photo).where(Photo.visit_id.in_(visit_ids), Photo.is_receipt)
    rows = session.execute(
        receipts.returning(Photo.key, Photo.thumbnail_key).execution_options(synchronize_session=False)
    )
    return [key for row in rows for key in row if key is not None]


def _clear_notices(session: Session, visits: Sequence[Visit]) -> None:
    """Remove visits from what their shoppers were mailed about."""
    ids = {str(visit.id) for visit in visits}
    of_shoppers = Notice.user_id.in_({visit.shopper_id for visit in visits})
    for notice in session.scalars(select(Notice).where(of_shoppers).with_for_update()):
        session.execute(
            update(Notice)
            .where(Notice.user_id == notice.user_id, Notice.kind == notice.kind)
            .values(
                reported={subject: state for subject, state in notice.reported.items() if subject not in ids}
            )
            .execution_options(synchronize_session=False)
        )


def _clear_photos(session: Session, visit_ids: Any) -> list[str]:
    """Clear what photos disclose of the phone. Deletes those without pictures, and returns their keys."""
    is_selected = Photo.visit_id.in_(visit_ids)
    unstored = delete(Photo).where(is_selected, Photo.status.not_in(ARRIVED)).returning(Photo.upload_key)
    upload_keys = list(session.scalars(unstored.execution_options(synchronize_session=False)))
    session.execute(
        update(Photo)
        .where(is_selected)
        .values(declared_taken_at=None, declared_position=None, taken_at=None, position=None, make=None)
        .execution_options(synchronize_session=False)
    )
    return upload_keys
