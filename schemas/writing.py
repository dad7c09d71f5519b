"""How schemas write JSON: what marshmallow finds out anew for each field of each object is found out once."""

from collections.abc import Callable
from typing import Any

import marshmallow as ma
from marshmallow import fields

Write = Callable[[Any], Any]
_AS_IT_IS = object()


def writer(schema: ma.Schema) -> Callable[[Any], dict[str, Any]]:
    """Return the function that writes what ``schema.dump`` would write of one object.

    For schemas of plain fields, as ours are: without hooks, methods and defaults on the way out.
    """
    steps = [
        (field.data_key or name, _getter(field.attribute or name), _writer_of(field))
        for name, field in schema.dump_fields.items()
    ]

    def write(made: Any) -> dict[str, Any]:
        written = {}
        for key, get, write_value in steps:
            value = get(made)
            if value is not ma.missing:
                written[key] = value if value is None or write_value is _AS_IT_IS else write_value(value)
        return written

    return write


def _getter(path: str) -> Write:
    """Return what gets a value by its path from dicts and objects alike, or ``missing``."""
    first, _, rest = path.partition(".")

    def get(made: Any) -> Any:
        return made.get(first, ma.missing) if isinstance(made, dict) else getattr(made, first, ma.missing)

    if not rest:
        return get
    below = _getter(rest)

    def get_below(made: Any) -> Any:
        found = get(made)
        return found if found is ma.missing else below(found)

    return get_below


def _writer_of(field: fields.Field[Any]) -> Any:
    """Return how a field writes a value that is not None."""
    if isinstance(field, fields.Nested):
        return _many(writer(field.schema)) if field.many else writer(field.schema)
    if isinstance(field, fields.List):
        return _many(_writer_of(field.inner))
    if isinstance(field, fields.Dict) and field.value_field is not None:
        return _by_key(_writer_of(field.value_field))
    # By their very class: one that is derived from them may write otherwise.
    own = type(field)._serialize
    if own is fields.Field._serialize:
        return _AS_IT_IS
    if own in (fields.String._serialize, fields.UUID._serialize):
        return _text
    if isinstance(field, fields.Number) and own is fields.Number._serialize:
        return field.num_type
    return lambda value: field._serialize(value, None, None)


def _text(value: Any) -> str:
    return value if type(value) is str else str(value)


def _many(write: Any) -> Write:
    if write is _AS_IT_IS:
        return list
    return lambda values: [None if value is None else write(value) for value in values]


def _by_key(write: Any) -> Write:
    if write is _AS_IT_IS:
        return dict
    return lambda values: {key: None if value is None else write(value) for key, value in values.items()}
