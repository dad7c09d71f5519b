"""Scores and long lists, with few stored visits and with very many."""

import csv
import io
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from api.domain.months import Period
from api.routes.scores import ROWS_AT_ONCE
from schemas.csv_format import list_columns, stream_csv
from schemas.scores import ROW_FIELDS
from tests.benchmarks import bare_sql, chain, seed
from tests.benchmarks.load import pss_mib, request
from tests.benchmarks.program import LOCATIONS, Figure, Program, measure_figure, measure_figures
from tests.benchmarks.report import Report, Target
from tests.support.world import Caller, ok

#: Few visits, at so few locations that each location has some in every month
FEW, FEW_LOCATIONS = 1000, 40


def measure_location(few: Program, many: Program, visits: int, report: Report) -> None:
    """Measure a location's score on both programs in turns: one has few accepted visits, the other many."""
    sql = bare_sql.LOCATION_SCORE
    bare_ms = many.bare.measure_read(sql, _parameters(many, many.ground.places[0].number), 200).cpu_ms
    for clients in (1, 8):
        before, after = measure_figures(
            [few, many], [_location_requests(program) for program in (few, many)], clients
        )
        p95 = Target("p95 ≤ 20 ms", after.load.percentile(0.95), 20)
        name = f"a location's score, {visits:,} visits"
        report.request(name, many.host, clients, after, p95, bare_ms=bare_ms)
        ratio = after.load.cpu_ms / before.load.cpu_ms
        report.other(
            f"a location's score, {visits:,} visits against {FEW:,}, clients: {clients}",
            many.host,
            f"CPU × {ratio:.2f}",
            Target("CPU ≤ 1.3×", ratio, 1.3),
        )


def _location_requests(program: Program) -> list[bytes]:
    path = f"/api/v1/locations/{program.ground.places[0].id}/score"
    return [request("GET", path, program.world.admin.token)] * 160


def measure_tables(program: Program, visits: int, report: Report) -> None:
    """Measure what covers all locations: the league table, and the score of their region."""
    token, region = program.world.admin.token, program.world.region["id"]
    csv = ["Accept: text/csv"]
    table = "/api/v1/scores?by=location&sort=-score"
    for name, call, sql, limit in (
        ("league table, a page of 500", request("GET", f"{table}&limit=500", token), "league", 150),
        ("league table, all as CSV", request("GET", table, token, headers=csv), "league", 150),
        ("a region's score", request("GET", f"/api/v1/regions/{region}/score", token), "region", 300),
    ):
        statement = bare_sql.LEAGUE_TABLE if sql == "league" else bare_sql.REGION_SCORE
        bare_ms = program.bare.measure_read(statement, _parameters(program), 8).cpu_ms
        for clients in (1, 8):
            measured = measure_figure(program, [call] * 16, clients)
            # With eight concurrent clients on two cores, most of a latency is waiting for a core.
            targets = [_median(measured, limit)] if clients == 1 else []
            title = f"{name}: {LOCATIONS:,} locations, {visits:,} visits"
            report.request(title, program.host, clients, measured, *targets, bare_ms=bare_ms)


def _median(measured: Figure, limit: float) -> Target:
    return Target(f"p50 ≤ {limit} ms", measured.load.percentile(0.5), limit)


def _parameters(program: Program, *location: int) -> Sequence[Any]:
    """Return the parameters of the bare SQL: a year, and for a location's report the year before it too."""
    period = Period.of(None, None)
    first = period.first if not location else period.first - 12
    return (program.world.organization_id, seed.KEY, *location, first, period.last)


def measure_chain(program: Program, report: Report) -> None:
    """Measure a region's score of a chain, again with its ETag, and the league table as page and as CSV."""
    _measure_chain_regions(program, report)
    token, path = program.world.admin.token, f"/scores?by=location&sort=-score&checklist={seed.KEY}"
    page = request("GET", f"/api/v1{path}&include=change&limit=500", token)
    for clients in (1, 8):
        measured = measure_figure(program, [page] * 24, clients)
        targets = [_median(measured, 150)] if clients == 1 else []
        title = f"league table of {chain.LOCATIONS:,} locations with change, a page of 500"
        report.request(title, program.host, clients, measured, *targets)
    before = pss_mib([program.pid])
    downloads = [_download(program, f"/api/v1{path}") for _ in range(8)]
    grown = pss_mib([program.pid]) - before
    first, whole = (1000 * statistics.median(times) for times in zip(*downloads, strict=True))
    ratio = _compare_csv(program.world.admin.list_all(path))
    report.other(
        "all of it as CSV",
        program.host,
        f"first byte {first:.0f} ms, whole {whole:.0f} ms, formatting {ratio:.1f} × the csv module, "
        f"memory + {grown:.0f} MiB",
        Target("first byte ≤ 100 ms", first, 100),
        Target("formatting ≤ 2×", ratio, 2),
        Target("memory + 20 MiB", grown, 20),
    )


def _measure_chain_regions(program: Program, report: Report) -> None:
    """Measure the score of the whole chain, of one of its regions, and of the chain while nothing changed."""
    admin, top = program.world.admin, program.world.region["id"]
    below = ok(admin.get(f"/regions/{top}/score"))["children"][0]["region"]["id"]
    whole, part = [f"/regions/{region_id}/score?include=verdict" for region_id in (top, below)]
    calls = [request("GET", f"/api/v1{path}", admin.token) for path in (whole, part)]
    etag = admin.get(whole).headers["ETag"]
    calls.append(request("GET", f"/api/v1{whole}", admin.token, headers=[f"If-None-Match: {etag}"]))
    for clients in (1, 8):
        measured = measure_figures([program] * 3, [[call] * 40 for call in calls], clients)
        names = ("a region of all locations", "one of its regions", "the first again, unchanged")
        for name, figure in zip(names, measured, strict=True):
            targets = [_median(figure, 150)] if clients == 1 else []
            report.request(f"the score of {name}", program.host, clients, figure, *targets)
        ratio = measured[0].load.cpu_ms / measured[1].load.cpu_ms
        report.other(
            f"a region of {chain.LOCATIONS:,} locations against one of its regions, clients: {clients}",
            program.host,
            f"CPU × {ratio:.2f}",
            Target("CPU ≤ 1.2×", ratio, 1.2),
        )


def _download(program: Program, path: str) -> tuple[float, float]:
    """Download a file as CSV; return the seconds until its first byte, and until its last."""
    connection = HTTPConnection("127.0.0.1", program.port)
    started = time.perf_counter()
    headers = {"Authorization": f"Bearer {program.world.admin.token}", "Accept": "text/csv"}
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response.read(1)
    first = time.perf_counter() - started
    response.read()
    connection.close()
    return first, time.perf_counter() - started


def _compare_csv(rows: Sequence[Mapping[str, Any]]) -> float:
    """Return how many times as long our CSV takes as the csv module takes to write the same cells."""
    fields = {name: ROW_FIELDS[name] for name in rows[0]}
    lines = list(zip(*(values for _, values in list_columns(fields, rows)), strict=True))
    parts = [rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE)]

    def measure(work: Callable[[], object]) -> float:
        times = []
        for _ in range(9):
            started = time.process_time()
            work()
            times.append(time.process_time() - started)
        return min(times)

    ours = measure(lambda: list(stream_csv(fields, parts)))
    return ours / measure(lambda: csv.writer(io.StringIO()).writerows(lines))


def measure_pages(program: Program, report: Report) -> None:
    """Measure a page of 500 visits, the first and the last, as an administrator and as a manager."""
    bare_ms = program.bare.measure_read(bare_sql.PAGE_OF_VISITS, (program.world.organization_id,), 16).cpu_ms
    for caller in (program.world.admin, program.world.manager):
        role = "manager" if caller is program.world.manager else "administrator"
        first = "/api/v1/visits?limit=500"
        last = _last_page(program, caller, first)
        pages = [[request("GET", path, caller.token)] * 16 for path in (first, last)]
        name = f"a page of 500 visits, {role}"
        first_page, last_page = measure_figures([program, program], pages, 1)
        report.request(name, program.host, 1, first_page, _median(first_page, 100), bare_ms=bare_ms)
        report.request(name, program.host, 8, measure_figure(program, pages[0], 8), bare_ms=bare_ms)
        ratio = last_page.load.cpu_ms / first_page.load.cpu_ms
        report.other(
            f"the last full page against the first, {role}",
            program.host,
            f"CPU × {ratio:.2f}",
            Target("CPU ≤ 1.2×", ratio, 1.2),
        )


def _last_page(program: Program, caller: Caller, path: str) -> str:
    """Follow a list to its end, and return the path of its last full page."""
    connection = HTTPConnection("127.0.0.1", program.port)
    full_page = path
    while path:
        connection.request("GET", path, headers={"Authorization": f"Bearer {caller.token}"})
        page = json.loads(connection.getresponse().read())
        if len(page["items"]) == 500:
            full_page = path
        parts = urlsplit(page["next"] or "")
        path = f"{parts.path}?{parts.query}" if page["next"] else ""
    connection.close()
    return full_page
