"""People: made and edited by administrators, and what each may know of himself."""

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
from api.services.paging import Page, fetch_page
from api.services.people import sign_in


@dataclass(frozen=True, slots=True)
class Person:
    """A user with the places that he is named for."""

    user: User
    region_ids: list[uuid.UUID]
    location_ids: list[uuid.UUID]


def create_user(session: Session, actor: Actor, values: Mapping[str, Any], password_hash: str) -> Person:
    """Add a person to the actor's organization."""
    _check_places(session, actor, values["role"], values)
    user = User(
        organization_id=actor.organization_id,
        email=normalize_email(values["email"]),
        name=values["name"],
        role=values["role"],
        password_hash=password_hash,
    )
    _add(session, user)
    _name_for(session, user, values)
    return get_person(session, user)


def create_administrator(
    session: Session, organization_id: uuid.UUID, email: str, name: str, password_hash: str
) -> User:
    """Add an administrator; how an organization gets its first."""
    user = User(
        organization_id=organization_id,
        email=normalize_email(email),
        name=name,
        role=ADMIN,
        password_hash=password_hash,
    )
    _add(session, user)
    return user


def update_user(
    session: Session, actor: Actor, user: User, values: Mapping[str, Any], password_hash: str | None
) -> Person:
    """Change a person; a new password or a disabling ends his sessions.

    Who is no manager any more is named for no places any more.
    """
    if user.id == actor.id and (values.get("disabled") or values.get("role", ADMIN) != ADMIN):
        raise problems.invalid(
            "/disabled" if values.get("disabled") else "/role", "Nobody shuts himself out."
        )
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
    _add(session, user)
    _name_for(session, user, values)
    if password_hash is not None or values.get("disabled"):
        sign_in.end_sessions(session, user.id)
    return get_person(session, user)


def get_user(session: Session, actor: Actor, user_id: uuid.UUID, *, lock: bool = False) -> User:
    """Return a person of the actor's organization."""
    query = select(User).where(User.id == user_id, User.organization_id == actor.organization_id)
    user = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if user is None:
        raise problems.USER_NOT_FOUND()
    return user


def list_users(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of the organization's people, by e-mail address."""
    query = select(User).where(User.organization_id == actor.organization_id)
    named_for = {
        "region_id": lambda value: select(UserRegion.user_id).where(UserRegion.region_id == value),
        "location_id": lambda value: select(UserLocation.user_id).where(UserLocation.location_id == value),
    }
    for name, value in filters.items():
        if name in named_for:
            query = query.where(User.id.in_(named_for[name](value)))
        else:
            query = query.where(getattr(User, name) == (normalize_email(value) if name == "email" else value))
    found = fetch_page(session, query, User.email, User.id, limit, cursor)
    return Page(_persons(session, found.items), found.cursor)


def get_person(session: Session, user: User) -> Person:
    """Return a user with the places that he is named for."""
    return _persons(session, [user])[0]


def get_profile(session: Session, actor: Actor) -> dict[str, Any]:
    """Return what a person may know of himself: his role, his organization and his places."""
    user = session.get_one(User, actor.id)
    organization = session.get_one(Organization, actor.organization_id)
    found = get_person(session, user)
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "organization": organization,
        "regions": _named(session, Region, found.region_ids),
        "locations": _named(session, Location, found.location_ids),
    }


def normalize_email(email: str) -> str:
    """Return an e-mail address as it is kept: two that differ in case are one."""
    return email.strip().casefold()


def _named(session: Session, table: type[Any], ids: Sequence[uuid.UUID]) -> list[Any]:
    return list(session.scalars(select(table).where(table.id.in_(ids)).order_by(table.code)))


def _persons(session: Session, users: Sequence[User]) -> list[Person]:
    ids = [user.id for user in users]
    regions: dict[uuid.UUID, list[uuid.UUID]] = {user_id: [] for user_id in ids}
    locations: dict[uuid.UUID, list[uuid.UUID]] = {user_id: [] for user_id in ids}
    for region in session.scalars(select(UserRegion).where(UserRegion.user_id.in_(ids))):
        regions[region.user_id].append(region.region_id)
    for location in session.scalars(select(UserLocation).where(UserLocation.user_id.in_(ids))):
        locations[location.user_id].append(location.location_id)
    return [Person(user, sorted(regions[user.id]), sorted(locations[user.id])) for user in users]


def _check_places(session: Session, actor: Actor, role: str, values: Mapping[str, Any]) -> None:
    for field, table, visible in (
        ("region_ids", Region, visibility.regions(actor)),
        ("location_ids", Location, visibility.locations(actor)),
    ):
        ids: Iterable[uuid.UUID] = values.get(field) or ()
        known = set(session.scalars(select(table.id).where(table.id.in_(ids), visible)))
        faults = [
            problems.FieldError(f"/{field}/{index}", "There is no such place.")
            for index, place_id in enumerate(ids)
            if place_id not in known
        ]
        if ids and role != MANAGER:
            faults.append(problems.FieldError(f"/{field}", "Only managers are named for places."))
        if faults:
            raise problems.INVALID(errors=faults)


def _name_for(session: Session, user: User, values: Mapping[str, Any]) -> None:
    for field, table, column in (
        ("region_ids", UserRegion, "region_id"),
        ("location_ids", UserLocation, "location_id"),
    ):
        if values.get(field) is not None:
            session.execute(delete(table).where(table.user_id == user.id))
            session.add_all(
                table(user_id=user.id, **{column: place_id}) for place_id in dict.fromkeys(values[field])
            )
    session.flush()


def _add(session: Session, user: User) -> None:
    session.add(user)
    try:
        session.flush()
    except IntegrityError:
        raise problems.ALREADY_EXISTS("Somebody with this e-mail address is here already.") from None
