"""Path parameters: IDs are accepted in their canonical form only."""

from typing import Any

import flask_smorest
from flask import Flask
from werkzeug.routing import UUIDConverter

from schemas.base import UUID_PATTERN


class CanonicalUUIDConverter(UUIDConverter):
    """A UUID in lowercase with hyphens. An address with an ID in any other form does not exist."""

    regex = UUID_PATTERN.removeprefix("^").removesuffix("$")


def register(app: Flask, api: flask_smorest.Api) -> None:
    """Use the converter for ``uuid`` in all routes that are registered after this call."""
    app.url_map.converters["uuid"] = CanonicalUUIDConverter
    api.register_converter(CanonicalUUIDConverter, _describe_uuid)


def _describe_uuid(_converter: CanonicalUUIDConverter) -> dict[str, Any]:
    return {"type": "string", "format": "uuid", "pattern": UUID_PATTERN}
