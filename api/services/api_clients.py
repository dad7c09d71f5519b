"""API clients: managed by administrators, and authenticated by ID and secret (OAuth 2.0, RFC 6749, 4.4)."""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from api.database.statements import Query, Runner, fetch_one
from api.domain import problems
from api.domain.access import CLIENT, Actor
from api.domain.audit import API_CLIENT_SECRET_REPLACED
from api.models.api_clients import ApiClient, ApiClientRegion, ApiClientSecret
from api.models.base import now
from api.services import webhooks
from api.services.audit.recording import record
from api.services.paging import Page, fetch_page
from api.services.places import check_regions
from api.services.region_limits import read_regions, replace_regions

#: Lets scanners recognize a secret that was published by mistake.
SECRET_PREFIX = "mss_"  # noqa: S105
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Client:
    """An API client with its regions. ``secret`` is present only when it was just generated."""

    row: ApiClient
    region_ids: list[uuid.UUID]
    secret: str | None = None

    @property
    def client_id(self) -> uuid.UUID:
        """The ID that the client authenticates with: that of the resource."""
        return self.row.id

    @property
    def revoked(self) -> bool:
        """Whether the client is revoked."""
        return self.row.revoked_at is not None


def create_client(session: Session, actor: Actor, values: Mapping[str, Any]) -> Client:
    """Create an API client with a new secret.

    Raises INVALID for regions that do not exist.
    """
    check_regions(session, actor, values["region_ids"])
    row = ApiClient(
        organization_id=actor.organization_id,
        name=values["name"],
        scopes=sorted(set(values["scopes"])),
    )
    session.add(row)
    session.flush()
    replace_regions(session, ApiClientRegion.client_id, row, values["region_ids"])
    return _add_secret(session, row)


def list_clients(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of the organization's API clients (``Client``), sorted by name.

    The filter ``revoked`` selects those that are revoked, or not.
    """
    query = select(ApiClient).where(ApiClient.organization_id == actor.organization_id)
    if "name" in filters:
        query = query.where(ApiClient.name == filters["name"])
    if "revoked" in filters:
        query = query.where(ApiClient.revoked_at.is_not(None) == filters["revoked"])
    page = fetch_page(session, query, ApiClient.name, ApiClient.id, limit, cursor)
    return Page(_add_regions(session, page.items), page.cursor)


def find_client(session: Session, actor: Actor, client_id: uuid.UUID, *, lock: bool = False) -> ApiClient:
    """Return an API client of the actor's organization; ``lock`` locks the row for an update.

    Raises API_CLIENT_NOT_FOUND.
    """
    query = select(ApiClient).where(
        ApiClient.id == client_id, ApiClient.organization_id == actor.organization_id
    )
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise problems.API_CLIENT_NOT_FOUND()
    return row


def get_client(session: Session, row: ApiClient) -> Client:
    """Return an API client with its regions."""
    return _add_regions(session, [row])[0]


def update_client(session: Session, actor: Actor, row: ApiClient, values: Mapping[str, Any]) -> Client:
    """Update the name, scopes and regions of a locked API client. They also apply to its current tokens.

    Raises INVALID for regions that do not exist, and API_CLIENT_REVOKED.
    """
    _require_active(row)
    if "name" in values:
        row.name = values["name"]
    if "scopes" in values:
        row.scopes = sorted(set(values["scopes"]))
    if "region_ids" in values:
        check_regions(session, actor, values["region_ids"])
        replace_regions(session, ApiClientRegion.client_id, row, values["region_ids"])
    session.flush()
    return get_client(session, row)


def replace_secret(session: Session, row: ApiClient, overlap: timedelta) -> Client:
    """Add a new secret to a locked API client. The earlier ones stay valid for ``overlap``, or shorter.

    Raises API_CLIENT_REVOKED.
    """
    _require_active(row)
    record(session, API_CLIENT_SECRET_REPLACED, row)
    ends_at = now() + overlap
    session.execute(
        update(ApiClientSecret)
        .where(
            ApiClientSecret.client_id == row.id,
            or_(ApiClientSecret.expires_at.is_(None), ApiClientSecret.expires_at > ends_at),
        )
        .values(expires_at=ends_at)
    )
    return _add_secret(session, row)


def revoke_client(session: Session, row: ApiClient) -> None:
    """Revoke a locked API client permanently: its tokens and secrets are no longer valid.

    Its webhooks are disabled.
    """
    if row.revoked_at is None:
        row.revoked_at = now()
        session.flush()
        webhooks.disable_those_of_client(session, row.id)


class _Credentials(NamedTuple):
    client_id: uuid.UUID
    scopes: frozenset[str]


def authenticate(session: Session, client_id: str, secret: str) -> _Credentials | None:
    """Return the ID and scopes of the client with these credentials, or None if they are incorrect."""
    try:
        key = uuid.UUID(client_id)
    except ValueError:
        return None
    rows = session.execute(
        select(ApiClient.scopes, ApiClientSecret.secret_sha256)
        .join(ApiClientSecret, ApiClientSecret.client_id == ApiClient.id)
        .where(
            ApiClient.id == key,
            ApiClient.revoked_at.is_(None),
            or_(ApiClientSecret.expires_at.is_(None), ApiClientSecret.expires_at > now()),
        )
    )
    digest = _hash(secret)
    for scopes, secret_sha256 in rows:
        if hmac.compare_digest(digest, secret_sha256):
            return _Credentials(key, frozenset(scopes))
    return None


def record_use(session: Session, client_id: uuid.UUID) -> None:
    """Record that a client has requested a token."""
    session.execute(update(ApiClient).where(ApiClient.id == client_id).values(last_used_at=now()))


class _Account(NamedTuple):
    organization_id: uuid.UUID
    scopes: list[str]


_FIND_CLIENT = Query(
    _Account,
    select(ApiClient.organization_id, ApiClient.scopes).where(
        ApiClient.id == bindparam("client_id"), ApiClient.revoked_at.is_(None)
    ),
)


def find_actor(runner: Runner, client_id: uuid.UUID, token_scopes: Iterable[str]) -> Actor | None:
    """Return the client as the caller, or None if it is revoked.

    It has the scopes of its token, except those that it has lost since.
    """
    account = fetch_one(runner, _FIND_CLIENT, client_id=client_id)
    if account is None:
        return None
    scopes = frozenset(account.scopes) & frozenset(token_scopes)
    return Actor(client_id, account.organization_id, CLIENT, scopes=scopes)


def delete_expired(session: Session) -> None:
    """Delete the secrets that have expired."""
    session.execute(delete(ApiClientSecret).where(ApiClientSecret.expires_at <= now()))


def _require_active(row: ApiClient) -> None:
    if row.revoked_at is not None:
        raise problems.API_CLIENT_REVOKED()


def _add_secret(session: Session, row: ApiClient) -> Client:
    """Add a secret to an API client, and return the client with it."""
    secret = SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    session.add(ApiClientSecret(client_id=row.id, secret_sha256=_hash(secret)))
    session.flush()
    return replace(get_client(session, row), secret=secret)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _add_regions(session: Session, rows: Sequence[ApiClient]) -> list[Client]:
    """Return API clients with their regions."""
    regions = read_regions(session, ApiClientRegion.client_id, [row.id for row in rows])
    return [Client(row, regions[row.id]) for row in rows]
