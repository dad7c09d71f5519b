"""The number of SQL statements of a request does not depend on how many rows there are."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pysqlite3.dbapi2
import pytest
from flask import Flask
from sqlalchemy import create_engine, event, select

from api.database.lists import among
from api.models.scores import Total
from tests.support.world import ALL_WELL, CHECKLIST, World, ok

FEW, MANY = 2, 9
DISPUTE = {"questions": [{"question": "wait", "kind": "fact", "reason": "Look at the photo."}]}


#: The SQL that the drivers received.
STATEMENTS: list[Any] = []


class SqliteCursor(pysqlite3.dbapi2.Cursor):
    def execute(self, sql: str, *args: Any) -> Any:
        STATEMENTS.append(sql)
        return super().execute(sql, *args)

    def executemany(self, sql: str, *args: Any) -> Any:
        STATEMENTS.append(sql)
        return super().executemany(sql, *args)


class SqliteConnection(pysqlite3.dbapi2.Connection):
    def cursor(self, *_args: Any) -> SqliteCursor:
        return super().cursor(SqliteCursor)


class PostgresCursor(psycopg.Cursor):
    def execute(self, query: Any, *args: Any, **options: Any) -> Any:
        STATEMENTS.append(query)
        return super().execute(query, *args, **options)

    def executemany(self, query: Any, *args: Any, **options: Any) -> None:
        STATEMENTS.append(query)
        super().executemany(query, *args, **options)


@pytest.fixture
def statements(app: Flask) -> Iterator[list[Any]]:
    """Record the SQL that the drivers receive from SQLAlchemy or from prepared statements."""
    database = app.extensions["survey"].database
    engines = (database.reading_engine, database.writing_engine)

    def use_recording_classes(_dialect: Any, _record: Any, _positional: Any, named: dict[str, Any]) -> None:
        if database.url.startswith("sqlite"):
            named["factory"] = SqliteConnection
        else:
            named["cursor_factory"] = PostgresCursor

    for engine in engines:
        event.listen(engine, "do_connect", use_recording_classes)
    database.close()
    yield STATEMENTS
    for engine in engines:
        event.remove(engine, "do_connect", use_recording_classes)
    database.close()


def grow(world: World, count: int) -> None:
    """Add ``count`` of each: places, managers, visits of each kind, disputes, checklists and quotas."""
    for _ in range(count):
        region = world.new_region(parent_id=world.region["id"])
        location = world.new_location(region_id=region["id"])
        world.person("manager", region_ids=[region["id"]], location_ids=[location["id"]])
        story = {**ALL_WELL, "story": {"value": "Once"}}
        world.accepted_visit(story, location=location)
        world.accepted_visit(story, location=world.location, comment="So it was")
        disputed = world.late_visit(story, location=location)
        ok(world.review(disputed, "accept"))
        ok(world.manager.post(f"/visits/{disputed['id']}/disputes", DISPUTE), 201)
        visit = world.late_visit()
        world.declare(visit, uuid.uuid4().bytes)
        world.visit()
        world.publish({**CHECKLIST, "key": f"key-{uuid.uuid4().hex[:8]}"})
        world.quota(region_id=region["id"])


def reads(world: World) -> dict[str, tuple[Any, str]]:
    """Return every list and report by name: its caller and path."""
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
        "quotas": (admin, "/quotas?include=progress&limit=500"),
        "disputes": (world.reviewer, "/disputes?limit=500"),
        "comments": (world.manager, "/comments?limit=500"),
        "comments of a region on a question": (admin, f"/comments?region_id={region}&question=story"),
        "comments with a word": (world.manager, "/comments?limit=500&q=once"),
        "comments by question": (world.manager, "/comments/counts"),
        "photos": (world.manager, "/photos?limit=500"),
        "scores by question": (world.manager, "/scores?by=question&limit=500"),
    }


def test_number_of_statements_of_a_read_does_not_depend_on_rows(world: World, statements: list[Any]) -> None:
    def counts() -> dict[str, int]:
        counts_by_name = {}
        for name, (caller, path) in reads(world).items():
            ok(caller.get(path))  # fills the caches of the process and the connection
            statements.clear()
            ok(caller.get(path))
            counts_by_name[name] = len(statements)
        return counts_by_name

    grow(world, FEW)
    few = counts()
    grow(world, MANY)
    assert counts() == few
    assert min(few.values()) >= 2  # the caller, and what they read


def test_number_of_statements_of_a_submission_does_not_depend_on_answers(
    world: World, statements: list[Any]
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
        for _ in range(2):  # the second time, the version of the checklist is cached
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
            statements.clear()
            ok(world.send(visit, body), 201)
        return len(statements)

    assert count(FEW) == count(MANY) > 4


def test_list_of_numbers_is_an_array_parameter_on_postgresql() -> None:
    """A text that is cast to an array would be parsed again for each row."""
    dialect = create_engine("postgresql+psycopg://").dialect
    query = select(Total.earned).where(among(Total.location_number, "numbers"))
    assert "= ANY (%(numbers)s::INTEGER[])" in str(query.compile(dialect=dialect))


def test_list_of_numbers_is_looked_up_in_the_index_on_sqlite(embedded_app: Flask) -> None:
    query = select(Total.earned).where(among(Total.location_number, "numbers"), among(Total.month, "months"))
    engine = embedded_app.extensions["survey"].database.reading_engine
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {query.compile(engine)}", ["[1, 2]", "[3]"])
        plan = [detail for *_, detail in cursor.fetchall()]
    assert plan[0].startswith("SEARCH totals USING PRIMARY KEY (location_number=? AND month=?"), plan
