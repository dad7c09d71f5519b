"""The number of SQL statements of a request does not depend on how many rows there are."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pysqlite3.dbapi2
import pytest
from flask import Flask
from sqlalchemy import create_engine, event

from api.services.scores.aggregates import aggregate_statement
from tests.support.world import ALL_WELL, CHECKLIST, World, ok

FEW, MANY = 2, 9


#: what the drivers were told, statement by statement
SAID: list[Any] = []


class SqliteCursor(pysqlite3.dbapi2.Cursor):
    def execute(self, sql: str, *args: Any) -> Any:
        SAID.append(sql)
        return super().execute(sql, *args)

    def executemany(self, sql: str, *args: Any) -> Any:
        SAID.append(sql)
        return super().executemany(sql, *args)


class SqliteConnection(pysqlite3.dbapi2.Connection):
    def cursor(self, *_args: Any) -> SqliteCursor:
        return super().cursor(SqliteCursor)


class PostgresCursor(psycopg.Cursor):
    def execute(self, query: Any, *args: Any, **options: Any) -> Any:
        SAID.append(query)
        return super().execute(query, *args, **options)

    def executemany(self, query: Any, *args: Any, **options: Any) -> None:
        SAID.append(query)
        super().executemany(query, *args, **options)


@pytest.fixture
def said(app: Flask) -> Iterator[list[Any]]:
    """Listen to what is told to the drivers, by SQLAlchemy or past it."""
    database = app.extensions["survey"].database
    engines = (database.reading_engine, database.writing_engine)

    def connecting(_dialect: Any, _record: Any, _positional: Any, named: dict[str, Any]) -> None:
        if database.url.startswith("sqlite"):
            named["factory"] = SqliteConnection
        else:
            named["cursor_factory"] = PostgresCursor

    for engine in engines:
        event.listen(engine, "do_connect", connecting)
    database.close()
    yield SAID
    for engine in engines:
        event.remove(engine, "do_connect", connecting)
    database.close()


def grow(world: World, count: int) -> None:
    """Add so many of each: regions, locations, people, visits to do, to review and accepted."""
    for _ in range(count):
        region = world.new_region(parent_id=world.region["id"])
        location = world.new_location(region_id=region["id"])
        world.person("manager", region_ids=[region["id"]], location_ids=[location["id"]])
        story = {**ALL_WELL, "story": {"value": "Once"}}
        world.accepted_visit(story, location=location)
        world.accepted_visit(story, location=world.location, comment="So it was")
        visit = world.late_visit()
        world.declare(visit, uuid.uuid4().bytes)
        world.visit()
        world.publish({**CHECKLIST, "key": f"key-{uuid.uuid4().hex[:8]}"})


def reads(world: World) -> dict[str, tuple[Any, str]]:
    """Every list and report: who reads it, and where."""
    admin, region = world.admin, world.region["id"]
    return {
        "visits of the shopper": (world.shopper, "/visits?limit=500"),
        "visits for managers": (world.manager, "/visits?limit=500"),
        "visits for administrators": (admin, "/visits?limit=500"),
        "reviews": (world.reviewer, "/reviews?status=waiting&limit=500"),
        "regions": (admin, "/regions?limit=500"),
        "locations": (admin, "/locations?limit=500"),
        "users": (admin, "/users?limit=500"),
        "checklists": (admin, "/checklists?limit=500"),
        "progress": (admin, f"/regions/{region}/progress"),
        "location score": (admin, f"/locations/{world.location['id']}/score"),
        "region score": (admin, f"/regions/{region}/score"),
        "region score for its manager": (world.manager, f"/regions/{region}/score"),
        "scores by location": (admin, "/scores?by=location&limit=500&include=change,months"),
        "locations with their worst sections": (admin, "/scores?by=location&limit=500&include=worst_section"),
        "scores by region and section": (admin, "/scores?by=region,section&limit=500"),
        "comments": (world.manager, "/comments?limit=500"),
        "comments of a region on a question": (admin, f"/comments?region_id={region}&question=story"),
        "scores by question": (world.manager, "/scores?by=question&limit=500"),
    }


def test_reading_takes_as_many_statements_for_few_rows_as_for_many(world: World, said: list[Any]) -> None:
    def counts() -> dict[str, int]:
        found = {}
        for name, (caller, path) in reads(world).items():
            ok(caller.get(path))  # whatever is read once a process or a connection is read by now
            said.clear()
            ok(caller.get(path))
            found[name] = len(said)
        return found

    grow(world, FEW)
    few = counts()
    grow(world, MANY)
    assert counts() == few
    assert min(few.values()) >= 2  # who calls, and what he asks for


def test_a_submission_takes_as_many_statements_for_few_answers_as_for_many(
    world: World, said: list[Any]
) -> None:
    def count(questions: int) -> int:
        key = f"of-{questions}"
        texts = [
            {
                "key": f"q-{number}",
                "text": "?",
                "type": "yes_no",
                "points": 1,
                "photos": {"minimum": 0, "maximum": 1},
            }
            for number in range(questions)
        ]
        sections = [
            {"key": f"s-{number}", "title": "?", "questions": [text]} for number, text in enumerate(texts)
        ]
        world.publish({**CHECKLIST, "key": key, "sections": sections})
        for _ in range(2):  # the second time, the checklist's version is known
            visit = world.visit(checklist_key=key)
            answers = {
                text["key"]: {
                    "value": "yes",
                    "comment": f"A comment of its own, {uuid.uuid4()}",
                    "photos": [world.declare(visit, b"?", question=text["key"])["id"]],
                }
                for text in texts
            }
            body = world.submission(answers, started_at=world.submission()["started_at"])
            said.clear()
            ok(world.send(visit, body), 201)
        return len(said)

    assert count(FEW) == count(MANY) > 4


def test_postgresql_reads_a_list_of_numbers_once() -> None:
    """It is a parameter: a text that is cast would be read again for each row that is looked at."""
    dialect = create_engine("postgresql+psycopg://").dialect
    text = str(aggregate_statement(("subject_id",), "answers", "postgresql").compile(dialect=dialect))
    assert "any(%(location_numbers)s::INTEGER[])" in text
    assert "any(%(subject_ids)s::INTEGER[])" in text
