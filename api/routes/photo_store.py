"""The links of the embedded photo store. The signature in a link is its only authorization."""

from flask import Response, current_app, request, send_file

from api.domain import problems
from api.domain.access import ANY_CALLER
from api.domain.evidence import MAX_PHOTO_BYTES, PHOTO_TYPES
from api.http.access import Routes
from api.http.context import app_context, close_read_snapshot, read_snapshot
from api.services import photos
from uploads.folder import ContentMismatch, FolderStore, LinkRejected, ObjectExists
from uploads.store import ObjectMissing

routes = Routes("photo_store", __name__, description="Embedded photo store")


def _get_folder_store() -> FolderStore:
    """Return the store; raises NOT_FOUND if photos are in S3, which has links of its own."""
    store = app_context().store
    if not isinstance(store, FolderStore):
        raise problems.NOT_FOUND()
    return store


@routes.put(
    "/photo-store/<token>",
    permission=ANY_CALLER,
    raises=[
        problems.NOT_FOUND,
        problems.UPLOAD_REJECTED,
        problems.UPLOAD_MISMATCH,
        problems.UPLOAD_EXISTS,
        problems.TOO_LARGE,
    ],
)
@routes.response(200, description="The bytes are stored")
@routes.doc(
    requestBody={
        "required": True,
        "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in PHOTO_TYPES},
    }
)
def upload_photo(token: str) -> Response:
    """Upload the bytes of a photo to the signed link of its declaration.

    The signature covers the length, the type and the SHA-256 of the bytes. Nothing can be overwritten: 412
    means that the bytes are already there, so confirm the photo. 403 means that the link has expired, or that
    the photo was declared with other bytes or is stored, so declare it again. With S3, links lead to the
    bucket instead.
    """
    request.max_content_length = MAX_PHOTO_BYTES
    stream = request.stream  # rejects a body that is larger than any photo
    try:
        store = _get_folder_store()
        if not photos.is_upload_expected(read_snapshot(), store.open_upload(token).key):
            raise LinkRejected("The photo was declared with other bytes, or is already stored")
        # Receiving takes time; no snapshot stays open meanwhile.
        close_read_snapshot()
        store.receive(token, stream, request.content_length, request.content_type or "")
    except LinkRejected as error:
        raise problems.UPLOAD_REJECTED(f"{error}.") from None
    except ContentMismatch:
        raise problems.UPLOAD_MISMATCH() from None
    except ObjectExists:
        raise problems.UPLOAD_EXISTS() from None
    return current_app.response_class(status=200)


@routes.get(
    "/photo-store/<token>",
    permission=ANY_CALLER,
    raises=[problems.NOT_FOUND, problems.UPLOAD_REJECTED, problems.PHOTO_NOT_FOUND],
)
@routes.response(
    200,
    {"type": "string", "format": "binary"},
    content_type="image/jpeg",
    description="The picture",
)
def download_photo(token: str) -> Response:
    """Download the picture of a signed link.

    The link is valid for 5 minutes and needs no authentication. With S3, links lead to the bucket instead.
    """
    try:
        path, content_type = _get_folder_store().open_download(token)
    except LinkRejected as error:
        raise problems.UPLOAD_REJECTED(f"{error}.") from None
    except ObjectMissing:
        raise problems.PHOTO_NOT_FOUND() from None
    response = send_file(path, mimetype=content_type, max_age=300)
    response.headers["Cache-Control"] = "private, max-age=300"
    return response
