"""Messages: reviewers ask the shopper of a visit, and the shopper answers.

Shoppers never learn who asked, nor why: a question says nothing of a dispute. Managers and API clients see no
messages at all.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.audit import VISIT_MESSAGE_WITHDRAWN, VISIT_SHOPPER_ASKED
from api.domain.messages import ANSWERED, MAX_OPEN, OPEN, WITHDRAWN
from api.models.base import now
from api.models.messages import Message
from api.models.places import Location
from api.models.users import IS_PERSON, SHOWN_NAME, User
from api.models.visits import Visit
from api.services import visibility
from api.services.audit.recording import record
from api.services.audit.register import Change
from api.services.checklists import get_version
from api.services.paging import Page, fetch_page
from api.services.reviews import lock_visit

#: status → the condition for it
_IN_STATUS: Mapping[str, ColumnElement[bool]] = {
    OPEN: Message.answered_at.is_(None) & Message.withdrawn_at.is_(None),
    ANSWERED: Message.answered_at.is_not(None),
    WITHDRAWN: Message.answered_at.is_(None) & Message.withdrawn_at.is_not(None),
}


def ask(session: Session, actor: Actor, visit_id: uuid.UUID, *, text: str, question: str | None) -> Message:
    """Ask the shopper of a visit that has answers. ``question`` is the key of a question, or None.

    Raises VISIT_NOT_FOUND, OWN_VISIT, SUBMISSION_NOT_FOUND, SHOPPER_UNAVAILABLE, TOO_MANY_MESSAGES, and
    INVALID for an unknown question.
    """
    visit = lock_visit(session, actor, visit_id)
    if not visit.revision:
        raise problems.SUBMISSION_NOT_FOUND()
    version = get_version(session, visit.checklist_version_id)
    if question is not None and question not in version.document.by_key:
        raise problems.invalid_field("/question", "This question does not exist.")
    can_answer = select(User.id).where(User.id == visit.shopper_id, IS_PERSON, ~User.disabled)
    if session.scalar(can_answer) is None:
        raise problems.SHOPPER_UNAVAILABLE()
    open_messages = select(func.count()).where(Message.visit_id == visit.id, _IN_STATUS[OPEN])
    if session.scalars(open_messages).one() >= MAX_OPEN:
        raise problems.TOO_MANY_MESSAGES()
    message = Message(
        organization_id=visit.organization_id,
        visit_id=visit.id,
        question=question,
        text=text,
        reviewer_id=actor.id,
    )
    session.add(message)
    session.flush()
    record(session, VISIT_SHOPPER_ASKED, visit, {"message_id": Change(None, str(message.id))})
    return message


def withdraw(session: Session, actor: Actor, message_id: uuid.UUID) -> Message:
    """Withdraw a message that is not answered yet. A message that was withdrawn stays as it is.

    Raises MESSAGE_NOT_FOUND and MESSAGE_ANSWERED.
    """
    message = _lock(session, message_id, visibility.reviewed_messages(actor))
    if message.answered_at is not None:
        raise problems.MESSAGE_ANSWERED()
    if message.withdrawn_at is None:
        message.withdrawn_at = now()
        session.flush()
        visit = session.get_one(Visit, message.visit_id)
        record(session, VISIT_MESSAGE_WITHDRAWN, visit, {"message_id": Change(str(message.id), None)})
    return message


def answer(session: Session, actor: Actor, message_id: uuid.UUID, text: str) -> tuple[Message, bool]:
    """Store the answer to a message to the actor. Returns the message, and whether the answer is new.

    The ID of the message is the idempotency key: the same answer again changes nothing. A message that was
    withdrawn in the meantime accepts its answer, so that no answer is lost.

    Raises MESSAGE_NOT_FOUND, and MESSAGE_ANSWERED if another answer is stored.
    """
    message = _lock(session, message_id, visibility.own_messages(actor))
    if message.answered_at is None:
        message.answer, message.answered_at = text, now()
        session.flush()
        return message, True
    if message.answer != text:
        raise problems.MESSAGE_ANSWERED()
    return message, False


def list_messages(
    session: Session,
    actor: Actor,
    limit: int,
    cursor: str | None,
    *,
    visit_id: uuid.UUID | None,
    status: str | None,
    mine: bool,
) -> Page:
    """Return a page of messages for reviewers, the latest first. With ``mine``, those that the actor sent."""
    query = _select_messages(visibility.reviewed_messages(actor), status)
    if visit_id is not None:
        query = query.where(Message.visit_id == visit_id)
    if mine:
        query = query.where(Message.reviewer_id == actor.id)
    return fetch_page(session, query, Message.asked_at, Message.id, limit, cursor, descending=True)


def list_own_messages(
    session: Session, actor: Actor, limit: int, cursor: str | None, *, status: str | None
) -> Page:
    """Return a page of the messages to the actor that were not withdrawn, the earliest first."""
    query = _select_messages(visibility.own_messages(actor), status).where(~_IN_STATUS[WITHDRAWN])
    return fetch_page(session, query, Message.asked_at, Message.id, limit, cursor)


def describe(session: Session, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return messages in the shape of ``schemas.messages.Message``, in their order."""
    query = (
        select(Message.id, Visit.checklist_version_id, Location, SHOWN_NAME)
        .join(Visit, Visit.id == Message.visit_id)
        .join(Location, Location.id == Visit.location_id)
        .join(User, User.id == Message.reviewer_id)
        .where(Message.id.in_([message.id for message in messages]))
    )
    details = {message_id: more for message_id, *more in session.execute(query)}
    descriptions = []
    for message in messages:
        version_id, location, reviewer_name = details[message.id]
        asked = None
        if message.question is not None:
            asked = get_version(session, version_id).document.by_key[message.question]
        descriptions.append(
            {"message": message, "location": location, "question": asked, "reviewer_name": reviewer_name}
        )
    return descriptions


def _select_messages(visible: ColumnElement[bool], status: str | None) -> Select[Message]:
    query = select(Message).where(visible)
    return query.where(_IN_STATUS[status]) if status is not None else query


def _lock(session: Session, message_id: uuid.UUID, visible: ColumnElement[bool]) -> Message:
    message: Message | None = visibility.find(session, Message, message_id, visible, lock=True)
    if message is None:
        raise problems.MESSAGE_NOT_FOUND()
    return message
