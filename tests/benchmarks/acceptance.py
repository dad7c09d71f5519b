"""Many visits that become accepted at the end of a period, and what that costs phones meanwhile."""

import itertools
import time

from sqlalchemy import func, select

from api.models.events import Event
from tests.benchmarks.load import Load, add_up
from tests.benchmarks.program import Program
from tests.benchmarks.report import Report, Target
from tests.benchmarks.submissions import make_requests

TIMES_P95 = 2
CLIENTS = 8
#: submissions are sent in batches of this size, before and during the acceptance
COUNT, BATCHES, MAX_BATCHES = 50, 5, 12


def measure(program: Program, visits: int, report: Report) -> None:
    """Measure the acceptance of ``visits`` visits, alone and while phones send."""
    program.ground.add_waiting_visits(program.bare, visits)
    started = time.monotonic()
    while _count_waiting(program):
        time.sleep(0.05)
    seconds = time.monotonic() - started
    report.other(
        f"acceptance of {visits:,} visits that are due at the same time",
        program.host,
        f"{seconds:.0f} s, {visits / seconds:.0f} per second",
    )
    requests = iter(make_requests(program, COUNT * (1 + BATCHES + MAX_BATCHES)))

    def send() -> Load:
        return program.send(list(itertools.islice(requests, COUNT)), CLIENTS)

    send()  # warms the server up
    before = add_up([send() for _ in range(BATCHES)])
    program.ground.add_waiting_visits(program.bare, visits)
    during: list[Load] = []
    while _count_waiting(program) and len(during) < MAX_BATCHES:
        during.append(send())
    meanwhile = add_up(during)
    p95, p95_before = meanwhile.percentile(0.95), before.percentile(0.95)
    report.other(
        f"submissions from {CLIENTS} clients during the acceptance of {visits:,} visits",
        program.host,
        f"p95 {p95:.1f} ms, before {p95_before:.1f} ms: {p95 / p95_before:.1f} ×; "
        f"{meanwhile.rate:.0f} per second, before {before.rate:.0f}",
        Target(f"p95 ≤ {TIMES_P95} ×", p95 / p95_before, TIMES_P95),
    )


def _count_waiting(program: Program) -> int:
    with program.world.database.read_snapshot() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0
