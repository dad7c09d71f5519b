"""User accounts: managed by administrators, and each person's own profile."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import ADMIN, MANAGER, Actor
from api.models.organizations import Organization
from api.models.places import Location, Region
from api.models.users import User, UserLocation, UserRegion
from api.services import visibility
from api.services.audit.recording import add_change
from api.services.paging import Page, fetch_page
from api.services.people import sign_in


@dataclass(frozen=True, slots=True)
class Person:
    """A user with the regions and locations that are assigned to them as a manager."""

    user: User
    region_ids: list[uuid.UUID]
    location_ids: list[uuid.UUID]


def create_user(session: Session, actor: Actor, values: Mapping[str, Any], password_hash: str) -> Person:
    """Create a user in the actor's organization.

    Raises INVALID for places that do not exist or a role that has no places, and ALREADY_EXISTS for an email
    address that is in use.
    """
    _check_places(session, actor, values["role"], values)
    user = User(
        organization_id=actor.organization_id,
        email=normalize_email(values["email"]),
        name=values["name"],
        role=values["role"],
        password_hash=password_hash,
    )
    _save(session, user)
    _assign_places(session, user, values)
    return get_person(session, user)


def create_administrator(
    session: Session, organization_id: uuid.UUID, email: str, name: str, password_hash: str
) -> User:
    """Create an administrator. This is how an organization receives its first one.

    Raises ALREADY_EXISTS for an email address that is in use.
    """
    user = User(
        organization_id=organization_id,
        email=normalize_email(email),
        name=name,
        role=ADMIN,
        password_hash=password_hash,
    )
    _save(session, user)
    return user


def update_user(
    session: Session, actor: Actor, user: User, values: Mapping[str, Any], password_hash: str | None
) -> Person:
    """Update a locked user. A new password, or disabling the user, ends their sessions.

    A user who is no longer a manager loses the places assigned to them.

    Raises INVALID, also if administrators disable themselves or change their own role, and ALREADY_EXISTS for
    an email address that is in use.
    """
    if user.id == actor.id:
        if values.get("disabled"):
            raise problems.invalid_field("/disabled", "You cannot disable your own account.")
        if values.get("role", ADMIN) != ADMIN:
            raise problems.invalid_field("/role", "You cannot change your own role.")
    role = values.get("role", user.role)
    _check_places(session, actor, role, values)
    if role != MANAGER:
        values = {**values, "region_ids": [], "location_ids": []}
    for name in ("name", "role", "disabled"):
        if name in values:
            setattr(user, name, values[name])
    if "email" in values:
        user.email = normalize_email(values["email"])
    if password_hash is not None:
        user.password_hash = password_hash
    _save(session, user)
    _assign_places(session, user, values)
    if password_hash is not None or values.get("disabled"):
        sign_in.end_sessions(session, user.id)
    return get_person(session, user)


def get_user(session: Session, actor: Actor, user_id: uuid.UUID, *, lock: bool = False) -> User:
    """Return a user of the actor's organization; ``lock`` locks the row for an update.

    Raises USER_NOT_FOUND.
    """
    query = select(User).where(User.id == user_id, User.organization_id == actor.organization_id)
    user = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if user is None:
        raise problems.USER_NOT_FOUND()
    return user


def list_users(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of ``Person`` in the actor's organization, sorted by email address.

    A filter is a column's value, or ``region_id`` or ``location_id`` for the managers assigned to that place.
    """
    query = select(User).where(User.organization_id == actor.organization_id)
    for name, value in filters.items():
        if name == "region_id":
            managers = select(UserRegion.user_id).where(UserRegion.region_id == value)
            query = query.where(User.id.in_(managers))
        elif name == "location_id":
            managers = select(UserLocation.user_id).where(UserLocation.location_id == value)
            query = query.where(User.id.in_(managers))
        elif name == "email":
            query = query.where(User.email == normalize_email(value))
        else:
            query = query.where(getattr(User, name) == value)
    page = fetch_page(session, query, User.email, User.id, limit, cursor)
    return Page(_read_people(session, page.items), page.cursor)


def get_person(session: Session, user: User) -> Person:
    """Return a user with the places assigned to them."""
    return _read_people(session, [user])[0]


def get_profile(session: Session, actor: Actor) -> dict[str, Any]:
    """Return the actor's own account, organization and places, in the shape of ``schemas.sign_in.Me``."""
    user = session.get_one(User, actor.id)
    organization = session.get_one(Organization, actor.organization_id)
    person = get_person(session, user)
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "organization": organization,
        "regions": _read_places(session, Region, person.region_ids),
        "locations": _read_places(session, Location, person.location_ids),
    }


def normalize_email(email: str) -> str:
    """Return an email address as it is stored: without spaces around it, and case-folded."""
    return email.strip().casefold()


def _read_places(session: Session, table: type[Any], ids: Sequence[uuid.UUID]) -> list[Any]:
    return list(session.scalars(select(table).where(table.id.in_(ids)).order_by(table.code)))


def _read_people(session: Session, users: Sequence[User]) -> list[Person]:
    ids = [user.id for user in users]
    regions: dict[uuid.UUID, list[uuid.UUID]] = {user_id: [] for user_id in ids}
    locations: dict[uuid.UUID, list[uuid.UUID]] = {user_id: [] for user_id in ids}
    for region in session.scalars(select(UserRegion).where(UserRegion.user_id.in_(ids))):
        regions[region.user_id].append(region.region_id)
    for location in session.scalars(select(UserLocation).where(UserLocation.user_id.in_(ids))):
        locations[location.user_id].append(location.location_id)
    return [Person(user, sorted(regions[user.id]), sorted(locations[user.id])) for user in users]


def _check_places(session: Session, actor: Actor, role: str, values: Mapping[str, Any]) -> None:
    """Reject places that do not exist, and places for anyone but a manager."""
    for field, table, visible in (
        ("region_ids", Region, visibility.regions(actor)),
        ("location_ids", Location, visibility.locations(actor)),
    ):
        ids: Iterable[uuid.UUID] = values.get(field) or ()
        existing_ids = set(session.scalars(select(table.id).where(table.id.in_(ids), visible)))
        errors = [
            problems.FieldError(f"/{field}/{index}", "This place does not exist.")
            for index, place_id in enumerate(ids)
            if place_id not in existing_ids
        ]
        if ids and role != MANAGER:
            errors.append(problems.FieldError(f"/{field}", "Places can be assigned only to managers."))
        if errors:
            raise problems.INVALID(errors=errors)


def _assign_places(session: Session, user: User, values: Mapping[str, Any]) -> None:
    for field, table, column in (
        ("region_ids", UserRegion, "region_id"),
        ("location_ids", UserLocation, "location_id"),
    ):
        if values.get(field) is not None:
            mine = table.user_id == user.id
            before, after = session.scalars(select(getattr(table, column)).where(mine)), set(values[field])
            add_change(session, user, field, sorted(before), sorted(after))
            session.execute(delete(table).where(mine))
            session.add_all(table(user_id=user.id, **{column: place_id}) for place_id in after)
    session.flush()


def _save(session: Session, user: User) -> None:
    session.add(user)
    try:
        session.flush()
    except IntegrityError:
        raise problems.ALREADY_EXISTS("A person with this email address already exists.") from None
