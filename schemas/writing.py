"""Serializes objects as marshmallow does, but inspects the fields of a schema only once.

marshmallow inspects each field again for each object.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import marshmallow as ma
from marshmallow import fields

Write = Callable[[Any], Any]
missing = ma.missing


def build_writer(schema: ma.Schema) -> Callable[[Any], dict[str, Any]]:
    """Return a function that serializes an object as ``schema.dump`` does. IDs and times stay unchanged.

    The schema must not use hooks, method fields or ``dump_default``.
    """
    steps = []
    for name, field in schema.dump_fields.items():
        first, *others = (field.attribute or name).split(".")
        steps.append((field.data_key or name, first, others, _build_value_writer(field)))

    def write(obj: Any) -> dict[str, Any]:
        result = {}
        get = _build_getter(obj)
        for key, first, others, write_value in steps:
            value = get(first, missing)
            for name in others:
                value = _build_getter(value)(name, missing)
            if value is not missing:
                result[key] = value if value is None or write_value is None else write_value(value)
        return result

    return write


def _build_getter(obj: Any) -> Callable[[str, Any], Any]:
    """Return a function that reads a key of a dictionary, or an attribute of any other object."""
    return obj.get if isinstance(obj, dict) else partial(getattr, obj)


def _build_value_writer(field: fields.Field[Any]) -> Write | None:
    """Return a function that serializes a value that is not None, or None if the value stays unchanged."""
    if isinstance(field, fields.Nested):
        return _build_list_writer(build_writer(field.schema)) if field.many else build_writer(field.schema)
    if isinstance(field, fields.List):
        return _build_list_writer(_build_value_writer(field.inner))
    if isinstance(field, fields.Dict) and field.value_field is not None:
        return _build_dict_writer(_build_value_writer(field.value_field))
    if isinstance(field, fields.UUID | fields.DateTime):
        return None  # orjson writes IDs, times and days
    # Compare the method, not the class: a derived class may override it.
    serialize = type(field)._serialize
    if serialize is fields.Field._serialize:
        return None
    if serialize is fields.String._serialize:
        return str
    if isinstance(field, fields.Number) and serialize is fields.Number._serialize:
        return field.num_type
    return lambda value: field._serialize(value, None, None)


def _build_list_writer(write: Write | None) -> Write:
    if write is None:
        return list
    return lambda values: [None if value is None else write(value) for value in values]


def _build_dict_writer(write: Write | None) -> Write:
    if write is None:
        return dict
    return lambda values: {key: None if value is None else write(value) for key, value in values.items()}
