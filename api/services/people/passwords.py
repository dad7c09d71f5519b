"""Passwords, kept as argon2id hashes. Hashing takes tens of milliseconds: never within a transaction."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: OWASP's second recommendation: 19 MiB, two passes, one lane
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_hash_of_nothing = _hasher.hash("no account has this password")


def hash_password(password: str) -> str:
    """Return what is kept of a password."""
    return _hasher.hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Say whether the password is the one; without an account it takes as long to say no."""
    try:
        return _hasher.verify(password_hash or _hash_of_nothing, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False
