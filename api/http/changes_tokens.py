"""Tokens of the change feed: a position, encrypted for one caller and what they may see.

Encrypted, because positions count the changes of all organizations. Equal positions have equal tokens, so
that a page that has not changed has the same ETag (AES-SIV, RFC 5297).
"""

import base64
import binascii
import json
from contextlib import suppress
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from api.domain import problems
from api.http.context import app_context
from api.services.change_feed import BEGINNING, Position


def build_token(position: Position, caller_id: UUID, access: str) -> str:
    """Return the token for a position. ``access`` is what ``describe_access`` returns."""
    text = json.dumps([caller_id.hex, access, *position])
    return base64.urlsafe_b64encode(_get_ciphers()[0].encrypt(text.encode(), None)).decode().rstrip("=")


def parse_token(token: str, caller_id: UUID, access: str) -> Position:
    """Return the position of a token, or the beginning for an empty one.

    Raises INVALID for a token that was not issued to this caller, and RESTART_FEED if they may see other
    visits than when it was issued.
    """
    if not token:
        return BEGINNING
    try:
        encrypted = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        issued_to, former_access, *position = json.loads(_decrypt(encrypted))
    except (InvalidTag, ValueError, binascii.Error):
        raise problems.invalid_field("/changed_after", "This is not a token of the change feed.") from None
    if issued_to != caller_id.hex:
        raise problems.invalid_field("/changed_after", "This token was issued to another caller.")
    if former_access != access:
        raise problems.RESTART_FEED()
    return Position(*position)


def _decrypt(encrypted: bytes) -> bytes:
    """Return what was encrypted with the current key or a previous one. Raises InvalidTag."""
    for cipher in _get_ciphers():
        with suppress(InvalidTag):
            return cipher.decrypt(encrypted, None)
    raise InvalidTag


def _get_ciphers() -> list[AESSIV]:
    keys = app_context().settings.keys.derive("tokens of the change feed", size=64)
    return [AESSIV(key) for key in keys]
