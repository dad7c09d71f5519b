"""Which roles hold which permission. ``services/visibility.py`` defines which rows an actor may see."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

#: NIST SP 800-63B requires a minimum length, and advises against composition rules.
MIN_PASSWORD_LENGTH = 8

SHOPPER, MANAGER, REVIEWER, ADMIN = ROLES = ("shopper", "manager", "reviewer", "admin")


@dataclass(frozen=True, slots=True)
class Actor:
    """The authenticated caller, as read from the database for this request."""

    id: uuid.UUID
    organization_id: uuid.UUID
    role: str
    family_id: uuid.UUID

    @property
    def can_see_everything(self) -> bool:
        """Whether the actor may see all places, visits and evidence of their organization."""
        return self.role in (REVIEWER, ADMIN)


ANY_CALLER = "any caller"
REFRESH_TOKEN = "refresh-token"  # noqa: S105  (the name of a permission)
SIGNED_IN = "signed-in"

_ALL_ROLES = frozenset(ROLES)
_ALL_BUT_SHOPPERS = frozenset({MANAGER, REVIEWER, ADMIN})
_REVIEWERS = frozenset({REVIEWER, ADMIN})
_ADMINS = frozenset({ADMIN})

#: by permission: the roles that hold it
PERMISSIONS: Mapping[str, frozenset[str]] = {
    SIGNED_IN: _ALL_ROLES,
    "read checklists": _ALL_ROLES,
    "write checklists": _ADMINS,
    "read places": _ALL_BUT_SHOPPERS,
    "write places": _ADMINS,
    "administer organization": _ADMINS,
    "administer people": _ADMINS,
    "assign visits": _ADMINS,
    "read visits": _ALL_ROLES,
    # A self-check can be assigned to a person of any role.
    "send visits": _ALL_ROLES,
    "read progress": _ALL_BUT_SHOPPERS,
    "review visits": _REVIEWERS,
    "read scores": _ALL_BUT_SHOPPERS,
    "read comments": _ALL_BUT_SHOPPERS,
    "export": _ALL_BUT_SHOPPERS,
}
