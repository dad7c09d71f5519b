"""How schemas write JSON: what marshmallow finds out anew for each field of each object is found out once."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import marshmallow as ma
from marshmallow import fields

Write = Callable[[Any], Any]


def writer(schema: ma.Schema) -> Callable[[Any], dict[str, Any]]:
    """Return the function that writes what ``schema.dump`` would write of one object.

    For schemas of plain fields, as ours are: without hooks, methods and defaults on the way out.
    """
    steps = []
    for name, field in schema.dump_fields.items():
        first, _, below = (field.attribute or name).partition(".")
        steps.append((field.data_key or name, first, _getter(below), _writer_of(field)))

    def write(made: Any) -> dict[str, Any]:
        find = made.get if isinstance(made, dict) else partial(getattr, made)
        written = {}
        for key, name, get_below, write_value in steps:
            value = find(name, ma.missing)
            if get_below is not None:
                value = get_below(value)
            if value is not ma.missing:
                written[key] = value if value is None or write_value is None else write_value(value)
        return written

    return write


def _getter(path: str) -> Write | None:
    """Return what gets a value by its path from dicts and objects alike, or ``missing``."""
    if not path:
        return None
    name, _, rest = path.partition(".")
    get_below = _getter(rest)

    def get(made: Any) -> Any:
        found = made.get(name, ma.missing) if isinstance(made, dict) else getattr(made, name, ma.missing)
        return found if get_below is None else get_below(found)

    return get


def _writer_of(field: fields.Field[Any]) -> Write | None:
    """Return how a field writes a value that is not None; None stands for "as it is"."""
    if isinstance(field, fields.Nested):
        return _many(writer(field.schema)) if field.many else writer(field.schema)
    if isinstance(field, fields.List):
        return _many(_writer_of(field.inner))
    if isinstance(field, fields.Dict) and field.value_field is not None:
        return _by_key(_writer_of(field.value_field))
    if written_by := getattr(field, "written_by", None):
        return cast(Write, written_by)
    # By their very class: one that is derived from them may write otherwise.
    own = type(field)._serialize
    if own is fields.Field._serialize:
        return None
    if own in (fields.String._serialize, fields.UUID._serialize):
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
