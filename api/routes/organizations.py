"""The caller's own organization."""

from typing import Any

from sqlalchemy.orm import Session

from api.domain import problems
from api.models.organizations import Organization
from api.routes.doors import Routes
from api.routes.etags import IF_MATCH, edited, require_match
from api.routes.parts import actor, reading
from api.routes.transactions import in_transaction
from api.services import organizations
from schemas import organizations as schemas

routes = Routes("organizations", __name__, description="The organization")

ORGANIZATION = schemas.Organization()


@routes.get("/organization", who="administer organization")
@routes.response(200, ORGANIZATION)
def get_organization() -> Organization:
    """Get one's organization."""
    return organizations.mine(reading(), actor())


@routes.patch(
    "/organization",
    who="administer organization",
    refuses=[problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.arguments(schemas.OrganizationEdit(partial=True))
@routes.response(200, ORGANIZATION)
@routes.doc(parameters=[IF_MATCH])
def edit_organization(body: dict[str, Any]) -> Any:
    """Change the lock-out days of one's organization, or the colour of its pages."""

    def edit(session: Session) -> Organization:
        organization = organizations.mine(session, actor(), lock=True)
        require_match(ORGANIZATION.dump, organization)
        return organizations.edit(session, organization, body)

    return edited(ORGANIZATION.dump, in_transaction(edit))
