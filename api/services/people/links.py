"""Links with which people choose a password, by mail or from an administrator.

The token in a link is an HMAC of the link's ID under a key of the program. The database has only its hash, so
whoever reads the database cannot use the links, while the worker can send the same link again.
"""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.people import LINK_LIFETIMES, LINK_PAGES
from api.keys import Keys
from api.models.account_links import AccountLink
from api.models.base import now
from api.models.users import User


def create_link(session: Session, user: User, purpose: str, keys: Keys) -> AccountLink:
    """Create a link for a locked user, in place of their earlier one for this purpose."""
    session.execute(delete(AccountLink).where(AccountLink.user_id == user.id, AccountLink.purpose == purpose))
    link = AccountLink(**_build_columns(user, purpose, keys))
    session.add(link)
    session.flush()
    return link


def create_links(session: Session, users: Sequence[User], purpose: str, keys: Keys) -> None:
    """Create a link for each of many users who have none for this purpose."""
    session.execute(insert(AccountLink), [_build_columns(user, purpose, keys) for user in users])


def _build_columns(user: User, purpose: str, keys: Keys) -> dict[str, Any]:
    link_id = uuid.uuid4()
    return {
        "user_id": user.id,
        "purpose": purpose,
        "id": link_id,
        "token_sha256": _hash(_derive_tokens(link_id, keys)[0]),
        "expires_at": now() + LINK_LIFETIMES[purpose],
    }


def build_url(link: AccountLink, keys: Keys, base: str) -> str | None:
    """Return the address of a link, below the address ``base`` of the pages, or None if its key is gone.

    The token is in the fragment, which browsers do not send, so it is in no log.
    """
    for token in _derive_tokens(link.id, keys):
        if _hash(token) == link.token_sha256:
            return f"{base}{LINK_PAGES[link.purpose]}#{token}"
    return None


def find_user(session: Session, purpose: str, token: str, keys: Keys, *, lock: bool = False) -> User:
    """Return the enabled user whom a valid link belongs to; ``lock`` locks the row for an update.

    A link is no longer valid if its key is gone.

    Raises LINK_EXPIRED.
    """
    query = (
        select(User, AccountLink.id)
        .join(AccountLink, AccountLink.user_id == User.id)
        .where(
            AccountLink.token_sha256 == _hash(token),
            AccountLink.purpose == purpose,
            AccountLink.expires_at > now(),
            User.disabled.is_(False),
        )
    )
    # The lock is on both rows: a link that another request is using now is no longer there afterwards.
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None or token not in _derive_tokens(row.id, keys):
        raise problems.LINK_EXPIRED()
    user: User = row.User
    return user


def delete_links(session: Session, user_id: uuid.UUID) -> None:
    """Delete all links of a user, because one of them was used, or their email address has changed."""
    session.execute(delete(AccountLink).where(AccountLink.user_id == user_id))


def delete_expired(session: Session) -> None:
    """Delete the links that have expired, except the invitations of people who have not accepted them."""
    accepted = select(User.id).where(User.password_hash != "")
    session.execute(
        delete(AccountLink).where(AccountLink.expires_at <= now(), AccountLink.user_id.in_(accepted))
    )


def _derive_tokens(link_id: uuid.UUID, keys: Keys) -> list[str]:
    """Return the token of a link under each key: the current one first."""
    digests = [hmac.digest(key, link_id.bytes, "sha256") for key in keys.derive("account links")]
    return [base64.urlsafe_b64encode(digest).decode().rstrip("=") for digest in digests]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
