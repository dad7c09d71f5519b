"""The problem document, for the OpenAPI document."""

from marshmallow import fields, validate

from schemas.base import Schema


class ProblemFieldError(Schema):
    """An error in one field of the request."""

    pointer = fields.String(
        required=True, metadata={"description": "JSON pointer (RFC 6901) to the field in the request"}
    )
    detail = fields.String(required=True)


class Problem(Schema):
    """A problem document (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "A stable URI reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.List(
        fields.Nested(ProblemFieldError()),
        validate=validate.Length(max=20),
        metadata={"description": "The first 20 errors; `detail` says how many there are"},
    )
    error = fields.String(
        metadata={"description": "Only for `POST /auth/token`: the error code of RFC 6749, section 5.2"}
    )
    error_description = fields.String(metadata={"description": "Only for `POST /auth/token`: the detail"})
