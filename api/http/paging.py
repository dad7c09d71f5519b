"""Lists: a page of rows and the URL of the next page."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
from flask import Response, request

from api.http.responses import json_response
from api.services.paging import Page


def page_response(page: Page, schema: ma.Schema, items: Iterable[Any] | None = None) -> Response:
    """Return a page of a list: ``{"items", "next"}`` and a Link header.

    ``schema`` dumps each of ``items``, which are those of the page unless the caller passes others.
    """
    rows = schema.dump(page.items if items is None else items, many=True)
    return rows_response(rows, page.cursor)


def rows_response(rows: Any, cursor: str | None, **more: Any) -> Response:
    """Return a page of a list whose rows need no dumping; ``cursor`` is that of the next page, if any.

    ``more`` are further fields of the page.
    """
    url = next_url(cursor)
    response = json_response({"items": rows, "next": url, **more})
    if url is not None:
        response.headers["Link"] = f'<{url}>; rel="next"'
    return response


def next_url(cursor: str | None) -> str | None:
    """Return the URL of the next page: that of this request, with another cursor."""
    if cursor is None:
        return None
    query = {**request.args.to_dict(flat=False), "cursor": [cursor]}
    return f"{request.base_url}?{urlencode(query, doseq=True)}"
