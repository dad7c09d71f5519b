"""The caller's own organization."""

from typing import Any

from sqlalchemy.orm import Session

from api.domain import problems
from api.http.access import Routes
from api.http.context import actor, read_snapshot
from api.http.etags import IF_MATCH, edited, require_match
from api.http.transactions import in_transaction
from api.models.organizations import Organization
from api.services import organizations
from schemas import organizations as schemas

routes = Routes("organizations", __name__, description="The organization")

ORGANIZATION = schemas.Organization()


@routes.get("/organization", permission="administer organization")
@routes.response(200, ORGANIZATION)
def get_organization() -> Organization:
    """Get one's organization."""
    return organizations.get_organization(read_snapshot(), actor())


@routes.patch(
    "/organization",
    permission="administer organization",
    raises=[problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.arguments(schemas.OrganizationEdit(partial=True))
@routes.response(200, ORGANIZATION)
@routes.doc(parameters=[IF_MATCH])
def edit_organization(body: dict[str, Any]) -> Any:
    """Change the lock-out days of one's organization, or the colour of its pages."""

    def edit(session: Session) -> Organization:
        organization = organizations.get_organization(session, actor(), lock=True)
        require_match(ORGANIZATION.dump, organization)
        return organizations.update_organization(session, organization, body)

    return edited(ORGANIZATION.dump, in_transaction(edit))
