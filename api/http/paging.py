"""Lists: a page of rows, and the address of the next."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
from flask import Response, request

from api.http.responses import json_answer
from api.services.paging import Page


def page_answer(page: Page, schema: ma.Schema, items: Iterable[Any] | None = None) -> Response:
    """Return the answer to a list: ``{"items", "next"}`` and a Link header."""
    rows = schema.dump(page.items if items is None else items, many=True)
    return listed(rows, page.cursor)


def listed(rows: Any, cursor: str | None) -> Response:
    """Return the answer to a list of rows that are JSON already."""
    following = next_address(cursor)
    response = json_answer({"items": rows, "next": following})
    if following is not None:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def next_address(cursor: str | None) -> str | None:
    """Return the address of the next page: this one's, with its cursor."""
    if cursor is None:
        return None
    query = {**request.args.to_dict(), "cursor": cursor}
    return f"{request.base_url}?{urlencode(query)}"
