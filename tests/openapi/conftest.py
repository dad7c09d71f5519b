"""The OpenAPI document of the program, as a file for tools."""

from pathlib import Path

import pytest
from flask import Flask


@pytest.fixture(scope="session")
def document_file(embedded_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("document") / "openapi.json"
    file.write_bytes(embedded_app.test_client().get("/api/v1/openapi.json").get_data())
    return file
