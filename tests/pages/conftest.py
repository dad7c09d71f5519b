"""The pages do not depend on the database or the photo store, so their tests use one program."""

import pytest
from flask import Flask


@pytest.fixture
def app(embedded_app: Flask) -> Flask:
    return embedded_app
