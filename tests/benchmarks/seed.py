"""Data to measure with: a checklist of fourteen questions, locations, and very many visits.

The driver inserts the visits directly, with the same rows as the program: ``scores recount`` finds no
difference.
"""

import hashlib
import json
import random
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import select

from api.domain.answers import find_commented_questions
from api.domain.scoring import VisitScore, score_visit
from api.domain.visits import ACCEPTANCE_DUE, VISITED
from api.models.places import Location
from api.models.scores import Tally, Total, VisitTotal
from api.services.checklists import PublishedVersion, get_current_versions, get_version
from api.services.scores import results, totals
from tests.benchmarks.bare_sql import BareSql
from tests.support.world import World, ok

SHOPPERS = 20
MONTHS = 24
KEY = "benchmark"
_FUNDAMENTALS = ("greet-the-customer", "eye-contact", "be-sincere", "fix-fast", "thank-the-customer")
QUESTIONS = tuple(f"question-{number}" for number in range(14))


def make_checklist(key: str, questions: Sequence[str]) -> dict[str, Any]:
    """Return a checklist with these questions in three sections."""
    return {
        "key": key,
        "title": "Benchmark",
        "channel": "in_person",
        "pass_mark": 0.8,
        "sections": [
            {
                "key": f"section-{section}",
                "title": f"Section {section}",
                "questions": [
                    {
                        "key": question,
                        "text": f"Was {question} answered well?",
                        "type": "yes_no",
                        "points": 1 + number % 3,
                        "fundamental": _FUNDAMENTALS[number % 5],
                        "comment": "when_points_lost" if number % 4 == 0 else "optional",
                        "photos": {"minimum": 0, "maximum": 2},
                    }
                    for number, question in enumerate(questions)
                    if number % 3 == section
                ],
            }
            for section in range(3)
        ],
    }


#: Fourteen questions in three sections.
CHECKLIST = make_checklist(KEY, QUESTIONS)


def make_answers(generator: random.Random, questions: Sequence[str] = QUESTIONS) -> dict[str, Any]:
    """Return answers to all questions, of which four fifths are good."""
    values: dict[str, Any] = {}
    for key in questions:
        good = generator.random() < 0.8
        values[key] = {"value": "yes"} if good else {"value": "no", "comment": "Nobody did."}
    return values


def make_body(generator: random.Random) -> dict[str, Any]:
    """Return a submission without flags."""
    now = datetime.now(UTC).replace(microsecond=0)
    return {
        "revision": 1,
        "checklist_version": 1,
        "started_at": (now - timedelta(minutes=11)).isoformat(),
        "finished_at": (now - timedelta(minutes=1)).isoformat(),
        "answers": make_answers(generator),
        "comment": None,
    }


@dataclass(frozen=True)
class Ground:
    """A world with many locations in one region, and what bare SQL needs to know about it."""

    world: World
    key: str = KEY
    questions: Sequence[str] = QUESTIONS

    def add_locations(self, count: int, region_codes: Sequence[str] = ()) -> None:
        """Add locations in these regions in turn, or in the region of the world."""
        codes = region_codes or [self.world.region["code"]]
        lines = [f"L{number:05},Store {number},{codes[number % len(codes)]},UTC" for number in range(count)]
        data = "\n".join(["code,name,region_code,time_zone", *lines])
        headers = {"Content-Type": "text/csv"}
        ok(self.world.admin.call("POST", "/locations/import", data=data, headers=headers), 201)

    @cached_property
    def places(self) -> Sequence[Location]:
        """The locations."""
        in_organization = Location.organization_id == self.world.organization_id
        with self.world.database.read_snapshot() as session:
            return session.scalars(select(Location).where(in_organization).order_by(Location.number)).all()

    @cached_property
    def version(self) -> PublishedVersion:
        """The version of the checklist."""
        with self.world.database.read_snapshot() as session:
            current = get_current_versions(session, self.world.organization_id, {self.key})[self.key]
            return get_version(session, current.id)

    @cached_property
    def shoppers(self) -> list[uuid.UUID]:
        """Some shoppers."""
        return [uuid.UUID(self.world.person("shopper").id) for _ in range(SHOPPERS)]

    def assign(self, count: int, shopper_id: str | None = None, locations: int | None = None) -> list[str]:
        """Assign visits to the first ``locations`` (or all) in turn through the API; return their IDs."""
        places = self.places[:locations]
        window = {"opens_at": "2020-01-01T00:00:00Z", "closes_at": "2100-01-01T00:00:00Z"}
        orders = [
            {
                "location_id": str(places[number % len(places)].id),
                "shopper_id": shopper_id or self.world.shopper.id,
                "checklist_key": self.key,
                "window": window,
                "override": True,
            }
            for number in range(count)
        ]
        return [visit["id"] for visit in ok(self.world.admin.post("/visits", orders), 201)["items"]]

    def add_visits(self, bare: BareSql, count: int, locations: int | None = None) -> None:
        """Add accepted visits with totals, evenly over the first ``locations`` (or all) and over months."""
        places = self.places[:locations]
        samples = [
            _Sample(self.version, make_answers(random.Random(number), self.questions)) for number in range(50)
        ]
        generator = random.Random()
        counts: Counter[tuple[int, int, int]] = Counter()
        rows: dict[str, list[dict[str, Any]]] = {"visits": [], "submissions": [], "decisions": []}
        for number in range(count):
            lap, index = divmod(number, len(places))
            place, sample = places[index], (index + lap // (8 * MONTHS)) % len(samples)
            day = datetime.now(UTC).date() - timedelta(days=30 * (lap % MONTHS) + lap // MONTHS % 28)
            month = day.year * 12 + day.month - 1
            visit_id = uuid.UUID(int=generator.getrandbits(128), version=4)
            for table, row in self._stored(bare, visit_id, place.id, day, month, samples[sample], number):
                rows[table].append(row)
            counts[place.number, month, sample] += 1
            if len(rows["visits"]) == 10_000 or number == count - 1:
                for table, batch in rows.items():
                    bare.insert_many(table, list(batch[0]), [list(row.values()) for row in batch])
                    batch.clear()
        scores = [sample.score for sample in samples]
        total_rows, tally_rows = self._shares(scores, counts)
        bare.add_many(Total, total_rows)
        bare.add_many(VisitTotal, totals.list_visit_rows(total_rows, [self.version.subjects["visit", ""]]))
        bare.add_many(Tally, tally_rows)
        bare.settle()

    def add_waiting_visits(self, bare: BareSql, count: int) -> None:
        """Add visits whose acceptance is due now, evenly over the locations and over 28 days."""
        rows: dict[str, list[dict[str, Any]]] = {"visits": [], "submissions": [], "events": []}
        due_at = bare.value(datetime.now(UTC))
        for number in range(count):
            place = self.places[number % len(self.places)]
            sample = _Sample(self.version, make_answers(random.Random(number), self.questions))
            visit_id = uuid.uuid4()
            day = datetime.now(UTC).date() - timedelta(days=number % 28)
            month = day.year * 12 + day.month - 1
            stored = dict(self._stored(bare, visit_id, place.id, day, month, sample, number))
            rows["visits"].append({**stored["visits"], "status": "submitted"})
            rows["submissions"].append(stored["submissions"])
            rows["events"].append(event_row(bare, ACCEPTANCE_DUE, visit_id, due_at))
        for table, batch in rows.items():
            bare.insert_many(table, list(batch[0]), [list(row.values()) for row in batch])

    def _stored(
        self,
        bare: BareSql,
        visit_id: uuid.UUID,
        place_id: uuid.UUID,
        day: date,
        month: int,
        sample: "_Sample",
        number: int,
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        start = datetime.combine(day, time(10), UTC)
        key = bare.value(visit_id)
        opens, starts = bare.value(start - timedelta(hours=2)), bare.value(start)
        finish = start + timedelta(minutes=10)
        finishes = bare.value(finish)
        yield (
            "visits",
            {
                "id": key,
                "organization_id": bare.value(self.world.organization_id),
                "location_id": bare.value(place_id),
                "shopper_id": bare.value(self.shoppers[number % SHOPPERS]),
                "checklist_version_id": bare.value(self.version.id),
                "status": "accepted",
                "opens_at": opens,
                "closes_at": bare.value(start + timedelta(hours=8)),
                "day": bare.value(day),
                "part_of_day": "morning",
                "month": month,
                "started_at": starts,
                "finished_at": finishes,
                "revision": 1,
                "created_at": opens,
            },
        )
        yield (
            "submissions",
            submission_row(key, sample.content(start, finish), sample.commented, sample.result, finishes),
        )
        yield "decisions", decision_row(bare, key, finishes)

    def _shares(
        self, scores: Sequence[VisitScore], counts: Counter[tuple[int, int, int]]
    ) -> tuple[list[tuple[int, ...]], list[tuple[Any, ...]]]:
        """Return the rows of totals and tallies; ``counts`` has the visits by location, month and sample."""
        sums: dict[totals.Key, tuple[int, ...]] = {}
        tallies: Counter[totals.Key] = Counter()
        for (number, month, sample), times in counts.items():
            some_totals, some_tallies = totals.get_contributions(self.version, number, month, scores[sample])
            for row in some_totals:
                cell, numbers = row[: totals.KEY_LENGTH], row[totals.KEY_LENGTH :]
                before = sums.get(cell, (0,) * len(numbers))
                sums[cell] = tuple(b + times * n for b, n in zip(before, numbers, strict=True))
            for *cell_of_tally, once in some_tallies:
                tallies[tuple(cell_of_tally)] += times * once
        return [cell + numbers for cell, numbers in sums.items()], [(*cell, n) for cell, n in tallies.items()]


class _Sample:
    """A set of answers and its score."""

    def __init__(self, version: PublishedVersion, answers: dict[str, Any]) -> None:
        self.score = score_visit(version.document, answers)
        self.result = json.dumps(results.score_to_json(self.score))
        content = {
            "revision": 1,
            "checklist_version": 1,
            "started_at": "{start}",
            "finished_at": "{finish}",
            "answers": answers,
            "comment": None,
        }
        self.commented = json.dumps(find_commented_questions(version.document, content))
        self._content = json.dumps(content)

    def content(self, start: datetime, finish: datetime) -> str:
        """Return the JSON of a submission."""
        text = self._content.replace("{start}", start.isoformat())
        return text.replace("{finish}", finish.isoformat())


def submission_row(
    visit_id: Any, content: str, commented: str, result: str, received_at: Any
) -> dict[str, Any]:
    """Return the row of a submission."""
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    receipt = {"visit_id": str(visit_id), "revision": 1, "content_sha256": sha256, "photos": []}
    return {
        "visit_id": visit_id,
        "revision": 1,
        "content": content,
        "outcome": VISITED,
        "content_sha256": sha256,
        "receipt": json.dumps(receipt),
        "photos": "[]",
        "commented": commented,
        "result": result,
        "clock_shift": 0.0,
        "received_at": received_at,
    }


def decision_row(bare: BareSql, visit_id: Any, decided_at: Any) -> dict[str, Any]:
    """Return the row of an automatic acceptance."""
    return {
        "id": bare.value(uuid.uuid4()),
        "visit_id": visit_id,
        "revision": 1,
        "decision": "accept",
        "decided_at": decided_at,
    }


def event_row(bare: BareSql, kind: str, visit_id: uuid.UUID, due_at: Any) -> dict[str, Any]:
    """Return the row of an event for the first revision of a visit."""
    return {
        "id": bare.value(uuid.uuid4()),
        "kind": kind,
        "visit_id": bare.value(visit_id),
        "revision": 1,
        "due_at": due_at,
        "attempts": 0,
        "created_at": due_at,
    }
