"""Photos: declaring, uploading and confirming them."""

from marshmallow import fields

from api.domain.evidence import MAX_PHOTO_BYTES, PHOTO_TYPES
from schemas.base import Boolean, Enum, FullMatch, Id, Integer, Position, Schema, Text, Time, Url, page_of
from schemas.visit_items import VisitItem, VisitItemsQuery


class PhotoDeclaration(Schema):
    """A photo that will be uploaded."""

    question = Text(
        64,
        allow_none=True,
        metadata={
            "description": "The key of the question that the photo belongs to. Null or omitted if the "
            "photo shows that the store was closed, or is a receipt."
        },
    )
    receipt = Boolean(
        load_default=False,
        metadata={
            "description": "Whether the photo is a receipt of an expense. Only the shopper, reviewers and "
            "administrators ever see it."
        },
    )
    sha256 = fields.String(required=True, validate=FullMatch("^[0-9a-f]{64}$"))
    size = Integer(1, MAX_PHOTO_BYTES, required=True)
    content_type = Enum(PHOTO_TYPES, required=True)
    taken_at = Time(allow_none=True)
    position = fields.Nested(Position(), allow_none=True)


class UploadLink(Schema):
    """The request that uploads the bytes."""

    method = fields.String(required=True)
    url = Url(required=True)
    headers = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    expires_at = Time(required=True)


class DeclaredPhoto(Schema):
    """A declared photo. `upload` is omitted if the photo is already stored."""

    id = Id(required=True)
    status = Enum(["awaiting_upload", "stored"], required=True)
    upload = fields.Nested(UploadLink())


class ConfirmedPhoto(Schema):
    """A photo that is stored, or is still being checked."""

    id = Id(required=True)
    status = Enum(["stored", "checking"], required=True)
    width = fields.Integer()
    height = fields.Integer()


class PhotosQuery(VisitItemsQuery):
    """Filters of the list of photos. `from` and `to` are months."""


class ListedPhoto(VisitItem):
    """A photo of an accepted visit, with the answer that it belongs to.

    If `question` is null, it shows that the store was closed.
    """

    id = Id(required=True)


PHOTO_PAGE = page_of(ListedPhoto())
