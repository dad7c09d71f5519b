"""The caller's own organization."""

from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import SIGNED_IN
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.etags import IF_MATCH, compute_etag, require_match, resource_response
from api.http.parsing import read_bytes
from api.http.responses import ETAG, empty_response
from api.http.transactions import in_transaction
from api.models.organizations import Organization
from api.services import organizations
from schemas import organizations as schemas
from uploads.logo import MAX_BYTES, TYPES, clean_logo
from uploads.picture import UnusablePicture

routes = Routes("organizations", __name__, description="Organization")

ORGANIZATION = schemas.Organization()
PICTURE = {"type": "string", "format": "binary"}


@routes.get("/organization", permission="administer organization")
@routes.response(200, ORGANIZATION)
def get_organization() -> Organization:
    """Get the caller's organization.

    The `ETag` of the response is what a change requires as `If-Match`.
    """
    return organizations.get_organization(read_snapshot(), current_actor())


@routes.patch(
    "/organization",
    permission="administer organization",
    raises=[problems.ALREADY_EXISTS, problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.arguments(schemas.OrganizationEdit(partial=True))
@routes.response(200, ORGANIZATION, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_organization(body: dict[str, Any]) -> Response:
    """Change the settings of the caller's organization.

    Omitted fields stay as they are. With another currency, send `default_fee` and `max_expenses`, too. Visits
    that were already assigned are not affected, but no more expenses of theirs can be claimed in the former
    currency.
    """

    def edit(session: Session) -> Organization:
        organization = organizations.get_organization(session, current_actor(), lock=True)
        require_match(ORGANIZATION.dump, organization)
        return organizations.update_organization(session, organization, body)

    return resource_response(ORGANIZATION.dump(in_transaction(edit)))


@routes.get("/organization/logo", permission=SIGNED_IN, raises=[problems.LOGO_NOT_FOUND])
@routes.response(200, PICTURE, content_type="image/png", headers=ETAG)
def get_logo() -> Response:
    """Get the logo of the caller's organization.

    It is a PNG of at most 400 pixels.
    """
    data = organizations.get_logo(read_snapshot(), current_actor())
    response = current_app.response_class(data, content_type="image/png")
    response.set_etag(compute_etag(data))
    return response


@routes.put(
    "/organization/logo",
    permission="administer organization",
    raises=[problems.LOGO_UNUSABLE, problems.TOO_LARGE, problems.UNSUPPORTED_TYPE],
)
@routes.response(204)
@routes.doc(requestBody={"required": True, "content": {name: {"schema": PICTURE} for name in TYPES}})
def replace_logo() -> Response:
    """Replace the logo of the caller's organization.

    Send a PNG, JPEG or WebP picture of up to 256 KiB and 4 megapixels. It is stored without metadata, as a
    PNG of at most 400 pixels.
    """
    try:
        data = clean_logo(read_bytes(TYPES, MAX_BYTES), request.mimetype)
    except UnusablePicture as error:
        raise problems.LOGO_UNUSABLE(f"{error}.") from None

    def replace(session: Session) -> None:
        organization = organizations.get_organization(session, current_actor(), lock=True)
        organizations.replace_logo(session, organization, data)

    in_transaction(replace)
    return empty_response()


@routes.delete("/organization/logo", permission="administer organization")
@routes.response(204)
def delete_logo() -> Response:
    """Delete the logo of the caller's organization.

    The pages show its name instead.
    """

    def delete(session: Session) -> None:
        organization = organizations.get_organization(session, current_actor(), lock=True)
        organizations.delete_logo(session, organization)

    in_transaction(delete)
    return empty_response()
