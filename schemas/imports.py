"""Imports of CSV files."""

from marshmallow import fields

from api.domain.imports import ADD, MODES, STATES
from schemas.base import Enum, Query, QueryBoolean, Schema, WordList


class ImportQuery(Query):
    """How to import a file."""

    dry_run = QueryBoolean(load_default=False)
    mode = Enum(MODES, load_default=ADD)
    include = WordList(("lines",), 1, load_default=tuple)


class ImportLineError(Schema):
    """An error in a file."""

    line = fields.Integer(required=True)
    column = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True)


class ImportChange(Schema):
    """A value that changes."""

    column = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class ImportLine(Schema):
    """What happens with a line of a file."""

    line = fields.Integer(required=True)
    state = Enum(STATES, required=True)
    changes = fields.List(fields.Nested(ImportChange()), required=True)


class ImportResult(Schema):
    """What an import did, or would do."""

    new = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    errors = fields.List(fields.Nested(ImportLineError()), required=True)
    lines = fields.List(fields.Nested(ImportLine()))
