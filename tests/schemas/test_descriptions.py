"""Every description and example that is defined by a name belongs to a field."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import schemas
from schemas import descriptions, examples
from schemas.base import Schema

for module in pkgutil.iter_modules(schemas.__path__):
    importlib.import_module(f"schemas.{module.name}")


def subclasses(base: type[Schema]) -> Iterator[type[Schema]]:
    for schema in base.__subclasses__():
        yield schema
        yield from subclasses(schema)


#: schema → the names of its fields in JSON
FIELDS = {
    schema: {field.data_key or name for name, field in schema().fields.items()}
    for schema in subclasses(Schema)
}
NAMES = {f"{schema.__name__}.{name}" for schema, names in FIELDS.items() for name in names}


@pytest.mark.parametrize("registry", [descriptions, examples])
def test_every_name_is_that_of_a_field(registry: Any) -> None:
    assert set(registry._BY_SCHEMA) - NAMES == set()
    assert set(registry._BY_NAME) - set().union(*FIELDS.values()) == set()


def test_a_schema_inherits_the_descriptions_of_its_bases() -> None:
    named = {schema.__name__: schema for schema in FIELDS}
    for base, derived in (("OwnVisit", "EvidenceVisit"), ("SectionName", "SectionFigures")):
        key = "status" if base == "OwnVisit" else "key"
        texts = {named[name]().fields[key].metadata["description"] for name in (base, derived)}
        assert texts == {descriptions._BY_SCHEMA[f"{base}.{key}"]}


def test_every_object_with_an_example_is_a_schema() -> None:
    assert set(examples.OBJECTS) - {schema.__name__ for schema in FIELDS} == set()
