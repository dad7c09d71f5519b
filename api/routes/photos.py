"""Photos of a visit: declared, confirmed, shown."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, redirect

from api.domain import problems
from api.domain.problems import ProblemError
from api.http.access import Routes
from api.http.context import actor, app_context, close_read_snapshot, read_snapshot
from api.http.responses import json_answer
from api.http.transactions import in_transaction
from api.models.photos import Photo
from api.services import photos
from api.services.photos import Size
from schemas import photos as schemas
from schemas.base import RANDOM_ID_PATTERN

routes = Routes("photos", __name__, description="Photos")

DECLARATION, DECLARED, CONFIRMED = (
    schemas.PhotoDeclaration(),
    schemas.DeclaredPhoto(),
    schemas.ConfirmedPhoto(),
)
PICTURE = {"type": "string", "contentMediaType": "image/jpeg"}
RANDOM_ID = {"type": "string", "format": "uuid", "pattern": RANDOM_ID_PATTERN}
CHECK_AGAIN = "2"
_refused = [problems.VISIT_NOT_FOUND, problems.PHOTO_NOT_FOUND]


@routes.put(
    "/visits/<uuid:visit_id>/photos/<uuid:photo_id>",
    permission="send visits",
    raises=[problems.VISIT_NOT_FOUND, problems.PHOTO_CONFLICT, problems.STORE_UNAVAILABLE],
)
@routes.arguments(DECLARATION)
@routes.response(201, DECLARED)
@routes.alt_response(200, schema=DECLARED, description="Declared before: a fresh link, or none once stored")
@routes.doc(parameters=[{"name": "photo_id", "in": "path", "required": True, "schema": RANDOM_ID}])
def declare_photo(body: dict[str, Any], visit_id: UUID, photo_id: UUID) -> Response:
    """Declare a photo, and get a signed link to send its bytes to."""
    if photo_id.version != 4:
        # Other versions tell when and where they were made, and managers see the ids of photos.
        raise problems.invalid_field("/photo_id", "This must be a random UUID (version 4).")
    photo, former_key = in_transaction(
        lambda session: photos.declare_photo(session, actor(), visit_id, photo_id, body)
    )
    photos.discard_former_upload(app_context().store, photo, former_key)
    answer = {"id": photo.id, "status": photo.status}
    link = photos.create_upload_link(app_context().store, photo)
    if link is not None:
        answer["upload"] = link
    return json_answer(DECLARED.dump(answer), 201 if former_key is None else 200)


@routes.post(
    "/visits/<uuid:visit_id>/photos/<uuid:photo_id>/confirm",
    permission="send visits",
    raises=[
        *_refused,
        problems.PHOTO_NOT_UPLOADED,
        problems.PHOTO_UNUSABLE,
        problems.STORE_UNAVAILABLE,
    ],
)
@routes.response(200, CONFIRMED)
@routes.alt_response(202, schema=CONFIRMED, description="It is still being worked on; ask again")
def confirm_photo(visit_id: UUID, photo_id: UUID) -> Response:
    """Have the bytes that were sent looked at and kept; safe to repeat."""
    photo = photos.get_declared_photo(read_snapshot(), actor(), visit_id, photo_id)
    if photo.status == "stored":
        return _stored(photos.describe_stored(photo))
    if photo.status == "unusable":
        raise problems.PHOTO_UNUSABLE(photo.unusable_reason)
    # Looking at a picture takes a while: the snapshot is not kept open meanwhile.
    close_read_snapshot()
    with photos.reserve(visit_id, photo_id) as free:
        if not free:
            return _checking(photo)
        try:
            result = photos.check_upload(app_context().store, photo)
        except photos.Busy:
            return _checking(photo)
        every = app_context().settings.accept_every_minutes
        settled = in_transaction(lambda session: photos.record_check(session, actor(), result, every))
    photos.discard_upload(app_context().store, result)
    if isinstance(settled, ProblemError):
        raise settled
    return _stored(settled)


def _show(visit_id: UUID, photo_id: UUID, size: Size) -> Response:
    photo, linked = photos.get_photo(read_snapshot(), actor(), visit_id, photo_id)
    key = photo.thumbnail_key if size == "thumbnail" else photo.key
    assert key is not None
    # Fetching takes a while: the snapshot is not kept open meanwhile.
    close_read_snapshot()
    store = app_context().store
    if linked:
        return redirect(store.create_download_link(key, "image/jpeg"), 302)  # type: ignore[return-value]
    return current_app.response_class(store.read(key, 2**26), content_type="image/jpeg")


@routes.get(
    "/visits/<uuid:visit_id>/photos/<uuid:photo_id>",
    permission="read visits",
    raises=[*_refused, problems.STORE_UNAVAILABLE],
)
@routes.response(200, PICTURE, content_type="image/jpeg", description="For managers: the picture itself")
@routes.alt_response(302, description="For shopper, reviewer and administrator: a link that lives 5 minutes")
def get_photo(visit_id: UUID, photo_id: UUID) -> Response:
    """Show a stored photo."""
    return _show(visit_id, photo_id, "picture")


@routes.get(
    "/visits/<uuid:visit_id>/photos/<uuid:photo_id>/thumbnail",
    permission="read visits",
    raises=[*_refused, problems.STORE_UNAVAILABLE],
)
@routes.response(200, PICTURE, content_type="image/jpeg", description="For managers: the picture itself")
@routes.alt_response(302, description="For shopper, reviewer and administrator: a link that lives 5 minutes")
def get_thumbnail(visit_id: UUID, photo_id: UUID) -> Response:
    """Show a stored photo, 480 pixels at the most."""
    return _show(visit_id, photo_id, "thumbnail")


def _stored(stored: photos.StoredPhoto) -> Response:
    body = {"id": stored.id, "status": "stored", "width": stored.width, "height": stored.height}
    return json_answer(CONFIRMED.dump(body), 200)


def _checking(photo: Photo) -> Response:
    response = json_answer(CONFIRMED.dump({"id": photo.id, "status": "checking"}), 202)
    response.headers["Retry-After"] = CHECK_AGAIN
    return response
