"""Many visits, stored as the program would have stored them but many at a time."""

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from api.domain.scoring import score_visit
from api.models.places import Location
from api.models.scores import Tally, Total
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services import totals
from api.services.checklists import Published, current_versions, published
from tests.world import World, ok

KEY = "benchmark"
_FUNDAMENTALS = ("greet-the-customer", "eye-contact", "be-sincere", "fix-fast", "thank-the-customer")
QUESTIONS = [f"question-{number}" for number in range(14)]
#: fourteen questions in three sections
CHECKLIST: dict[str, Any] = {
    "key": KEY,
    "title": "Benchmark",
    "channel": "in_person",
    "pass_mark": 0.8,
    "sections": [
        {
            "key": f"section-{section}",
            "title": f"Section {section}",
            "questions": [
                {
                    "key": key,
                    "text": f"Was {key} answered well?",
                    "type": "yes_no",
                    "points": 1 + number % 3,
                    "fundamental": _FUNDAMENTALS[number % 5],
                    "comment": "when_points_lost" if number % 4 == 0 else "optional",
                    "photos": {"minimum": 0, "maximum": 2},
                }
                for number, key in enumerate(QUESTIONS)
                if number % 3 == section
            ],
        }
        for section in range(3)
    ],
}


def answers(generator: random.Random) -> dict[str, Any]:
    """Return answers to all questions, four of five good."""
    given: dict[str, Any] = {}
    for key in QUESTIONS:
        good = generator.random() < 0.8
        given[key] = {"value": "yes"} if good else {"value": "no", "comment": "Nobody did."}
    return given


def locations(world: World, count: int) -> None:
    """Add locations to the world's region."""
    rows = "".join(f"L{number:05},Store {number},{world.region['code']},UTC\n" for number in range(count))
    headers = {"Content-Type": "text/csv"}
    data = f"code,name,region_code,time_zone\n{rows}"
    ok(world.admin.call("POST", "/locations/import", data=data, headers=headers), 201)


def visits(world: World, count: int, months: int = 24) -> None:
    """Add accepted visits with their totals, spread evenly over what ``locations`` added and over months."""
    generator = random.Random(count)
    with world.database.reading() as session:
        version_id = current_versions(session, world.organization_id, {KEY})[KEY].id
        version = published(session, version_id)
        places = session.scalars(
            select(Location).where(
                Location.organization_id == world.organization_id, Location.code.like("L%")
            )
        ).all()
    samples = [answers(generator) for _ in range(50)]
    scores = [score_visit(version.document, sample) for sample in samples]
    results = [totals.result_of(score) for score in scores]
    shares: dict[Any, Any] = {}
    tallies: dict[Any, int] = {}
    batch: list[tuple[dict[str, Any], dict[str, Any]]] = []
    shopper_id = uuid.UUID(world.shopper.id)
    for number in range(count):
        place = places[number % len(places)]
        sample = number % len(samples)
        day = datetime.now(UTC).date() - timedelta(days=30 * (number // len(places) % months))
        month = day.year * 12 + day.month - 1
        start = datetime.combine(day, time(10), UTC)
        content = {
            "revision": 1,
            "checklist_version": 1,
            "started_at": start.isoformat(),
            "finished_at": (start + timedelta(minutes=10)).isoformat(),
            "answers": samples[sample],
            "comment": None,
        }
        visit_id = uuid.UUID(int=generator.getrandbits(128), version=4)
        batch.append(
            (
                {
                    "id": visit_id,
                    "organization_id": world.organization_id,
                    "location_id": place.id,
                    "shopper_id": shopper_id,
                    "checklist_version_id": version_id,
                    "status": "accepted",
                    "opens_at": start,
                    "closes_at": start + timedelta(days=1),
                    "day": day,
                    "part_of_day": "morning",
                    "month": month,
                    "started_at": start,
                    "finished_at": start + timedelta(minutes=10),
                    "revision": 1,
                },
                {
                    "visit_id": visit_id,
                    "revision": 1,
                    "content": content,
                    "content_sha256": f"{number:064x}",
                    "receipt": "{}",
                    "photos": [],
                    "result": results[sample],
                },
            )
        )
        _add_shares(version, place.number, month, scores[sample], shares, tallies)
        if len(batch) == 5000 or number == count - 1:
            world.database.write(lambda session, rows=tuple(batch): _store(session, rows))
            batch.clear()
    world.database.write(lambda session: _store_totals(session, shares, tallies))


def _add_shares(
    version: Published, number: int, month: int, score: Any, shares: dict[Any, Any], tallies: dict[Any, int]
) -> None:
    some_totals, some_tallies = totals.shares_of(version, number, month, score)
    for cell, numbers in some_totals.items():
        before = shares.get(cell)
        shares[cell] = numbers if before is None else tuple(map(sum, zip(before, numbers, strict=True)))
    for cell, times in some_tallies.items():
        tallies[cell] = tallies.get(cell, 0) + times


def _store(session: Session, rows: Any) -> None:
    session.execute(insert(Visit), [visit for visit, _ in rows])
    session.execute(insert(Submission), [submission for _, submission in rows])


def _store_totals(session: Session, shares: dict[Any, Any], tallies: dict[Any, int]) -> None:
    for part in _parts([totals.total_row(cell, numbers) for cell, numbers in shares.items()]):
        session.execute(insert(Total), part)
    for part in _parts([totals.tally_row(cell, times) for cell, times in tallies.items()]):
        session.execute(insert(Tally), part)


def _parts(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), 5000):
        yield rows[start : start + 5000]


def body(generator: random.Random) -> bytes:
    """Return the bytes of a submission that nothing flags."""
    now = datetime.now(UTC).replace(microsecond=0)
    return json.dumps(
        {
            "revision": 1,
            "checklist_version": 1,
            "started_at": (now - timedelta(minutes=11)).isoformat(),
            "finished_at": (now - timedelta(minutes=1)).isoformat(),
            "answers": answers(generator),
            "comment": None,
        }
    ).encode()
