"""Signing in: token families with rotation, and failures counted so that guessing does not pay."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from api.database.engines import insert
from api.database.statements import Statement, row
from api.domain import problems
from api.domain.access import Actor
from api.models.base import now
from api.models.organizations import Organization
from api.models.sign_in import KnownAddress, SignInFailure, TokenFamily
from api.models.users import User
from api.services.people import passwords

REFRESH_TOKEN_LIFETIME = timedelta(days=60)
FAILURE_WINDOW = timedelta(minutes=15)
REVOKED_FAMILY_RETENTION = timedelta(days=60)
KNOWN_ADDRESS_RETENTION = timedelta(days=90)
#: so many verifications each log-in takes, or the time would tell whether other organizations know one
MIN_VERIFICATIONS = 2


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """How many failures of one kind a window may hold, and what they are counted under."""

    key: str
    most: int
    spares_known_addresses: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody signs in with; ``address`` is where he calls from."""

    email: str
    password: str
    organization: str | None
    address: str

    @property
    def limits(self) -> tuple[FailureLimit, ...]:
        """How often he may fail: with one account from one address, from an address, and with an account.

        What strangers do with an account, or behind an address, does not lock the account out of the
        addresses from which it signed in before.
        """
        return (
            FailureLimit(f"account {self.email} at {self.address}", 10),
            FailureLimit(f"address {self.address}", 100, spares_known_addresses=True),
            FailureLimit(f"account {self.email}", 100, spares_known_addresses=True),
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that the e-mail address names."""

    user_id: uuid.UUID
    password_hash: str
    disabled: bool


def find_candidates(session: Session, credentials: Credentials) -> list[Candidate]:
    """Return the accounts that the credentials may be for; refuses while there were too many failures."""
    query = select(User.id, User.password_hash, User.disabled).where(User.email == credentials.email)
    if credentials.organization is not None:
        query = query.join(Organization, Organization.id == User.organization_id).where(
            Organization.name == credentials.organization
        )
    found = [Candidate(*row) for row in session.execute(query.order_by(User.id))]
    check_failure_limits(session, credentials, [each.user_id for each in found])
    return found


def check_failure_limits(session: Session, credentials: Credentials, user_ids: list[uuid.UUID]) -> None:
    """Refuse while there were too many failures with what may be these accounts' credentials."""
    known_address = session.scalar(
        select(KnownAddress.address)
        .where(KnownAddress.user_id.in_(user_ids), KnownAddress.address == credentials.address)
        .limit(1)
    )
    limits = [limit for limit in credentials.limits if not (known_address and limit.spares_known_addresses)]
    moment = now()
    counted = session.scalars(
        select(SignInFailure).where(
            SignInFailure.key.in_([limit.key for limit in limits]), SignInFailure.window_ends_at > moment
        )
    )
    failures = {row.key: row for row in counted}
    for limit in limits:
        row = failures.get(limit.key)
        if row is not None and row.failures >= limit.most:
            wait = int((row.window_ends_at - moment).total_seconds()) + 1
            raise problems.TOO_MANY_FAILURES(headers={"Retry-After": str(wait)})


def filter_by_password(found: list[Candidate], password: str) -> list[Candidate]:
    """Return the accounts whose password it is; takes a while, as long for no account as for one or two."""
    hashes: list[str | None] = [each.password_hash for each in found]
    hashes += [None] * (MIN_VERIFICATIONS - len(found))
    matches = [passwords.verify_password(password, each) for each in hashes]
    return [each for each, fits in zip(found, matches, strict=False) if fits and not each.disabled]


def record_failure(session: Session, credentials: Credentials) -> None:
    """Count a failure; the mark stays."""
    moment = now()
    session.execute(delete(SignInFailure).where(SignInFailure.window_ends_at <= moment))
    keys = sorted(limit.key for limit in credentials.limits)
    session.connection().execute(
        insert(session, SignInFailure).on_conflict_do_update(
            index_elements=["key"], set_={"failures": SignInFailure.failures + 1}
        ),
        [{"key": key, "window_ends_at": moment + FAILURE_WINDOW, "failures": 1} for key in keys],
    )


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a pair of tokens is made of: whose, of which family, the refresh token's own id and generation."""

    user_id: uuid.UUID
    family_id: uuid.UUID
    refresh_id: uuid.UUID
    generation: int


def lock_candidate(session: Session, found: Candidate) -> None:
    """Refuse an account whose password was changed, or that was disabled, while hashing took its time.

    Until the commit it stays as it is: a change that ends all sessions sees the one that begins here.
    """
    unchanged = select(User.id).where(
        User.id == found.user_id, User.password_hash == found.password_hash, User.disabled.is_(False)
    )
    if session.scalar(unchanged.with_for_update(read=True)) is None:
        raise problems.WRONG_CREDENTIALS()


def begin_session(session: Session, user_id: uuid.UUID, address: str) -> TokenPair:
    """Begin a family of tokens for somebody who gave his password."""
    moment = now()
    family = TokenFamily(
        id=uuid.uuid4(),
        user_id=user_id,
        current=uuid.uuid4(),
        generation=0,
        expires_at=moment + REFRESH_TOKEN_LIFETIME,
    )
    session.add(family)
    session.flush()
    session.connection().execute(
        insert(session, KnownAddress).on_conflict_do_update(
            index_elements=["user_id", "address"], set_={"seen_at": moment}
        ),
        [{"user_id": user_id, "address": address, "seen_at": moment}],
    )
    return _pair(family)


def _pair(family: TokenFamily) -> TokenPair:
    return TokenPair(family.user_id, family.id, family.current, family.generation)


def rotate_refresh_token(
    session: Session, family_id: uuid.UUID, refresh_id: uuid.UUID, generation: int
) -> TokenPair | None:
    """Take a refresh token and give its successor; None for a dead one.

    The token before the current one works while the current one was not used: its answer may have been
    lost. That gives a fresh successor and kills the unused one, which is dead and no more. A token that was
    used before, and whose successor was too, is somebody else's: the whole family dies.
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
            session.flush()
        return None
    family.current = uuid.uuid4()
    family.expires_at = now() + REFRESH_TOKEN_LIFETIME
    session.flush()
    return _pair(family)


def end_session(session: Session, family_id: uuid.UUID) -> None:
    """Log out: every token of the family is dead, for good."""
    session.execute(update(TokenFamily).where(TokenFamily.id == family_id).values(revoked_at=now()))


def end_sessions(session: Session, user_id: uuid.UUID, but: uuid.UUID | None = None) -> None:
    """End a person's sessions, all but one."""
    query = update(TokenFamily).where(TokenFamily.user_id == user_id, TokenFamily.revoked_at.is_(None))
    if but is not None:
        query = query.where(TokenFamily.id != but)
    session.execute(query.values(revoked_at=now()))


_ACTOR = Statement(
    select(User.organization_id, User.role)
    .join(TokenFamily, TokenFamily.user_id == User.id)
    .where(
        User.id == bindparam("user_id"),
        User.disabled.is_(False),
        TokenFamily.id == bindparam("family_id"),
        TokenFamily.revoked_at.is_(None),
    )
)


def find_actor(session: Session, user_id: uuid.UUID, family_id: uuid.UUID) -> Actor | None:
    """Return who is calling, with the rights that he has now; None for a dead session or account."""
    found = row(session, _ACTOR, user_id=user_id, family_id=family_id)
    return None if found is None else Actor(user_id, found.organization_id, found.role, family_id)


def delete_expired(session: Session) -> None:
    """Remove token families that are of no more use, addresses not seen for long, and failures long past."""
    moment = now()
    session.execute(
        delete(TokenFamily).where(
            or_(TokenFamily.expires_at < moment, TokenFamily.revoked_at < moment - REVOKED_FAMILY_RETENTION)
        )
    )
    session.execute(delete(KnownAddress).where(KnownAddress.seen_at < moment - KNOWN_ADDRESS_RETENTION))
    session.execute(delete(SignInFailure).where(SignInFailure.window_ends_at <= moment))


def change_password(session: Session, actor: Actor, password_hash: str) -> None:
    """Keep a new password and end all other sessions."""
    session.execute(update(User).where(User.id == actor.id).values(password_hash=password_hash))
    end_sessions(session, actor.id, but=actor.family_id)
