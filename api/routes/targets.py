"""Targets, and whether they are met."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.etags import IF_MATCH, live_response, require_match
from api.http.paging import page_response
from api.http.responses import CREATED, ETAG, empty_response
from api.http.transactions import IDEMPOTENCY_KEY, create_resource, in_transaction
from api.services import targets
from schemas import targets as schemas

routes = Routes("targets", __name__, description="Targets")

READ, WRITE = "read scores", "set targets"
TARGET = schemas.Target()
#: the fields that PATCH changes
EDITED = tuple(schemas.TargetEdit().fields)


@routes.get("/targets", permission=READ)
@routes.arguments(schemas.TargetsQuery(), location="query")
@routes.response(200, schemas.TARGET_PAGE())
def list_targets(query: dict[str, Any]) -> Response:
    """List targets, sorted by the time when they were set.

    Managers and API clients see those of the locations and regions that they may see.
    """
    page = targets.list_targets(read_snapshot(), current_actor(), **{"cursor": None, **query})
    return page_response(page, TARGET)


@routes.post("/targets", permission=WRITE)
@routes.arguments(schemas.TargetNew())
@routes.response(201, TARGET, headers=CREATED)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def create_target(body: dict[str, Any]) -> Response:
    """Set a target for a region or a location.

    With `section`, it is for that section of the checklist, otherwise for whole visits.
    """
    return create_resource(
        lambda session: targets.create_target(session, current_actor(), body),
        TARGET.dump,
        lambda created: f"/api/v1/targets/{created.target.id}",
        edited=EDITED,
    )


@routes.get("/targets/<uuid:target_id>", permission=READ, raises=[problems.TARGET_NOT_FOUND])
@routes.response(200, TARGET)
def get_target(target_id: UUID) -> Response:
    """Get a target.

    A target of a place that the caller may not see does not exist for them.
    """
    judged = targets.get_target(read_snapshot(), current_actor(), target_id)
    return live_response(TARGET.dump(judged), EDITED)


@routes.patch(
    "/targets/<uuid:target_id>",
    permission=WRITE,
    raises=[problems.TARGET_NOT_FOUND, problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.arguments(schemas.TargetEdit())
@routes.response(200, TARGET, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_target(body: dict[str, Any], target_id: UUID) -> Response:
    """Change a target.

    Omitted fields stay as they are. A new score of the place does not make `If-Match` stale.
    """

    def edit(session: Session) -> targets.JudgedTarget:
        judged = targets.get_target(session, current_actor(), target_id, lock=True)
        require_match(TARGET.dump, judged, edited=EDITED)
        return targets.update_target(session, judged, body)

    return live_response(TARGET.dump(in_transaction(edit)), EDITED)


@routes.delete("/targets/<uuid:target_id>", permission=WRITE, raises=[problems.TARGET_NOT_FOUND])
@routes.response(204)
def delete_target(target_id: UUID) -> Response:
    """Delete a target.

    Scores stay as they are.
    """

    def delete(session: Session) -> None:
        targets.delete_target(session, targets.get_target(session, current_actor(), target_id, lock=True))

    in_transaction(delete)
    return empty_response()
