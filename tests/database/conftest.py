"""A database with one visit."""

import uuid

import pytest

from api.database.engines import Database
from tests.support.world import World


@pytest.fixture
def database(world: World) -> Database:
    return world.database


@pytest.fixture
def visit_id(world: World) -> uuid.UUID:
    return uuid.UUID(world.visit()["id"])
