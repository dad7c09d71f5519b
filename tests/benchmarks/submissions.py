"""A submission of 14 answers: stored, scored, flagged, accepted, its totals moved."""

import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import func, select

from api.domain.answers import find_commented_questions
from api.domain.scoring import score_visit
from api.models.scores import Tally, Total
from api.models.submissions import Submission
from api.services.scores import results, totals
from tests.benchmarks import seed
from tests.benchmarks.load import Load, at_once, request
from tests.benchmarks.program import Figure, Program, figure, figures
from tests.benchmarks.report import Report, Target

COUNT = 400
TIMES = 4
#: by database: CPU in those of hello, submissions a second of 8 clients
LIMITS = {"SQLite": (6.5, 160), "PostgreSQL": (8, 250)}


_VISIT = (
    "SELECT v.status, v.revision, v.opens_at, v.closes_at, l.number, l.time_zone, l.latitude, l.longitude "
    "FROM visits v JOIN locations l ON l.id = v.location_id WHERE v.id = "
)


def rendered(program: Program, count: int) -> list[bytes]:
    """Assign visits to locations in turn, and return a submission of each."""
    generator = random.Random()
    return [
        request(
            "PUT",
            f"/api/v1/visits/{visit_id}/submission",
            program.world.shopper.token,
            json.dumps(seed.body(generator)).encode(),
        )
        for visit_id in program.ground.assigned(count)
    ]


def measure(program: Program, report: Report) -> None:
    """Measure submissions from one client and from eight."""
    program.bare.settle()
    bare_ms = _bare(program, COUNT).cpu_ms
    for clients in (1, 8):
        measured = figure(program, rendered(program, COUNT), clients)
        report.request(
            "submission",
            program.host,
            clients,
            measured,
            *_targets(program, clients, measured),
            bare_ms=bare_ms,
        )


def _targets(program: Program, clients: int, measured: Figure) -> list[Target]:
    most, rate = LIMITS[program.host.name]
    targets = [Target(f"≤ {most}× hello", measured.times_hello, most)]
    if clients == 8:
        targets.append(Target(f"≥ {rate} a second", measured.load.rate, rate, at_least=True))
        targets.append(Target("p95 ≤ 50 ms", measured.load.percentile(0.95), 50))
    return targets


def measure_stored(empty: Program, stored: Program, visits: int, report: Report) -> None:
    """Measure in turns where nothing is stored and where many visits are: it must not matter."""
    for clients in (1, 8):
        before, after = figures(
            [empty, stored], [rendered(program, COUNT) for program in (empty, stored)], clients
        )
        what = f"submission, {visits:,} visits stored"
        targets = _targets(stored, clients, after)
        report.request(what, stored.host, clients, after, *targets)
        cpu, rate = after.load.cpu_ms / before.load.cpu_ms, before.load.rate / after.load.rate
        report.other(
            f"submission, {visits:,} visits stored against none, clients: {clients}",
            stored.host,
            f"CPU × {cpu:.2f}, time × {rate:.2f}",
            Target("CPU ≤ 1.1×", cpu, 1.1),
            Target("time ≤ 1.1×", rate, 1.1),
        )


def measure_at_once(program: Program, report: Report) -> None:
    """Send each submission four times at once: one is stored, and nobody is told of an error."""
    with program.world.database.read_snapshot() as session:
        before = session.scalar(select(func.count()).select_from(Submission)) or 0
    answered = at_once(program.port, rendered(program, COUNT), TIMES)
    with program.world.database.read_snapshot() as session:
        rows = (session.scalar(select(func.count()).select_from(Submission)) or 0) - before
    wrong = sum(statuses != {201: 1, 200: TIMES - 1} for statuses in answered)
    what = f"{COUNT} submissions, each {TIMES} times at once"
    told = f"{rows} rows, {COUNT - wrong} answered 201 once and 200 else"
    report.other(what, program.host, told, Target("one row each, no error", wrong + abs(rows - COUNT), 0))
    if wrong or rows != COUNT:
        report.fail(f"{what} on {program.host.name}: {told}")


def measure_flush(program: Program, report: Report) -> None:
    """Measure what waiting for the disk costs: the bare SQL of submissions with and without."""
    loads = []
    for on in (True, False):
        program.bare.flush(on)
        loads.append(_bare(program, COUNT // 2))
    program.bare.flush(True)
    told = [f"{load.rate:.0f} a second, p50 {load.percentile(0.5):.1f} ms" for load in loads]
    report.other("bare SQL of a submission, the disk waited for", program.host, told[0])
    report.other("the same without waiting for the disk", program.host, told[1])


def _bare(program: Program, count: int) -> Load:
    visits, places = program.ground.assigned(count), program.ground.places
    return program.bare.measure(
        [
            _work(program, uuid.UUID(visit_id), places[number % len(places)].number)
            for number, visit_id in enumerate(visits)
        ]
    )


def _work(program: Program, visit_id: uuid.UUID, place: int) -> Callable[[], None]:
    """Return what the driver does to store a submission and accept its visit, all values at hand."""
    bare, version, now = program.bare, program.ground.version, datetime.now(UTC)
    given = seed.body(random.Random(visit_id.int))
    score = score_visit(version.document, given["answers"])
    key, moment, month = bare.value(visit_id), bare.value(now), now.year * 12 + now.month - 1
    about = json.dumps(find_commented_questions(version.document, given))
    result = json.dumps(results.score_to_json(score))
    submission = seed.submission(key, json.dumps(given), about, result, moment)
    decision = seed.decision(bare, key, moment)
    total_rows, tally_rows = totals.get_contributions(version, place, month, score)
    changed = {
        "status": "accepted",
        "revision": 1,
        "started_at": moment,
        "finished_at": moment,
        "day": bare.value(now.date()),
        "part_of_day": "morning",
        "month": month,
    }
    columns = ", ".join(f"{name} = {bare.mark}" for name in changed)
    locked = "" if bare.on_sqlite else " FOR UPDATE OF v"

    def work() -> None:
        cursor = bare.cursor
        cursor.execute(bare.begin)
        cursor.execute(f"{_VISIT}{bare.mark}{locked}", [key])
        cursor.fetchone()
        bare.insert("submissions", submission)
        cursor.execute(f"UPDATE visits SET {columns} WHERE id = {bare.mark}", [*changed.values(), key])
        bare.insert("decisions", decision)
        bare.add(Total, total_rows)
        bare.add(Tally, tally_rows)
        cursor.execute("COMMIT")

    return work
