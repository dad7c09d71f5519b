"""Admission: a process works on some requests at a time, lets some more wait, and rejects the rest at once.

Without a limit, everyone would wait for all who came before them, and the threads of a process would spend
their time passing Python's lock to each other. Reads, writes and photos have lanes of their own: a lock in
the database holds up writes only, and a slow photo store holds up photos only. Health checks and pages use
neither, and are always served. What a page reads from the API before it is sent takes its turn in a lane.
"""

import threading

from flask import Flask, g, request

from api.domain import problems
from api.http.parsing import MAX_BODY

#: Lane → the requests that run at a time, and those that wait. docs/performance.md has what more would cost.
LANES = {"reads": (8, 40), "writes": (8, 64), "photos": (6, 42)}
#: The threads that a server needs: one for each request in a lane, and some that reject the rest and respond
#: to health checks
THREADS = sum(running + waiting for running, waiting in LANES.values()) + 16
#: A request that waits for longer is rejected: its lane is blocked, not just full.
MAX_WAIT_SECONDS = 2
_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Lane:
    """Requests of one kind: ``running`` of them are worked on, and ``waiting`` more wait for their turn."""

    def __init__(self, running: int, waiting: int) -> None:
        self._places = threading.Semaphore(running + waiting)
        self._turns = threading.Semaphore(running)

    def enter(self) -> bool:
        """Wait for a turn, and return whether the request has one."""
        if not self._places.acquire(blocking=False):
            return False
        if self._turns.acquire(timeout=MAX_WAIT_SECONDS):
            return True
        self._places.release()
        return False

    def leave(self) -> None:
        """Let another request run."""
        self._turns.release()
        self._places.release()


def register(app: Flask, prefixes: tuple[str, ...]) -> None:
    """Limit the requests of ``app`` whose path begins with one of ``prefixes``."""
    lanes = {name: Lane(*sizes) for name, sizes in LANES.items()}

    @app.before_request
    def enter() -> None:
        if not request.path.startswith(prefixes):
            return
        name = _choose_lane(request.method, request.path)
        if name != "photos" and 0 < (request.content_length or 0) <= MAX_BODY:
            request.get_data()  # before a turn, so that phones with a bad signal do not hold up the others
        lane = lanes[name]
        if not lane.enter():
            raise problems.OVERLOADED()
        g.lane = lane

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        lane: Lane | None = g.pop("lane", None)
        if lane:
            lane.leave()


def _choose_lane(method: str, path: str) -> str:
    if "/photo" in path:
        return "photos"
    return "reads" if method in _READING_METHODS else "writes"
