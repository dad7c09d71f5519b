"""Which notices a person wants: on their account page, or by the link in a mail, which needs no login."""

import base64
import binascii
import hmac
import uuid
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.notices import KINDS, list_kinds
from api.domain.problems import FieldError
from api.keys import Keys
from api.models.base import now
from api.models.notices import Notice
from api.models.users import IS_PERSON, User

_KEY_PURPOSE = "links to unsubscribe"
_SIGNATURE_BYTES = 16


def get_settings(session: Session, actor: Actor) -> dict[str, bool]:
    """Return whether the actor wants each kind of notice for their role."""
    query = select(Notice.kind, Notice.is_on).where(Notice.user_id == actor.id)
    stored = dict(session.execute(query).all())
    return {kind: stored.get(kind, True) for kind in list_kinds(actor.role)}


def update_settings(session: Session, actor: Actor, values: Mapping[str, bool]) -> None:
    """Switch kinds of notices on or off; the row of the actor is locked.

    Raises INVALID for kinds that are not for the actor's role.
    """
    others = [kind for kind in values if kind not in list_kinds(actor.role)]
    if others:
        raise problems.INVALID(
            errors=[
                FieldError(problems.pointer("notices", kind), "This notice is not for your role.")
                for kind in others
            ]
        )
    for kind, is_on in values.items():
        _switch(session, actor.id, kind, is_on)


def _switch(session: Session, user_id: uuid.UUID, kind: str, is_on: bool) -> None:
    notice = session.get(Notice, (user_id, kind), with_for_update=True)
    if notice is None:
        notice = Notice(user_id=user_id, kind=kind, reported={})
        session.add(notice)
    if is_on and notice.is_on is False:
        # They hear of what happens from now on.
        notice.enabled_at, notice.checked_at = now(), None
    notice.is_on = is_on
    session.flush()


def create_unsubscribe_token(user_id: uuid.UUID, kind: str, keys: Keys) -> str:
    """Return the token with which a notice can be switched off. It is valid as long as the key is."""
    return _encode(user_id.bytes + kind.encode(), keys.derive(_KEY_PURPOSE)[0])


def unsubscribe(session: Session, token: str, keys: Keys) -> None:
    """Switch off the notice that a token names. A person who was deleted gets none anyway.

    Raises LINK_EXPIRED for a token that was not signed with a current key.
    """
    user_id, kind = _read_token(token, keys)
    person = select(User.id).where(User.id == user_id, IS_PERSON).with_for_update(key_share=True)
    if session.scalar(person) is not None:
        _switch(session, user_id, kind, is_on=False)


def _read_token(token: str, keys: Keys) -> tuple[uuid.UUID, str]:
    try:
        content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[:-_SIGNATURE_BYTES]
        user_id, kind = uuid.UUID(bytes=content[:16]), content[16:].decode()
    except (ValueError, binascii.Error):
        raise problems.LINK_EXPIRED() from None
    expected = [_encode(content, key) for key in keys.derive(_KEY_PURPOSE)]
    if kind not in KINDS or not any(
        hmac.compare_digest(token.encode(), other.encode()) for other in expected
    ):
        raise problems.LINK_EXPIRED()
    return user_id, kind


def _encode(content: bytes, key: bytes) -> str:
    signature = hmac.digest(key, content, "sha256")[:_SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(content + signature).decode().rstrip("=")
