"""Visits: a shopper visits a location within a window of time, with a version of a checklist."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.visits import OUTSTANDING, STATUSES
from api.models.base import Base, HasId, now, one_of

#: The databases use an index of some rows only if the condition is the same, not with parameters.
_IS_IN_PROGRESS = "status IN ({})".format(", ".join(f"'{status}'" for status in sorted(OUTSTANDING)))


def is_in_progress() -> ColumnElement[bool]:
    """Return the condition that a visit is in progress, in the words of the index of such visits."""
    return Visit.status.in_([literal_column(f"'{status}'") for status in sorted(OUTSTANDING)])


class Visit(HasId, Base):
    """A visit.

    ``day`` is in the time zone of the location: the day on which the window opens, and once answers are
    stored, the day on which the visit started. Lists are sorted by it. The first revision fixes ``month``.
    ``waiting_since`` is the time at which the revision was submitted, while it waits for a reviewer.
    ``batch_id`` is the same for all visits of a list that was assigned, and for those that replace them.
    ``override_reason`` is why the visit was assigned in spite of the lock-out. ``currency`` is that of its
    payment items, or null if it is not paid.
    """

    __tablename__ = "visits"
    __table_args__ = (
        Index(None, "organization_id", "day", "id"),
        Index(None, "shopper_id", "day", "id"),
        Index(None, "location_id", "day", "id"),
        Index(None, "organization_id", "waiting_since", "id"),
        Index(None, "organization_id", "external_id"),
        Index(
            "ix_visits_in_progress",
            "shopper_id",
            postgresql_where=text(_IS_IN_PROGRESS),
            sqlite_where=text(_IS_IN_PROGRESS),
        ),
        Index(None, "batch_id"),
        one_of("status", STATUSES),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("locations.id"))
    shopper_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    checklist_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("checklist_versions.id"))
    status: Mapped[str] = mapped_column(default="assigned")
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    external_id: Mapped[str | None]
    batch_id: Mapped[uuid.UUID | None]
    override_reason: Mapped[str | None]
    currency: Mapped[str | None]
    day: Mapped[date]
    part_of_day: Mapped[str | None]
    month: Mapped[int | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[datetime | None]
    return_reason: Mapped[str | None]
    question_reasons: Mapped[dict[str, Any] | None]
    message_to_shopper: Mapped[str | None]
    decline_reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
