"""Notices: what each person wants to be mailed and was told, and the results that managers may be told of."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class Notice(Base):
    """A kind of notice for a person: whether they want it, and what they were told.

    ``last_look`` is when it was last considered; it changes whenever ``told`` does. ``told`` maps each
    subject, such as the ID of a visit, to the state that the person was told of.
    """

    __tablename__ = "notices"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    is_on: Mapped[bool] = mapped_column(default=True)
    last_look: Mapped[datetime | None]
    told: Mapped[dict[str, Any]] = mapped_column(default=dict)


class AnnouncedTarget(Base):
    """What managers may be told of a target; see services/notices.

    ``target_id`` is not a foreign key, so that targets can be deleted. ``visits`` counts those of the place
    that were announced so far, of all months. ``earned`` and ``possible`` are the points of the months of the
    target, up to ``month``. ``missed_at`` is null unless the target is missed.
    """

    __tablename__ = "announced_targets"

    target_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    visits: Mapped[int]
    month: Mapped[int]
    earned: Mapped[int] = mapped_column(BigInteger)
    possible: Mapped[int] = mapped_column(BigInteger)
    missed_at: Mapped[datetime | None]


class Announcement(Base):
    """The results of a location that its managers may be told of, by checklist; see services/notices.

    ``subject_id`` stands for the visits of a checklist. ``visits`` and ``critical_failures`` count those that
    were announced so far, of all months. ``earned`` and ``possible`` are the points of the period that ends
    with ``month``. ``dropped_at`` and ``failed_at`` are null unless the announcement is about a clear drop or
    about critical failures. ``announced_at`` is null for the visits from before there were announcements.
    """

    __tablename__ = "announcements"

    location_number: Mapped[int] = mapped_column(
        ForeignKey("locations.number"), primary_key=True, autoincrement=False
    )
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True, autoincrement=False)
    visits: Mapped[int]
    critical_failures: Mapped[int]
    month: Mapped[int]
    earned: Mapped[int] = mapped_column(BigInteger)
    possible: Mapped[int] = mapped_column(BigInteger)
    announced_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
