"""Which roles hold which permission, and which scopes give it to API clients.

``services/visibility.py`` defines which rows an actor may see.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: NIST SP 800-63B requires a minimum length, and advises against composition rules.
MIN_PASSWORD_LENGTH = 8
MAX_PASSWORD_LENGTH = 256

#: the roles of people
SHOPPER, MANAGER, REVIEWER, ADMIN = ROLES = ("shopper", "manager", "reviewer", "admin")
#: the role of every API client
CLIENT = "client"

WEBHOOKS_WRITE = "webhooks:write"
#: scope → what it gives to an API client
SCOPES: Mapping[str, str] = {
    "scores:read": "Read scores, and the places and checklists that they refer to",
    "visits:read": "Read accepted visits with their answers, comments and photos",
    "visits:write": "Assign, reassign and cancel visits",
    "places:write": "Create and change regions and locations",
    "checklists:write": "Write and publish checklists",
    WEBHOOKS_WRITE: "Manage the webhooks that this client created",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """The authenticated caller, as read from the database for this request.

    A person has the session ``family_id``. An API client has the role CLIENT, and the scopes of its token.
    ``lacks_second_factor`` if a person must set up a second factor before they do anything else.
    """

    id: uuid.UUID
    organization_id: uuid.UUID
    role: str
    family_id: uuid.UUID | None = None
    scopes: frozenset[str] = frozenset()
    lacks_second_factor: bool = False

    @property
    def is_client(self) -> bool:
        """Whether the caller is an API client, not a person."""
        return self.role == CLIENT

    @property
    def can_see_everything(self) -> bool:
        """Whether the actor may see all places, visits and evidence of their organization."""
        return self.role in (REVIEWER, ADMIN)


ANY_CALLER = "any caller"
REFRESH_TOKEN = "refresh-token"  # noqa: S105  (the name of a permission)
#: Only for one's own account: it is held by people who have yet to set up the second factor that they need.
SIGNED_IN = "signed-in"
SEND_VISITS = "send visits"

_ALL_BUT_SHOPPERS = frozenset({MANAGER, REVIEWER, ADMIN})
_REVIEWERS = frozenset({REVIEWER, ADMIN})
_ADMINS = frozenset({ADMIN})


@dataclass(frozen=True, slots=True)
class Permission:
    """The roles that hold a permission, and the scopes each of which gives it to an API client."""

    roles: frozenset[str]
    scopes: frozenset[str] = frozenset()

    def is_held_by(self, actor: Actor) -> bool:
        """Return whether the actor's role or one of their scopes gives the permission."""
        return bool(actor.scopes & self.scopes) if actor.is_client else actor.role in self.roles


def _permit(roles: Iterable[str], *scopes: str) -> Permission:
    return Permission(frozenset(roles), frozenset(scopes))


PERMISSIONS: Mapping[str, Permission] = {
    SIGNED_IN: _permit(ROLES),
    "read checklists": _permit(ROLES, "scores:read", "visits:read", "visits:write", "checklists:write"),
    "write checklists": _permit(_ADMINS, "checklists:write"),
    "administer checklists": _permit(_ADMINS),
    "read places": _permit(_ALL_BUT_SHOPPERS, "scores:read", "visits:read", "visits:write", "places:write"),
    "write places": _permit(_ADMINS, "places:write"),
    "administer organization": _permit(_ADMINS),
    "administer people": _permit(_ADMINS),
    "administer API clients": _permit(_ADMINS),
    "manage webhooks": _permit(_ADMINS, WEBHOOKS_WRITE),
    "assign visits": _permit(_ADMINS, "visits:write"),
    # Not for API clients: lock-outs disclose when a shopper was at a location.
    "plan visits": _permit(_ADMINS),
    "set targets": _permit(_ADMINS),
    "read visits": _permit(ROLES, "visits:read"),
    # A self-check can be assigned to a person of any role.
    SEND_VISITS: _permit(ROLES),
    "read progress": _permit(_ALL_BUT_SHOPPERS, "visits:read", "visits:write"),
    "review visits": _permit(_REVIEWERS),
    "dispute visits": _permit({MANAGER}),
    "read disputes": _permit(_ALL_BUT_SHOPPERS, "visits:read"),
    "read scores": _permit(_ALL_BUT_SHOPPERS, "scores:read"),
    "save views": _permit(_ALL_BUT_SHOPPERS),
    "read comments": _permit(_ALL_BUT_SHOPPERS, "visits:read"),
    "list photos": _permit(_ALL_BUT_SHOPPERS, "visits:read"),
    "export": _permit(_ALL_BUT_SHOPPERS, "scores:read", "visits:read"),
}
