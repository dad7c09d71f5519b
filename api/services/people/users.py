"""User accounts: managed by administrators, and each person's own profile."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.database.search import contains, escape
from api.domain import problems
from api.domain.access import ADMIN, MANAGER, SHOPPER, Actor
from api.domain.people import ACTIVE, DISABLED, INVITATION, INVITED
from api.keys import Keys
from api.models.account_links import AccountLink
from api.models.base import now
from api.models.organizations import Organization
from api.models.places import Location, Region
from api.models.second_factors import SecondFactor
from api.models.users import IS_PERSON, User, UserLocation, UserRegion
from api.models.visits import Visit, is_in_progress
from api.services import visibility
from api.services.audit.recording import add_change
from api.services.organizations import lock_organization
from api.services.paging import Page, fetch_page
from api.services.payments.items import has_payments
from api.services.people import accounts, links, sign_in


@dataclass(frozen=True, slots=True)
class Person:
    """A user with the regions and locations that are assigned to them as a manager.

    ``invitation_expires_at`` is None unless the person has not accepted their invitation yet.
    """

    user: User
    region_ids: list[uuid.UUID]
    location_ids: list[uuid.UUID]
    visits_in_progress: int
    second_factor: bool
    invitation_expires_at: datetime | None

    @property
    def status(self) -> str:
        """The status: one of ``people.STATUSES``."""
        return get_status(self.user)


def get_status(user: User) -> str:
    """Return the status of a user: one of ``people.STATUSES``."""
    if user.disabled:
        return DISABLED
    return ACTIVE if user.password_hash else INVITED


#: field with places → the table that assigns them, and its column
PLACE_FIELDS: Mapping[str, tuple[type[Any], str]] = {
    "region_ids": (UserRegion, "region_id"),
    "location_ids": (UserLocation, "location_id"),
}
#: status → the condition that a user has it
_HAS_STATUS: Mapping[str, ColumnElement[bool]] = {
    INVITED: User.disabled.is_(False) & (User.password_hash == ""),
    ACTIVE: User.disabled.is_(False) & (User.password_hash != ""),
    DISABLED: User.disabled.is_(True),
}


def create_user(session: Session, actor: Actor, values: Mapping[str, Any], password_hash: str) -> Person:
    """Create a user in the actor's organization. Without a password, its hash is empty.

    Raises INVALID for places that do not exist or a role that has no places, and ALREADY_EXISTS for an email
    address that is in use.
    """
    _check_places(session, actor, values["role"], values)
    user = User(
        organization_id=actor.organization_id,
        email=normalize_email(values["email"]),
        name=values["name"],
        role=values["role"],
        language=values.get("language"),
        password_hash=password_hash,
    )
    session.add(user)
    flush(session)
    _assign_places(session, user, values)
    return get_person(session, user)


def invite_user(session: Session, actor: Actor, values: Mapping[str, Any], keys: Keys) -> Person:
    """Create a user as ``create_user`` does, and invite them to choose a password."""
    person = create_user(session, actor, values, password_hash="")
    accounts.invite_new(session, [person.user], keys)
    return get_person(session, person.user)


def update_user(
    session: Session, actor: Actor, user: User, values: Mapping[str, Any], password_hash: str | None
) -> Person:
    """Update a locked user. A new email address, role or password ends their other sessions.

    If the user is disabled, all their sessions end. A user who is no longer a manager loses the places
    assigned to them.

    Raises INVALID, LAST_ADMIN, and ALREADY_EXISTS for an email address that is in use.
    """
    _check_places(session, actor, values.get("role", user.role), values)
    apply_values(session, actor, user, values)
    # The actor's own session goes on if they change themselves.
    if password_hash is not None:
        accounts.change_password(session, user, password_hash, except_family_id=actor.family_id)
    return get_person(session, user)


def apply_values(session: Session, actor: Actor, user: User, values: Mapping[str, Any]) -> None:
    """Store checked values of a user, and end the sessions and links that must not go on with them.

    Raises LAST_ADMIN, and ALREADY_EXISTS for an email address that is in use.
    """
    role = values.get("role", user.role)
    if user.role == ADMIN and (role != ADMIN or values.get("disabled")):
        require_other_admin(session, user)
    before, was_disabled = (user.email, user.role), user.disabled
    if role != MANAGER and user.role == MANAGER:
        values = {**values, "region_ids": [], "location_ids": []}
    for name in ("name", "role", "language", "disabled"):
        if name in values:
            setattr(user, name, values[name])
    if user.disabled != was_disabled:
        user.disabled_at = now() if user.disabled else None
    if "email" in values:
        user.email = normalize_email(values["email"])
    flush(session)
    _assign_places(session, user, values)
    if user.email != before[0]:
        # Whoever reads the mail of the old address must not get into the account.
        links.delete_links(session, user.id)
    if values.get("disabled"):
        sign_in.end_sessions(session, user.id)
    elif (user.email, user.role) != before:
        sign_in.end_sessions(session, user.id, except_family_id=actor.family_id)


def require_other_admin(session: Session, user: User) -> None:
    """Raise LAST_ADMIN if the organization has no active administrator besides this one.

    Call it before an administrator is demoted, disabled or deleted, while the organization is locked, as by
    ``get_user``. Of two administrators who remove each other, the second then sees what the first one did.
    """
    others = select(User.id).where(
        User.organization_id == user.organization_id,
        User.role == ADMIN,
        User.id != user.id,
        _HAS_STATUS[ACTIVE],
    )
    if session.scalar(others.limit(1)) is None:
        raise problems.LAST_ADMIN()


def update_profile(session: Session, user: User, values: Mapping[str, Any]) -> None:
    """Update what people change of themselves: name, language and time zone. ``user`` is locked."""
    for name in ("name", "language", "time_zone"):
        if name in values:
            setattr(user, name, values[name])
    session.flush()


def get_user(session: Session, actor: Actor, user_id: uuid.UUID, *, lock: bool = False) -> User:
    """Return a user of the actor's organization; ``lock`` locks the organization and the row for an update.

    Raises USER_NOT_FOUND.
    """
    query = select(User).where(User.id == user_id, User.organization_id == actor.organization_id, IS_PERSON)
    if lock:
        # Always in this order, as imports do, so that none waits for another that waits for it.
        lock_organization(session, actor.organization_id)
        query = query.with_for_update().execution_options(populate_existing=True)
    user = session.scalars(query).one_or_none()
    if user is None:
        raise problems.USER_NOT_FOUND()
    return user


def list_users(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of ``Person`` in the actor's organization, sorted by email address.

    A filter is a column's value, ``status``, a part of name or address as ``q``, or ``region_id`` or
    ``location_id`` for the managers assigned to that place.
    """
    query = select(User).where(User.organization_id == actor.organization_id, IS_PERSON)
    for name, value in filters.items():
        if name == "region_id":
            managers = select(UserRegion.user_id).where(UserRegion.region_id == value)
            query = query.where(User.id.in_(managers))
        elif name == "location_id":
            managers = select(UserLocation.user_id).where(UserLocation.location_id == value)
            query = query.where(User.id.in_(managers))
        elif name == "status":
            query = query.where(_HAS_STATUS[value])
        elif name == "q":
            query = query.where(contains(escape(value), User.name, User.email))
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
        "language": user.language,
        "time_zone": user.time_zone,
        "organization": organization,
        "currency": organization.currency if actor.can_see_everything else None,
        "has_payments": actor.can_see_everything and has_payments(session, organization),
        "briefing": _get_briefing(organization) if actor.role == SHOPPER else None,
        "regions": _read_places(session, Region, person.region_ids),
        "locations": _read_places(session, Location, person.location_ids),
    }


def _get_briefing(organization: Organization) -> dict[str, Any] | None:
    if organization.briefing is None:
        return None
    return {"version": organization.briefing_version, "text": organization.briefing}


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
    visits = dict(
        session.execute(
            select(Visit.shopper_id, func.count())
            .where(Visit.shopper_id.in_(ids), is_in_progress())
            .group_by(Visit.shopper_id)
        ).all()
    )
    second_factors = set(
        session.scalars(
            select(SecondFactor.user_id).where(
                SecondFactor.user_id.in_(ids), SecondFactor.confirmed_at.is_not(None)
            )
        )
    )
    invited = [user.id for user in users if not user.password_hash]
    invitations = dict(
        session.execute(
            select(AccountLink.user_id, AccountLink.expires_at).where(
                AccountLink.user_id.in_(invited), AccountLink.purpose == INVITATION
            )
        ).all()
    )
    return [
        Person(
            user,
            sorted(regions[user.id]),
            sorted(locations[user.id]),
            visits.get(user.id, 0),
            user.id in second_factors,
            invitations.get(user.id),
        )
        for user in users
    ]


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


def add_places(session: Session, user: User, values: Mapping[str, Any]) -> None:
    """Assign the places in ``values`` to a user, in addition to those that they have."""
    for field, (table, column) in PLACE_FIELDS.items():
        ids = dict.fromkeys(values.get(field) or ())
        session.add_all(table(user_id=user.id, **{column: place_id}) for place_id in ids)


def _assign_places(session: Session, user: User, values: Mapping[str, Any]) -> None:
    """Replace the places of a user by those in ``values``. What is not in there stays."""
    for field, (table, column) in PLACE_FIELDS.items():
        if values.get(field) is not None:
            mine = table.user_id == user.id
            before, after = session.scalars(select(getattr(table, column)).where(mine)), set(values[field])
            add_change(session, user, field, sorted(before), sorted(after))
            session.execute(delete(table).where(mine))
    add_places(session, user, values)
    session.flush()


def flush(session: Session) -> None:
    """Write what was added and changed. Raises ALREADY_EXISTS for an email address that is in use."""
    try:
        session.flush()
    except IntegrityError:
        raise problems.ALREADY_EXISTS("A person with this email address already exists.") from None
