"""Reads the audit log, with the names that things have now."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.orm import Session

from api.domain import audit
from api.domain.access import Actor
from api.models.api_clients import ApiClient
from api.models.audit import AuditEntry
from api.models.base import now
from api.models.checklists import Checklist
from api.models.disputes import Dispute
from api.models.exports import Export
from api.models.organizations import Organization
from api.models.places import Location, Region
from api.models.quotas import Quota
from api.models.targets import Target
from api.models.users import User
from api.models.visits import Visit
from api.models.webhooks import Webhook
from api.services.paging import Page, fetch_page


def list_entries(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of the organization's log, newest first, in the shape of ``schemas.audit.AuditEntry``.

    The filters are ``actor_id``, ``action``, ``subject`` (a kind of thing, or an ID), and the times ``from``
    and ``to``.
    """
    query = select(AuditEntry).where(AuditEntry.organization_id == actor.organization_id)
    for name, value in filters.items():
        query = query.where(_CONDITIONS[name](value))
    page = fetch_page(session, query, AuditEntry.at, AuditEntry.id, limit, cursor, descending=True)
    return Page(_describe(session, page.items), page.cursor)


_CONDITIONS: Mapping[str, Callable[[Any], Any]] = {
    "actor_id": lambda value: AuditEntry.actor_id == value,
    "action": lambda value: AuditEntry.action == value,
    "subject": lambda value: (
        _is_about(value) if isinstance(value, uuid.UUID) else AuditEntry.subject_type == value
    ),
    "from": lambda value: AuditEntry.at >= value,
    "to": lambda value: AuditEntry.at <= value,
}


#: kind of thing → the query for IDs and names of those of an organization
_NAMES: Mapping[str, Select[*tuple[Any, ...]]] = {
    audit.ORGANIZATION: select(Organization.id, Organization.name),
    audit.REGION: select(Region.id, Region.name),
    audit.LOCATION: select(Location.id, Location.name),
    audit.USER: select(User.id, User.name),
    audit.CHECKLIST: select(Checklist.id, Checklist.key),
    audit.VISIT: select(Visit.id, Location.name, Visit.day).join(Location, Location.id == Visit.location_id),
    audit.DISPUTE: select(Dispute.id, Location.name, Visit.day)
    .join(Visit, Visit.id == Dispute.visit_id)
    .join(Location, Location.id == Visit.location_id),
    audit.EXPORT: select(Export.id, Export.kind, Export.format),
    audit.API_CLIENT: select(ApiClient.id, ApiClient.name),
    audit.WEBHOOK: select(Webhook.id, Webhook.url),
    audit.QUOTA: select(Quota.id, Region.name, Checklist.key)
    .join(Region, Region.id == Quota.region_id)
    .join(Checklist, Checklist.id == Quota.checklist_id),
    audit.TARGET: select(Target.id, func.coalesce(Region.name, Location.name), Checklist.key)
    .outerjoin(Region, Region.id == Target.region_id)
    .outerjoin(Location, Location.id == Target.location_id)
    .join(Checklist, Checklist.id == Target.checklist_id),
}
#: field of a change → the kind of thing that its IDs belong to
_REFERENCES: Mapping[str, str] = {
    "region_id": audit.REGION,
    "parent_id": audit.REGION,
    "region_ids": audit.REGION,
    "location_id": audit.LOCATION,
    "location_ids": audit.LOCATION,
    "shopper_id": audit.USER,
    "visit_id": audit.VISIT,
}


def _describe(session: Session, entries: Sequence[AuditEntry]) -> list[dict[str, Any]]:
    """Return entries with the names of everything that they refer to."""
    changes = {entry.id: [*entry.changes, *(entry.personal_changes or ())] for entry in entries}
    names = _read_names(session, entries, changes.values())
    return [
        {
            "id": entry.id,
            "at": entry.at,
            "actor": entry.actor_id
            and {
                "type": "client" if entry.is_client else "user",
                "id": entry.actor_id,
                "name": names.get(entry.actor_id),
            },
            "action": entry.action,
            "subject": {
                "type": entry.subject_type,
                "id": entry.subject_id,
                "name": names.get(entry.subject_id),
                "count": entry.subject_count,
            },
            "changes": changes[entry.id],
            "names": {
                str(other): names[other] for _, other in _list_references(changes[entry.id]) if other in names
            },
            "request_id": entry.request_id,
        }
        for entry in entries
    ]


def _read_names(
    session: Session, entries: Sequence[AuditEntry], changes: Iterable[Sequence[Mapping[str, Any]]]
) -> dict[uuid.UUID | None, str]:
    """Return the names of everything that entries refer to, as far as it still exists."""
    wanted: dict[str, set[uuid.UUID]] = defaultdict(set)
    for entry in entries:
        if entry.actor_id is not None:
            wanted[audit.API_CLIENT if entry.is_client else audit.USER].add(entry.actor_id)
        if entry.subject_id is not None:
            wanted[entry.subject_type].add(entry.subject_id)
    for kind, other in chain.from_iterable(map(_list_references, changes)):
        wanted[kind].add(other)
    names = {}
    for kind, ids in wanted.items():
        query = _NAMES[kind]
        for row_id, *parts in session.execute(query.where(query.selected_columns[0].in_(ids))):
            names[row_id] = _format_name(kind, parts)
    return names


def _list_references(changes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, uuid.UUID]]:
    """Yield the kind and the ID of everything that changes refer to."""
    for change in changes:
        kind = _REFERENCES.get(change["field"])
        if kind is None:
            continue
        for value in (change["before"], change["after"]):
            for text in value if isinstance(value, list) else [value]:
                if text is not None:
                    yield kind, uuid.UUID(text)


def _format_name(kind: str, parts: Sequence[Any]) -> str:
    if kind == audit.WEBHOOK:
        return urlsplit(parts[0]).hostname or ""
    return ", ".join(map(str, parts))


def _is_about(subject_id: uuid.UUID) -> ColumnElement[bool]:
    """Return the filter for entries about a thing, or about the batch that a visit was assigned in."""
    batch_id = select(Visit.batch_id).where(Visit.id == subject_id).scalar_subquery()
    return or_(AuditEntry.subject_id == subject_id, AuditEntry.subject_id == batch_id)


def was_viewed(session: Session, actor: Actor, action: str, subject_id: uuid.UUID) -> bool:
    """Return whether the log has said within ``VIEWING_TIME`` that the actor viewed a thing."""
    entries = select(AuditEntry.id).where(
        AuditEntry.organization_id == actor.organization_id,
        AuditEntry.subject_id == subject_id,
        AuditEntry.at > now() - audit.VIEWING_TIME,
        AuditEntry.actor_id == actor.id,
        AuditEntry.action == action,
    )
    return session.scalar(select(entries.exists())) is True


def delete_old(session: Session) -> None:
    """Delete the entries that are older than ``RETENTION``."""
    session.execute(delete(AuditEntry).where(AuditEntry.at < now() - audit.RETENTION))
