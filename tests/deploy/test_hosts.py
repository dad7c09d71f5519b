"""Two hosts with one database, one bucket and one secret are one program, and one of them can be lost."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Semaphore
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.faults.phones import Delivery, ResponseLost, Survey, Unavailable, create_survey
from tests.faults.phones import call as send
from tests.support import servers
from tests.support.extent import FULL
from tests.support.nginx import NGINX, call, nginx
from tests.support.running import Running, running, wait_until
from tests.support.world import PASSWORD, Caller

API = "/api/v1"
QUOTA = 5000
VISITS = 120 if FULL else 20
#: After how many acknowledged steps a host is killed
STEPS_BEFORE = 30 if FULL else 8
ATTEMPTS = 100


@dataclass
class Hosts:
    """Programs on two hosts, each with a folder of its own, and an organization in their database."""

    survey: Survey
    one: Running
    two: Running


@pytest.fixture(scope="module")
def survey(
    postgres_url: str, s3_server: servers.S3, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Survey]:
    settings = {**servers.new_settings(postgres_url, s3_server), "API_RATE_LIMIT": str(QUOTA)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3_server.environment.items():
            patch.setenv(name, value)
        with create_survey(tmp_path_factory.mktemp("here"), **settings) as survey:
            yield survey


@pytest.fixture(scope="module")
def hosts(survey: Survey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    with ExitStack() as programs:
        one, two = (
            programs.enter_context(start_host(survey, tmp_path_factory.mktemp(name)))
            for name in ("one", "two")
        )
        yield Hosts(survey, one, two)


def start_host(survey: Survey, folder: Path) -> AbstractContextManager[Running]:
    return running(folder, TRUSTED_PROXIES="1", **survey.settings)


def request(
    host: Running, method: str, path: str, caller: Caller | None = None, body: Any = None, **headers: str
) -> tuple[int, Any]:
    if caller is not None:
        headers["Authorization"] = f"Bearer {caller.token}"
    return call(host.port, method, API + path, body, headers)


def test_session_of_one_host_is_one_of_the_other_until_it_ends(hosts: Hosts) -> None:
    email = hosts.survey.world.manager.email
    status, tokens = request(hosts.one, "POST", "/auth/login", body={"email": email, "password": PASSWORD})
    assert status == 200
    caller = Caller(hosts.survey.app, token=tokens["access_token"])
    for host in (hosts.one, hosts.two):
        assert request(host, "GET", "/me", caller)[0] == 200
    refresh = Caller(hosts.survey.app, token=tokens["refresh_token"])
    status, renewed = request(hosts.two, "POST", "/auth/refresh", refresh)
    assert status == 200
    assert request(hosts.one, "GET", "/me", Caller(hosts.survey.app, token=renewed["access_token"]))[0] == 200
    assert request(hosts.two, "POST", "/auth/logout", caller)[0] == 204
    assert request(hosts.one, "GET", "/me", caller)[0] == 401


def test_failed_logins_are_counted_over_all_hosts(hosts: Hosts) -> None:
    body = {"email": hosts.survey.world.reviewer.email, "password": "a wrong one indeed"}
    failures = [request(host, "POST", "/auth/login", body=body)[0] for host in (hosts.one, hosts.two) * 5]
    assert failures == [401] * 10
    for host in (hosts.one, hosts.two):
        assert request(host, "POST", "/auth/login", body=body)[0] == 429


def test_idempotency_keys_hold_on_all_hosts(hosts: Hosts) -> None:
    admin, region = hosts.survey.world.admin, {"code": uuid.uuid4().hex[:8], "name": "North"}

    def create(host: Running) -> tuple[int, Any]:
        return request(host, "POST", "/regions", admin, region, **{"Idempotency-Key": region["code"]})

    with ThreadPoolExecutor(4) as threads:
        responses = list(threads.map(create, [hosts.one, hosts.two] * 2))
    assert {status for status, _ in responses} == {201}
    assert len({created["id"] for _, created in responses}) == 1


def test_export_that_one_host_accepted_is_downloaded_from_the_other(hosts: Hosts) -> None:
    admin = hosts.survey.world.admin
    status, export = request(hosts.one, "POST", "/exports", admin, {"kind": "visits", "format": "csv"})
    assert status == 202
    for first, second in ((hosts.one, hosts.two), (hosts.two, hosts.one)):
        path = f"/exports/{export['id']}"
        wait_until(lambda first=first, path=path: request(first, "GET", path, admin)[1]["status"] == "ready")
        link = urlsplit(request(first, "GET", path, admin)[1]["download"])
        status, content = call(second.port, "GET", f"{link.path}?{link.query}")
        assert (status, content.partition(b",")[0]) == (200, "\ufeffvisit_id".encode())


def test_quota_of_requests_is_one_of_each_host(hosts: Hosts) -> None:
    caller = hosts.survey.world.person("reviewer")

    def count_remaining(host: Running) -> int:
        response = send(host.base, "GET", f"{API}/me", Authorization=f"Bearer {caller.token}")
        return int(response.headers["RateLimit"].partition(";r=")[2].partition(";")[0])

    assert count_remaining(hosts.one) == QUOTA - 1
    count_remaining(hosts.one)
    assert count_remaining(hosts.two) == QUOTA - 1


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_killed_host_loses_nothing(hosts: Hosts, root: Path, tmp_path: Path) -> None:
    survey, deliveries, acknowledged = hosts.survey, hosts.survey.assign(VISITS), Semaphore(0)
    with start_host(survey, tmp_path / "victim") as victim:
        addresses = [host.base.removeprefix("http://") for host in (victim, hosts.one)]
        with nginx(tmp_path / "proxy", root, *addresses) as port, ThreadPoolExecutor(4) as phones:
            base = f"http://127.0.0.1:{port}"
            sending = [
                phones.submit(send_until_done, base, each, acknowledged.release) for each in deliveries
            ]
            for _ in range(STEPS_BEFORE):
                assert acknowledged.acquire(timeout=60)
            victim.kill()
            assert "/submission" in victim.log.read_text()
            # Few responses can be lost: nginx sends the next requests to the other host.
            assert sum(sent.result() for sent in sending) <= 8
            for delivery in deliveries:
                delivery.verify(base)
    survey.verify()


def send_until_done(base: str, delivery: Delivery, on_acknowledged: Callable[[], None]) -> int:
    """Send a visit as a phone does, which repeats what has no response; return how many were lost."""
    lost = 0
    for _ in range(ATTEMPTS):
        try:
            delivery.run(base, on_acknowledged)
        except ResponseLost:
            lost += 1
        except Unavailable:
            pass
        else:
            return lost
    raise AssertionError(f"The visit was not sent in {ATTEMPTS} attempts.")
