"""Assignments: visits are assigned within the rotation's rules, cancelled, declined and reassigned."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from api.domain import problems, visits
from api.domain.access import SHOPPER, Actor
from api.domain.checklist import SELF_CHECK
from api.domain.months import local
from api.domain.problems import FieldError
from api.models.checklists import ChecklistVersion
from api.models.organizations import Organization
from api.models.places import Location
from api.models.users import User
from api.models.visits import Visit
from api.services import visibility
from api.services.checklists import get_current_versions, get_version


@dataclass(frozen=True, slots=True)
class _References:
    """What the orders of a request refer to: locations and people by ID, checklist versions by key."""

    locations: Mapping[uuid.UUID, Location]
    people: Mapping[uuid.UUID, User]
    versions: Mapping[str, ChecklistVersion]
    channels: Mapping[uuid.UUID, str]


def assign(
    session: Session, actor: Actor, orders: Sequence[Mapping[str, Any]], *, batch: bool
) -> list[Visit]:
    """Assign all visits or none; in a batch, the pointers of field errors begin with the index.

    Rejects a shopper who was at the location within the lock-out days, unless the order overrides it.
    """
    references = _read_references(session, actor, orders)
    pointers = [f"/{index}" if batch else "" for index in range(len(orders))]
    faults = [
        fault
        for order, at in zip(orders, pointers, strict=True)
        for fault in _find_faults(order, references, at)
    ]
    if faults:
        raise problems.INVALID(errors=faults)
    assigned = [_make_visit(actor, order, references) for order in orders]
    _check_rotation(session, actor, orders, assigned, references.channels, pointers)
    session.add_all(assigned)
    session.flush()
    return assigned


def _read_references(session: Session, actor: Actor, orders: Sequence[Mapping[str, Any]]) -> _References:
    """Read what orders refer to, and lock the shoppers.

    Two assignments of one shopper at once take turns: otherwise neither would see the other in the lock-out.
    """
    locations = _by_id(
        session,
        select(Location).where(
            Location.id.in_({order["location_id"] for order in orders}),
            Location.organization_id == actor.organization_id,
        ),
    )
    people = _by_id(
        session,
        select(User)
        .where(
            User.id.in_({order["shopper_id"] for order in orders}),
            User.organization_id == actor.organization_id,
        )
        .order_by(User.id)
        .with_for_update(key_share=True),
    )
    versions = get_current_versions(
        session, actor.organization_id, {order["checklist_key"] for order in orders}
    )
    channels = _read_channels(session, (version.id for version in versions.values()))
    return _References(locations, people, versions, channels)


def _find_faults(order: Mapping[str, Any], references: _References, at: str) -> list[FieldError]:
    """Return what is wrong with an order, whose JSON pointer is ``at``."""
    location = references.locations.get(order["location_id"])
    person = references.people.get(order["shopper_id"])
    version = references.versions.get(order["checklist_key"])
    faults = []
    if location is None:
        faults.append(FieldError(f"{at}/location_id", "There is no such location."))
    elif location.closed:
        faults.append(FieldError(f"{at}/location_id", "This location is closed."))
    if version is None:
        faults.append(FieldError(f"{at}/checklist_key", "There is no published checklist with this key."))
    if person is None or person.disabled:
        faults.append(FieldError(f"{at}/shopper_id", "There is no such shopper."))
    elif version and person.role != SHOPPER and references.channels[version.id] != SELF_CHECK:
        faults.append(
            FieldError(
                f"{at}/shopper_id", "Only a self-check can be assigned to a person who is not a shopper."
            )
        )
    if order["window"]["closes_at"] <= order["window"]["opens_at"]:
        faults.append(FieldError(f"{at}/window/closes_at", "The window closes before it opens."))
    return faults


def _make_visit(actor: Actor, order: Mapping[str, Any], references: _References) -> Visit:
    location = references.locations[order["location_id"]]
    window = order["window"]
    return Visit(
        id=uuid.uuid4(),
        organization_id=actor.organization_id,
        location_id=location.id,
        shopper_id=order["shopper_id"],
        checklist_version_id=references.versions[order["checklist_key"]].id,
        opens_at=window["opens_at"],
        closes_at=window["closes_at"],
        day=local(window["opens_at"], location.time_zone).date(),
        external_id=order.get("external_id"),
    )


def _read_channels(session: Session, version_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    return {version_id: get_version(session, version_id).document.channel for version_id in set(version_ids)}


def _check_rotation(
    session: Session,
    actor: Actor,
    orders: Sequence[Mapping[str, Any]],
    assigned: Sequence[Visit],
    channels: Mapping[uuid.UUID, str],
    pointers: Sequence[str],
) -> None:
    """Reject visits of one shopper to one location that lie within the organization's lock-out days.

    Visits of the same request count for each other, in their order. Self-checks do not count.
    """
    days = session.scalar(select(Organization.lockout_days).where(Organization.id == actor.organization_id))
    assert days is not None
    rotating = [
        (visit, order, at)
        for visit, order, at in zip(assigned, orders, pointers, strict=True)
        if channels[visit.checklist_version_id] != SELF_CHECK
    ]
    if not rotating:
        return
    spans = _read_spans(session, actor, [visit for visit, _, _ in rotating], days)
    faults = []
    for visit, order, at in rotating:
        span = (visit.opens_at, visit.closes_at)
        others = spans[visit.shopper_id, visit.location_id]
        if not order.get("override") and any(visits.too_close(span, other, days) for other in others):
            faults.append(
                FieldError(
                    f"{at}/shopper_id",
                    f"This shopper has a visit to this location within {days} days of the window.",
                )
            )
        others.append(span)
    if faults:
        raise problems.ROTATION_LOCKOUT(
            f'The shopper has a visit to the location within {days} days. Send "override": true to assign it '
            "anyway.",
            errors=faults,
        )


def _read_spans(
    session: Session, actor: Actor, assigned: Sequence[Visit], days: int
) -> dict[tuple[uuid.UUID, uuid.UUID], list[tuple[datetime, datetime]]]:
    """Return when stored visits near new ones open and end, by shopper and location."""
    lockout = timedelta(days=days)
    stored = session.execute(
        select(
            Visit.shopper_id,
            Visit.location_id,
            Visit.opens_at,
            Visit.closes_at,
            Visit.finished_at,
            Visit.checklist_version_id,
        ).where(
            Visit.organization_id == actor.organization_id,
            Visit.shopper_id.in_({visit.shopper_id for visit in assigned}),
            Visit.location_id.in_({visit.location_id for visit in assigned}),
            Visit.status.not_in(visits.WITHDRAWN),
            Visit.opens_at < max(visit.closes_at for visit in assigned) + lockout,
            func.coalesce(Visit.finished_at, Visit.closes_at)
            > min(visit.opens_at for visit in assigned) - lockout,
        )
    ).all()
    channels = _read_channels(session, (row.checklist_version_id for row in stored))
    spans: dict[tuple[uuid.UUID, uuid.UUID], list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in stored:
        if channels[row.checklist_version_id] != SELF_CHECK:
            spans[row.shopper_id, row.location_id].append((row.opens_at, row.finished_at or row.closes_at))
    return spans


def cancel(session: Session, actor: Actor, visit_id: uuid.UUID) -> Visit:
    """Cancel an assigned visit; answers that arrive anyway are stored for a reviewer."""
    return _withdraw(session, visit_id, visibility.watched_visits(actor), "cancelled")


def decline(session: Session, actor: Actor, visit_id: uuid.UUID, reason: str | None) -> Visit:
    """Decline an assigned visit, with the shopper's reason."""
    return _withdraw(session, visit_id, visibility.own_visits(actor), "declined", reason)


def reassign(
    session: Session, actor: Actor, visit_id: uuid.UUID, shopper_id: uuid.UUID, override: bool
) -> Visit:
    """Reassign a visit without answers to another shopper: cancel it and assign a new one."""
    visit = _lock(session, visit_id, visibility.watched_visits(actor))
    if visit.status not in visits.MAY_BE_REASSIGNED:
        raise problems.WRONG_STATUS(f"A visit that is {visit.status} cannot be reassigned.")
    visit.status = "cancelled"
    session.flush()
    key = get_version(session, visit.checklist_version_id).document.key
    if not get_current_versions(session, actor.organization_id, {key}):
        raise problems.CHECKLIST_RETIRED("This checklist is retired. No new visits can be assigned with it.")
    order = {
        "location_id": visit.location_id,
        "shopper_id": shopper_id,
        "checklist_key": key,
        "window": {"opens_at": visit.opens_at, "closes_at": visit.closes_at},
        "external_id": visit.external_id,
        "override": override,
    }
    return assign(session, actor, [order], batch=False)[0]


def _withdraw(
    session: Session,
    visit_id: uuid.UUID,
    visible: ColumnElement[bool],
    status: str,
    decline_reason: str | None = None,
) -> Visit:
    """Give an assigned visit the status cancelled or declined; a visit that has it already stays as it is."""
    visit = _lock(session, visit_id, visible)
    if visit.status == status:
        return visit
    if visit.status != "assigned":
        raise problems.WRONG_STATUS(f"A visit that is {visit.status} cannot be {status}.")
    visit.status, visit.decline_reason = status, decline_reason
    session.flush()
    return visit


def _lock(session: Session, visit_id: uuid.UUID, visible: ColumnElement[bool]) -> Visit:
    visit: Visit | None = visibility.find(session, Visit, visit_id, visible, lock=True)
    if visit is None:
        raise problems.VISIT_NOT_FOUND()
    return visit


def _by_id(session: Session, query: Select[Any]) -> dict[uuid.UUID, Any]:
    return {row.id: row for row in session.scalars(query)}
