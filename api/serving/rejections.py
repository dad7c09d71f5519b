"""Responses to requests that are so malformed that the app does not receive them."""

import json
import uuid
from http import HTTPStatus

from api.domain.problems import MALFORMED, TOO_LARGE, Problem

#: The longest request line that is accepted, in bytes, as with nginx.
MAX_REQUEST_LINE = 8190

_PROBLEMS = {problem.status: problem for problem in (MALFORMED, TOO_LARGE)}


def build_rejection(status: int, path: str = "") -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of a problem document. The path is empty if it cannot be parsed."""
    problem = _PROBLEMS.get(status) or Problem(f"http-{status}", status, HTTPStatus(status).phrase)
    request_id = uuid.uuid4().hex
    body = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.title,
        "instance": path,
        "request_id": request_id,
    }
    content = json.dumps(body).encode()
    headers = {
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(content)),
        "X-Request-ID": request_id,
        "Cache-Control": "no-store",
    }
    return headers, content
