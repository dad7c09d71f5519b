"""Strict parsing: rejects input that is ambiguous or that the database cannot store."""

import json
import math
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request, g, request
from webargs.flaskparser import FlaskParser

from api.domain import problems
from api.domain.problems import FieldError, ProblemError, pointer
from schemas.base import MAX_INTEGER, WordList

MAX_BODY = 2**20
#: More than twice the depth of any valid body. Later code can therefore recurse without a limit of its own.
MAX_DEPTH = 50
#: Twice the answers of the longest checklist. Each unknown key would cost an error of its own.
MAX_KEYS = 1000
#: The values of a body, at all depths. The largest valid ones, plans of 1,000 visits, have under 10,000.
MAX_VALUES = 50_000


def read_json() -> Any:
    """Return the request's body as JSON. It is parsed once; callers must not change it.

    Raises UNSUPPORTED_TYPE for another content type, TOO_LARGE over 1 MiB, and MALFORMED for invalid JSON.
    """
    if "body" not in g:
        require_type("application/json")
        g.body = parse_json(read_text())
    return g.body


def require_type(content_type: str) -> None:
    """Raise UNSUPPORTED_TYPE if the body has another content type, character set or content encoding."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != content_type or charset not in ("utf-8", "utf8"):
        raise problems.UNSUPPORTED_TYPE(f"Send {content_type} in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise problems.UNSUPPORTED_TYPE("Send the body without a content encoding.")


def read_bytes(content_types: Collection[str], max_bytes: int) -> bytes:
    """Return the request's body.

    Raises UNSUPPORTED_TYPE for types that are not in ``content_types``, and TOO_LARGE over ``max_bytes``.
    """
    if request.mimetype not in content_types:
        raise problems.UNSUPPORTED_TYPE(f"Send {' or '.join(content_types)}.")
    return _read_body(max_bytes)


def _read_body(max_bytes: int) -> bytes:
    # Werkzeug silently cuts a body without Content-Length at its limit. The extra byte reveals that.
    request.max_content_length = max_bytes + 1
    body = request.get_data(cache=True)
    if len(body) > max_bytes:
        raise problems.TOO_LARGE(f"The limit is {max_bytes // 1024} KiB.")
    return body


def read_text() -> str:
    """Return the request's body as text; raises TOO_LARGE over 1 MiB, and MALFORMED if it is not UTF-8."""
    body = _read_body(MAX_BODY)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise problems.MALFORMED("The body is not valid UTF-8.") from None


def parse_json(text: str) -> Any:
    """Parse JSON strictly; raises MALFORMED with a detail that names the cause."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_parse_object,
            parse_constant=_reject_constant,
            parse_float=_parse_float,
            parse_int=_parse_integer,
        )
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise problems.MALFORMED(f"The body is not valid JSON: {error}.") from None
    # Only an escape can produce a forbidden character, only many brackets can nest too deeply, and only many
    # commas can separate too many values.
    if "\\u" in text or text.count("[") + text.count("{") > MAX_DEPTH or text.count(",") > MAX_VALUES - 2:
        _check(value)
    return value


def _too_deep() -> ProblemError:
    return problems.MALFORMED("The JSON is nested too deeply.")


def _parse_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_KEYS:
        raise problems.MALFORMED(f"An object has more than {MAX_KEYS} keys.")
    value = dict(pairs)
    if len(value) < len(pairs):
        raise problems.MALFORMED("An object has a duplicate key.")
    return value


def _reject_constant(name: str) -> NoReturn:
    raise problems.MALFORMED(f"{name} is not a valid number in JSON.")


def _parse_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise problems.MALFORMED("A number is too large.")
    # JSON has one type of number: 5.0 is the integer 5, as in JSON Schema.
    return int(number) if number.is_integer() and abs(number) <= MAX_INTEGER else number


def _parse_integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        raise problems.MALFORMED("An integer is beyond ±2^53.")
    return int(text)


def _check(body: Any) -> None:
    """Raise MALFORMED for strings that the database cannot store, deep nesting, and too many values."""
    to_check, count = [(body, 0)], 0
    while to_check:
        value, depth = to_check.pop()
        count += 1
        if count > MAX_VALUES:
            raise problems.MALFORMED(f"The body has more than {MAX_VALUES} values.")
        if depth > MAX_DEPTH:
            raise _too_deep()
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, Mapping):
            for key, item in value.items():
                _check_text(key)
                to_check.append((item, depth + 1))
        elif isinstance(value, list):
            to_check += [(item, depth + 1) for item in value]


def _check_text(text: str) -> None:
    if "\0" in text:
        raise problems.MALFORMED("A string contains a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise problems.MALFORMED("A string contains a lone surrogate.") from None


class StrictParser(FlaskParser):
    """Parses arguments for ``Routes.arguments``: bodies by ``read_json``, and without unknown fields."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": ma.RAISE, "query": ma.RAISE}

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Return the body. A missing body is an empty text, which is not valid JSON."""
        return read_json()

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """Return the query; raises INVALID for a duplicate parameter or a NUL character.

        A parameter that is a list of words can also occur once for each word.
        """
        query = {}
        for name, values in req.args.lists():
            if len(values) > 1 and not isinstance(_find_parameter(schema, name), WordList):
                raise problems.invalid_field(pointer(name), "This parameter occurs more than once.")
            query[name] = ",".join(values)
            if "\0" in name + query[name]:
                raise problems.invalid_field(
                    pointer(name.replace("\0", "")), "This contains a NUL character."
                )
        return query

    def handle_error(
        self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_options: Any
    ) -> NoReturn:
        """Raise INVALID with a pointer to each field error."""
        by_location = error.messages
        assert isinstance(by_location, dict)
        raise problems.INVALID(
            errors=[error for messages in by_location.values() for error in field_errors(messages)]
        )


def _find_parameter(schema: ma.Schema, name: str) -> Any:
    """Return the field of a query parameter, or None."""
    return next((field for key, field in schema.fields.items() if (field.data_key or key) == name), None)


def field_errors(messages: Any, path: tuple[str | int, ...] = ()) -> list[FieldError]:
    """Return marshmallow's nested messages as field errors, with pointers that begin with ``path``."""
    if isinstance(messages, Mapping):
        errors: list[FieldError] = []
        for key, inner in messages.items():
            errors += field_errors(inner, path if key == "_schema" else (*path, key))
        return errors
    details = messages if isinstance(messages, list) else [messages]
    return [FieldError(pointer(*path), str(detail)) for detail in details]
