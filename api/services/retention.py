"""Retention: removes photos, personal data and disabled accounts that organizations no longer keep.

The worker does this once an hour, in small batches, so that no phone waits.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, tuple_, update
from sqlalchemy.orm import Session

from api.database.engines import Database
from api.domain.months import subtract_months
from api.models.base import now
from api.models.organizations import Organization
from api.models.photos import Photo
from api.models.users import IS_PERSON, User
from api.models.visits import Visit
from api.services.anonymization import anonymize_visits
from api.services.organizations import lock_organization
from api.services.people.deletion import delete_person
from api.services.photos import discard
from uploads.store import Store

BATCH_SIZE = 100
Stopping = Callable[[], bool]


def apply_retention(database: Database, store: Store, is_stopping: Stopping = lambda: False) -> None:
    """Remove what is older than the months for which organizations keep it.

    Visits count by their day, and disabled accounts by the time at which they were disabled. ``is_stopping``
    returns whether to stop early; the next run continues.
    """
    with database.read_snapshot() as session:
        organizations = session.execute(
            select(
                Organization.id, Organization.keep_photos_months, Organization.keep_personal_data_months
            ).where(
                or_(
                    Organization.keep_photos_months.is_not(None),
                    Organization.keep_personal_data_months.is_not(None),
                )
            )
        ).all()
    today = now().date()
    for organization_id, photo_months, personal_months in organizations:
        remover = _Remover(database, store, is_stopping, organization_id)
        if photo_months is not None:
            remover.remove_photos(subtract_months(today, photo_months))
        if personal_months is not None:
            remover.remove_personal_data(subtract_months(today, personal_months))


@dataclass(frozen=True, slots=True)
class _Remover:
    """Removes what an organization no longer keeps, in batches, each in a transaction of its own."""

    database: Database
    store: Store
    is_stopping: Stopping
    organization_id: uuid.UUID

    def remove_photos(self, before: date) -> None:
        """Remove the photos of visits before a day: first from the rows, then from the store."""
        query = (
            select(Visit.day, Photo.visit_id, Photo.id, Photo.key, Photo.thumbnail_key)
            .join(Photo, Photo.visit_id == Visit.id)
            .where(self._is_own(Visit), Visit.day < before, Photo.status == "stored")
        )
        for batch in self._read_batches(query):
            self._write(partial(_remove_photos, photos=batch))

    def remove_personal_data(self, before: date) -> None:
        """Anonymize the visits before a day, and delete the people who were disabled before it."""
        moment = datetime.combine(before, time(), UTC)
        people = select(User.id).where(self._is_own(User), IS_PERSON)
        # A window that is still open is not in the past, whenever it opened.
        is_past = (Visit.day < before) & (Visit.closes_at < moment)
        query = select(Visit.day, Visit.id).where(self._is_own(Visit), is_past, Visit.shopper_id.in_(people))
        for batch in self._read_batches(query):
            selected = Visit.id.in_([row.id for row in batch])
            self._write(partial(anonymize_visits, organization_id=self.organization_id, selected=selected))
        was_disabled = User.disabled & (User.disabled_at < moment)
        with self.database.read_snapshot() as session:
            disabled = select(User.id).where(self._is_own(User), IS_PERSON, was_disabled)
            user_ids = session.scalars(disabled).all()
        for user_id in user_ids:
            if not self.is_stopping():
                self._write(partial(self._delete_person, selected=(User.id == user_id) & was_disabled))

    def _is_own(self, table: type[Any]) -> ColumnElement[bool]:
        is_own: ColumnElement[bool] = table.organization_id == self.organization_id
        return is_own

    def _read_batches(self, query: Select[*tuple[Any, ...]]) -> Iterator[Sequence[Any]]:
        """Yield what is left of a query on visits, by day, until nothing is left."""
        first_day = date.min
        while not self.is_stopping():
            # From the last day of the batch before on: the caller is done with all earlier visits.
            left = query.where(Visit.day >= first_day).order_by(Visit.day, Visit.id).limit(BATCH_SIZE)
            with self.database.read_snapshot() as session:
                batch = session.execute(left).all()
            if not batch:
                return
            yield batch
            first_day = batch[-1].day

    def _write(self, work: Callable[[Session], Sequence[str]]) -> None:
        """Run ``work`` in a transaction, and delete the objects in the store whose keys it returns."""
        for key in self.database.write(work):
            discard(self.store, key)

    def _delete_person(self, session: Session, selected: ColumnElement[bool]) -> list[str]:
        """Delete a person, unless they were enabled in the meantime."""
        lock_organization(session, self.organization_id)
        user = session.scalars(select(User).where(selected).with_for_update()).one_or_none()
        return delete_person(session, user) if user is not None else []


def _remove_photos(session: Session, photos: Sequence[Any]) -> list[str]:
    """Remove the pictures of photos from their rows, and return the keys of the pictures."""
    session.execute(
        update(Photo)
        .where(tuple_(Photo.visit_id, Photo.id).in_([(photo.visit_id, photo.id) for photo in photos]))
        .values(status="removed", key=None, thumbnail_key=None)
        .execution_options(synchronize_session=False)
    )
    return [key for photo in photos for key in (photo.key, photo.thumbnail_key)]
