"""The problem document, as the OpenAPI document tells of it."""

from marshmallow import fields

from schemas.base import Schema


class ProblemFault(Schema):
    """One thing to mend."""

    pointer = fields.String(required=True, metadata={"description": "JSON pointer into what was sent"})
    detail = fields.String(required=True)


class Problem(Schema):
    """Why something was refused (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "A stable URI reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(ProblemFault()))
