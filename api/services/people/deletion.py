"""Deletion of people: nothing that identifies them stays in the database or in the photo store."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.domain.access import ADMIN
from api.domain.audit import USER, USER_DELETED
from api.domain.changes import EXPORT_READY
from api.models.account_links import AccountLink
from api.models.audit import AuditEntry
from api.models.changes import Change
from api.models.checklists import ChecklistVersion, DraftRevision
from api.models.disputes import Dispute
from api.models.events import Event
from api.models.exports import Export
from api.models.idempotency import StoredResponse
from api.models.latest_writes import LatestWrite
from api.models.messages import Message
from api.models.notices import Notice
from api.models.payments import PaymentItem
from api.models.reviews import Decision, ReviewClaim
from api.models.saved_views import SavedView
from api.models.second_factors import RecoveryCode, SecondFactor
from api.models.sign_in import TokenFamily
from api.models.users import User, UserLocation, UserRegion
from api.models.visits import Visit
from api.models.webhooks import Webhook
from api.services.anonymization import anonymize_visits, clear_personal_changes, get_anonymous_user_id
from api.services.audit.recording import record
from api.services.people.users import require_other_admin

Columns = Sequence[InstrumentedAttribute[Any]]
#: The columns that refer to a person. Their rows are deleted with the person,
DELETED: Columns = (
    TokenFamily.user_id,
    AccountLink.user_id,
    SecondFactor.user_id,
    RecoveryCode.user_id,
    Notice.user_id,
    UserRegion.user_id,
    UserLocation.user_id,
    Event.user_id,
    StoredResponse.caller_id,
    LatestWrite.caller_id,
    Export.requester_id,
    ReviewClaim.reviewer_id,
)
#: or stay and refer to nobody,
EMPTIED: Columns = (ChecklistVersion.published_by, DraftRevision.user_id, SavedView.owner_id)
#: or stay and refer to the anonymous user of the organization, as visits do.
ANONYMIZED: Columns = (
    Decision.reviewer_id,
    Dispute.opener_id,
    Dispute.decider_id,
    Message.reviewer_id,
    PaymentItem.decider_id,
    Webhook.creator_id,
)


def delete_person(session: Session, user: User) -> list[str]:
    """Delete a person, whose row and organization are locked.

    Visits, answers, scores and decisions stay. Visits that were still assigned to the person are cancelled.
    The audit log keeps the ID, without anything that tells whose it was. Returns the keys of the objects in
    the store that the caller has to delete after the commit; the sweep deletes what the caller misses.

    Raises LAST_ADMIN.
    """
    if user.role == ADMIN and not user.disabled:
        require_other_admin(session, user)
    keys = anonymize_visits(session, user.organization_id, Visit.shopper_id == user.id)
    keys += session.scalars(select(Export.key).where(Export.requester_id == user.id, Export.key.is_not(None)))
    is_about_user = (AuditEntry.subject_type == USER) & (AuditEntry.subject_id == user.id)
    clear_personal_changes(session, user.organization_id, is_about_user)
    _delete_copies(session, user)
    session.execute(delete(SavedView).where(SavedView.owner_id == user.id, ~SavedView.shared))
    for column in DELETED:
        session.execute(delete(column.class_).where(column == user.id))
    _replace(session, EMPTIED, user.id, None)
    _replace(session, ANONYMIZED, user.id, get_anonymous_user_id(session, user.organization_id))
    record(session, USER_DELETED, user)
    # A statement of its own, because the audit log would otherwise contain the values that were deleted.
    session.execute(delete(User).where(User.id == user.id).execution_options(synchronize_session=False))
    return keys


def _delete_copies(session: Session, user: User) -> None:
    """Delete the rows of others that contain the person: responses for replay, and exports as changes.

    A request that would be replayed fails from now on, because this person no longer exists. The lines of
    imports may have names and addresses without IDs, so all of them are deleted. A repeated import adds
    nothing twice. Messages to shoppers may name them too.
    """
    callers = select(User.id).where(User.organization_id == user.organization_id)
    contains_person = or_(
        *(StoredResponse.body.contains(text) for text in (str(user.id), '"lines":', '"asked_at":'))
    )
    session.execute(delete(StoredResponse).where(StoredResponse.caller_id.in_(callers), contains_person))
    session.execute(
        delete(Change)
        .where(
            Change.organization_id == user.organization_id,
            Change.kind == EXPORT_READY,
            Change.data["requested_by"].as_string() == str(user.id),
        )
        .execution_options(synchronize_session=False)
    )


def _replace(session: Session, columns: Columns, user_id: uuid.UUID, other_id: uuid.UUID | None) -> None:
    for column in columns:
        session.execute(
            update(column.class_)
            .where(column == user_id)
            .values({column: other_id})
            .execution_options(synchronize_session=False)
        )
