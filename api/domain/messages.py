"""Messages: what reviewers ask the shopper of a visit, and what the shopper answers."""

from datetime import datetime

OPEN, ANSWERED, WITHDRAWN = STATUSES = ("open", "answered", "withdrawn")

#: how many messages of a visit may be open at the same time
MAX_OPEN = 5
MAX_TEXT_LENGTH = 2000
MAX_ANSWER_LENGTH = 5000


def get_status(answered_at: datetime | None, withdrawn_at: datetime | None) -> str:
    """Return the status of a message. An answer that arrives after the withdrawal counts too."""
    if answered_at is not None:
        return ANSWERED
    return WITHDRAWN if withdrawn_at is not None else OPEN
