"""Records changes in the audit log, in the transaction of the change.

The sessions of write transactions are watched: what the session writes to a table in the register becomes an
entry when the transaction commits. Statements that are not those of the session, such as the prepared ones of
submissions, are not seen, and cost nothing. ``record`` adds what is no change of a row, such as a login.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import event, insert, inspect
from sqlalchemy.orm import Session

from api.database.engines import Database
from api.domain.times import format_utc
from api.models.audit import AuditEntry
from api.models.base import now
from api.models.organizations import Organization
from api.services.audit.register import REGISTER, Change, Changes, Recorded

#: If one transaction does the same to more things than this, they share one entry.
MAX_ENTRIES_ALIKE = 20

_CREATED, _UPDATED, _DELETED = "created", "updated", "deleted"


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes the changes of a transaction, in which request. By default, it is the program itself.

    ``at`` is when they did, if it was before the transaction.
    """

    actor_id: uuid.UUID | None = None
    is_client: bool = False
    request_id: str | None = None
    at: datetime | None = None


@dataclass(slots=True)
class _RowChange:
    """What a transaction has done to a row so far, with the values that its columns had before."""

    kind: str
    before: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Change] = field(default_factory=dict)


@dataclass(slots=True)
class _Journal:
    """What a transaction will write to the log."""

    author: Author = Author()
    rows: dict[Any, _RowChange] = field(default_factory=dict)
    events: list[tuple[str, Any, Author, Changes]] = field(default_factory=list)


def watch(database: Database) -> None:
    """Record the changes of every write transaction of a database from now on."""
    event.listen(database.write_session, "before_flush", _note_changes)
    event.listen(database.write_session, "before_commit", _write_entries)


def set_author(session: Session, author: Author) -> None:
    """Set who makes the changes of a transaction."""
    _get_journal(session).author = author


def get_author(session: Session) -> Author:
    """Return who makes the changes of a transaction."""
    return _get_journal(session).author


def act_as(session: Session, actor_id: uuid.UUID, *, is_client: bool = False) -> None:
    """Set the person or API client who makes the changes of a transaction, if it is not the caller."""
    journal = _get_journal(session)
    journal.author = replace(journal.author, actor_id=actor_id, is_client=is_client)


def record(session: Session, action: str, row: Any, changes: Changes | None = None) -> None:
    """Record an action on a row of a table in the register that is no change of its columns."""
    journal = _get_journal(session)
    journal.events.append((action, row, journal.author, changes or {}))


def add_change(session: Session, row: Any, name: str, before: Any, after: Any) -> None:
    """Add a field to the changes of a row that is not a column of its table, such as its regions."""
    if before != after:
        change = _get_journal(session).rows.setdefault(row, _RowChange(_UPDATED))
        change.more[name] = Change(change.more[name].before if name in change.more else before, after)


def _get_journal(session: Session) -> _Journal:
    journal: _Journal = session.info.setdefault("audit", _Journal())
    return journal


def _note_changes(session: Session, _context: object, _instances: object) -> None:
    """Note what the session is about to write, with the values from before."""
    rows = _get_journal(session).rows
    for row in session.new:
        if type(row) in REGISTER:
            rows[row] = _RowChange(_CREATED)
    for row in session.dirty:
        if type(row) in REGISTER:
            _note_old_values(row, rows.setdefault(row, _RowChange(_UPDATED)))
    for row in session.deleted:
        if type(row) in REGISTER:
            change = rows.setdefault(row, _RowChange(_UPDATED))
            _note_old_values(row, change)
            change.kind = _DELETED


def _note_old_values(row: Any, change: _RowChange) -> None:
    attributes = inspect(row).attrs
    for column in REGISTER[type(row)].columns:
        history = attributes[column].history
        if history.has_changes():
            change.before.setdefault(column, history.deleted[0] if history.deleted else None)


def _write_entries(session: Session) -> None:
    """Write the entries of a transaction that is about to commit."""
    session.flush()
    journal = session.info.pop("audit", None)
    if journal is None:
        return
    entries = [*_list_row_entries(session, journal), *_list_event_entries(session, journal)]
    if entries:
        session.execute(insert(AuditEntry), entries)


def _list_event_entries(session: Session, journal: _Journal) -> Iterator[dict[str, Any]]:
    for action, row, author, changes in journal.events:
        yield _build_entry(author, action, row, changes)


def _list_row_entries(session: Session, journal: _Journal) -> Iterator[dict[str, Any]]:
    """Yield the entries of all changed rows. Many that were changed alike share one entry."""
    alike: dict[tuple[str, uuid.UUID, str], list[tuple[Any, Changes]]] = defaultdict(list)
    changes: Changes
    for row, change in journal.rows.items():
        recorded = REGISTER[type(row)]
        changes = _get_changes(session, recorded, row, change)
        if change.kind == _UPDATED and not changes:
            continue
        action = f"{recorded.kind}.{_get_verb(recorded, change, changes)}"
        # Rows that were created are alike, whatever they contain.
        content = json.dumps(changes, sort_keys=True) if change.kind == _UPDATED else ""
        alike[action, _get_organization_id(row), content].append((row, changes))
    for (action, _, _), group in alike.items():
        if len(group) <= MAX_ENTRIES_ALIKE:
            for row, changes in group:
                yield _build_entry(journal.author, action, row, changes)
        else:
            yield _build_shared_entry(journal.author, action, group)


def _build_shared_entry(author: Author, action: str, group: Sequence[tuple[Any, Changes]]) -> dict[str, Any]:
    """Return the columns of the entry for rows that were changed alike, with the changes in common."""
    row, changes = group[0]
    common = {
        name: change
        for name, change in changes.items()
        if all(others.get(name) == change for _, others in group)
    }
    column = REGISTER[type(row)].group
    group_ids = {getattr(other, column) for other, _ in group} if column else {None}
    return {
        **_build_entry(author, action, row, common),
        "subject_id": group_ids.pop() if len(group_ids) == 1 else None,
        "subject_count": len(group),
    }


def _get_verb(recorded: Recorded, change: _RowChange, changes: Changes) -> str:
    if change.kind == _UPDATED:
        return recorded.get_verb(changes)
    return recorded.created if change.kind == _CREATED else change.kind


def _get_changes(session: Session, recorded: Recorded, row: Any, change: _RowChange) -> dict[str, Change]:
    """Return the changes of a row by field, with values as the API shows them."""
    columns: Iterable[str] = change.before if change.kind == _UPDATED else recorded.columns
    changes = {}
    for column in columns:
        value = getattr(row, column)
        if change.kind == _CREATED:
            before, after = None, value
        elif change.kind == _DELETED:
            before, after = change.before.get(column, value), None
        else:
            before, after = change.before[column], value
        if before == after or (column in recorded.secret and change.kind != _UPDATED):
            continue
        show = partial(_show, session, recorded, column)
        changes[recorded.columns[column]] = Change(show(before), show(after))
    return changes | {name: Change(*map(_to_json, values)) for name, values in change.more.items()}


def _show(session: Session, recorded: Recorded, column: str, value: Any) -> Any:
    """Return the value of a column as the API shows it, or None for one that the log must not contain."""
    if value is None or column in recorded.secret:
        return None
    return recorded.values[column](session, value) if column in recorded.values else _to_json(value)


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_utc(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    return [_to_json(item) for item in value] if isinstance(value, list | tuple) else value


def _build_entry(author: Author, action: str, row: Any, changes: Changes) -> dict[str, Any]:
    """Return the columns of an entry about a row."""
    recorded = REGISTER[type(row)]
    personal: list[dict[str, Any]] = []
    other: list[dict[str, Any]] = []
    for name, change in changes.items():
        (personal if name in recorded.personal else other).append({"field": name, **change._asdict()})
    return {
        "id": uuid.uuid4(),
        "organization_id": _get_organization_id(row),
        "at": author.at or now(),
        "actor_id": author.actor_id,
        "is_client": author.is_client,
        "action": action,
        "subject_type": recorded.kind,
        "subject_id": row.id,
        "subject_count": 1,
        "changes": other,
        "personal_changes": personal or None,
        "request_id": author.request_id,
    }


def _get_organization_id(row: Any) -> uuid.UUID:
    organization_id: uuid.UUID = row.id if isinstance(row, Organization) else row.organization_id
    return organization_id
