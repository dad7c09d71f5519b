"""ETags: a hash of the body identifies what was read, so that no edit overwrites an unseen change."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from flask import Response, current_app, request
from werkzeug.http import unquote_etag

from api.domain import problems
from api.http.responses import json_response

IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of the representation to replace, or `*` for any",
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]+")$'},
}
#: appended to the ETag of a response's gzip form, which has other bytes
GZIP_SUFFIX = "-gzip"


def compute_etag(body: bytes) -> str:
    """Return the ETag of a JSON body, without quotes."""
    return hashlib.sha256(body.rstrip()).hexdigest()[:32]


def require_match(dump: Callable[[Any], Any], resource: Any, *, edited: Sequence[str] | None = None) -> None:
    """Check the request's If-Match; ``dump`` turns ``resource`` into the JSON that GET returns.

    ``edited`` are the fields that clients edit, of a resource whose other fields change all the time: only
    these are compared. GET then returns ``live_response``.

    Raises IF_MATCH_REQUIRED if the header is missing, and STALE if the resource has changed since.
    """
    if not request.if_match:
        raise problems.IF_MATCH_REQUIRED()
    body = dump(resource)
    if edited is not None:
        tags = {tag.partition(".")[0] for tag in request.if_match.as_set(include_weak=True)}
        if not request.if_match.star_tag and _hash_fields(body, edited) not in tags:
            raise problems.STALE()
        return
    etag = compute_etag(current_app.json.dumps(body).encode())
    # A proxy that compresses may prefix the ETag with W/, so the comparison is weak. `*` contains every tag.
    if not any(request.if_match.contains_weak(form) for form in (etag, etag + GZIP_SUFFIX)):
        raise problems.STALE()


def live_response(body: Mapping[str, Any], edited: Sequence[str]) -> Response:
    """Return a single resource whose other fields change all the time; see ``require_match``.

    Its ETag has two parts: a hash of the fields ``edited``, and one of everything.
    """
    response = json_response(body)
    response.set_etag(compute_live_etag(response.get_data(), edited))
    return response


def compute_live_etag(content: bytes, edited: Sequence[str]) -> str:
    """Return the ETag that ``live_response`` gives a JSON body, without quotes."""
    return f"{_hash_fields(json.loads(content), edited)}.{compute_etag(content)}"


def _hash_fields(body: Mapping[str, Any], names: Sequence[str]) -> str:
    return compute_etag(current_app.json.dumps([body["id"], *(body[name] for name in names)]).encode())


def answer_by_state(state: Any, build: Callable[[], Response]) -> Response:
    """Return the response of ``build``, or a 304 if the client has it and this process has built it before.

    ``state`` is what the response depends on, as JSON. It remains on the server: an ETag that showed that
    the state changes would disclose what happens where the caller sees nothing. Only a streamed response,
    whose body cannot be hashed in time, has an ETag of the state. It is for callers who see everything.
    """
    key = compute_etag(current_app.json.dumps([_hash_program(), state]).encode())
    suffixes = ("", GZIP_SUFFIX) if request.accept_encodings["gzip"] else ("",)
    known = () if request.if_none_match.star_tag else (_ETAGS.get(key), key)
    for etag in known:
        for form in [f"{etag}{suffix}" for suffix in suffixes]:
            if etag and request.if_none_match.contains_weak(form):
                response = current_app.response_class(status=304)
                response.set_etag(form)
                response.vary.add("Accept-Encoding")
                return response
    response = build()
    if response.is_streamed:
        response.set_etag(key)
        return response
    if len(_ETAGS) >= _MAX_ETAGS:
        _ETAGS.clear()
    etag = _ETAGS[key] = compute_etag(response.get_data())
    response.set_etag(etag)
    return response


@cache
def _hash_program() -> str:
    """Return a hash of the program's code: another release may format the same state differently."""
    root = Path(__file__).parents[2]
    sources = sorted(path for name in ("api", "schemas") for path in (root / name).rglob("*.py"))
    return compute_etag(b"".join(path.read_bytes() for path in sources))


#: The ETags of responses that this process has built, by a hash of their state
_ETAGS: dict[str, str] = {}
_MAX_ETAGS = 20_000


def add_etag(response: Response) -> Response:
    """Add an ETag to a response with status 200 whose body is JSON or CSV, but not to a file."""
    has_text = response.is_json or (response.mimetype == "text/csv" and not response.is_streamed)
    if response.status_code == 200 and has_text and "ETag" not in response.headers:
        response.set_etag(compute_etag(response.get_data()))
    return response


def apply_if_none_match(response: Response) -> Response:
    """Turn a response into a 304 if the request's If-None-Match has its ETag."""
    etag = response.headers.get("ETag")
    if etag is None or response.status_code != 200:
        return response
    if request.if_none_match.contains_weak(unquote_etag(etag)[0]):
        response.status_code = 304
        response.set_data(b"")
        del response.headers["Content-Type"]
    return response


def resource_response(body: Any, status: int = 200) -> Response:
    """Return a single resource as JSON, with the ETag that GET returns for it."""
    response = json_response(body, status)
    response.set_etag(compute_etag(response.get_data()))
    return response
