"""Strict JSON: whatever could be read in two ways, or not be stored, is refused before anything sees it."""

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request, g, request
from webargs.flaskparser import FlaskParser

from api.domain import problems
from api.domain.problems import FieldError, ProblemError, pointer
from schemas.base import MAX_INTEGER

MAX_BODY = 2**20
#: Nothing that we take is nested half as deep; whatever walks through a body later has no depth to fear.
MAX_DEPTH = 50


def read_json() -> Any:
    """Return the request's body as JSON, which is parsed once; nobody changes it.

    Refuses another content type, over 1 MiB, and anything ambiguous.
    """
    if "body" not in g:
        require_type("application/json")
        g.body = parse(body_text())
    return g.body


def require_type(content_type: str) -> None:
    """Refuse a body of another content type, character set or content encoding."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != content_type or charset not in ("utf-8", "utf8"):
        raise problems.UNSUPPORTED_TYPE(f"Send {content_type} in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise problems.UNSUPPORTED_TYPE("Send the body without a content encoding.")


def body_text() -> str:
    """Return the request's body as text; refuses over 1 MiB, and what is no UTF-8."""
    # One more than is taken: of a body that does not tell its length, Werkzeug drops what is beyond silently.
    request.max_content_length = MAX_BODY + 1
    body = request.get_data(cache=True)
    if len(body) > MAX_BODY:
        raise problems.TOO_LARGE()
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise problems.MALFORMED("The body is no UTF-8.") from None


def parse(text: str) -> Any:
    """Parse JSON strictly; raises MALFORMED in words."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_exact,
        )
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise problems.MALFORMED(f"The body is no JSON: {error}.") from None
    # What is looked for can only come of an escape, or of more brackets than most bodies have.
    if "\\u" in text or text.count("[") + text.count("{") > MAX_DEPTH:
        _check(value)
    return value


def _too_deep() -> ProblemError:
    return problems.MALFORMED("The JSON is nested too deeply.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise problems.MALFORMED("An object names the same key twice.")
    return value


def _no_constant(name: str) -> NoReturn:
    raise problems.MALFORMED(f"{name} is no number in JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise problems.MALFORMED("A number is too large.")
    # JSON has one kind of number: 5.0 is the whole number 5, in JSON Schema too.
    return int(number) if number.is_integer() and abs(number) <= MAX_INTEGER else number


def _exact(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        raise problems.MALFORMED("A whole number is beyond 2^53.")
    return int(text)


def _check(value: Any, depth: int = 0) -> None:
    """Refuse strings that no database takes, and what is nested too deeply."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, str):
        if "\0" in value:
            raise problems.MALFORMED("A text holds a NUL character.")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise problems.MALFORMED("A text holds half of a surrogate pair.") from None
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _check(key)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)


class StrictParser(FlaskParser):
    """Reads arguments for ``Routes.arguments``: bodies by ``read_json``, and nothing unknown passes."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": ma.RAISE, "query": ma.RAISE}

    def __init__(self) -> None:
        super().__init__()
        #: by schema: what a query without parameters stands for
        self._defaults: dict[ma.Schema, dict[str, Any]] = {}

    def parse(self, argmap: Any, req: Request | None = None, **options: Any) -> Any:
        """Return the arguments; those of a query without parameters are found out once."""
        if options.get("location") != "query" or request.query_string:
            return super().parse(argmap, req, **options)
        if argmap not in self._defaults:
            self._defaults[argmap] = super().parse(argmap, req, **options)
        return dict(self._defaults[argmap])

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Return the body; one that is absent is an empty text, and so no JSON."""
        return read_json()

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """Return the query; a parameter given twice, or with a NUL, is refused."""
        for name, values in req.args.lists():
            if len(values) > 1:
                raise problems.invalid_field(pointer(name), "This is given twice.")
            if "\0" in name + values[0]:
                raise problems.invalid_field(pointer(name.replace("\0", "")), "This holds a NUL character.")
        return req.args.to_dict()

    def handle_error(
        self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_options: Any
    ) -> NoReturn:
        """Refuse with a pointer to each fault."""
        by_location = error.messages
        assert isinstance(by_location, dict)
        raise problems.INVALID(errors=[fault for each in by_location.values() for fault in faults_of(each)])


def faults_of(messages: Any, at: tuple[str | int, ...] = ()) -> list[FieldError]:
    """Return marshmallow's messages as faults with pointers."""
    if isinstance(messages, Mapping):
        found: list[FieldError] = []
        for key, below in messages.items():
            found += faults_of(below, at if key == "_schema" else (*at, key))
        return found
    listed = messages if isinstance(messages, list) else [messages]
    return [FieldError(pointer(*at), str(message)) for message in listed]
