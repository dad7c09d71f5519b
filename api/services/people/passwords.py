"""Passwords: stored as argon2id hashes, and rejected if they are easy to guess.

Hashing takes tens of milliseconds, so it never runs within a transaction. A process hashes few passwords at
once, and few more wait. Otherwise, a flood of logins would take all its threads and all its memory.
"""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.domain import problems

#: OWASP's second recommendation: 19 MiB, two passes, one lane
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
#: the hash of "no account has this password", with the same parameters
_dummy_hash = (
    "$argon2id$v=19$m=19456,t=2,p=1$MeATIEBd17xUVgoMN8OD2A$hguqoOa3CCCR3e8ErKVTQ9ChOU70a7rQa0WSo57DFlY"
)
#: how many passwords a process hashes at a time, and how many wait for it
MAX_HASHING, MAX_WAITING = 2, 3
_admission = threading.BoundedSemaphore(MAX_HASHING + MAX_WAITING)
_hashing = threading.BoundedSemaphore(MAX_HASHING)
_thread = threading.local()
#: The 20,000 most common passwords in leaks come with Django. None of its code runs.
COMMON_PASSWORDS = ("django", "contrib/auth/common-passwords.txt.gz")
#: Others are as weak, such as "iloveyou!" or a word with a year: an attacker needs as few guesses for them.
COMMON_GUESSES = 100_000
#: Longer passwords, and those with more different digits and symbols, are not common. An estimate of them can
#: take seconds, because it tries every letter that each symbol may stand for.
MAX_GUESSED_LENGTH, MAX_GUESSED_SYMBOLS = 20, 12


@contextmanager
def hashing() -> Iterator[None]:
    """Wait for a turn to hash inside the ``with`` block, where several passwords take one turn.

    Raises TOO_MANY_PASSWORDS, with Retry-After, if too many wait.
    """
    if getattr(_thread, "has_turn", False):
        yield
        return
    if not _admission.acquire(blocking=False):
        raise problems.TOO_MANY_PASSWORDS(headers={"Retry-After": "1"})
    try:
        with _hashing:
            _thread.has_turn = True
            try:
                yield
            finally:
                _thread.has_turn = False
    finally:
        _admission.release()


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with its salt and parameters. Raises TOO_MANY_PASSWORDS."""
    with hashing():
        return _hasher.hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Return whether the password matches the hash.

    Without a hash, because the account or its password does not exist, it returns False after the same time.
    Raises TOO_MANY_PASSWORDS.
    """
    try:
        with hashing():
            return _hasher.verify(password_hash or _dummy_hash, password) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


def check_password(field: str, password: str, email: str, organization: str) -> None:
    """Raise INVALID if a new password is common, or names the person or their organization.

    ``field`` is the pointer to it.
    """
    if password.strip().casefold() in (email.strip().casefold(), organization.strip().casefold()):
        raise problems.invalid_field(
            field, "The password must be neither the email address nor the name of the organization."
        )
    if _is_common(password):
        raise problems.invalid_field(
            field, "Many people use this password, so others can guess it. Choose another one."
        )


def _is_common(password: str) -> bool:
    if password.strip().casefold() in _load_common_passwords():
        return True
    symbols = {character for character in password if not character.isalpha()}
    if len(password) > MAX_GUESSED_LENGTH or len(symbols) > MAX_GUESSED_SYMBOLS:
        return False
    # The lists take 20 MiB and a moment to load, so only processes that need them do so.
    from zxcvbn import zxcvbn

    return bool(zxcvbn(password)["guesses"] <= COMMON_GUESSES)


@cache
def _load_common_passwords() -> frozenset[str]:
    package, name = COMMON_PASSWORDS
    with gzip.open(str(files(package) / name), "rt", encoding="utf-8") as lines:
        return frozenset(line.strip().casefold() for line in lines)
