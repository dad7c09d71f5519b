"""How schemas write JSON: what marshmallow finds out anew for each field of each object is found out once."""

from collections.abc import Callable
from functools import partial
from typing import Any

import marshmallow as ma
from marshmallow import fields

Write = Callable[[Any], Any]
missing = ma.missing


def writer(schema: ma.Schema) -> Callable[[Any], dict[str, Any]]:
    """Return the function that writes what ``schema.dump`` would of an object, but ids and times as they are.

    For schemas of plain fields, as ours are: without hooks, methods and defaults on the way out.
    """
    steps = []
    for name, field in schema.dump_fields.items():
        first, *others = (field.attribute or name).split(".")
        steps.append((field.data_key or name, first, others, _writer_of(field)))

    def write(made: Any) -> dict[str, Any]:
        written = {}
        get = _getter(made)
        for key, first, others, write_value in steps:
            value = get(first, missing)
            for name in others:
                value = _getter(value)(name, missing)
            if value is not missing:
                written[key] = value if value is None or write_value is None else write_value(value)
        return written

    return write


def _getter(made: Any) -> Callable[[str, Any], Any]:
    """Return what gives a key of a dictionary, or an attribute of anything else, or a default."""
    return made.get if isinstance(made, dict) else partial(getattr, made)


def _writer_of(field: fields.Field[Any]) -> Write | None:
    """Return how a field writes a value that is not None; None stands for "as it is"."""
    if isinstance(field, fields.Nested):
        return _many(writer(field.schema)) if field.many else writer(field.schema)
    if isinstance(field, fields.List):
        return _many(_writer_of(field.inner))
    if isinstance(field, fields.Dict) and field.value_field is not None:
        return _by_key(_writer_of(field.value_field))
    if isinstance(field, fields.UUID | fields.DateTime):
        return None  # what writes the JSON knows ids, times and days
    # By their very class: one that is derived from them may write otherwise.
    own = type(field)._serialize
    if own is fields.Field._serialize:
        return None
    if own is fields.String._serialize:
        return str
    if isinstance(field, fields.Number) and own is fields.Number._serialize:
        return field.num_type
    return lambda value: field._serialize(value, None, None)


def _many(write: Write | None) -> Write:
    if write is None:
        return list
    return lambda values: [None if value is None else write(value) for value in values]


def _by_key(write: Write | None) -> Write:
    if write is None:
        return dict
    return lambda values: {key: None if value is None else write(value) for key, value in values.items()}
