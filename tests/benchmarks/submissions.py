"""A submission of 14 answers: it is scored, checked for flags, stored, accepted, and added to the totals."""

import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import func, select

from api.domain.answers import find_commented_questions
from api.domain.scoring import score_visit
from api.models.scores import Tally, Total, VisitTotal
from api.models.submissions import Submission
from api.services.scores import results, totals
from tests.benchmarks import seed
from tests.benchmarks.load import Load, add_up, request, send_simultaneously
from tests.benchmarks.program import Figure, Program, measure_figure, measure_figures
from tests.benchmarks.report import Report, Target

COUNT = 400
TIMES = 4
PHONES = 256
#: phones that submit visits of the same location, and how many visits
NEIGHBOURS, ROUNDS = 64, 4
#: By database: CPU as a multiple of hello, and submissions per second from eight clients.
LIMITS = {"SQLite": (6.5, 160), "PostgreSQL": (8, 250)}


_VISIT = (
    "SELECT v.status, v.revision, v.opens_at, v.closes_at, l.number, l.time_zone, l.latitude, l.longitude "
    "FROM visits v JOIN locations l ON l.id = v.location_id WHERE v.id = "
)


def make_requests(program: Program, count: int, locations: int | None = None) -> list[bytes]:
    """Assign visits to the first ``locations`` (or all) in turn; return the request to submit each."""
    generator = random.Random()
    return [
        request(
            "PUT",
            f"/api/v1/visits/{visit_id}/submission",
            program.world.shopper.token,
            json.dumps(seed.make_body(generator)).encode(),
        )
        for visit_id in program.ground.assign(count, locations=locations)
    ]


def measure(program: Program, report: Report) -> None:
    """Measure submissions from one client, from eight, and from many phones at once."""
    program.bare.settle()
    bare_ms = _bare(program, COUNT).cpu_ms
    for clients in (1, 8, PHONES):
        measured = measure_figure(program, make_requests(program, COUNT), clients)
        report.request(
            "submission",
            program.host,
            clients,
            measured,
            *_targets(program, clients, measured),
            bare_ms=bare_ms,
        )


def _targets(program: Program, clients: int, measured: Figure) -> list[Target]:
    maximum, rate = LIMITS[program.host.name]
    targets = [Target(f"≤ {maximum}× hello", measured.times_hello, maximum)]
    if clients == 8:
        targets.append(Target(f"≥ {rate} per second", measured.load.rate, rate, at_least=True))
        targets.append(Target("p95 ≤ 50 ms", measured.load.percentile(0.95), 50))
    return targets


def measure_stored(empty: Program, stored: Program, visits: int, report: Report) -> None:
    """Measure with no visits and with many, in turns: the number must not matter."""
    for clients in (1, 8):
        before, after = measure_figures(
            [empty, stored], [make_requests(program, COUNT) for program in (empty, stored)], clients
        )
        what = f"submission, {visits:,} visits stored"
        targets = _targets(stored, clients, after)
        report.request(what, stored.host, clients, after, *targets)
        cpu, rate = after.load.cpu_ms / before.load.cpu_ms, before.load.rate / after.load.rate
        report.other(
            f"submission, {visits:,} visits stored compared with none, clients: {clients}",
            stored.host,
            f"CPU × {cpu:.2f}, time × {rate:.2f}",
            Target("CPU ≤ 1.1×", cpu, 1.1),
            Target("time ≤ 1.1×", rate, 1.1),
        )


def measure_simultaneous(program: Program, report: Report) -> None:
    """Send each submission four times simultaneously: it is stored once, and no request fails."""
    with program.world.database.read_snapshot() as session:
        before = session.scalar(select(func.count()).select_from(Submission)) or 0
    counts = send_simultaneously(program.port, make_requests(program, COUNT), TIMES)
    with program.world.database.read_snapshot() as session:
        rows = (session.scalar(select(func.count()).select_from(Submission)) or 0) - before
    wrong = sum(statuses != {201: 1, 200: TIMES - 1} for statuses in counts)
    what = f"{COUNT} submissions, each sent {TIMES} times simultaneously"
    result = f"{rows} rows, {COUNT - wrong} with one 201 and otherwise 200"
    report.other(what, program.host, result, Target("one row each, no error", wrong + abs(rows - COUNT), 0))
    if wrong or rows != COUNT:
        report.fail(f"{what} on {program.host.name}: {result}")


def measure_one_location(program: Program, report: Report) -> None:
    """Send submissions of one location at once, and of many, in turns: they change the same totals."""
    loads: dict[int | None, list[Load]] = {1: [], None: []}
    requests = {locations: make_requests(program, NEIGHBOURS * ROUNDS, locations) for locations in loads}
    for number in range(ROUNDS):
        for locations, measured in loads.items():
            measured.append(program.send(requests[locations][number::ROUNDS], NEIGHBOURS))
    one, many = add_up(loads[1]), add_up(loads[None])
    what = f"{NEIGHBOURS} submissions at once, of one location and of as many"
    result = (
        f"{one.rate:.0f} and {many.rate:.0f} per second, p95 {one.percentile(0.95):.0f} and "
        f"{many.percentile(0.95):.0f} ms"
    )
    report.other(what, program.host, result)
    if unexpected := set(one.statuses + many.statuses) - {201}:
        report.fail(f"{what} on {program.host.name}: statuses {sorted(unexpected)}")


def measure_flush(program: Program, report: Report) -> None:
    """Measure the cost of waiting for the disk: the bare SQL of submissions with and without it."""
    loads = []
    for on in (True, False):
        program.bare.set_flush(on)
        loads.append(_bare(program, COUNT // 2))
    program.bare.set_flush(True)
    results = [f"{load.rate:.0f} per second, p50 {load.percentile(0.5):.1f} ms" for load in loads]
    report.other("bare SQL of a submission, waiting for the disk", program.host, results[0])
    report.other("the same without waiting for the disk", program.host, results[1])


def _bare(program: Program, count: int) -> Load:
    visits, places = program.ground.assign(count), program.ground.places
    return program.bare.measure(
        [
            _make_task(program, uuid.UUID(visit_id), places[number % len(places)].number)
            for number, visit_id in enumerate(visits)
        ]
    )


def _make_task(program: Program, visit_id: uuid.UUID, place: int) -> Callable[[], None]:
    """Return a function that stores a submission and accepts its visit; all values are computed before."""
    bare, version, now = program.bare, program.ground.version, datetime.now(UTC)
    content = seed.make_body(random.Random(visit_id.int))
    score = score_visit(version.document, content["answers"])
    key, moment, month = bare.value(visit_id), bare.value(now), now.year * 12 + now.month - 1
    commented_on = json.dumps(find_commented_questions(version.document, content))
    submission = seed.submission_row(
        key, json.dumps(content), commented_on, json.dumps(results.score_to_json(score)), moment
    )
    decision = seed.decision_row(bare, key, moment)
    total_rows, tally_rows = totals.get_contributions(version, place, month, score)
    visit_rows = totals.list_visit_rows(total_rows, [version.subjects["visit", ""]])
    changes = {
        "status": "accepted",
        "revision": 1,
        "started_at": moment,
        "finished_at": moment,
        "day": bare.value(now.date()),
        "part_of_day": "morning",
        "month": month,
    }
    columns = ", ".join(f"{name} = {bare.mark}" for name in changes)
    lock = "" if bare.on_sqlite else " FOR UPDATE OF v"

    def task() -> None:
        cursor = bare.cursor
        cursor.execute(bare.begin)
        cursor.execute(f"{_VISIT}{bare.mark}{lock}", [key])
        cursor.fetchone()
        bare.insert("submissions", submission)
        cursor.execute(f"UPDATE visits SET {columns} WHERE id = {bare.mark}", [*changes.values(), key])
        bare.insert("decisions", decision)
        bare.add(Total, total_rows)
        bare.add(VisitTotal, visit_rows)
        bare.add(Tally, tally_rows)
        cursor.execute("COMMIT")

    return task
