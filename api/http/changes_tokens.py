"""Tokens of the change feed: a position, encrypted for one caller and what they may see.

Encrypted, because positions count the changes of all organizations. Equal positions have equal tokens, so
that a page that has not changed has the same ETag (AES-SIV, RFC 5297).
"""

import base64
import binascii
import hashlib
import json
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from api.domain import problems
from api.http.context import app_context
from api.services.change_feed import BEGINNING, Position


def build_token(position: Position, caller_id: UUID, access: str) -> str:
    """Return the token for a position. ``access`` is what ``describe_access`` returns."""
    text = json.dumps([caller_id.hex, access, *position])
    return base64.urlsafe_b64encode(_get_cipher().encrypt(text.encode(), None)).decode().rstrip("=")


def parse_token(token: str, caller_id: UUID, access: str) -> Position:
    """Return the position of a token, or the beginning for an empty one.

    Raises INVALID for a token that was not issued to this caller, and RESTART_FEED if they may see other
    visits than when it was issued.
    """
    if not token:
        return BEGINNING
    try:
        encrypted = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        issued_to, former_access, *position = json.loads(_get_cipher().decrypt(encrypted, None))
    except (InvalidTag, ValueError, binascii.Error):
        raise problems.invalid_field("/changed_after", "This is not a token of the change feed.") from None
    if issued_to != caller_id.hex:
        raise problems.invalid_field("/changed_after", "This token was issued to another caller.")
    if former_access != access:
        raise problems.RESTART_FEED()
    return Position(*position)


def _get_cipher() -> AESSIV:
    secret = app_context().settings.secret_key.encode()
    return AESSIV(hashlib.sha512(b"tokens of the change feed: " + secret).digest())
