"""Limits on logins, against the guessing of passwords.

An attempt is counted before its password is checked, so attempts at the same time cannot be more than the
limits allow. It is taken back if the password turns out to be right. Only failures therefore stay counted.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from api.database.engines import insert
from api.domain import problems
from api.domain.audit import USER_LOGIN_FAILED
from api.domain.people import LOGIN_FAILED
from api.models.base import now
from api.models.events import Event
from api.models.organizations import Organization
from api.models.sign_in import SignInFailure
from api.models.users import User
from api.services.audit import recording
from api.services.audit.recording import Author

WINDOW = timedelta(minutes=15)
#: the maximum number of requests for a link from one network within ``WINDOW``
MAX_RESETS = 100
#: The maximum number of successful logins of an account within ``WINDOW``: one every three seconds. No person
#: needs as many, but a broken program may never stop, and each time the server hashes a password.
MAX_LOGINS = 300
#: The maximum number of wrong codes of an account within ``WINDOW``, from everywhere. Whoever guesses codes
#: knows the password already, and a guess is right in three of a million cases.
MAX_WRONG_CODES = 10


@dataclass(frozen=True, slots=True)
class Limit:
    """The maximum number of attempts within ``WINDOW``, counted under a key."""

    key: str
    maximum: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to log in with an email address, from the ``network`` of the caller.

    ``is_known_device`` is whether an account with this address has logged in on the same device before.
    """

    email: str
    network: str
    is_known_device: bool

    @property
    def limits(self) -> Sequence[Limit]:
        """The limit for known devices, on which the account cannot be locked out by others.

        Several organizations can have accounts with one address. A guess is checked against all of them, so
        they share this limit: an account that somebody adds in their own organization allows no more guesses.

        Otherwise, the limits for the account from this network, for this network, and for the account.
        """
        if self.is_known_device:
            return [Limit(f"known devices of {self.email}", 10)]
        return [
            Limit(f"account {self.email} at {self.network}", 10),
            Limit(f"network {self.network}", 100),
            Limit(f"account {self.email}", 100),
        ]


@dataclass(frozen=True, slots=True)
class CodeAttempt:
    """An attempt to use a code of a person's second factor."""

    user_id: uuid.UUID

    @property
    def limits(self) -> Sequence[Limit]:
        """The limit for the account."""
        return [Limit(f"codes of {self.user_id}", MAX_WRONG_CODES)]


def check(session: Session, attempt: Attempt) -> None:
    """Raise TOO_MANY_FAILURES, with Retry-After, if a limit is reached; a cheap check before ``count``."""
    keys = [_hash(limit.key) for limit in attempt.limits]
    rows = session.scalars(
        select(SignInFailure).where(SignInFailure.key.in_(keys), SignInFailure.window_ends_at > now())
    )
    _require_allowed({row.key: (row.failures + 1, row.window_ends_at) for row in rows}, attempt.limits)


def count(session: Session, attempt: Attempt | CodeAttempt) -> None:
    """Count an attempt before its password is checked. The caller's transaction has to commit before that.

    A code is checked in the same transaction, under the lock of the account.

    Raises TOO_MANY_FAILURES, with Retry-After.
    """
    _require_allowed(_count(session, [limit.key for limit in attempt.limits]), attempt.limits)


def take_back(session: Session, attempt: Attempt | CodeAttempt) -> None:
    """Take back an attempt whose password or code was right."""
    keys = [_hash(limit.key) for limit in attempt.limits]
    for key in sorted(keys):
        session.execute(
            update(SignInFailure)
            .where(SignInFailure.key == key, SignInFailure.failures > 0)
            .values(failures=SignInFailure.failures - 1)
        )


def count_login(session: Session, user_id: uuid.UUID) -> None:
    """Count a successful login. One that is too many stays counted as a failure.

    Raises TOO_MANY_PASSWORDS, with Retry-After.
    """
    limit = Limit(f"logins of {user_id}", MAX_LOGINS)
    counts = _count(session, [limit.key])
    if (seconds := _find_seconds_to_wait(counts, [limit])) is not None:
        raise problems.TOO_MANY_PASSWORDS(headers={"Retry-After": str(seconds)})


def count_reset(session: Session, network: str) -> bool:
    """Count a request to replace a forgotten password; return whether the limit of the network allows it."""
    limit = Limit(f"resets from {network}", MAX_RESETS)
    return _find_seconds_to_wait(_count(session, [limit.key]), [limit]) is None


def report_failure(session: Session, email: str, organization: str | None) -> None:
    """Leave it to the worker to find the accounts, if any, and to record the failure in their audit log.

    That takes the same time whether or not there are any.
    """
    data = {
        "email": email,
        "organization": organization,
        "request_id": recording.get_author(session).request_id,
    }
    session.add(Event(kind=LOGIN_FAILED, data=data, due_at=now()))


def record_reported_failure(session: Session, data: Mapping[str, Any], at: datetime) -> None:
    """Record a failure with the data from ``report_failure``, which was called ``at`` a time."""
    recording.set_author(session, Author(request_id=data["request_id"], at=at))
    query = find_accounts(select(User.id), data["email"], data["organization"])
    record_failure(session, session.scalars(query).all())


def record_failure(session: Session, user_ids: Iterable[uuid.UUID]) -> None:
    """Record a failed login in the audit log of each account."""
    for user_id in user_ids:
        recording.record(session, USER_LOGIN_FAILED, session.get_one(User, user_id))


def find_accounts(query: Any, email: str, organization: str | None) -> Any:
    """Limit a query of users to those with an email address, in the organization with this name if any."""
    query = query.where(User.email == email).order_by(User.id)
    if organization is None:
        return query
    return query.join(Organization, Organization.id == User.organization_id).where(
        Organization.name == organization
    )


def delete_expired(session: Session) -> None:
    """Delete the counts of past windows."""
    session.execute(delete(SignInFailure).where(SignInFailure.window_ends_at <= now()))


#: hashed key → number within the window, and the end of the window
_Counts = Mapping[str, tuple[int, datetime]]


def _count(session: Session, keys: Iterable[str]) -> _Counts:
    """Count one more under each key, and return the counts."""
    moment = now()
    rows = [
        {"key": key, "window_ends_at": moment + WINDOW, "failures": 1} for key in sorted(map(_hash, keys))
    ]
    statement = insert(session, SignInFailure).values(rows)
    is_past = SignInFailure.window_ends_at <= moment
    statement = statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "failures": case((is_past, 1), else_=SignInFailure.failures + 1),
            "window_ends_at": case((is_past, moment + WINDOW), else_=SignInFailure.window_ends_at),
        },
    ).returning(SignInFailure.key, SignInFailure.failures, SignInFailure.window_ends_at)
    return {key: (failures, ends_at) for key, failures, ends_at in session.connection().execute(statement)}


def _require_allowed(counts: _Counts, limits: Iterable[Limit]) -> None:
    if (seconds := _find_seconds_to_wait(counts, limits)) is not None:
        raise problems.TOO_MANY_FAILURES(headers={"Retry-After": str(seconds)})


def _find_seconds_to_wait(counts: _Counts, limits: Iterable[Limit]) -> int | None:
    """Return the seconds until no limit is exceeded any more, or None if none is."""
    moment = now()
    seconds = [
        int((ends_at - moment).total_seconds()) + 1
        for limit in limits
        for number, ends_at in [counts.get(_hash(limit.key), (0, moment))]
        if number > limit.maximum
    ]
    return max(seconds, default=None)


def _hash(key: str) -> str:
    """Return what is stored for a key, which has the addresses of people and networks."""
    return hashlib.sha256(key.encode()).hexdigest()
