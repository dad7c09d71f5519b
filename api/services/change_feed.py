"""The change feed: what became of accepted visits since a client last asked, each with its current state."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, literal_column, select, tuple_
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import MANAGER, SHOPPER, Actor
from api.domain.changes import VISIT_ACCEPTED, VISIT_AMENDED, VISIT_WITHDRAWN
from api.models.api_clients import ApiClientRegion
from api.models.changes import Change
from api.models.organizations import Organization
from api.models.places import Location
from api.models.users import UserLocation, UserRegion
from api.models.visits import Visit
from api.services import visibility
from api.services.scored_answers import describe_accepted_visits

ACCEPTED, AMENDED, WITHDRAWN = CHANGES = ("accepted", "amended", "withdrawn")


class Position(NamedTuple):
    """A place in the log of changes. The feed continues after it."""

    transaction_id: int
    number: int


#: the place before the first change
BEGINNING = Position(0, 0)


@dataclass(frozen=True, slots=True)
class VisitChange:
    """A change of a visit. ``visit`` is what ``describe_accepted_visits`` returns, or None if withdrawn."""

    id: uuid.UUID
    change: str
    visit: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page of the feed, the position after it, and whether more changes follow."""

    items: list[VisitChange]
    position: Position
    has_more: bool


def read_changes(session: Session, actor: Actor, after: Position, limit: int) -> ChangePage:
    """Return the changes after a position, of the visits at the locations that the actor may see.

    On PostgreSQL, a transaction with a low ID may commit after one with a high ID. The feed therefore ends
    before the oldest transaction in progress, and misses none. Each visit appears once in a page.

    Raises FORBIDDEN for shoppers, and RESTART_FEED for a position beyond the log, which was restored from a
    backup then.
    """
    if actor.role == SHOPPER:
        raise problems.FORBIDDEN()
    end = _find_end(session, actor)
    if after > end:
        raise problems.RESTART_FEED("This token is from a later time than the data: they were restored.")
    rows = session.execute(_select_changes(session, actor, after, limit + 1)).all()
    has_more = len(rows) > limit
    rows = rows[:limit]
    # Not the end of the log, which would disclose that something has changed elsewhere.
    position = Position(rows[-1].transaction_id, rows[-1].number) if rows else after
    return ChangePage(_describe(session, rows), position, has_more)


def describe_access(session: Session, actor: Actor) -> str:
    """Return a text that changes whenever the actor may see the visits of other places than before.

    It does not change when a place is created, which has no visits yet.
    """
    if not visibility.is_limited(session, actor):
        return "all"
    if actor.role == MANAGER:
        regions = select(UserRegion.region_id).where(UserRegion.user_id == actor.id)
        locations = select(UserLocation.location_id).where(UserLocation.user_id == actor.id)
        place_ids = [*session.scalars(regions), *session.scalars(locations)]
    else:
        query = select(ApiClientRegion.region_id).where(ApiClientRegion.client_id == actor.id)
        place_ids = list(session.scalars(query))
    moves = session.scalar(select(Organization.place_moves).where(Organization.id == actor.organization_id))
    text = json.dumps([moves, *sorted(map(str, place_ids))])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _find_end(session: Session, actor: Actor) -> Position:
    """Return the position of the last change of the organization that the feed contains now."""
    row = session.execute(
        select(Change.transaction_id, Change.number)
        .where(Change.organization_id == actor.organization_id, *_is_settled(session))
        .order_by(Change.transaction_id.desc(), Change.number.desc())
        .limit(1)
    ).one_or_none()
    return Position(*row) if row else BEGINNING


def _select_changes(session: Session, actor: Actor, after: Position, limit: int) -> Select[*tuple[Any, ...]]:
    visible = select(Location.id).where(visibility.locations(actor))
    return (
        select(Change.transaction_id, Change.number, Change.kind, Change.visit_id)
        .where(
            Change.organization_id == actor.organization_id,
            tuple_(Change.transaction_id, Change.number) > after,
            Change.kind.in_((VISIT_ACCEPTED, VISIT_AMENDED, VISIT_WITHDRAWN)),
            Change.location_id.in_(visible),
            *_is_settled(session),
        )
        .order_by(Change.transaction_id, Change.number)
        .limit(limit)
    )


def _is_settled(session: Session) -> list[ColumnElement[bool]]:
    """Return the filter for changes before the oldest transaction in progress. SQLite has only one writer."""
    if session.get_bind().dialect.name == "sqlite":
        return []
    oldest: ColumnElement[int] = literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return [Change.transaction_id < oldest]


def _describe(session: Session, rows: Sequence[Row[Any]]) -> list[VisitChange]:
    """Return each visit of ``rows`` once, at its last change, with its current state."""
    kinds = {row.visit_id: row.kind for row in rows}
    visit_ids = list(dict.fromkeys(row.visit_id for row in reversed(rows)))[::-1]
    accepted = session.scalars(
        select(Visit).where(Visit.id.in_(visit_ids), Visit.status == "accepted").order_by(Visit.id)
    ).all()
    descriptions = describe_accepted_visits(session, accepted)
    by_id = {visit.id: item for visit, item in zip(accepted, descriptions, strict=True)}
    return [
        VisitChange(visit_id, _name_change(kinds[visit_id], visit_id in by_id), by_id.get(visit_id))
        for visit_id in visit_ids
    ]


def _name_change(last_kind: str, is_accepted: bool) -> str:
    """Return the change as the visit is now, which later changes may have affected."""
    if not is_accepted:
        return WITHDRAWN
    return AMENDED if last_kind == VISIT_AMENDED else ACCEPTED
