"""Saved views: names for addresses of the dashboard."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, now


class SavedView(HasId, Base):
    """A name for a page of the dashboard with its filters.

    A private view is for ``owner_id`` alone. A shared one is for everyone in the organization who has the
    page: ``for_reviewers`` if only reviewers and administrators do. It stays, without an owner, when that
    person is deleted.
    """

    __tablename__ = "saved_views"
    __table_args__ = (Index(None, "organization_id", "name", "id"), Index(None, "owner_id"))

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    path: Mapped[str]
    shared: Mapped[bool] = mapped_column(default=False)
    for_reviewers: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
