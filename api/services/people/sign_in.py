"""Signing in: accounts and their passwords, and sessions with rotating refresh tokens.

A session is a token family: all refresh tokens that descend from one sign-in.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from api.database.statements import Query, Runner, fetch_one
from api.domain import problems
from api.domain.access import Actor
from api.domain.audit import USER_LOGGED_IN, USER_LOGGED_OUT, USER_TOKEN_REUSED
from api.models.base import now
from api.models.organizations import Organization
from api.models.second_factors import SecondFactor
from api.models.sign_in import TokenFamily
from api.models.users import User
from api.services.audit.recording import act_as, record
from api.services.paging import Page, fetch_page
from api.services.people import passwords
from api.services.people.login_limits import find_accounts

SESSION_LIFETIME = timedelta(days=60)
REVOKED_FAMILY_RETENTION = timedelta(days=60)
#: the minimum number of passwords that each sign-in verifies. With fewer, its duration would disclose whether
#: another organization knows the email address
MIN_VERIFICATIONS = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account with the email address that was entered. Each organization can have one."""

    user_id: uuid.UUID
    password_hash: str
    is_disabled: bool


def find_candidates(session: Session, email: str, organization: str | None) -> list[Candidate]:
    """Return the accounts with an email address, in the organization with this name if there is one."""
    query = select(User.id, User.password_hash, User.disabled)
    return [Candidate(*row) for row in session.execute(find_accounts(query, email, organization))]


def filter_by_password(candidates: list[Candidate], password: str) -> list[Candidate]:
    """Return the enabled accounts that have this password.

    This is slow, and takes the same time for no account, one or two.
    """
    hashes: list[str | None] = [candidate.password_hash for candidate in candidates]
    hashes += [None] * (MIN_VERIFICATIONS - len(candidates))
    # Every hash is verified before any account is excluded, so that the time discloses nothing.
    matches = [passwords.verify_password(password, password_hash) for password_hash in hashes]
    return [
        candidate
        for candidate, is_match in zip(candidates, matches, strict=False)
        if is_match and not candidate.is_disabled
    ]


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The claims of an access token and a refresh token: the user, the family, and the refresh token's ID.

    ``session_ends_at`` is the time at which no refresh token of the session is valid any more.
    """

    user_id: uuid.UUID
    family_id: uuid.UUID
    refresh_id: uuid.UUID
    generation: int
    session_ends_at: datetime


def lock_candidate(session: Session, candidate: Candidate) -> User:
    """Lock an account until the end of the transaction, and return it.

    Because of the lock, a change that ends all sessions also ends the session that begins here.

    Raises WRONG_CREDENTIALS if the password was changed or the account was disabled during verification.
    """
    unchanged = select(User).where(
        User.id == candidate.user_id, User.password_hash == candidate.password_hash, User.disabled.is_(False)
    )
    user: User | None = session.scalar(unchanged.with_for_update(key_share=True))
    if user is None:
        raise problems.WRONG_CREDENTIALS()
    return user


def begin_session(session: Session, user_id: uuid.UUID, device: str | None = None) -> TokenPair:
    """Begin a session for a user whose password was verified; ``device`` describes the browser in words."""
    moment = now()
    user = session.get_one(User, user_id)
    user.last_login_at = moment
    act_as(session, user_id)
    record(session, USER_LOGGED_IN, user)
    family = TokenFamily(
        id=uuid.uuid4(),
        user_id=user_id,
        current=uuid.uuid4(),
        generation=0,
        expires_at=moment + SESSION_LIFETIME,
        device=device,
        last_used_at=moment,
    )
    session.add(family)
    session.flush()
    return _build_pair(family)


def _build_pair(family: TokenFamily) -> TokenPair:
    return TokenPair(family.user_id, family.id, family.current, family.generation, family.expires_at)


def rotate_refresh_token(
    session: Session, family_id: uuid.UUID, refresh_id: uuid.UUID, generation: int
) -> TokenPair | None:
    """Replace a refresh token by its successor. Returns None if the token is revoked or expired.

    The previous token works while the current one is unused, because the response with the current one may
    have been lost. The current one is then replaced and rejected from then on. The use of an older token
    indicates that a token was copied, so it revokes the whole family.
    """
    family = session.scalars(
        select(TokenFamily)
        .join(User, User.id == TokenFamily.user_id)
        .where(
            TokenFamily.id == family_id,
            TokenFamily.revoked_at.is_(None),
            TokenFamily.expires_at > now(),
            User.disabled.is_(False),
        )
        .with_for_update(of=TokenFamily)
    ).one_or_none()
    if family is None:
        return None
    if refresh_id == family.current:
        family.previous = refresh_id
        family.generation += 1
    elif refresh_id != family.previous:
        if generation < family.generation:
            family.revoked_at = now()
            record(session, USER_TOKEN_REUSED, session.get_one(User, family.user_id))
            session.flush()
        return None
    family.current = uuid.uuid4()
    family.last_used_at = now()
    session.flush()
    return _build_pair(family)


def end_session(session: Session, actor: Actor) -> None:
    """End the session that the actor uses: revoke all its tokens permanently."""
    session.execute(update(TokenFamily).where(TokenFamily.id == actor.family_id).values(revoked_at=now()))
    record(session, USER_LOGGED_OUT, session.get_one(User, actor.id))


def end_sessions(session: Session, user_id: uuid.UUID, except_family_id: uuid.UUID | None = None) -> None:
    """End all sessions of a user, except one if ``except_family_id`` is its family."""
    query = update(TokenFamily).where(TokenFamily.user_id == user_id, TokenFamily.revoked_at.is_(None))
    if except_family_id is not None:
        query = query.where(TokenFamily.id != except_family_id)
    session.execute(query.values(revoked_at=now()))


def list_sessions(session: Session, actor: Actor, limit: int, cursor: str | None) -> Page:
    """Return a page of the actor's sessions, as token families, the latest sign-in first."""
    return fetch_page(
        session,
        select(TokenFamily).where(_is_session_of(actor)),
        TokenFamily.created_at,
        TokenFamily.id,
        limit,
        cursor,
        descending=True,
    )


def end_session_of(session: Session, actor: Actor, family_id: uuid.UUID) -> None:
    """End one of the actor's sessions. Raises SESSION_NOT_FOUND."""
    query = select(TokenFamily).where(TokenFamily.id == family_id, _is_session_of(actor))
    family = session.scalars(query.with_for_update()).one_or_none()
    if family is None:
        raise problems.SESSION_NOT_FOUND()
    family.revoked_at = now()
    record(session, USER_LOGGED_OUT, session.get_one(User, actor.id))
    session.flush()


def _is_session_of(actor: Actor) -> ColumnElement[bool]:
    return and_(
        TokenFamily.user_id == actor.id, TokenFamily.revoked_at.is_(None), TokenFamily.expires_at > now()
    )


class _Account(NamedTuple):
    organization_id: uuid.UUID
    role: str
    require_second_factor: list[str]
    has_second_factor: bool


_FIND_ACTOR = Query(
    _Account,
    select(
        User.organization_id,
        User.role,
        Organization.require_second_factor,
        exists()
        .where(SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None))
        .label("has_second_factor"),
    )
    .join(TokenFamily, TokenFamily.user_id == User.id)
    .join(Organization, Organization.id == User.organization_id)
    .where(
        User.id == bindparam("user_id"),
        User.disabled.is_(False),
        TokenFamily.id == bindparam("family_id"),
        TokenFamily.revoked_at.is_(None),
    ),
)


def find_actor(runner: Runner, user_id: uuid.UUID, family_id: uuid.UUID) -> Actor | None:
    """Return the caller with their current role, or None for an ended session or a disabled account."""
    user = fetch_one(runner, _FIND_ACTOR, user_id=user_id, family_id=family_id)
    if user is None:
        return None
    lacks_second_factor = user.role in user.require_second_factor and not user.has_second_factor
    return Actor(user_id, user.organization_id, user.role, family_id, lacks_second_factor=lacks_second_factor)


def delete_expired(session: Session) -> None:
    """Delete token families that expired or were revoked long ago."""
    moment = now()
    session.execute(
        delete(TokenFamily).where(
            or_(TokenFamily.expires_at < moment, TokenFamily.revoked_at < moment - REVOKED_FAMILY_RETENTION)
        )
    )
