"""Turns at decoding: a picture takes up to some hundred megabytes and a whole core while it lasts.

One at a time in a process, and of all processes that were forked from one, as many as half the cores.
"""

import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PLACES = max(1, (os.cpu_count() or 1) // 2)
_LOOK_AGAIN_SECONDS = 0.02

_in_process = threading.Lock()
#: a place is a byte of it: such locks are of a process, and end with it however it dies
_places = tempfile.TemporaryFile()  # noqa: SIM115


@contextmanager
def turn(wait_seconds: float) -> Iterator[bool]:
    """Hold a turn within; yields False where others take longer than one waits."""
    until = time.monotonic() + wait_seconds
    if not _in_process.acquire(timeout=wait_seconds):
        yield False
        return
    try:
        place = _place(until)
        try:
            yield place is not None
        finally:
            if place is not None:
                fcntl.lockf(_places, fcntl.LOCK_UN, 1, place)
    finally:
        _in_process.release()


def _place(until: float) -> int | None:
    """Take a free place, or none by that time."""
    while True:
        for place in range(PLACES):
            with suppress(BlockingIOError):
                fcntl.lockf(_places, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
                return place
        if time.monotonic() > until:
            return None
        time.sleep(_LOOK_AGAIN_SECONDS)
