"""Imports of people, who are invited, with the codes of the regions and locations of managers."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.access import ADMIN, MANAGER, Actor
from api.domain.people import ACTIVE
from api.keys import Keys
from api.models.places import Location, Region
from api.models.users import IS_PERSON, User, UserLocation, UserRegion
from api.services import visibility
from api.services.imports import Columns, ImportFile, ImportPlan, Values, plan_import
from api.services.people import accounts, users
from api.services.people.users import PLACE_FIELDS, normalize_email


def _read_codes(cell: str) -> list[str]:
    return sorted(set(cell.split()))


COLUMNS = Columns(
    key="email",
    required=("email", "name", "role"),
    optional=("region_codes", "location_codes", "language"),
    readers={"email": normalize_email, "region_codes": _read_codes, "location_codes": _read_codes},
)
#: column with codes → the field that the codes stand for
_PLACE_COLUMNS = {"region_codes": "region_ids", "location_codes": "location_ids"}


@dataclass(frozen=True, slots=True)
class StoredPerson:
    """A user, with the sorted codes of their places by column."""

    user: User
    codes: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in _PLACE_COLUMNS})


def plan_user_import(session: Session, actor: Actor, file: ImportFile) -> ImportPlan[StoredPerson]:
    """Decide what an import of people does."""
    ids = {column: _read_place_ids(session, actor, column) for column in _PLACE_COLUMNS}
    people = _read_people(session, actor)
    roles = {row.values.get("email"): row.values.get("role") for row in file.rows}
    keeps_admin = any(
        (roles.get(person.user.email) or person.user.role) == ADMIN and _is_active(person)
        for person in people.values()
    )

    def describe(person: StoredPerson) -> Values:
        user = person.user
        return {name: getattr(user, name) for name in ("email", "name", "role", "language")} | person.codes

    def find_errors(values: Values, person: StoredPerson | None) -> Iterator[tuple[str, str]]:
        role = values.get("role") or (person and person.user.role)
        is_admin = person is not None and person.user.role == ADMIN and _is_active(person)
        if is_admin and role != ADMIN and not keeps_admin:
            yield "role", "The organization needs an active administrator."
        for column in _PLACE_COLUMNS:
            codes = values.get(column) or []
            if codes and role is not None and role != MANAGER:
                yield column, "Places can be assigned only to managers."
            for code in codes:
                if code not in ids[column]:
                    yield column, f"There is no place with the code {code}."

    return plan_import(file, people, describe, find_errors)


def _is_active(person: StoredPerson) -> bool:
    return users.get_status(person.user) == ACTIVE


def store_users(session: Session, actor: Actor, plan: ImportPlan[StoredPerson], keys: Keys) -> None:
    """Store the people of a plan without errors, and invite those who are new.

    Raises ALREADY_EXISTS if someone with one of the addresses was added in the meantime.
    """
    ids = {column: _read_place_ids(session, actor, column) for column in _PLACE_COLUMNS}
    new_users = []
    # New administrators first, so that there is always one.
    for row in sorted(plan.rows, key=lambda row: row.edits.get("role") != ADMIN):
        values = row.edits
        for column, name in _PLACE_COLUMNS.items():
            if column in values:
                values[name] = [ids[column][code] for code in values.pop(column)]
        if row.stored is not None:
            if values:
                users.apply_values(session, actor, row.stored.user, values)
            continue
        places = {name: values.pop(name, []) for name in PLACE_FIELDS}
        user = User(id=uuid.uuid4(), organization_id=actor.organization_id, password_hash="", **values)
        new_users.append((user, places))
    session.add_all(user for user, _ in new_users)
    users.flush(session)
    for user, places in new_users:
        users.add_places(session, user, places)
    accounts.invite_new(session, [user for user, _ in new_users], keys)


def _read_place_ids(session: Session, actor: Actor, column: str) -> dict[str, uuid.UUID]:
    """Return the IDs of the places that a column may name, by code."""
    if column == "region_codes":
        query: Any = select(Region.code, Region.id).where(visibility.regions(actor))
    else:
        query = select(Location.code, Location.id).where(visibility.locations(actor))
    return dict(session.execute(query).all())


def _read_people(session: Session, actor: Actor) -> dict[str, StoredPerson]:
    """Return the people of the organization by email address."""
    rows = session.scalars(select(User).where(User.organization_id == actor.organization_id, IS_PERSON))
    people = {user.id: StoredPerson(user) for user in rows}
    for column, table, place, place_id in (
        ("region_codes", UserRegion, Region, UserRegion.region_id),
        ("location_codes", UserLocation, Location, UserLocation.location_id),
    ):
        assigned: Any = (
            select(table.user_id, place.code)
            .join(place, place.id == place_id)
            .where(place.organization_id == actor.organization_id)
        )
        # Sorted here, like the codes of a row: databases may have another order.
        for code, user_id in sorted((code, user_id) for user_id, code in session.execute(assigned)):
            people[user_id].codes[column].append(code)
    return {person.user.email: person for person in people.values()}
