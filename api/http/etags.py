"""ETags: what was read is named by its bytes, so that nobody edits what he has not seen."""

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request
from werkzeug.http import unquote_etag

from api.domain import problems
from api.http.responses import json_answer

IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag that was read, or * for whatever stands",
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]+")$'},
}
#: ends the ETag of an answer's packed form, which has other bytes
PACKED = "-gzip"


def tag_of(body: bytes) -> str:
    """Return the ETag of a JSON body."""
    return hashlib.sha256(body.rstrip()).hexdigest()[:32]


def require_match(dump: Callable[[Any], Any], current: Any) -> None:
    """Refuse an edit of something that is not as the caller read it; ``dump`` makes of it what GET shows."""
    if not request.if_match:
        raise problems.IF_MATCH_REQUIRED()
    tag = tag_of(current_app.json.dumps(dump(current)).encode())
    # A proxy that compresses may have put W/ before the tag.
    known = any(request.if_match.contains_weak(each) for each in (tag, tag + PACKED))
    if not known and not request.if_match.star_tag:
        raise problems.STALE()


def tagged(response: Response) -> Response:
    """Give a JSON answer its ETag."""
    if response.status_code == 200 and "ETag" not in response.headers and response.is_json:
        response.set_etag(tag_of(response.get_data()))
    return response


def unless_known(response: Response) -> Response:
    """Make an answer a 304 where the caller named its ETag in If-None-Match."""
    asked, tag = request.headers.get("If-None-Match"), response.headers.get("ETag")
    if asked is None or tag is None or response.status_code != 200:
        return response
    # Most name the one that they were given; to read a list of them takes longer.
    if asked == tag or request.if_none_match.contains_weak(unquote_etag(tag)[0]):
        response.status_code = 304
        response.set_data(b"")
        del response.headers["Content-Type"]
    return response


def edited(dump: Callable[[Any], Any], current: Any) -> Response:
    """Return the answer to an edit: what GET gives from now on, and its ETag."""
    return tagged(json_answer(dump(current)))
