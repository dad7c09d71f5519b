"""The caller's own organization."""

from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.etags import IF_MATCH, require_match, resource_response
from api.http.responses import ETAG
from api.http.transactions import in_transaction
from api.models.organizations import Organization
from api.services import organizations
from schemas import organizations as schemas

routes = Routes("organizations", __name__, description="Organization")

ORGANIZATION = schemas.Organization()


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
    raises=[problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.arguments(schemas.OrganizationEdit(partial=True))
@routes.response(200, ORGANIZATION, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_organization(body: dict[str, Any]) -> Response:
    """Change the settings of the caller's organization.

    Omitted fields stay as they are. Visits that were already assigned are not affected.
    """

    def edit(session: Session) -> Organization:
        organization = organizations.get_organization(session, current_actor(), lock=True)
        require_match(ORGANIZATION.dump, organization)
        return organizations.update_organization(session, organization, body)

    return resource_response(ORGANIZATION.dump(in_transaction(edit)))
