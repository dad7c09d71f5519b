"""Exports: requested by people and API clients, built by the worker, and downloaded for a day.

An export that is claimed has a lease, which its worker extends while the file is built. If the worker dies,
the lease ends, and another one starts the export over. Each claim counts an attempt. A worker that was slower
than its lease finds another number of attempts, and changes nothing.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from api.database.lists import among
from api.domain import problems
from api.domain.access import CLIENT, PERMISSIONS, SHOPPER, Actor
from api.domain.audit import EXPORT_DOWNLOADED
from api.domain.exports import (
    EXPIRED,
    FAILED,
    FILE_LIFETIME,
    MAX_FAILURES,
    MAX_UNFINISHED,
    MONTHLY,
    QUEUED,
    READY,
    REPORT,
    RUNNING,
    SCOPES,
    SCORES,
)
from api.domain.months import Period, get_first_day, get_last_day, get_month
from api.models.api_clients import ApiClient
from api.models.base import now
from api.models.exports import Export
from api.models.places import Location, Region
from api.models.users import User
from api.services import changes, visibility
from api.services.audit.recording import act_as, record
from api.services.organizations import lock_organization
from api.services.paging import Page, fetch_page
from api.services.scores.query import RowQuery
from api.services.scores.subjects import get_counted_checklists

KEY_PREFIX = "exports/"
_KEY = re.compile(KEY_PREFIX + r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,9})\..+")
LEASE = timedelta(minutes=1)
#: how long the row of an export is kept
RETENTION = timedelta(days=30)
#: the seconds after which to look again whether an export is ready, or whether the queue has room
RETRY_SECONDS = 2
RETRY_QUEUE_SECONDS = 30
GIVEN_UP = "The export failed repeatedly. Try a shorter period, or report the ID of the export."

_UNFINISHED = (QUEUED, RUNNING)


# Requests.


def create_export(session: Session, actor: Actor, order: Mapping[str, Any]) -> Export:
    """Add an export to the queue of the actor's organization. ``order`` is that of ``schemas.exports``.

    Raises INVALID for a place or checklist that the actor may not know of and for a combination that does not
    exist, INSUFFICIENT_SCOPE, and EXPORTS_QUEUED if too many exports wait.
    """
    _require_scopes(actor, order["kind"])
    first_day, last_day = _get_days(order)
    _check_references(session, actor, order)
    if order["kind"] == SCORES:
        order = {**order, "by": order.get("by") or ["location"], "include": order.get("include") or []}
        period = Period(get_month(first_day), get_month(last_day))
        RowQuery(tuple(order["by"]), period, include=frozenset(order["include"])).validate()
    else:
        for name in ("by", "include"):
            if order.get(name):
                raise problems.invalid_field(f"/{name}", "Only exports of scores can have this.")
    lock_organization(session, actor.organization_id)
    unfinished = select(func.count()).where(
        Export.organization_id == actor.organization_id, Export.status.in_(_UNFINISHED)
    )
    if session.scalars(unfinished).one() >= MAX_UNFINISHED:
        raise problems.EXPORTS_QUEUED(headers={"Retry-After": str(RETRY_QUEUE_SECONDS)})
    export = Export(
        organization_id=actor.organization_id,
        requester_id=actor.id,
        requester_role=actor.role,
        kind=order["kind"],
        format=order["format"],
        first_day=first_day,
        last_day=last_day,
        region_id=order.get("region_id"),
        location_id=order.get("location_id"),
        checklist=order.get("checklist"),
        by=order.get("by") or None,
        include=order.get("include") or None,
        language=order["language"],
    )
    session.add(export)
    session.flush()
    return export


def _require_scopes(actor: Actor, kind: str) -> None:
    """Raise INSUFFICIENT_SCOPE unless the token of an API client covers what an export contains."""
    missing = SCOPES[kind] - actor.scopes
    if actor.is_client and missing:
        raise problems.INSUFFICIENT_SCOPE(f"The token needs the scope {' and '.join(sorted(missing))}.")


def _get_days(order: Mapping[str, Any]) -> tuple[date, date]:
    """Return the first and the last day of an order. The defaults are those of scores.

    Raises INVALID for an impossible period, and for one that is not of whole months where that is required.
    """
    first_day, last_day = order.get("from"), order.get("to")
    try:
        period = Period.of(first_day and get_month(first_day), last_day and get_month(last_day))
    except ValueError as error:
        raise problems.invalid_field("/from", f"{error}.") from None
    first_day = first_day or get_first_day(period.first)
    last_day = last_day or get_last_day(period.last)
    if first_day > last_day:
        raise problems.invalid_field("/from", "The period ends before it begins.")
    if order["kind"] in MONTHLY:
        detail = "This kind of export covers whole months. Use YYYY-MM."
        if first_day != get_first_day(period.first):
            raise problems.invalid_field("/from", detail)
        if last_day != get_last_day(period.last):
            raise problems.invalid_field("/to", detail)
    return first_day, last_day


def _check_references(session: Session, actor: Actor, order: Mapping[str, Any]) -> None:
    """Raise INVALID for a region, location or checklist that the actor may not know of."""
    region_id, location_id, checklist = (
        order.get("region_id"), order.get("location_id"), order.get("checklist")
    )  # fmt: skip
    if order["kind"] == REPORT and (region_id is None) == (location_id is None):
        raise problems.invalid_field("/region_id", "A report is about one region or one location.")
    if region_id and not visibility.find(session, Region, region_id, visibility.regions(actor)):
        raise problems.invalid_field("/region_id", "This region does not exist.")
    if location_id and not visibility.find(session, Location, location_id, visibility.locations(actor)):
        raise problems.invalid_field("/location_id", "This location does not exist.")
    if checklist is not None:
        try:
            get_counted_checklists(session, actor, checklist)
        except problems.ProblemError:
            raise problems.invalid_field("/checklist", "This checklist does not exist.") from None


def list_exports(session: Session, actor: Actor, limit: int, cursor: str | None) -> Page:
    """Return a page of the actor's own exports, oldest first.

    An API client gets those that its token covers.
    """
    query = select(Export).where(_own(actor))
    if actor.is_client:
        query = query.where(Export.kind.in_([kind for kind in SCOPES if SCOPES[kind] <= actor.scopes]))
    return fetch_page(session, query, Export.created_at, Export.id, limit, cursor)


def get_export(session: Session, actor: Actor, export_id: uuid.UUID) -> Export:
    """Return an export of the actor.

    Raises EXPORT_NOT_FOUND, and INSUFFICIENT_SCOPE, because an export comes with the link to its file.
    """
    export = find_own_export(session, actor, export_id)
    _require_scopes(actor, export.kind)
    return export


def find_own_export(session: Session, actor: Actor, export_id: uuid.UUID) -> Export:
    """Return an export that the actor requested.

    Raises EXPORT_NOT_FOUND.
    """
    export: Export | None = visibility.find(session, Export, export_id, _own(actor))
    if export is None:
        raise problems.EXPORT_NOT_FOUND()
    return export


def get_status(export: Export) -> str:
    """Return the status of an export. A file that is too old counts as deleted, even before the sweep."""
    has_expired = export.status == READY and export.expires_at is not None and export.expires_at <= now()
    return EXPIRED if has_expired else export.status


def get_file(session: Session, export_id: uuid.UUID) -> Export:
    """Return an export whose requester may download its file now.

    Raises EXPORT_NOT_FOUND, EXPORT_NOT_READY, EXPORT_EXPIRED, and EXPORT_RIGHTS_CHANGED if the requester may
    no longer export this, or no longer see one of the locations.
    """
    export = session.get(Export, export_id)
    if export is None:
        raise problems.EXPORT_NOT_FOUND()
    actor = _find_requester_now(session, export)
    status = get_status(export)
    if status == EXPIRED:
        raise problems.EXPORT_EXPIRED()
    if status != READY:
        raise problems.EXPORT_NOT_READY()
    numbers = export.location_numbers or []
    visible = select(func.count()).where(visibility.locations(actor), among(Location.number, "numbers"))
    if session.scalars(visible, {"numbers": numbers}).one() < len(numbers):
        raise problems.EXPORT_RIGHTS_CHANGED(
            "You may no longer see every location in this file. Request a new export."
        )
    return export


def record_download(session: Session, export: Export) -> None:
    """Record in the audit log that the requester of an export downloads its file."""
    act_as(session, export.requester_id, is_client=export.requester_role == CLIENT)
    record(session, EXPORT_DOWNLOADED, export)


def _find_requester_now(session: Session, export: Export) -> Actor:
    """Return who requested an export, with the role or scopes that they have now.

    Raises EXPORT_RIGHTS_CHANGED if they may no longer export this.
    """
    if export.requester_role == CLIENT:
        query = select(ApiClient.scopes).where(
            ApiClient.id == export.requester_id, ApiClient.revoked_at.is_(None)
        )
        role, scopes = CLIENT, frozenset(session.scalar(query) or ())
        is_allowed = SCOPES[export.kind] <= scopes
    else:
        query = select(User.role).where(User.id == export.requester_id, User.disabled.is_(False))
        role, scopes = session.scalar(query) or SHOPPER, frozenset()
        is_allowed = role in PERMISSIONS["export"].roles
    if not is_allowed:
        raise problems.EXPORT_RIGHTS_CHANGED()
    return Actor(export.requester_id, export.organization_id, role, scopes=scopes)


def _own(actor: Actor) -> ColumnElement[bool]:
    return (Export.requester_id == actor.id) & (Export.organization_id == actor.organization_id)


# Building.


def is_any_claimable(session: Session) -> bool:
    """Return whether ``claim`` would find an export."""
    return session.scalar(select(_select_claimable().exists())) or False


def claim(session: Session) -> Export | None:
    """Claim the export that has waited longest, and return it. One of an organization runs at a time.

    An export whose lease has ended is claimed again, which counts as a failure. It fails after MAX_FAILURES.
    If two workers claim exports of one organization at once, the second gets an IntegrityError.
    """
    query = _select_claimable().order_by(Export.created_at, Export.id).limit(1)
    export = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
    if export is None:
        return None
    if export.status == RUNNING:
        _count_failure(export)
    if export.status != FAILED:
        export.status = RUNNING
        export.attempts += 1
        export.done, export.of = 0, None
        export.leased_until = now() + LEASE
    session.flush()
    return export


def _select_claimable() -> Any:
    other = aliased(Export)
    runs_already = exists().where(other.organization_id == Export.organization_id, other.status == RUNNING)
    is_next = (Export.status == QUEUED) & ~runs_already
    is_abandoned = (Export.status == RUNNING) & (Export.leased_until <= now())
    return select(Export).where(or_(is_next, is_abandoned))


def get_requester(export: Export) -> Actor:
    """Return who requested an export, with the role that they had then.

    What they may see is read when the export is built. At the download, their current role counts.
    """
    return Actor(export.requester_id, export.organization_id, export.requester_role)


def report_progress(session: Session, export: Export, progress: tuple[int, int | None]) -> bool:
    """Store how many rows are done, of how many, and extend the lease.

    Return whether the caller still has the claim.
    """
    done, of = progress
    return _update_claimed(session, export, done=done, of=of, leased_until=now() + LEASE)


def finish(
    session: Session, export: Export, *, key: str, size: int, rows: int, location_numbers: Sequence[int]
) -> bool:
    """Make the file of an export available, and return whether the caller still had the claim.

    ``key`` is its key in the store, ``size`` is in bytes, ``rows`` is their number, and ``location_numbers``
    are the locations that the file is about.
    """
    is_finished = _update_claimed(
        session,
        export,
        status=READY,
        done=rows,
        of=rows,
        key=key,
        size=size,
        location_numbers=list(location_numbers),
        leased_until=None,
        expires_at=now() + FILE_LIFETIME,
    )
    if is_finished:
        changes.record_export(session, export)
    return is_finished


def fail(session: Session, export: Export, reason: str | None = None) -> bool:
    """Count a failure: the export starts over, or fails permanently after MAX_FAILURES or with a ``reason``.

    ``reason`` is in words for the requester, and means that another attempt would fail too. Returns whether
    the caller still had the claim.
    """
    if reason is not None:
        return _update_claimed(session, export, status=FAILED, failure=reason, leased_until=None)
    is_last = export.failures + 1 >= MAX_FAILURES
    return _update_claimed(
        session,
        export,
        status=FAILED if is_last else QUEUED,
        failure=GIVEN_UP if is_last else None,
        failures=Export.failures + 1,
        leased_until=None,
    )


def release(session: Session, export: Export) -> bool:
    """Return an export to the queue, because its worker stops. This is not a failure."""
    return _update_claimed(session, export, status=QUEUED, leased_until=None)


def _count_failure(export: Export) -> None:
    export.failures += 1
    if export.failures >= MAX_FAILURES:
        export.status, export.failure, export.leased_until = FAILED, GIVEN_UP, None


def _update_claimed(session: Session, export: Export, **values: Any) -> bool:
    result = session.execute(
        update(Export)
        .where(Export.id == export.id, Export.attempts == export.attempts, Export.status == RUNNING)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


# Cleaning up.


def expire(session: Session) -> None:
    """Mark exports whose file is too old, and delete old rows. The sweep of the store deletes the files."""
    moment = now()
    session.execute(
        update(Export)
        .where(Export.status == READY, Export.expires_at <= moment)
        .values(status=EXPIRED, key=None, location_numbers=None)
    )
    session.execute(
        delete(Export).where(Export.created_at < moment - RETENTION, Export.status.not_in(_UNFINISHED))
    )


def find_needed_keys(session: Session, keys: Sequence[str]) -> set[str]:
    """Return those of the keys whose files can be downloaded or are being written."""
    attempts = {key: (uuid.UUID(match[1]), int(match[2])) for key in keys if (match := _KEY.fullmatch(key))}
    if not attempts:
        return set()
    rows = session.execute(
        select(Export.id, Export.attempts, Export.status, Export.key, Export.expires_at).where(
            Export.id.in_({export_id for export_id, _ in attempts.values()})
        )
    )
    exports = {row.id: row for row in rows}
    needed = set()
    for key, (export_id, attempt) in attempts.items():
        export = exports.get(export_id)
        if export is None:
            continue
        is_written = export.status == RUNNING and export.attempts == attempt
        if is_written or (export.status == READY and export.key == key and export.expires_at > now()):
            needed.add(key)
    return needed
