"""Counts of several processes in shared memory."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from api import shared_counts
from api.serving import processes
from api.shared_counts import Count, SharedCounts


@pytest.fixture(autouse=True)
def own_counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The counts that this process shares with others are the same before and after a test."""
    for name in ("_lock", "_shared", "_own"):
        monkeypatch.setattr(shared_counts, name, getattr(shared_counts, name))
    yield


def test_process_without_a_section_counts_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_shared", SimpleNamespace(counts=SharedCounts(1 + 2 * 1)))
    server = SimpleNamespace(WORKERS={})
    sections = []
    for process_id in range(3):
        worker = SimpleNamespace()
        processes.pre_fork(server, worker)
        server.WORKERS[process_id] = worker
        sections.append(worker.section)
    # Two processes that append to one section damage it.
    assert sections == [1, 2, None]
    counter = Count("counter", "visits", "visits_total", (), (), "")
    for worker in server.WORKERS.values():
        processes.post_fork(server, worker)
        counter.inc(1)
    assert counter.get() == 3
    processes.post_fork(server, server.WORKERS[0])
    assert shared_counts.list_keys() == {("visits", "visits_total", ())}
