"""Assignments: visits are assigned within the rotation rules, cancelled, declined and reassigned."""

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
from api.domain.months import to_local_time
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
    """The rows that the orders of a request refer to.

    Locations and people are by ID, checklist versions by key, and channels by the ID of the version.
    """

    locations: Mapping[uuid.UUID, Location]
    people: Mapping[uuid.UUID, User]
    versions: Mapping[str, ChecklistVersion]
    channels: Mapping[uuid.UUID, str]


def assign(
    session: Session, actor: Actor, orders: Sequence[Mapping[str, Any]], *, batch: bool
) -> list[Visit]:
    """Assign all visits or none, and return them in the order of ``orders``.

    In a batch, the pointers of field errors begin with the index of the order.

    Raises INVALID, and ROTATION_LOCKOUT for a shopper who has a visit to the same location within the
    lock-out days, unless the order overrides it.
    """
    references = _read_references(session, actor, orders)
    pointers = [f"/{index}" if batch else "" for index in range(len(orders))]
    errors = [
        error
        for order, pointer in zip(orders, pointers, strict=True)
        for error in _find_errors(order, references, pointer)
    ]
    if errors:
        raise problems.INVALID(errors=errors)
    new_visits = [_build_visit(actor, order, references) for order in orders]
    _check_rotation(session, actor, orders, new_visits, references.channels, pointers)
    session.add_all(new_visits)
    session.flush()
    return new_visits


def _read_references(session: Session, actor: Actor, orders: Sequence[Mapping[str, Any]]) -> _References:
    """Read the rows that orders refer to, and lock the shoppers.

    Because of the lock, simultaneous assignments of one shopper wait for each other. Otherwise neither would
    see the other in the lock-out check.
    """
    locations = _read_by_id(
        session,
        select(Location).where(
            Location.id.in_({order["location_id"] for order in orders}),
            visibility.locations(actor),
        ),
    )
    people = _read_by_id(
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


def _find_errors(order: Mapping[str, Any], references: _References, pointer: str) -> list[FieldError]:
    """Return the field errors of an order; ``pointer`` is the JSON pointer of the order."""
    location = references.locations.get(order["location_id"])
    person = references.people.get(order["shopper_id"])
    version = references.versions.get(order["checklist_key"])
    errors = []
    if location is None:
        errors.append(FieldError(f"{pointer}/location_id", "This location does not exist."))
    elif location.closed:
        errors.append(FieldError(f"{pointer}/location_id", "This location is closed."))
    if version is None:
        errors.append(
            FieldError(f"{pointer}/checklist_key", "There is no published checklist with this key.")
        )
    if person is None or person.disabled:
        errors.append(FieldError(f"{pointer}/shopper_id", "This shopper does not exist."))
    elif version and person.role != SHOPPER and references.channels[version.id] != SELF_CHECK:
        errors.append(
            FieldError(
                f"{pointer}/shopper_id", "Only self-checks can be assigned to a person who is not a shopper."
            )
        )
    if order["window"]["closes_at"] <= order["window"]["opens_at"]:
        errors.append(FieldError(f"{pointer}/window/closes_at", "The window must close after it opens."))
    return errors


def _build_visit(actor: Actor, order: Mapping[str, Any], references: _References) -> Visit:
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
        day=to_local_time(window["opens_at"], location.time_zone).date(),
        external_id=order.get("external_id"),
    )


def _read_channels(session: Session, version_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    return {version_id: get_version(session, version_id).document.channel for version_id in set(version_ids)}


def _check_rotation(
    session: Session,
    actor: Actor,
    orders: Sequence[Mapping[str, Any]],
    new_visits: Sequence[Visit],
    channels: Mapping[uuid.UUID, str],
    pointers: Sequence[str],
) -> None:
    """Reject visits of one shopper to one location that are within the organization's lock-out days.

    Each visit is also compared with the earlier ones of the same request. Self-checks do not count.
    """
    days = session.scalar(select(Organization.lockout_days).where(Organization.id == actor.organization_id))
    assert days is not None
    candidates = [
        (visit, order, pointer)
        for visit, order, pointer in zip(new_visits, orders, pointers, strict=True)
        if channels[visit.checklist_version_id] != SELF_CHECK
    ]
    if not candidates:
        return
    spans = _read_spans(session, actor, [visit for visit, _, _ in candidates], days)
    errors = []
    for visit, order, pointer in candidates:
        span = (visit.opens_at, visit.closes_at)
        other_spans = spans[visit.shopper_id, visit.location_id]
        if not order.get("override") and any(
            visits.violates_lockout(span, other, days) for other in other_spans
        ):
            errors.append(
                FieldError(
                    f"{pointer}/shopper_id",
                    f"This shopper has a visit to this location within {days} days of the window.",
                )
            )
        other_spans.append(span)
    if errors:
        raise problems.ROTATION_LOCKOUT(
            f'The shopper has a visit to the location within {days} days. Send "override": true to assign it '
            "anyway.",
            errors=errors,
        )


def _read_spans(
    session: Session, actor: Actor, new_visits: Sequence[Visit], days: int
) -> dict[tuple[uuid.UUID, uuid.UUID], list[tuple[datetime, datetime]]]:
    """Return the spans of stored visits near new ones: (shopper, location) → (beginning, end).

    A span ends when the visit was finished, or else when its window closes.
    """
    lockout = timedelta(days=days)
    stored_visits = session.execute(
        select(
            Visit.shopper_id,
            Visit.location_id,
            Visit.opens_at,
            Visit.closes_at,
            Visit.finished_at,
            Visit.checklist_version_id,
        ).where(
            Visit.organization_id == actor.organization_id,
            Visit.shopper_id.in_({visit.shopper_id for visit in new_visits}),
            Visit.location_id.in_({visit.location_id for visit in new_visits}),
            Visit.status.not_in(visits.WITHDRAWN),
            Visit.opens_at < max(visit.closes_at for visit in new_visits) + lockout,
            func.coalesce(Visit.finished_at, Visit.closes_at)
            > min(visit.opens_at for visit in new_visits) - lockout,
        )
    ).all()
    channels = _read_channels(session, (visit.checklist_version_id for visit in stored_visits))
    spans: dict[tuple[uuid.UUID, uuid.UUID], list[tuple[datetime, datetime]]] = defaultdict(list)
    for visit in stored_visits:
        if channels[visit.checklist_version_id] != SELF_CHECK:
            end = visit.finished_at or visit.closes_at
            spans[visit.shopper_id, visit.location_id].append((visit.opens_at, end))
    return spans


def cancel(session: Session, actor: Actor, visit_id: uuid.UUID) -> Visit:
    """Cancel an assigned visit. Answers that arrive anyway are stored for a reviewer.

    Raises VISIT_NOT_FOUND and WRONG_STATUS.
    """
    return _withdraw(session, visit_id, visibility.planned_visits(actor), "cancelled")


def decline(session: Session, actor: Actor, visit_id: uuid.UUID, reason: str | None) -> Visit:
    """Decline an assigned visit of the actor, with an optional reason.

    Raises VISIT_NOT_FOUND and WRONG_STATUS.
    """
    return _withdraw(session, visit_id, visibility.own_visits(actor), "declined", reason)


def reassign(
    session: Session, actor: Actor, visit_id: uuid.UUID, shopper_id: uuid.UUID, override: bool
) -> Visit:
    """Reassign a visit without answers to another shopper: cancel it, and assign and return a new one.

    Raises VISIT_NOT_FOUND, WRONG_STATUS and CHECKLIST_RETIRED, and the errors of ``assign``.
    """
    visit = _lock_visit(session, visit_id, visibility.planned_visits(actor))
    if visit.status not in visits.REASSIGNABLE:
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
    """Set the status of an assigned visit to cancelled or declined; do nothing if it has this status."""
    visit = _lock_visit(session, visit_id, visible)
    if visit.status == status:
        return visit
    if visit.status != "assigned":
        raise problems.WRONG_STATUS(f"A visit that is {visit.status} cannot be {status}.")
    visit.status, visit.decline_reason = status, decline_reason
    session.flush()
    return visit


def _lock_visit(session: Session, visit_id: uuid.UUID, visible: ColumnElement[bool]) -> Visit:
    visit: Visit | None = visibility.find(session, Visit, visit_id, visible, lock=True)
    if visit is None:
        raise problems.VISIT_NOT_FOUND()
    return visit


def _read_by_id(session: Session, query: Select[Any]) -> dict[uuid.UUID, Any]:
    return {row.id: row for row in session.scalars(query)}
