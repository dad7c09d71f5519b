"""The audit log."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

import marshmallow as ma
from marshmallow import fields

from api.domain.audit import ACTIONS, SUBJECTS
from schemas.base import Day, Enum, Id, Query, QueryInteger, Schema, Time, page_of


def _describe(description: str) -> dict[str, Any]:
    return {"description": f"{description}."}


class AuditActor(Schema):
    """Who did something."""

    type = Enum(("user", "client"), required=True, metadata=_describe("A person, or an API client"))
    id = Id(required=True)
    name = fields.String(
        required=True, allow_none=True, metadata=_describe("Their name now. Null if they were deleted")
    )


class AuditSubject(Schema):
    """What an entry is about."""

    type = Enum(SUBJECTS, required=True, metadata=_describe("The kind of thing"))
    id = Id(
        required=True,
        allow_none=True,
        metadata=_describe(
            "Its ID. For several visits, that of the batch in which they were assigned; for several other "
            "things, null"
        ),
    )
    name = fields.String(
        required=True,
        allow_none=True,
        metadata=_describe("What it is called now. Null if it was deleted, or if there are several"),
    )
    count = fields.Integer(
        required=True,
        metadata=_describe(
            "The number of things that the entry is about. More than one if a single request did the same to "
            "many: `changes` are then those that they have in common"
        ),
    )


class AuditChange(Schema):
    """A field that changed."""

    field = fields.String(
        required=True, metadata=_describe("The name of the field, as in the resource itself")
    )
    before = fields.Raw(
        required=True,
        allow_none=True,
        metadata=_describe("The value before. Null if there was none, and for secrets"),
    )
    after = fields.Raw(
        required=True,
        allow_none=True,
        metadata=_describe("The value after. Null if there is none, and for secrets"),
    )


class AuditEntry(Schema):
    """An entry of the audit log: who did what. It never changes."""

    id = Id(required=True)
    at = Time(required=True, metadata=_describe("When it happened, in UTC"))
    actor = fields.Nested(
        AuditActor(),
        required=True,
        allow_none=True,
        metadata=_describe("Who did it. Null for the program itself, and for a failed login"),
    )
    action = Enum(ACTIONS, required=True, metadata=_describe("What was done"))
    subject = fields.Nested(AuditSubject(), required=True, metadata=_describe("What the entry is about"))
    changes = fields.List(
        fields.Nested(AuditChange()), required=True, metadata=_describe("What changed, field by field")
    )
    names = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata=_describe("What the IDs in `changes` are called now: places and people"),
    )
    request_id = fields.String(
        required=True,
        allow_none=True,
        metadata=_describe(
            "The `X-Request-ID` of the request that caused it. Null for what the server did by itself"
        ),
    )


AUDIT_PAGE = page_of(AuditEntry())

_TIME, _DAY = Time(), Day()


class _Boundary(fields.Field[datetime]):
    """A time, or a day in UTC, which loads as the time at its beginning or its end."""

    def __init__(self, clock: time, **kwargs: Any) -> None:
        formats = [{"type": "string", "format": name} for name in ("date", "date-time")]
        super().__init__(metadata={"anyOf": formats, **kwargs.pop("metadata")}, **kwargs)
        self.clock = clock

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        try:
            return datetime.combine(_DAY.deserialize(value), self.clock, UTC)
        except ma.ValidationError:
            pass
        try:
            return _TIME.deserialize(value)
        except ma.ValidationError:
            raise ma.ValidationError("This must be a day, YYYY-MM-DD, or a time with an offset.") from None


class _Subject(fields.Field[uuid.UUID | str]):
    """A kind of thing, or the ID of one."""

    def __init__(self, **kwargs: Any) -> None:
        kinds = {"type": "string", "enum": list(SUBJECTS)}
        ids = {"type": "string", "format": "uuid", "pattern": Id.pattern}
        super().__init__(metadata={"anyOf": [kinds, ids], **kwargs.pop("metadata")}, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> uuid.UUID | str:
        return value if value in SUBJECTS else Id().deserialize(value)


class AuditQuery(Query):
    """The filters of the audit log."""

    limit = QueryInteger(1, 500)
    cursor = fields.String()
    actor_id = Id(metadata=_describe("Only what this person or API client did"))
    action = Enum(ACTIONS, metadata=_describe("Only this action"))
    subject = _Subject(
        metadata=_describe(
            "Only this kind of thing, or the thing with this ID. For a visit, also what was done to "
            "its whole batch"
        )
    )
    from_ = _Boundary(
        time.min,
        data_key="from",
        attribute="from",
        metadata=_describe("The first day, in UTC, or the earliest time"),
    )
    to = _Boundary(time.max, metadata=_describe("The last day, in UTC, or the latest time"))
