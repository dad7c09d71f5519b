"""Tokens of the change feed: a position, signed for one caller and what they may see."""

from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from api.domain import problems
from api.http.context import app_context
from api.services.change_feed import BEGINNING, Position


def build_token(position: Position, caller_id: UUID, access: str) -> str:
    """Return the token for a position. ``access`` is what ``describe_access`` returns."""
    token = _get_serializer().dumps([caller_id.hex, access, *position])
    return token if isinstance(token, str) else token.decode()


def parse_token(token: str, caller_id: UUID, access: str) -> Position:
    """Return the position of a token, or the beginning for an empty one.

    Raises INVALID for a token that was not issued to this caller, and RESTART_FEED if they may see other
    visits than when it was issued.
    """
    if not token:
        return BEGINNING
    try:
        issued_to, former_access, transaction_id, number = _get_serializer().loads(token)
    except (BadData, ValueError):
        raise problems.invalid_field("/changed_after", "This is not a token of the change feed.") from None
    if issued_to != caller_id.hex:
        raise problems.invalid_field("/changed_after", "This token was issued to another caller.")
    if former_access != access:
        raise problems.RESTART_FEED()
    return Position(transaction_id, number)


def _get_serializer() -> URLSafeSerializer:
    return URLSafeSerializer(app_context().settings.secret_key, salt="changes")
