"""Tokens of devices on which a person has logged in, or opened a link that was mailed to them.

Failures of strangers do not lock such a device out; its own are counted on their own (OWASP, "Device
cookies"). A token is an HMAC of the account and its password hash. It is therefore the same on all devices of
an account, does not tell whose it is, and is no longer valid once the password has changed or the person was
deleted. Nothing is stored.
"""

import base64
import hmac
import uuid
from collections.abc import Iterable, Sequence

from api.keys import Keys
from api.services.people.sign_in import Candidate


def derive_token(user_id: uuid.UUID, password_hash: str, keys: Keys) -> str:
    """Return the token of the devices of an account."""
    return _derive_tokens(user_id, password_hash, keys)[0]


def is_known(token: str | None, candidates: Iterable[Candidate], keys: Keys) -> bool:
    """Return whether a token belongs to one of these accounts."""
    return token is not None and any(
        hmac.compare_digest(valid.encode(), token.encode())
        for candidate in candidates
        for valid in _derive_tokens(candidate.user_id, candidate.password_hash, keys)
    )


def _derive_tokens(user_id: uuid.UUID, password_hash: str, keys: Keys) -> Sequence[str]:
    """Return the token for each key, the current one first."""
    account = user_id.bytes + password_hash.encode()
    digests = [hmac.digest(key, account, "sha256") for key in keys.derive("device tokens")]
    return [base64.urlsafe_b64encode(digest).decode().rstrip("=") for digest in digests]
