"""Saved views: names for addresses of the dashboard, private or shared in the organization."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import ADMIN, Actor
from api.domain.saved_views import find_error, is_for_reviewers
from api.models.saved_views import SavedView
from api.services import visibility
from api.services.paging import Page, fetch_page


def list_views(session: Session, actor: Actor, limit: int, cursor: str | None) -> Page:
    """Return a page of the actor's own views and of those that are shared with them, sorted by name."""
    query = select(SavedView).where(visibility.saved_views(actor))
    return fetch_page(session, query, SavedView.name, SavedView.id, limit, cursor)


def get_view(session: Session, actor: Actor, view_id: uuid.UUID) -> SavedView:
    """Return a view. Raises SAVED_VIEW_NOT_FOUND if it does not exist or the actor may not see it."""
    view: SavedView | None = visibility.find(session, SavedView, view_id, visibility.saved_views(actor))
    if view is None:
        raise problems.SAVED_VIEW_NOT_FOUND()
    return view


def get_own_view(session: Session, actor: Actor, view_id: uuid.UUID) -> SavedView:
    """Return a view that the actor may change, locked for it.

    Raises SAVED_VIEW_NOT_FOUND as ``get_view`` does, and NOT_OWN_SAVED_VIEW.
    """
    visible = visibility.saved_views(actor)
    view: SavedView | None = visibility.find(session, SavedView, view_id, visible, lock=True)
    if view is None:
        raise problems.SAVED_VIEW_NOT_FOUND()
    if not can_edit(actor, view):
        raise problems.NOT_OWN_SAVED_VIEW()
    return view


def can_edit(actor: Actor, view: SavedView) -> bool:
    """Return whether the actor may change a view that they see: their own, or as administrator any."""
    return view.owner_id == actor.id or actor.role == ADMIN


def create_view(session: Session, actor: Actor, values: Mapping[str, Any]) -> SavedView:
    """Create a view of the actor. Raises INVALID as ``update_view`` does."""
    view = SavedView(organization_id=actor.organization_id, owner_id=actor.id)
    session.add(view)
    return update_view(session, view, values)


def update_view(session: Session, view: SavedView, values: Mapping[str, Any]) -> SavedView:
    """Update a locked view; ``values`` maps column names to values.

    Raises INVALID for a page that cannot be saved, and for a filter that cannot be shared.
    """
    for column, value in values.items():
        setattr(view, column, value)
    error = find_error(view.path, shared=view.shared)
    if error:
        field, detail = error
        raise problems.invalid_field(f"/{field}", detail)
    view.for_reviewers = is_for_reviewers(view.path)
    session.flush()
    return view


def delete_view(session: Session, view: SavedView) -> None:
    """Delete a locked view."""
    session.delete(view)
    session.flush()
