"""Visits: listed, and shown to each as he may see them."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, bindparam, select, update
from sqlalchemy.orm import Session

from api.database.statements import Row, Runner, Statement, among, rows
from api.domain import problems
from api.domain.access import SHOPPER, Actor
from api.models.checklists import Checklist, ChecklistVersion
from api.models.photos import Photo
from api.models.places import Location
from api.models.submissions import Flag, Submission
from api.models.users import User
from api.models.visits import Visit
from api.services import visibility
from api.services.checklists import get_version
from api.services.paging import Page, build_page_statement, fetch_prepared_page
from api.services.totals import visit_score

#: as whom somebody looks at a visit: three views, three schemas
View = Literal["own", "watched", "evidence"]


def get_own_visit(session: Session, actor: Actor, visit_id: uuid.UUID, *, lock: bool = False) -> Visit:
    """Return a visit that the actor makes himself."""
    query = _OWN_HELD if lock else _OWN
    visit = session.scalars(query, {"visit_id": visit_id, **visibility.actor_parameters(actor)}).one_or_none()
    if visit is None:
        raise problems.VISIT_NOT_FOUND()
    return visit


_OWN = select(Visit).where(
    Visit.id == bindparam("visit_id"), visibility.own_visits(visibility.parametrized_actor(SHOPPER))
)
_OWN_HELD = _OWN.with_for_update().execution_options(populate_existing=True)


def get_visit(session: Session, actor: Actor, visit_id: uuid.UUID) -> tuple[Visit, View]:
    """Return a visit and as whom the actor sees it: his own, as a watcher, or with all evidence."""
    visit = visibility.find(session, Visit, visit_id, visibility.watched_visits(actor))
    if visit is not None and not actor.sees_everything:
        return visit, "watched"
    if visit is not None and visit.shopper_id != actor.id:
        return visit, "evidence"
    return get_own_visit(session, actor, visit_id), "own"


def list_visits(
    session: Session, actor: Actor, limit: int, cursor: str | None, mine: bool, filters: Mapping[str, Any]
) -> tuple[Page, View]:
    """Return a page of visits by (day, id), and as whom the actor sees them.

    ``filters``: status, location_id, checklist_key, from, to (days); shopper_id and external_id only where
    all evidence is seen, for to others they would tell which visits belong together.
    """
    view: View = (
        "own" if mine or actor.role == SHOPPER else "evidence" if actor.sees_everything else "watched"
    )
    if view != "evidence":
        for name in ("shopper_id", "external_id"):
            if filters.get(name) is not None:
                raise problems.invalid(f"/{name}", "Only reviewers and administrators filter by this.")
    given = {name: value for name, value in filters.items() if name in _FILTERS and value is not None}
    of_page = partial(_page, view, actor.role, frozenset(given))
    return fetch_prepared_page(
        session, of_page, Visit.day, limit, cursor, **visibility.actor_parameters(actor), **_named(given)
    ), view


#: what visits are filtered by; each value is a parameter of its name
_FILTERS: Mapping[str, ColumnElement[bool]] = {
    "status": Visit.status == bindparam("of_status"),
    "location_id": Visit.location_id == bindparam("of_location_id"),
    "shopper_id": Visit.shopper_id == bindparam("of_shopper_id"),
    "external_id": Visit.external_id == bindparam("of_external_id"),
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


def _named(given: Mapping[str, Any]) -> dict[str, Any]:
    return {f"of_{name}": value for name, value in given.items()}


@cache
def _page(view: View, role: str, filters: frozenset[str], after: bool) -> Statement:
    """Return the statement for a page of what a role sees of visits, with some of the filters."""
    actor = visibility.parametrized_actor(role)
    visible = visibility.own_visits(actor) if view == "own" else visibility.watched_visits(actor)
    query = _shown(view).where(visible, *(_FILTERS[name] for name in sorted(filters)))
    return build_page_statement(query, Visit.day, Visit.id, after=after)


_SHOWN_TO_ALL = (
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
_SHOWN_TO_SHOPPER = (
    *_SHOWN_TO_ALL,
    Visit.opens_at,
    Visit.closes_at,
    Visit.return_reason,
    Visit.question_reasons,
    Submission.photos.label("expected_photos"),
)
#: the columns that are shown, by view
_SHOWN: Mapping[View, Sequence[SQLColumnExpression[Any]]] = {
    "own": _SHOWN_TO_SHOPPER,
    "watched": (*_SHOWN_TO_ALL, Visit.part_of_day, Submission.outcome, Submission.result),
    "evidence": (
        *_SHOWN_TO_SHOPPER,
        Visit.external_id,
        Visit.shopper_id,
        User.name.label("shopper_name"),
        Visit.started_at,
        Visit.finished_at,
        Visit.decline_reason,
        Submission.outcome,
    ),
}


def _shown(view: View) -> Select[Any]:
    """Return the query for what a view shows of visits, with what each has one of."""
    # Outer joins, though a visit has each but answers: visits are found first, and what belongs to them then.
    query = (
        select(*_SHOWN[view])
        .select_from(Visit)
        .outerjoin(Location, Location.id == Visit.location_id)
        .outerjoin(Submission, (Submission.visit_id == Visit.id) & (Submission.revision == Visit.revision))
    )
    return query.outerjoin(User, User.id == Visit.shopper_id) if view == "evidence" else query


@cache
def _named_shown(view: View) -> Statement:
    return Statement(lambda dialect: _shown(view).where(among(Visit.id, "ids", dialect)))


_CHANGE = Statement(update(Visit).where(Visit.id == bindparam("visit_id")))


def update_visit(on: Runner, visit_id: uuid.UUID, **columns: Any) -> None:
    """Change columns of a visit that this transaction holds; a ``Visit`` read before does not show it."""
    rows(on, _CHANGE, visit_id=visit_id, **columns)


_PHOTO_STATUSES = Statement(
    lambda dialect: select(Photo.visit_id, Photo.id, Photo.status).where(
        among(Photo.visit_id, "ids", dialect)
    )
)


_FLAGS = Statement(
    lambda dialect: (
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
        .where(among(Flag.visit_id, "ids", dialect))
        .order_by(Flag.number)
    )
)


def describe_visits(session: Session, found: Sequence[Visit], view: View) -> list[dict[str, Any]]:
    """Return visits as ``described`` does, in their order, as they were last flushed."""
    by_id = {row.id: row for row in rows(session, _named_shown(view), ids=[visit.id for visit in found])}
    return describe_rows(session, [by_id[visit.id] for visit in found], view)


def describe_rows(session: Session, found: Sequence[Row], view: View) -> list[dict[str, Any]]:
    """Return rows of a list of visits with what their view shows of all that belongs to them.

    A row has what each visit has one of, its location among it.
    """
    described: list[dict[str, Any]] = []
    for visit in found:
        document = get_version(session, visit.checklist_version_id).document
        checklist = {"key": document.key, "version": document.version}
        # The row once more: no two fields of a schema may be made of what has the same name.
        described.append({"visit": visit, "location": visit, "checklist": checklist})
    if view == "watched":
        for visit, row in zip(found, described, strict=True):
            row["score"] = visit_score(visit.result)
        return described
    statuses: dict[uuid.UUID, dict[str, str]] = defaultdict(dict)
    for photo in rows(session, _PHOTO_STATUSES, ids=[visit.id for visit in found]):
        statuses[photo.visit_id][str(photo.id)] = photo.status
    for visit, row in zip(found, described, strict=True):
        row["photos"] = _photo_counts(visit.expected_photos or [], statuses[visit.id])
    if view == "evidence":
        flags = read_flags(session, found)
        for visit, row in zip(found, described, strict=True):
            row |= {"shopper": visit, "flags": flags[visit.id]}
    return described


def read_flags(session: Session, found: Iterable[Any]) -> dict[uuid.UUID, list[Any]]:
    """Return the flags of the latest revision of each visit, and what only earlier ones were flagged for."""
    latest = {visit.id: visit.revision for visit in found}
    flags: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for flag in rows(session, _FLAGS, ids=list(latest)):
        flags[flag.visit_id].append(flag)
    for visit_id, found_flags in flags.items():
        codes = {flag.code for flag in found_flags if flag.revision == latest[visit_id]}
        flags[visit_id] = [
            flag
            for flag in found_flags
            if flag.revision == latest[visit_id]
            or (flag.revision < latest[visit_id] and flag.code not in codes)
        ]
    return flags


def list_stored_photos(session: Session, visit: Visit) -> Sequence[Photo]:
    """Return the photos of a visit that are stored, in the order in which they came."""
    return session.scalars(
        select(Photo)
        .where(Photo.visit_id == visit.id, Photo.status == "stored")
        .order_by(Photo.stored_at, Photo.id)
    ).all()


def _photo_counts(expected: Sequence[str], statuses: Mapping[str, str]) -> dict[str, Any]:
    stored = [photo_id for photo_id in expected if statuses.get(photo_id) == "stored"]
    return {
        "expected": len(expected),
        "stored": len(stored),
        "missing": [photo_id for photo_id in expected if photo_id not in stored],
        "unusable": [photo_id for photo_id, status in statuses.items() if status == "unusable"],
    }
