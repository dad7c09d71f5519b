"""Checklists, their drafts with earlier revisions, and their published versions."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, now


class Checklist(HasId, Base):
    """A checklist. ``latest_version`` is 0 until a version is published."""

    __tablename__ = "checklists"
    __table_args__ = (UniqueConstraint("organization_id", "key"),)

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    key: Mapped[str]
    draft: Mapped[dict[str, Any]]
    latest_version: Mapped[int] = mapped_column(default=0)
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ChecklistVersion(HasId, Base):
    """A published version. ``document`` is the complete JSON text. Rows never change.

    ``published_by`` is null for the program itself, and once the person was deleted.
    """

    __tablename__ = "checklist_versions"
    __table_args__ = (UniqueConstraint("checklist_id", "version"),)

    checklist_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("checklists.id"))
    version: Mapped[int]
    document: Mapped[str]
    sha256: Mapped[str]
    published_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    published_at: Mapped[datetime] = mapped_column(default=now)


class DraftRevision(HasId, Base):
    """What a draft was after the edits of one person within a short time.

    ``user_id`` is null for the edits of API clients, of the program itself and of deleted people. The latest
    revision of a checklist always equals its draft.
    """

    __tablename__ = "draft_revisions"
    __table_args__ = (Index(None, "checklist_id", "changed_at", "id"),)

    checklist_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("checklists.id"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)
