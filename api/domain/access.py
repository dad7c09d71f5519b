"""Who may do what, readable aloud. Which rows he may do it to is told by ``services/visibility.py``."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

#: what NIST SP 800-63B asks of a password: length, and no rules of composition
MIN_PASSWORD_LENGTH = 8

SHOPPER, MANAGER, REVIEWER, ADMIN = ROLES = ("shopper", "manager", "reviewer", "admin")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is calling, as the database has him at this request."""

    id: uuid.UUID
    organization_id: uuid.UUID
    role: str
    family_id: uuid.UUID

    @property
    def can_see_everything(self) -> bool:
        """Whether he sees all places, visits and evidence of his organization."""
        return self.role in (REVIEWER, ADMIN)


ANY_CALLER = "any caller"
REFRESH_TOKEN = "refresh-token"  # noqa: S105  (a permission's name)
SIGNED_IN = "signed-in"

_everyone = frozenset(ROLES)
_watchers = frozenset({MANAGER, REVIEWER, ADMIN})
_deciders = frozenset({REVIEWER, ADMIN})
_admins = frozenset({ADMIN})

#: permission → the roles that hold it
PERMISSIONS: Mapping[str, frozenset[str]] = {
    SIGNED_IN: _everyone,
    "read checklists": _everyone,
    "write checklists": _admins,
    "read places": _watchers,
    "write places": _admins,
    "administer organization": _admins,
    "administer people": _admins,
    "assign visits": _admins,
    "read visits": _everyone,
    # A self-check may be assigned to any person, so anyone may turn out to be the one who sends it.
    "send visits": _everyone,
    "read progress": _watchers,
    "review visits": _deciders,
    "read scores": _watchers,
    "read comments": _watchers,
}
