"""Notices: what each person wants to be mailed, what was reported to them, and the results to report."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class Notice(Base):
    """A kind of notice for a person: whether they want it, and what was reported to them.

    ``enabled_at`` is when it was last switched on again: nothing from before is reported. ``checked_at`` is
    when it was last considered; it changes whenever ``reported`` does. ``reported`` maps each subject, such
    as the ID of a visit, to the state that was last reported.
    """

    __tablename__ = "notices"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    is_on: Mapped[bool] = mapped_column(default=True)
    enabled_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    reported: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Announcement(Base):
    """The results of a location that may be reported to its managers, by checklist; see services/notices.

    ``subject_id`` stands for the visits of a checklist. ``visits`` and ``critical_failures`` count those that
    were announced so far, of all months. ``sums`` are the sums of these visits and of their sections: the ID
    of the subject → month → the fields of ``domain.scoring.Sums``. ``earned`` and ``possible`` are the points
    of the period that ends with ``month``. ``dropped_at`` and ``failed_at`` are null unless the announcement
    is about a clear drop or about critical failures. ``announced_at`` is null for visits that nobody was
    mailed about, because they were there before this kind of announcement.
    """

    __tablename__ = "announcements"

    location_number: Mapped[int] = mapped_column(
        ForeignKey("locations.number"), primary_key=True, autoincrement=False
    )
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True, autoincrement=False)
    visits: Mapped[int]
    critical_failures: Mapped[int]
    # Only targets need them.
    sums: Mapped[dict[str, Any]] = mapped_column(default=dict, deferred=True)
    month: Mapped[int]
    earned: Mapped[int] = mapped_column(BigInteger)
    possible: Mapped[int] = mapped_column(BigInteger)
    announced_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
