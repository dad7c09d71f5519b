"""Examples of requests and responses, built from the schemas of the OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any

#: what an example shows for a string, by format
_EXAMPLES = {
    "uuid": "6f1c0c9e-52a4-4b53-9d0b-3f6f7a1f2c11",
    "date-time": "2026-01-31T09:30:00Z",
    "date": "2026-01-31",
    "uri": "https://survey.example/api/v1/visits?cursor=WyIyMDI2LTAxLTMxIl0",
}


def make_example(schema: Mapping[str, Any], document: Any) -> Any:
    """Return an example of a schema: its own example if it has one, otherwise one built from its fields."""
    for word in ("example", "const", "default"):
        if schema.get(word) is not None:
            return schema[word]
    if "$ref" in schema:
        return make_example(resolve(schema, document), document)
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    variants = [variant for variant in list_variants(schema) if variant.get("type") != "null"]
    if variants[0] is not schema:
        return make_example(variants[0], document)
    types = schema.get("type")
    kind = next((name for name in types if name != "null"), None) if isinstance(types, list) else types
    if kind == "object" or "properties" in schema:
        return _make_object(schema, document)
    if kind == "array":
        return [make_example(schema["items"], document)]
    if kind == "boolean":
        return False
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 1), 1)
    if kind == "string":
        return _EXAMPLES.get(schema.get("format", ""), "…")
    return "…"


def _make_object(schema: Mapping[str, Any], document: Any) -> dict[str, Any]:
    example = {name: make_example(field, document) for name, field in schema.get("properties", {}).items()}
    values = schema.get("additionalProperties")
    if not example and isinstance(values, dict):
        example["…"] = make_example(values, document)
    return example


def resolve(node: Mapping[str, Any], document: Any) -> Mapping[str, Any]:
    """Return a schema or response, or the one that it refers to."""
    if "$ref" not in node:
        return node
    target = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return resolve(target, document)


def list_variants(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the alternatives of a schema, or the schema itself if it has none."""
    for word in ("oneOf", "anyOf"):
        if word in schema:
            for variant in schema[word]:
                yield from list_variants(variant)
            return
    yield schema
