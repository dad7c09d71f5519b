"""Assignments: visits are assigned within the rotation rules, cancelled, declined and reassigned."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
from api.services.organizations import get_organization
from api.services.payments import items as payments


@dataclass(frozen=True, slots=True)
class OrderProblem:
    """What prevents a visit from being assigned.

    ``pointer`` is the JSON pointer to the field of the order. ``free_from`` is the first day, in the time
    zone of the location, on which the window could open without a lock-out; None for other problems.
    """

    code: str
    pointer: str
    detail: str
    free_from: date | None = None


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
    session: Session,
    actor: Actor,
    orders: Sequence[Mapping[str, Any]],
    *,
    is_list: bool,
    batch_id: uuid.UUID | None = None,
) -> list[Visit]:
    """Assign all visits or none, and return them in the order of ``orders``.

    For a list, the pointers of field errors begin with the index of the order. ``batch_id`` is the batch that
    the visits belong to.

    Raises INVALID, and ROTATION_LOCKOUT for a shopper who has a visit to the same location within the
    lock-out days, unless the order overrides it.
    """
    _check_fees(session, actor, orders, is_list=is_list)
    references = _read_references(session, actor, orders, lock=True)
    days = get_lockout_days(session, actor)
    _raise_problems(_find_problems(session, actor, orders, references, days), days, is_list=is_list)
    new_visits = [_build_visit(actor, order, references, batch_id) for order in orders]
    session.add_all(new_visits)
    session.flush()
    _add_fees(session, actor, new_visits, orders, references)
    return new_visits


def _add_fees(
    session: Session,
    actor: Actor,
    new_visits: Sequence[Visit],
    orders: Sequence[Mapping[str, Any]],
    references: _References,
) -> None:
    """Add the fees of new visits, if the organization pays any. Nobody is paid for a self-check."""
    organization = get_organization(session, actor)
    if organization.currency is None:
        return
    fees = []
    for visit, order in zip(new_visits, orders, strict=True):
        if references.channels[visit.checklist_version_id] != SELF_CHECK:
            visit.currency = organization.currency
            fee = order.get("fee")
            fees.append((visit, (organization.default_fee or 0) if fee is None else fee))
    payments.add_fees(session, fees)


def _check_fees(
    session: Session, actor: Actor, orders: Sequence[Mapping[str, Any]], *, is_list: bool
) -> None:
    """Reject fees of API clients, which see none, and of an organization that pays none."""
    priced = [index for index, order in enumerate(orders) if order.get("fee") is not None]
    if not priced:
        return
    if actor.is_client:
        detail = "Only administrators can set a fee."
    elif get_organization(session, actor).currency is None:
        detail = "Your organization has no currency. Set one in its settings first."
    else:
        return
    errors = [FieldError(f"/{index}/fee" if is_list else "/fee", detail) for index in priced]
    raise problems.INVALID(errors=errors)


def check(session: Session, actor: Actor, orders: Sequence[Mapping[str, Any]]) -> list[list[OrderProblem]]:
    """Return the problems that ``assign`` would find, for each order. Nothing is stored."""
    references = _read_references(session, actor, orders, lock=False)
    return _find_problems(session, actor, orders, references, get_lockout_days(session, actor))


def _raise_problems(found: Sequence[Sequence[OrderProblem]], days: int, *, is_list: bool) -> None:
    """Raise INVALID, or else ROTATION_LOCKOUT, if any order has a problem."""
    errors: dict[bool, list[FieldError]] = {True: [], False: []}
    for index, order_problems in enumerate(found):
        for problem in order_problems:
            pointer = f"/{index}{problem.pointer}" if is_list else problem.pointer
            errors[problem.code == visits.LOCKOUT].append(FieldError(pointer, problem.detail))
    if errors[False]:
        raise problems.INVALID(errors=errors[False])
    if errors[True]:
        raise _locked_out(days, errors[True])


def _locked_out(days: int, errors: Sequence[FieldError]) -> problems.ProblemError:
    return problems.ROTATION_LOCKOUT(
        f'The shopper has a visit to the location within {days} days. Send "override": true to assign it '
        "anyway.",
        errors=errors,
    )


def _read_references(
    session: Session, actor: Actor, orders: Sequence[Mapping[str, Any]], *, lock: bool
) -> _References:
    """Read the rows that orders refer to, and ``lock`` the shoppers.

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
    shoppers = (
        select(User)
        .where(
            User.id.in_({order["shopper_id"] for order in orders}),
            User.organization_id == actor.organization_id,
        )
        .order_by(User.id)
    )
    people = _read_by_id(session, shoppers.with_for_update(key_share=True) if lock else shoppers)
    versions = get_current_versions(
        session, actor.organization_id, {order["checklist_key"] for order in orders}
    )
    channels = read_channels(session, (version.id for version in versions.values()))
    return _References(locations, people, versions, channels)


def _find_problems(
    session: Session,
    actor: Actor,
    orders: Sequence[Mapping[str, Any]],
    references: _References,
    days: int,
) -> list[list[OrderProblem]]:
    """Return the problems of each order.

    The lock-out compares each visit with stored ones and with the earlier ones of the same request.
    Self-checks do not count.
    """
    found = [_find_field_problems(order, references) for order in orders]
    candidates = [index for index, order in enumerate(orders) if _counts_for_lockout(order, references)]
    spans = _read_spans(session, actor, [orders[index] for index in candidates], days)
    for index in candidates:
        order = orders[index]
        span = _get_span(order)
        others = spans[order["shopper_id"], order["location_id"]]
        if not order.get("override") and any(visits.violates_lockout(span, other, days) for other in others):
            time_zone = references.locations[order["location_id"]].time_zone
            found[index].append(
                OrderProblem(
                    visits.LOCKOUT,
                    "/shopper_id",
                    f"This shopper has a visit to this location within {days} days of the window.",
                    visits.find_free_day(span, others, days, time_zone),
                )
            )
        others.append(span)
    return found


def _find_field_problems(order: Mapping[str, Any], references: _References) -> list[OrderProblem]:
    """Return the problems of an order's fields."""
    location = references.locations.get(order["location_id"])
    person = references.people.get(order["shopper_id"])
    version = references.versions.get(order["checklist_key"])
    found = []
    if location is None:
        found.append(OrderProblem("location-not-found", "/location_id", "This location does not exist."))
    elif location.closed:
        found.append(OrderProblem("location-closed", "/location_id", "This location is closed."))
    if version is None:
        found.append(
            OrderProblem(
                "checklist-not-found", "/checklist_key", "There is no published checklist with this key."
            )
        )
    if person is None or person.disabled:
        found.append(OrderProblem("shopper-not-found", "/shopper_id", "This shopper does not exist."))
    elif version and person.role != SHOPPER and references.channels[version.id] != SELF_CHECK:
        found.append(
            OrderProblem(
                "not-a-shopper",
                "/shopper_id",
                "Only self-checks can be assigned to a person who is not a shopper.",
            )
        )
    if order["window"]["closes_at"] <= order["window"]["opens_at"]:
        found.append(OrderProblem("window-closes-early", "/window/closes_at", _WINDOW_CLOSES_EARLY))
    return found


_WINDOW_CLOSES_EARLY = "The window must close after it opens."


def _counts_for_lockout(order: Mapping[str, Any], references: _References) -> bool:
    """Return whether an order has everything that the lock-out compares, and is not a self-check."""
    opens_at, closes_at = _get_span(order)
    version = references.versions.get(order["checklist_key"])
    return (
        order["location_id"] in references.locations
        and order["shopper_id"] in references.people
        and version is not None
        and references.channels[version.id] != SELF_CHECK
        and closes_at > opens_at
    )


def _get_span(order: Mapping[str, Any]) -> visits.Span:
    return order["window"]["opens_at"], order["window"]["closes_at"]


def _build_visit(
    actor: Actor, order: Mapping[str, Any], references: _References, batch_id: uuid.UUID | None
) -> Visit:
    location = references.locations[order["location_id"]]
    visit = Visit(
        id=uuid.uuid4(),
        organization_id=actor.organization_id,
        location_id=location.id,
        shopper_id=order["shopper_id"],
        checklist_version_id=references.versions[order["checklist_key"]].id,
        external_id=order.get("external_id"),
        override_reason=order.get("override_reason") if order.get("override") else None,
        batch_id=batch_id,
    )
    _set_window(visit, order["window"], location)
    return visit


def _set_window(visit: Visit, window: Mapping[str, Any], location: Location) -> None:
    visit.opens_at, visit.closes_at = window["opens_at"], window["closes_at"]
    visit.day = to_local_time(visit.opens_at, location.time_zone).date()


def read_channels(session: Session, version_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the channels of checklist versions, by ID."""
    return {version_id: get_version(session, version_id).document.channel for version_id in set(version_ids)}


def get_lockout_days(session: Session, actor: Actor) -> int:
    """Return the lock-out days of the actor's organization."""
    days = session.scalar(select(Organization.lockout_days).where(Organization.id == actor.organization_id))
    assert days is not None
    return days


def _read_spans(
    session: Session, actor: Actor, orders: Sequence[Mapping[str, Any]], days: int
) -> dict[tuple[uuid.UUID, uuid.UUID], list[visits.Span]]:
    """Return the spans of stored visits that may lock out orders, or move the days on which they are free."""
    if not orders:
        return {}
    return group_spans(
        session,
        actor,
        Visit.shopper_id.in_({order["shopper_id"] for order in orders}),
        Visit.location_id.in_({order["location_id"] for order in orders}),
        since=min(order["window"]["opens_at"] for order in orders) - timedelta(days=days),
    )


def group_spans(
    session: Session, actor: Actor, *conditions: ColumnElement[bool], since: datetime
) -> dict[tuple[uuid.UUID, uuid.UUID], list[visits.Span]]:
    """Return the spans of stored visits that end after ``since``: (shopper, location) → (beginning, end).

    A span ends when the visit was finished, or else when its window closes. Self-checks do not count.
    """
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
            Visit.status.not_in(visits.WITHDRAWN),
            func.coalesce(Visit.finished_at, Visit.closes_at) > since,
            *conditions,
        )
    ).all()
    channels = read_channels(session, (visit.checklist_version_id for visit in stored_visits))
    spans: dict[tuple[uuid.UUID, uuid.UUID], list[visits.Span]] = defaultdict(list)
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


def cancel_batch(session: Session, actor: Actor, batch_id: uuid.UUID) -> dict[str, int]:
    """Cancel the assigned visits of a batch. Returns how many of its visits are now cancelled or not.

    Visits with answers are kept, and declined ones too. A second call changes nothing.

    Raises BATCH_NOT_FOUND.
    """
    batch = session.scalars(
        select(Visit)
        .where(Visit.batch_id == batch_id, visibility.planned_visits(actor))
        .order_by(Visit.id)
        .with_for_update()
    ).all()
    if not batch:
        raise problems.BATCH_NOT_FOUND()
    for visit in batch:
        if visit.status == "assigned":
            visit.status = "cancelled"
    session.flush()
    cancelled = sum(visit.status == "cancelled" for visit in batch)
    return {"cancelled": cancelled, "kept": len(batch) - cancelled}


def lock_visit(session: Session, actor: Actor, visit_id: uuid.UUID) -> Visit:
    """Return a visit that the actor plans, locked for an update.

    Raises VISIT_NOT_FOUND.
    """
    return _lock_visit(session, visit_id, visibility.planned_visits(actor))


def change_window(session: Session, actor: Actor, visit: Visit, values: Mapping[str, Any]) -> None:
    """Change the window of a locked visit. ``values`` has the new ``window``, and may have ``override``.

    Raises WRONG_STATUS for a visit that is not assigned, INVALID for a window that closes before it opens,
    and ROTATION_LOCKOUT if only the new window is within the lock-out days of another visit.
    """
    if visit.status != "assigned":
        raise problems.WRONG_STATUS(f"The window of a visit that is {visit.status} cannot be changed.")
    old = (visit.opens_at, visit.closes_at)
    window = {"opens_at": visit.opens_at, "closes_at": visit.closes_at, **values.get("window", {})}
    new = (window["opens_at"], window["closes_at"])
    if new[1] <= new[0]:
        raise problems.invalid_field("/window/closes_at", _WINDOW_CLOSES_EARLY)
    if not values.get("override"):
        _check_moved_span(session, actor, visit, old, new)
    elif "override_reason" in values:
        visit.override_reason = values["override_reason"]
    _set_window(
        visit, window, session.scalars(select(Location).where(Location.id == visit.location_id)).one()
    )
    session.flush()


def _check_moved_span(
    session: Session, actor: Actor, visit: Visit, old: visits.Span, new: visits.Span
) -> None:
    """Reject a new span that a visit locks out which did not lock out the old one."""
    if read_channels(session, [visit.checklist_version_id])[visit.checklist_version_id] == SELF_CHECK:
        return
    days = get_lockout_days(session, actor)
    # Simultaneous assignments of the shopper wait, as in `assign`.
    session.execute(select(User.id).where(User.id == visit.shopper_id).with_for_update(key_share=True))
    spans = group_spans(
        session,
        actor,
        Visit.shopper_id == visit.shopper_id,
        Visit.location_id == visit.location_id,
        Visit.id != visit.id,
        since=new[0] - timedelta(days=days),
    )
    for others in spans.values():
        if any(
            visits.violates_lockout(new, other, days) and not visits.violates_lockout(old, other, days)
            for other in others
        ):
            detail = f"This shopper has a visit to this location within {days} days of the window."
            raise _locked_out(days, [FieldError("/window", detail)])


def decline(session: Session, actor: Actor, visit_id: uuid.UUID, reason: str | None) -> Visit:
    """Decline an assigned visit of the actor, with an optional reason.

    Raises VISIT_NOT_FOUND and WRONG_STATUS.
    """
    return _withdraw(session, visit_id, visibility.own_visits(actor), "declined", reason)


def reassign(session: Session, actor: Actor, visit_id: uuid.UUID, values: Mapping[str, Any]) -> Visit:
    """Reassign a visit without answers to another shopper: cancel it, and assign and return a new one.

    ``values`` has the ``shopper_id``, and may have ``override`` and its reason. The new visit belongs to the
    same batch.

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
        **values,
        "location_id": visit.location_id,
        "checklist_key": key,
        "window": {"opens_at": visit.opens_at, "closes_at": visit.closes_at},
        "external_id": visit.external_id,
    }
    new_visit = assign(session, actor, [order], is_list=False, batch_id=visit.batch_id)[0]
    payments.copy_fee(session, visit, new_visit)
    return new_visit


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
