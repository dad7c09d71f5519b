"""Assignments: visits assigned by the rotation's rules, called off, given back and given to another."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from api.domain import problems, visits
from api.domain.access import SHOPPER, Actor
from api.domain.checklist import SELF_CHECK
from api.domain.months import local
from api.domain.problems import Fault
from api.models.organizations import Organization
from api.models.places import Location
from api.models.users import User
from api.models.visits import Visit
from api.services import visibility
from api.services.checklists import current_versions, published


def assign(
    session: Session, actor: Actor, orders: Sequence[Mapping[str, Any]], *, batch: bool
) -> list[Visit]:
    """Assign visits, all or none; in a batch the pointers of faults begin with the index.

    Refuses a shopper who was at the location within the lock-out days, unless the order overrides it.
    """

    def at(index: int, field: str = "") -> str:
        return (f"/{index}" if batch else "") + field

    places = _by_id(
        session,
        select(Location).where(
            Location.id.in_({each["location_id"] for each in orders}),
            Location.organization_id == actor.organization_id,
        ),
    )
    # Two assignments at once of one shopper take turns, or both would miss the other in the lock-out.
    people = _by_id(
        session,
        select(User)
        .where(
            User.id.in_({each["shopper_id"] for each in orders}),
            User.organization_id == actor.organization_id,
        )
        .order_by(User.id)
        .with_for_update(key_share=True),
    )
    versions = current_versions(session, actor.organization_id, {each["checklist_key"] for each in orders})
    channels = _channels(session, (version.id for version in versions.values()))

    faults, made = [], []
    for index, order in enumerate(orders):
        place, person = places.get(order["location_id"]), people.get(order["shopper_id"])
        version = versions.get(order["checklist_key"])
        if place is None:
            faults.append(Fault(at(index, "/location_id"), "There is no such location."))
        elif place.closed:
            faults.append(Fault(at(index, "/location_id"), "This location is closed."))
        if version is None:
            faults.append(
                Fault(at(index, "/checklist_key"), "There is no published checklist with this key.")
            )
        if person is None or person.disabled:
            faults.append(Fault(at(index, "/shopper_id"), "There is no such shopper."))
        elif version and person.role != SHOPPER and channels[version.id] != SELF_CHECK:
            faults.append(
                Fault(at(index, "/shopper_id"), "Only a self-check may go to one who is no shopper.")
            )
        window = order["window"]
        if window["closes_at"] <= window["opens_at"]:
            faults.append(Fault(at(index, "/window/closes_at"), "The window closes before it opens."))
        if not faults and place and person and version:
            made.append(
                Visit(
                    id=uuid.uuid4(),
                    organization_id=actor.organization_id,
                    location_id=place.id,
                    shopper_id=person.id,
                    checklist_version_id=version.id,
                    opens_at=window["opens_at"],
                    closes_at=window["closes_at"],
                    day=local(window["opens_at"], place.time_zone).date(),
                    external_id=order.get("external_id"),
                )
            )
    if faults:
        raise problems.INVALID(faults=faults)
    _check_rotation(session, actor, orders, made, channels, at)
    session.add_all(made)
    session.flush()
    return made


def _channels(session: Session, version_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    return {version_id: published(session, version_id).document.channel for version_id in set(version_ids)}


def _check_rotation(
    session: Session,
    actor: Actor,
    orders: Sequence[Mapping[str, Any]],
    made: Sequence[Visit],
    channels: Mapping[uuid.UUID, str],
    at: Any,
) -> None:
    """Refuse visits of one shopper to one location that lie within the organization's lock-out days."""
    days = session.scalar(select(Organization.lockout_days).where(Organization.id == actor.organization_id))
    assert days is not None
    wanted = [visit for visit in made if channels[visit.checklist_version_id] != SELF_CHECK]
    if not wanted:
        return
    lockout = timedelta(days=days)
    taken: dict[tuple[uuid.UUID, uuid.UUID], list[tuple[datetime, datetime]]] = defaultdict(list)
    standing = session.execute(
        select(
            Visit.shopper_id,
            Visit.location_id,
            Visit.opens_at,
            Visit.closes_at,
            Visit.finished_at,
            Visit.checklist_version_id,
        ).where(
            Visit.organization_id == actor.organization_id,
            Visit.shopper_id.in_({visit.shopper_id for visit in wanted}),
            Visit.location_id.in_({visit.location_id for visit in wanted}),
            Visit.status.not_in(("cancelled", "declined")),
            Visit.opens_at < max(visit.closes_at for visit in wanted) + lockout,
            func.coalesce(Visit.finished_at, Visit.closes_at)
            > min(visit.opens_at for visit in wanted) - lockout,
        )
    ).all()
    standing_channels = _channels(session, (row.checklist_version_id for row in standing))
    for row in standing:
        if standing_channels[row.checklist_version_id] != SELF_CHECK:
            taken[row.shopper_id, row.location_id].append((row.opens_at, row.finished_at or row.closes_at))
    faults = []
    for index, (order, visit) in enumerate(zip(orders, made, strict=True)):
        if channels[visit.checklist_version_id] == SELF_CHECK:
            continue
        span = (visit.opens_at, visit.closes_at)
        others = taken[visit.shopper_id, visit.location_id]
        if not order.get("override") and any(visits.too_close(span, other, days) for other in others):
            faults.append(
                Fault(
                    at(index, "/shopper_id"),
                    f"This shopper has a visit to this location within {days} days of the window.",
                )
            )
        others.append(span)
    if faults:
        raise problems.ROTATION_LOCKOUT(
            f"The shopper has a visit to the location within {days} days; "
            'send "override": true to assign all the same.',
            faults=faults,
        )


def cancel(session: Session, actor: Actor, visit_id: uuid.UUID) -> Visit:
    """Take an assigned visit back; answers that come all the same are kept for a reviewer."""
    return _withdrawn(session, visit_id, visibility.watched_visits(actor), "cancelled")


def decline(session: Session, actor: Actor, visit_id: uuid.UUID, reason: str | None) -> Visit:
    """Let a shopper give an assigned visit back, with his reason."""
    return _withdrawn(session, visit_id, visibility.own_visits(actor), "declined", reason)


def reassign(
    session: Session, actor: Actor, visit_id: uuid.UUID, shopper_id: uuid.UUID, override: bool
) -> Visit:
    """Give a visit that is not made to another shopper: this one is cancelled and a new one assigned."""
    visit = _locked(session, visit_id, visibility.watched_visits(actor))
    if visit.status not in visits.MAY_BE_REASSIGNED:
        raise problems.WRONG_STATUS(f"A visit that is {visit.status} cannot be reassigned.")
    visit.status = "cancelled"
    session.flush()
    key = published(session, visit.checklist_version_id).document.key
    if not current_versions(session, actor.organization_id, {key}):
        raise problems.CHECKLIST_RETIRED("This checklist is retired, and no new visits are assigned by it.")
    order = {
        "location_id": visit.location_id,
        "shopper_id": shopper_id,
        "checklist_key": key,
        "window": {"opens_at": visit.opens_at, "closes_at": visit.closes_at},
        "external_id": visit.external_id,
        "override": override,
    }
    return assign(session, actor, [order], batch=False)[0]


def _withdrawn(
    session: Session,
    visit_id: uuid.UUID,
    visible: ColumnElement[bool],
    status: str,
    decline_reason: str | None = None,
) -> Visit:
    """Take an assigned visit back as ``status`` says; one that was already stays as it is."""
    visit = _locked(session, visit_id, visible)
    if visit.status == status:
        return visit
    if visit.status != "assigned":
        raise problems.WRONG_STATUS(f"A visit that is {visit.status} cannot be {status}.")
    visit.status, visit.decline_reason = status, decline_reason
    session.flush()
    return visit


def _locked(session: Session, visit_id: uuid.UUID, visible: ColumnElement[bool]) -> Visit:
    visit: Visit | None = visibility.find(session, Visit, visit_id, visible, lock=True)
    if visit is None:
        raise problems.VISIT_NOT_FOUND()
    return visit


def _by_id(session: Session, query: Select[Any]) -> dict[uuid.UUID, Any]:
    return {row.id: row for row in session.scalars(query)}
