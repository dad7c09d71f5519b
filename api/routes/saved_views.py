"""Saved views: names for addresses of the dashboard, for everyone who uses it."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.etags import IF_MATCH, require_match, resource_response
from api.http.paging import rows_response
from api.http.responses import CREATED, ETAG, empty_response
from api.http.transactions import IDEMPOTENCY_KEY, create_resource, in_transaction
from api.models.saved_views import SavedView
from api.services import saved_views
from schemas import saved_views as schemas
from schemas.base import PageQuery

routes = Routes("saved_views", __name__, description="Saved views")

PERMISSION = "save views"
SAVED_VIEW = schemas.SavedView()


@routes.get("/saved-views", permission=PERMISSION)
@routes.arguments(PageQuery(), location="query")
@routes.response(200, schemas.SAVED_VIEW_PAGE())
def list_saved_views(query: dict[str, Any]) -> Response:
    """List the caller's views and those that are shared with them, sorted by name.

    A view is only an address: what the caller may not see there stays hidden.
    """
    page = saved_views.list_views(read_snapshot(), current_actor(), **{"cursor": None, **query})
    return rows_response([_dump(view) for view in page.items], page.cursor)


@routes.post("/saved-views", permission=PERMISSION)
@routes.arguments(schemas.SavedViewWrite())
@routes.response(201, SAVED_VIEW, headers=CREATED)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def create_saved_view(body: dict[str, Any]) -> Response:
    """Save a view.

    Everyone in the organization who has the page sees a shared view. Others see nothing of a private one.
    """
    return create_resource(
        lambda session: saved_views.create_view(session, current_actor(), body),
        _dump,
        lambda view: f"/api/v1/saved-views/{view.id}",
    )


@routes.get("/saved-views/<uuid:view_id>", permission=PERMISSION, raises=[problems.SAVED_VIEW_NOT_FOUND])
@routes.response(200, SAVED_VIEW)
def get_saved_view(view_id: UUID) -> Response:
    """Get a view.

    A private view of another person does not exist for the caller.
    """
    view = saved_views.get_view(read_snapshot(), current_actor(), view_id)
    return resource_response(_dump(view))


@routes.patch(
    "/saved-views/<uuid:view_id>",
    permission=PERMISSION,
    raises=[
        problems.SAVED_VIEW_NOT_FOUND,
        problems.NOT_OWN_SAVED_VIEW,
        problems.STALE,
        problems.IF_MATCH_REQUIRED,
    ],
)
@routes.arguments(schemas.SavedViewEdit())
@routes.response(200, SAVED_VIEW, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_saved_view(body: dict[str, Any], view_id: UUID) -> Response:
    """Rename, share or redirect a view.

    Omitted fields stay as they are. Administrators can change every shared view.
    """

    def edit(session: Session) -> SavedView:
        view = saved_views.get_own_view(session, current_actor(), view_id)
        require_match(_dump, view)
        return saved_views.update_view(session, view, body)

    return resource_response(_dump(in_transaction(edit)))


@routes.delete(
    "/saved-views/<uuid:view_id>",
    permission=PERMISSION,
    raises=[problems.SAVED_VIEW_NOT_FOUND, problems.NOT_OWN_SAVED_VIEW],
)
@routes.response(204)
def delete_saved_view(view_id: UUID) -> Response:
    """Delete a view.

    Administrators can delete every shared view.
    """

    def delete(session: Session) -> None:
        saved_views.delete_view(session, saved_views.get_own_view(session, current_actor(), view_id))

    in_transaction(delete)
    return empty_response()


def _dump(view: SavedView) -> dict[str, Any]:
    return {**SAVED_VIEW.dump(view), "editable": saved_views.can_edit(current_actor(), view)}
