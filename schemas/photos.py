"""Photos: declared, uploaded, confirmed."""

from marshmallow import fields

from api.domain.evidence import MAX_PHOTO_BYTES, PHOTO_TYPES
from schemas.base import Integer, Matching, Position, Schema, Text, Time, Word


class PhotoDeclaration(Schema):
    """A photo that is about to be sent."""

    question = Text(
        64,
        allow_none=True,
        metadata={"description": "None if the photo shows that the store was closed"},
    )
    sha256 = fields.String(required=True, validate=Matching("^[0-9a-f]{64}$"))
    size = Integer(1, MAX_PHOTO_BYTES, required=True)
    content_type = Word(PHOTO_TYPES, required=True)
    taken_at = Time(allow_none=True)
    position = fields.Nested(Position(), allow_none=True)


class UploadLink(Schema):
    """Where the bytes go, and with which headers."""

    method = fields.String(required=True)
    url = fields.URL(required=True)
    headers = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    expires_at = Time(required=True)


class DeclaredPhoto(Schema):
    """A photo that was declared; ``upload`` is missing once it is stored."""

    id = fields.UUID(required=True)
    status = fields.String(required=True)
    upload = fields.Nested(UploadLink())


class ConfirmedPhoto(Schema):
    """A photo that is stored, or still being checked."""

    id = fields.UUID(required=True)
    status = fields.String(required=True)
    width = fields.Integer()
    height = fields.Integer()
