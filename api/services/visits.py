"""Visits: listed and described in the view that the caller has of them."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, bindparam, select, update
from sqlalchemy.orm import Session

from api.database.lists import among
from api.database.search import contains, escape
from api.database.statements import Command, Query, Runner, Writer, execute, fetch_all
from api.domain import problems
from api.domain.access import SHOPPER, Actor
from api.models.checklists import Checklist, ChecklistVersion
from api.models.photos import ARRIVED, Photo
from api.models.places import Location, Region
from api.models.submissions import Flag, Submission
from api.models.users import SHOWN_NAME, User
from api.models.visits import Visit
from api.services import visibility
from api.services.checklists import get_version
from api.services.paging import Page, build_page_query, fetch_prepared_page
from api.services.payments.items import describe_payments
from api.services.scores.results import format_visit_score

#: what the caller sees of a visit: their own, as a manager, with all evidence, or as an API client that has
#: assigned it. Each has its own schema
View = Literal["own", "watched", "evidence", "assigned"]

_OWN_VISIT = select(Visit).where(
    Visit.id == bindparam("visit_id"), visibility.own_visits(visibility.parametrized_actor(SHOPPER))
)
_OWN_VISIT_LOCKED = _OWN_VISIT.with_for_update().execution_options(populate_existing=True)


def get_own_visit(session: Session, actor: Actor, visit_id: uuid.UUID, *, lock: bool = False) -> Visit:
    """Return a visit that is assigned to the actor; ``lock`` locks its row for an update.

    Raises VISIT_NOT_FOUND.
    """
    query = _OWN_VISIT_LOCKED if lock else _OWN_VISIT
    parameters = {"visit_id": visit_id, **visibility.actor_parameters(actor)}
    visit = session.scalars(query, parameters).one_or_none()
    if visit is None:
        raise problems.VISIT_NOT_FOUND()
    return visit


def get_visit(session: Session, actor: Actor, visit_id: uuid.UUID) -> tuple[Visit, View]:
    """Return a visit and the view that the actor has of it.

    Raises VISIT_NOT_FOUND.
    """
    visit = visibility.find(session, Visit, visit_id, visibility.watched_visits(actor))
    if visit is not None and not actor.can_see_everything:
        return visit, "watched"
    if visit is not None and visit.shopper_id != actor.id:
        return visit, "evidence"
    return get_own_visit(session, actor, visit_id), "own"


def list_visits(
    runner: Runner,
    actor: Actor,
    limit: int,
    cursor: str | None,
    mine: bool,
    filters: Mapping[str, Any],
    *,
    newest_first: bool = False,
) -> tuple[Page, View]:
    """Return a page of visits, sorted by (day, ID), and the view that the actor has of them.

    ``mine`` limits the list to the actor's own visits. The filters are status, location_id, region_id (with
    all regions below), checklist_key, from and to (days), and those in ``_EVIDENCE_FILTERS``: they require
    the view "evidence", because to anyone else they would disclose which visits belong together.
    ``newest_first`` is the opposite order.

    Raises INVALID for a filter that the actor may not use.
    """
    view: View = (
        "own" if mine or actor.role == SHOPPER else "evidence" if actor.can_see_everything else "watched"
    )
    if view != "evidence":
        for name in _EVIDENCE_FILTERS:
            if filters.get(name) is not None:
                raise problems.invalid_field(
                    f"/{name}", "Only reviewers and administrators can use this filter."
                )
    values = {name: value for name, value in filters.items() if name in _FILTERS and value is not None}
    parameters = {f"of_{name}": value for name, value in values.items()}
    if "of_q" in parameters:
        parameters["of_q"] = escape(parameters["of_q"])
    page = fetch_prepared_page(
        runner,
        partial(_get_page_query, view, actor.role, frozenset(values), newest_first),
        Visit.day,
        limit,
        cursor,
        **visibility.actor_parameters(actor),
        **parameters,
    )
    return page, view


_EVIDENCE_FILTERS = ("shopper_id", "external_id", "batch_id", "q")
#: filter → condition; its value is the parameter ``of_`` + filter
_FILTERS: Mapping[str, ColumnElement[bool]] = {
    "status": Visit.status == bindparam("of_status"),
    "location_id": Visit.location_id == bindparam("of_location_id"),
    "region_id": Location.region_id.in_(
        visibility.select_subtree(select(Region.id).where(Region.id == bindparam("of_region_id")))
    ),
    "shopper_id": Visit.shopper_id == bindparam("of_shopper_id"),
    "external_id": Visit.external_id == bindparam("of_external_id"),
    "batch_id": Visit.batch_id == bindparam("of_batch_id"),
    "q": contains(bindparam("of_q"), Location.code, Location.name, User.name, User.email, Visit.external_id),
    "checklist_key": Visit.checklist_version_id.in_(
        select(ChecklistVersion.id)
        .join(Checklist, Checklist.id == ChecklistVersion.checklist_id)
        .where(
            Checklist.key == bindparam("of_checklist_key"),
            Checklist.organization_id == bindparam("actor_organization_id"),
        )
    ),
    "from": Visit.day >= bindparam("of_from"),
    "to": Visit.day <= bindparam("of_to"),
}


@dataclass(slots=True)
class VisitRow:
    """The columns of a visit that every view shows."""

    id: uuid.UUID
    status: str
    revision: int
    checklist_version_id: uuid.UUID
    day: date
    location_id: uuid.UUID
    location_code: str
    location_name: str
    address: str | None
    phone: str | None
    time_zone: str
    latitude: float | None
    longitude: float | None


@dataclass(slots=True)
class OwnVisitRow(VisitRow):
    """The columns for the shopper of a visit."""

    opens_at: datetime
    closes_at: datetime
    return_reason: str | None
    question_reasons: dict[str, Any] | None
    message_to_shopper: str | None
    expected_photos: list[str] | None
    currency: str | None


@dataclass(slots=True)
class WatchedVisitRow(VisitRow):
    """The columns of an accepted visit for a manager."""

    part_of_day: str | None
    outcome: str
    result: dict[str, Any]


@dataclass(slots=True)
class EvidenceVisitRow(OwnVisitRow):
    """The columns for reviewers and administrators."""

    external_id: str | None
    batch_id: uuid.UUID | None
    override_reason: str | None
    shopper_id: uuid.UUID
    shopper_name: str | None
    started_at: datetime | None
    finished_at: datetime | None
    decline_reason: str | None
    outcome: str | None


@dataclass(slots=True)
class AssignedVisitRow(VisitRow):
    """The columns for an API client that assigns visits."""

    opens_at: datetime
    closes_at: datetime
    external_id: str | None
    batch_id: uuid.UUID | None


_ROW_TYPES: Mapping[View, type[VisitRow]] = {
    "assigned": AssignedVisitRow,
    "own": OwnVisitRow,
    "watched": WatchedVisitRow,
    "evidence": EvidenceVisitRow,
}


@cache
def _get_page_query(
    view: View, role: str, filters: frozenset[str], newest_first: bool, after: bool
) -> Query[VisitRow]:
    """Return the query for a page of the visits that a role sees, with these filters."""
    actor = visibility.parametrized_actor(role)
    visible = visibility.own_visits(actor) if view == "own" else visibility.watched_visits(actor)
    query = _select_view(view).where(visible, *(_FILTERS[name] for name in sorted(filters)))
    return build_page_query(
        _ROW_TYPES[view], query, Visit.day, Visit.id, after=after, descending=newest_first
    )


_COMMON_COLUMNS = (
    Visit.id,
    Visit.status,
    Visit.revision,
    Visit.checklist_version_id,
    Visit.day,
    Visit.location_id,
    Location.code.label("location_code"),
    Location.name.label("location_name"),
    Location.address,
    Location.phone,
    Location.time_zone,
    Location.latitude,
    Location.longitude,
)
_SHOPPER_COLUMNS = (
    *_COMMON_COLUMNS,
    Visit.opens_at,
    Visit.closes_at,
    Visit.return_reason,
    Visit.question_reasons,
    Visit.message_to_shopper,
    Submission.photos.label("expected_photos"),
    Visit.currency,
)
_COLUMNS: Mapping[View, Sequence[SQLColumnExpression[Any]]] = {
    "assigned": (*_COMMON_COLUMNS, Visit.opens_at, Visit.closes_at, Visit.external_id, Visit.batch_id),
    "own": _SHOPPER_COLUMNS,
    "watched": (*_COMMON_COLUMNS, Visit.part_of_day, Submission.outcome, Submission.result),
    "evidence": (
        *_SHOPPER_COLUMNS,
        Visit.external_id,
        Visit.batch_id,
        Visit.override_reason,
        Visit.shopper_id,
        SHOWN_NAME.label("shopper_name"),
        Visit.started_at,
        Visit.finished_at,
        Visit.decline_reason,
        Submission.outcome,
    ),
}


def _select_view(view: View) -> Select[Any]:
    """Return the query for the columns that a view shows of visits."""
    # Outer joins, although only the submission can be missing: they make the database find the visits first.
    query = (
        select(*_COLUMNS[view])
        .select_from(Visit)
        .outerjoin(Location, Location.id == Visit.location_id)
        .outerjoin(Submission, (Submission.visit_id == Visit.id) & (Submission.revision == Visit.revision))
    )
    return query.outerjoin(User, User.id == Visit.shopper_id) if view == "evidence" else query


@cache
def _get_view_query(view: View) -> Query[VisitRow]:
    return Query(_ROW_TYPES[view], _select_view(view).where(among(Visit.id, "ids")))


_UPDATE_VISIT = Command(update(Visit).where(Visit.id == bindparam("visit_id")))


def update_visit(writer: Writer, visit_id: uuid.UUID, **columns: Any) -> None:
    """Update columns of a visit that this transaction has locked.

    A ``Visit`` object that was read before keeps its old values.
    """
    execute(writer, _UPDATE_VISIT, visit_id=visit_id, **columns)


class _PhotoStatus(NamedTuple):
    visit_id: uuid.UUID
    id: uuid.UUID
    status: str


_PHOTO_STATUSES = Query(
    _PhotoStatus,
    select(Photo.visit_id, Photo.id, Photo.status).where(among(Photo.visit_id, "ids")),
)


@dataclass(slots=True)
class FlagRow:
    """A flag of a revision, as reviewers see it."""

    visit_id: uuid.UUID
    code: str
    detail: str
    revision: int
    photo_id: uuid.UUID | None
    question: str | None
    other_visit_id: uuid.UUID | None
    other_photo_id: uuid.UUID | None
    other_question: str | None


_FLAGS = Query(
    FlagRow,
    select(
        Flag.visit_id,
        Flag.code,
        Flag.detail,
        Flag.revision,
        Flag.photo_id,
        Flag.question,
        Flag.other_visit_id,
        Flag.other_photo_id,
        Flag.other_question,
    )
    .where(among(Flag.visit_id, "ids"))
    .order_by(Flag.number),
)


def describe_visits(session: Session, visits: Sequence[Visit], view: View) -> list[dict[str, Any]]:
    """Return what ``describe_rows`` returns for visits, in their order, as they were last flushed."""
    query, ids = _get_view_query(view), [visit.id for visit in visits]
    by_id = {row.id: row for row in fetch_all(session, query, ids=ids)}
    return describe_rows(session, [by_id[visit_id] for visit_id in ids], view)


def describe_rows(runner: Runner, visits: Sequence[VisitRow], view: View) -> list[dict[str, Any]]:
    """Return visits in the shape of their view's schema in ``schemas.visits``.

    ``visits`` are rows of ``list_visits`` in the same view. They contain the columns of the visit, its
    location and its shopper.
    """
    photo_statuses: dict[uuid.UUID, dict[str, str]] = defaultdict(dict)
    if view in ("own", "evidence"):
        for photo in fetch_all(runner, _PHOTO_STATUSES, ids=[visit.id for visit in visits]):
            photo_statuses[photo.visit_id][str(photo.id)] = photo.status
    flags = read_flags(runner, visits) if view == "evidence" else {}
    payments: dict[uuid.UUID, dict[str, Any]] = {}
    if view in ("own", "evidence"):
        payments = describe_payments(runner, visits, for_reviewers=view == "evidence")
    descriptions = []
    for visit in visits:
        document = get_version(runner, visit.checklist_version_id).document
        checklist = {"key": document.key, "version": document.version}
        # The same row under two names: no two fields of a schema may read the same attribute.
        description: dict[str, Any] = {
            "view": view,
            "visit": visit,
            "location": visit,
            "checklist": checklist,
        }
        if isinstance(visit, WatchedVisitRow):
            description["score"] = format_visit_score(visit.result)
        if isinstance(visit, OwnVisitRow):
            description["photos"] = _count_photos(visit.expected_photos or [], photo_statuses[visit.id])
            description["payment"] = payments.get(visit.id)
        if isinstance(visit, EvidenceVisitRow):
            description.update(shopper=visit, flags=flags[visit.id])
        descriptions.append(description)
    return descriptions


def read_flags(runner: Runner, visits: Iterable[Any]) -> dict[uuid.UUID, list[FlagRow]]:
    """Return the flags of visits (rows with ``id`` and ``revision``): visit ID → flags, in their order.

    These are the flags of the latest revision, and those of earlier revisions whose code it does not have.
    """
    revisions = {visit.id: visit.revision for visit in visits}
    all_flags: dict[uuid.UUID, list[FlagRow]] = defaultdict(list)
    for flag in fetch_all(runner, _FLAGS, ids=list(revisions)):
        all_flags[flag.visit_id].append(flag)
    flags: dict[uuid.UUID, list[FlagRow]] = defaultdict(list)
    for visit_id, visit_flags in all_flags.items():
        latest = revisions[visit_id]
        codes = {flag.code for flag in visit_flags if flag.revision == latest}
        flags[visit_id] = [
            flag
            for flag in visit_flags
            if flag.revision == latest or (flag.revision < latest and flag.code not in codes)
        ]
    return flags


def list_stored_photos(session: Session, visit: Visit) -> Sequence[Photo]:
    """Return the stored photos of a visit without receipts, sorted by the time when they were stored."""
    return session.scalars(
        select(Photo)
        .where(Photo.visit_id == visit.id, Photo.status == "stored", ~Photo.is_receipt)
        .order_by(Photo.stored_at, Photo.id)
    ).all()


def _count_photos(expected: Sequence[str], statuses: Mapping[str, str]) -> dict[str, Any]:
    stored = [photo_id for photo_id in expected if statuses.get(photo_id) in ARRIVED]
    return {
        "expected": len(expected),
        "stored": len(stored),
        "missing": [photo_id for photo_id in expected if photo_id not in stored],
        "unusable": [photo_id for photo_id, status in statuses.items() if status == "unusable"],
    }
