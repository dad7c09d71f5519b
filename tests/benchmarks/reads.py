"""Requests of phones: the checklist and the list of visits."""

import uuid

from tests.benchmarks import bare_sql, seed
from tests.benchmarks.load import request
from tests.benchmarks.program import Program, measure_figure
from tests.benchmarks.report import Report, Target


def measure(program: Program, report: Report) -> None:
    """Measure a checklist version, its 304, and a list of ten visits."""
    world, ground, bare = program.world, program.ground, program.bare
    shopper = world.person("shopper")
    ground.assign(10, shopper.id)
    path = f"/api/v1/checklists/{seed.KEY}/versions/1"
    tag = f"If-None-Match: {shopper.get(path.removeprefix('/api/v1')).headers['ETag']}"
    version = bare.measure_read(bare_sql.CHECKLIST_VERSION, (world.organization_id, seed.KEY, 1), 500).cpu_ms
    visits = bare.measure_read(bare_sql.SHOPPERS_VISITS, (uuid.UUID(shopper.id),), 500).cpu_ms
    for what, request_bytes, bare_ms, maximum in (
        ("checklist version", request("GET", path, shopper.token), version, 3),
        ("its 304", request("GET", path, shopper.token, headers=[tag]), version, 2.2),
        ("list of 10 visits", request("GET", "/api/v1/visits", shopper.token), visits, 3.5),
    ):
        for clients in (1, 8):
            measured = measure_figure(program, [request_bytes] * 800, clients)
            target = Target(f"≤ {maximum}× hello", measured.times_hello, maximum)
            report.request(what, program.host, clients, measured, target, bare_ms=bare_ms)
