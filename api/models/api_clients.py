"""API clients: other systems that call the API, with their regions and secrets."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, now


class ApiClient(HasId, Base):
    """A system that calls the API with tokens of its own. ``scopes`` are keys of ``access.SCOPES``."""

    __tablename__ = "api_clients"

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"), index=True)
    name: Mapped[str]
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiClientRegion(Base):
    """Limits an API client to a region and everything below it. A client without regions has no limit."""

    __tablename__ = "api_client_regions"

    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("api_clients.id"), primary_key=True)
    region_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("regions.id"), primary_key=True)


class ApiClientSecret(HasId, Base):
    """A secret of an API client. ``expires_at`` is set once another secret replaces it.

    ``secret_sha256`` needs neither salt nor a slow hash, because a secret has 256 random bits.
    """

    __tablename__ = "api_client_secrets"

    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("api_clients.id"), index=True)
    secret_sha256: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
