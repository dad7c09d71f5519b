"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes in place of them.

A person starts by storing a secret in their app, and confirms with a code that it is there. From then on, a
login needs a code. Each code is valid once.
"""

import base64
import hashlib
import logging
import re
import secrets
import uuid
from dataclasses import dataclass

import pyotp
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.audit import (
    USER_RECOVERY_CODE_USED,
    USER_RECOVERY_CODES_REPLACED,
    USER_SECOND_FACTOR_DISABLED,
    USER_SECOND_FACTOR_ENABLED,
    USER_SECOND_FACTOR_RESET,
)
from api.keys import Keys, UnknownKey
from api.models.base import now
from api.models.organizations import Organization
from api.models.second_factors import RecoveryCode, SecondFactor
from api.models.users import User
from api.services.audit.recording import act_as, record
from api.services.people import login_limits, sign_in

#: what secrets are encrypted for
KEY_PURPOSE = "second factors"
RECOVERY_CODES = 10
#: 80 random bits, which are 16 characters
RECOVERY_CODE_BYTES = 10
#: the number of time steps, of 30 seconds, that the clock of a phone may be ahead or behind
CLOCK_TOLERANCE = 1
_TOTP_CODE = re.compile(r"[0-9]{6}")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a person has a second factor, and how many of their recovery codes were not used yet."""

    enabled: bool
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class Setup:
    """What an authenticator app stores: the secret, in base32, and the same as a URI for a QR code."""

    secret: str
    uri: str


def get_status(session: Session, user_id: uuid.UUID) -> Status:
    """Return the state of a person's second factor."""
    count = select(func.count()).where(RecoveryCode.user_id == user_id)
    return Status(is_enabled(session, user_id), session.scalar(count) or 0)


def is_enabled(session: Session, user_id: uuid.UUID) -> bool:
    """Return whether logins of a person need a code."""
    query = select(SecondFactor.user_id).where(
        SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None)
    )
    return session.scalar(query) is not None


def start(session: Session, user: User, keys: Keys) -> Setup:
    """Create a secret for a locked user, in place of one that was not confirmed.

    Raises SECOND_FACTOR_EXISTS.
    """
    if is_enabled(session, user.id):
        raise problems.SECOND_FACTOR_EXISTS()
    secret = pyotp.random_base32()
    session.merge(
        SecondFactor(user_id=user.id, secret=keys.encrypt(KEY_PURPOSE, secret), last_step=0, created_at=now())
    )
    session.flush()
    organization = session.get_one(Organization, user.organization_id)
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=organization.name)
    return Setup(secret, uri)


def confirm(session: Session, actor: Actor, user: User, code: str, keys: Keys) -> list[str]:
    """Enable the second factor of a locked user, end their other sessions, and return the recovery codes.

    Raises SECOND_FACTOR_EXISTS, NO_SECOND_FACTOR, and INVALID for a wrong code.
    """
    if is_enabled(session, user.id):
        raise problems.SECOND_FACTOR_EXISTS()
    factor = session.get(SecondFactor, user.id)
    if factor is None:
        raise problems.NO_SECOND_FACTOR()
    if not _use_totp_code(session, factor, _normalize(code), keys):
        raise reject_code()
    factor.confirmed_at = now()
    record(session, USER_SECOND_FACTOR_ENABLED, user)
    sign_in.end_sessions(session, user.id, except_family_id=actor.family_id)
    return _create_recovery_codes(session, user)


def use_code(session: Session, user: User, code: str, keys: Keys) -> bool:
    """Use up a code of the app or a recovery code of a locked user who has a second factor.

    Returns whether it was valid. If not, that counts as a failed login, and the caller's transaction has to
    commit. Raises TOO_MANY_FAILURES.
    """
    attempt = login_limits.CodeAttempt(user.id)
    login_limits.count(session, attempt)
    if not _use_code(session, user, _normalize(code), keys):
        login_limits.record_failure(session, [user.id])
        return False
    login_limits.take_back(session, attempt)
    return True


def _use_code(session: Session, user: User, code: str, keys: Keys) -> bool:
    if _TOTP_CODE.fullmatch(code):
        return _use_totp_code(session, session.get_one(SecondFactor, user.id), code, keys)
    used = delete(RecoveryCode).where(
        RecoveryCode.user_id == user.id, RecoveryCode.code_sha256 == _hash(code)
    )
    if session.execute(used).rowcount == 0:  # type: ignore[attr-defined]
        return False
    act_as(session, user.id)
    record(session, USER_RECOVERY_CODE_USED, user)
    return True


def replace_recovery_codes(session: Session, user: User) -> list[str]:
    """Replace the recovery codes of a locked user, and return the new ones."""
    record(session, USER_RECOVERY_CODES_REPLACED, user)
    return _create_recovery_codes(session, user)


def require_may_disable(session: Session, user: User) -> None:
    """Raise NO_SECOND_FACTOR, or SECOND_FACTOR_REQUIRED if the role of the user must have one."""
    require_enabled(session, user)
    if user.role in session.get_one(Organization, user.organization_id).require_second_factor:
        raise problems.SECOND_FACTOR_REQUIRED()


def require_enabled(session: Session, user: User) -> None:
    """Raise NO_SECOND_FACTOR unless logins of a user need a code."""
    if not is_enabled(session, user.id):
        raise problems.NO_SECOND_FACTOR()


def disable(session: Session, actor: Actor, user: User) -> None:
    """Remove the second factor of a locked user, and end their other sessions."""
    record(session, USER_SECOND_FACTOR_DISABLED, user)
    remove(session, user.id)
    sign_in.end_sessions(session, user.id, except_family_id=actor.family_id)


def reset(session: Session, user: User) -> None:
    """Remove the second factor of a locked user who cannot use it any more, and end all their sessions."""
    if not is_enabled(session, user.id):
        return
    record(session, USER_SECOND_FACTOR_RESET, user)
    remove(session, user.id)
    sign_in.end_sessions(session, user.id)


def remove(session: Session, user_id: uuid.UUID) -> None:
    """Delete the secret and the recovery codes of a person."""
    for table in (SecondFactor, RecoveryCode):
        session.execute(delete(table).where(table.user_id == user_id))


def reject_code() -> problems.ProblemError:
    """Return the error for a code that a person enters in their account."""
    return problems.invalid_field("/code", "This code is not valid, or it was used before.")


def _use_totp_code(session: Session, factor: SecondFactor, code: str, keys: Keys) -> bool:
    """Use up a code, unless it or a later one was used; return whether it was valid."""
    try:
        totp = pyotp.TOTP(keys.decrypt(KEY_PURPOSE, factor.secret))
        step = totp.verify_and_get_timecode(code, for_time=now(), valid_window=CLOCK_TOLERANCE)
    except OTPVerificationError:
        return False
    except UnknownKey:
        log.exception("a second factor cannot be used: the secret that encrypted it was dropped too early")
        return False
    # Of two requests with the same code, only one changes the row.
    mine = SecondFactor.user_id == factor.user_id
    unused = update(SecondFactor).where(mine, SecondFactor.last_step < step).values(last_step=step)
    return session.execute(unused).rowcount == 1  # type: ignore[attr-defined]


def _create_recovery_codes(session: Session, user: User) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [
        base64.b32encode(secrets.token_bytes(RECOVERY_CODE_BYTES)).decode() for _ in range(RECOVERY_CODES)
    ]
    # They are random, so that a fast hash is as safe as a slow one.
    session.add_all(RecoveryCode(user_id=user.id, code_sha256=_hash(code)) for code in codes)
    session.flush()
    return ["-".join(re.findall("....", code)) for code in codes]


def _normalize(code: str) -> str:
    """Return a code without what people type between its characters."""
    return re.sub(r"[\s-]", "", code).upper()


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
