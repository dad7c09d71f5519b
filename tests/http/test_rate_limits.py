"""The counters of rate limits: exact over threads and processes, and never in the way."""

import multiprocessing
import threading
from pathlib import Path

import pytest

from api.http import rate_limits
from api.http.rate_limits import Counter, Policy

POLICY = Policy("default", 3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rate-limits.sqlite3"


def test_quota_is_used_up_and_returns_with_the_next_window(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter, clock = Counter(file), [600.5]
    monkeypatch.setattr(rate_limits.time, "time", lambda: clock[0])
    usages = [counter.count(POLICY, b"caller") for _ in range(4)]
    assert [usage and usage.is_exceeded for usage in usages] == [False, False, False, True]
    assert [usage and usage.headers()["RateLimit"] for usage in usages] == [
        '"default";r=2;t=60', '"default";r=1;t=60', '"default";r=0;t=60', '"default";r=0;t=60'
    ]  # fmt: skip
    assert usages[0] and usages[0].headers()["RateLimit-Policy"] == '"default";q=3;w=60'
    clock[0] = 659.9
    assert (usage := counter.count(POLICY, b"caller")) and (usage.is_exceeded, usage.reset) == (True, 1)
    clock[0] = 660
    assert (usage := counter.count(POLICY, b"caller")) and (usage.requests, usage.reset) == (1, 60)


def test_callers_and_policies_are_counted_apart(file: Path) -> None:
    counter = Counter(file)
    counter.count(POLICY, b"one")
    for policy, caller in ((POLICY, b"two"), (Policy("phones", 3), b"one")):
        usage = counter.count(policy, caller)
        assert usage and usage.requests == 1


def _count(file: Path, times: int) -> None:
    counter = Counter(file)
    threads = [
        threading.Thread(target=lambda: [counter.count(POLICY, b"shared") for _ in range(times)])
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_requests_are_counted_exactly_over_threads_and_processes(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits.time, "time", lambda: 600.0)  # inherited by the processes
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=_count, args=(file, 100)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    usage = Counter(file).count(POLICY, b"shared")
    assert usage and usage.requests == 601


def test_file_that_cannot_be_used_lets_requests_pass(tmp_path: Path) -> None:
    folder = tmp_path / "missing"
    counter = Counter(folder / "rate-limits.sqlite3")
    assert counter.count(POLICY, b"caller") is None
    folder.mkdir()
    assert counter.count(POLICY, b"caller")
