"""Answers that routes make themselves, where no schema dumps them."""

from typing import Any

from flask import Response, current_app


def json_answer(body: Any, status: int = 200) -> Response:
    """Return a JSON answer."""
    return json_text(current_app.json.dumps(body), status)


def json_text(text: str, status: int = 200) -> Response:
    """Return an answer of text that is JSON already."""
    return current_app.response_class(text, status=status, content_type="application/json")


def empty_answer() -> Response:
    """Return a 204."""
    return current_app.response_class(status=204)
