"""What phones read: the checklist and the list of visits."""

import uuid

from tests.benchmarks import bare_sql, seed
from tests.benchmarks.load import request
from tests.benchmarks.program import Program, figure
from tests.benchmarks.report import Report, Target


def measure(program: Program, report: Report) -> None:
    """Measure the checklist version, its 304, and a list of ten visits."""
    world, ground, bare = program.world, program.ground, program.bare
    shopper = world.person("shopper")
    ground.assigned(10, shopper.id)
    path = f"/api/v1/checklists/{seed.KEY}/versions/1"
    tag = f"If-None-Match: {shopper.get(path.removeprefix('/api/v1')).headers['ETag']}"
    version = bare.reads(bare_sql.CHECKLIST_VERSION, (world.organization_id, seed.KEY, 1), 500).cpu_ms
    visits = bare.reads(bare_sql.SHOPPERS_VISITS, (uuid.UUID(shopper.id),), 500).cpu_ms
    for what, each, bare_ms, most in (
        ("checklist version", request("GET", path, shopper.token), version, 3),
        ("its 304", request("GET", path, shopper.token, headers=[tag]), version, 2.2),
        ("list of 10 visits", request("GET", "/api/v1/visits", shopper.token), visits, 3.5),
    ):
        for clients in (1, 8):
            measured = figure(program, [each] * 800, clients)
            target = Target(f"≤ {most}× hello", measured.times_hello, most)
            report.request(what, program.host, clients, measured, target, bare_ms=bare_ms)
