"""Saved views: names for addresses of the dashboard."""

from typing import Any

from marshmallow import fields, validate

from api.domain.saved_views import MAX_PATH_LENGTH, PATH_PATTERN
from schemas.base import Boolean, FullMatch, Id, Schema, Text, Time, page_of


def _path(**options: Any) -> fields.String:
    return fields.String(
        validate=[
            validate.Length(max=MAX_PATH_LENGTH),
            FullMatch(PATH_PATTERN, error="This must be the path of a page of the dashboard."),
        ],
        metadata={
            "description": "The path of a page of the dashboard, with its filters as the query.",
            "example": "/dashboard/locations?from=2026-01&to=2026-06&checklist=store-visit",
        },
        **options,
    )


class SavedViewWrite(Schema):
    """The fields of a view that its owner can set."""

    name = Text(100, required=True)
    path = _path(required=True)
    shared = Boolean(load_default=False)


class SavedViewEdit(Schema):
    """Changes of a view."""

    name = Text(100)
    path = _path()
    shared = Boolean()


class SavedView(Schema):
    """A name for a page of the dashboard with its filters."""

    id = Id(required=True)
    name = fields.String(required=True)
    path = _path(required=True)
    shared = Boolean(required=True)
    editable = Boolean(required=True)
    created_at = Time(required=True)


SAVED_VIEW_PAGE = page_of(SavedView())
