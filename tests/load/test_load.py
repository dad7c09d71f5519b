"""Load: phones that come back at once, a busy location, and a long busy day. `make load` runs all of it.

In `make test`, a small form checks that nothing is lost, and nothing is rejected except with 429 or 503.
Times and memory are measured, and compared with their budgets, only in the long form.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlsplit

import pytest

from tests.faults.phones import Delivery, Response, Survey, Unavailable, create_survey
from tests.load.watching import Responses, Watch, refused_without_cause
from tests.support import servers
from tests.support.extent import FULL_LOAD
from tests.support.running import Running, running
from tests.support.world import API

PHONES, VISITS_OF_A_PHONE = (500, 5) if FULL_LOAD else (16, 1)
PICTURES_OF_A_VISIT = 2
AT_ONE_LOCATION = 64 if FULL_LOAD else 12
BUSY_SECONDS, RATE, DASHBOARDS = (600, 20, 8) if FULL_LOAD else (2, 10, 2)
MAX_HEALTH_SECONDS = 1.0
MAX_P95_SECONDS = 0.3
#: the last quarter of a busy time, as a multiple of the second
MAX_GROWTH = {"memory_mib": 1.1, "threads": 1.1, "files": 1.25}


class Phone:
    """A phone that sends its visits one after the other, and waits as long as Retry-After says."""

    def __init__(self, base: str, deliveries: Sequence[Delivery], responses: dict[str, Responses]) -> None:
        self.base, self.deliveries = base, deliveries
        self._responses = responses

    def run(self) -> None:
        """Send everything. Raises ResponseLost, or AssertionError for a refusal without cause."""
        for delivery in self.deliveries:
            delivery.call = partial(self._call, delivery.call)  # type: ignore[method-assign]
            while not delivery.is_complete:
                try:
                    delivery.run(self.base)
                except Unavailable as error:
                    time.sleep(error.retry_after)

    def _call(
        self, call: Callable[..., Response], base: str, method: str, path: str, *body: bytes
    ) -> Response:
        """Note the status and the time of a call."""
        started_at, status = time.perf_counter(), 0
        try:
            response = call(base, method, path, *body)
            status = response.status
            return response
        except Unavailable as error:
            status = error.status
            raise
        finally:
            kind = "submissions" if path.endswith("/submission") else "photos"
            self._responses[kind].add(status, time.perf_counter() - started_at)


@pytest.fixture(scope="module", params=["embedded", "servers"] if FULL_LOAD else ["embedded"])
def survey(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survey]:
    settings = {}
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "servers":
            s3: servers.S3 = request.getfixturevalue("s3_server")
            for name, value in s3.environment.items():
                patch.setenv(name, value)
            settings = servers.new_settings(request.getfixturevalue("postgres_url"), s3) | {"WORKERS": "2"}
        with create_survey(tmp_path_factory.mktemp("load"), **settings) as survey:
            yield survey


@pytest.fixture(scope="module")
def program(survey: Survey) -> Iterator[Running]:
    """The running program. After all loads, everything is stored once and equals its recount."""
    with running(survey.folder, **survey.settings) as program:
        yield program
    survey.verify()


@pytest.fixture
def responses() -> dict[str, Responses]:
    return defaultdict(Responses)


def run_at_once(phones: Sequence[Phone]) -> None:
    """Let all phones begin in the same moment, and wait for them."""
    barrier = threading.Barrier(len(phones))
    errors: list[BaseException] = []

    def run(phone: Phone) -> None:
        barrier.wait()
        try:
            phone.run()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[:3]


def assign(survey: Survey, visits: int, pictures: int = 0) -> list[Delivery]:
    """Assign visits with ``pictures`` each, in lists as long as the API takes."""
    return [
        delivery
        for start in range(0, visits, 1000)
        for delivery in survey.assign(min(1000, visits - start), [pictures])
    ]


def report(name: str, survey: Survey, watch: Watch, responses: dict[str, Responses], seconds: float) -> None:
    """Print what was measured, and check what holds in every form."""
    database = "PostgreSQL, S3" if "DATABASE_URL" in survey.settings else "SQLite, folder"
    print(f"\n{name} ({database}): {seconds:.0f} s, slowest health {1000 * watch.slowest_health:.0f} ms")
    for kind, of_kind in sorted(responses.items()):
        rate = len(of_kind.seconds) / seconds
        print(f"  {kind}: {len(of_kind.seconds)} served, {rate:.0f} a second, {of_kind.describe()}")
        assert refused_without_cause(list(of_kind.statuses)) == []
    assert float("inf") not in watch.health
    if FULL_LOAD:
        assert watch.slowest_health < MAX_HEALTH_SECONDS


def test_phones_that_come_back_at_once_lose_nothing(
    survey: Survey, program: Running, responses: dict[str, Responses]
) -> None:
    deliveries = assign(survey, PHONES * VISITS_OF_A_PHONE, PICTURES_OF_A_VISIT)
    phones = [Phone(program.base, deliveries[index::PHONES], responses) for index in range(PHONES)]
    started_at = time.perf_counter()
    with Watch(program.base, program.process.pid) as watch:
        run_at_once(phones)
    report(f"{PHONES} phones", survey, watch, responses, time.perf_counter() - started_at)


def test_submissions_for_one_location_at_once_are_all_stored(
    survey: Survey, program: Running, responses: dict[str, Responses]
) -> None:
    deliveries = assign(survey, AT_ONE_LOCATION)
    started_at = time.perf_counter()
    with Watch(program.base, program.process.pid) as watch:
        run_at_once([Phone(program.base, [delivery], responses) for delivery in deliveries])
    report(f"{len(deliveries)} at one location", survey, watch, responses, time.perf_counter() - started_at)


def test_busy_day_is_served_and_nothing_grows(
    survey: Survey, program: Running, responses: dict[str, Responses]
) -> None:
    deliveries = assign(survey, BUSY_SECONDS * RATE)
    stop = threading.Event()
    dashboards = [
        threading.Thread(target=read_dashboard, args=(survey, program.base, stop, responses))
        for _ in range(DASHBOARDS)
    ]
    errors: list[BaseException] = []
    started_at = time.perf_counter()

    def send(number: int) -> None:
        try:
            for index, delivery in enumerate(deliveries[number::RATE]):
                time.sleep(max(0.0, started_at + index + number / RATE - time.perf_counter()))
                Phone(program.base, [delivery], responses).run()
        except BaseException as error:
            errors.append(error)

    # One sender for each submission of a second, so that a slow one does not hold up the others.
    senders = [threading.Thread(target=send, args=(number,)) for number in range(RATE)]
    with Watch(program.base, program.process.pid) as watch:
        for thread in (*senders, *dashboards):
            thread.start()
        for thread in senders:
            thread.join()
        stop.set()
        for thread in dashboards:
            thread.join()
    assert not errors, errors[:3]
    report(f"{RATE} submissions a second", survey, watch, responses, time.perf_counter() - started_at)
    if FULL_LOAD:
        growth = {what: watch.growth(what) for what in MAX_GROWTH}
        print("  growth:", {what: round(value, 2) for what, value in growth.items()}, watch.usage[-1])
        assert responses["submissions"].percentile(0.95) < MAX_P95_SECONDS
        assert {what for what, value in growth.items() if value > MAX_GROWTH[what]} == set()


def read_dashboard(survey: Survey, base: str, stop: threading.Event, responses: dict[str, Responses]) -> None:
    """Open one page of the dashboard after the other, with a second between them."""
    world = survey.world
    paths = (
        f"{API}/regions/{world.region['id']}/score",
        f"{API}/scores?by=location",
        f"{API}/locations/{world.location['id']}/score",
        f"{API}/visits?limit=50",
        f"{API}/comments",
    )
    headers = {"Authorization": f"Bearer {world.admin.token}"}
    for number in count():
        started_at = time.perf_counter()
        connection = HTTPConnection(urlsplit(base).netloc, timeout=60)
        connection.request("GET", paths[number % len(paths)], headers=headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        responses["dashboards"].add(response.status, time.perf_counter() - started_at)
        if stop.wait(1):
            return
