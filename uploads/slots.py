"""Decoding slots: limits how many pictures are decoded at the same time.

Decoding a picture takes up to some hundred megabytes and a whole core. A process decodes one picture at a
time. All processes forked from one parent together decode at most half as many as there are cores, but at
least one.
"""

import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SLOTS = max(1, (os.cpu_count() or 1) // 2)
_RETRY_SECONDS = 0.02

_process_lock = threading.Lock()
#: Each slot is a locked byte of this file. The operating system releases the locks of a process that ends.
_slots_file = tempfile.TemporaryFile()  # noqa: SIM115


@contextmanager
def decoding_slot(wait_seconds: float) -> Iterator[bool]:
    """Hold a decoding slot inside the ``with`` block.

    Yields whether a slot was acquired: False if none became free within ``wait_seconds``.
    """
    deadline = time.monotonic() + wait_seconds
    if not _process_lock.acquire(timeout=wait_seconds):
        yield False
        return
    try:
        slot = _acquire_slot(deadline)
        try:
            yield slot is not None
        finally:
            if slot is not None:
                fcntl.lockf(_slots_file, fcntl.LOCK_UN, 1, slot)
    finally:
        _process_lock.release()


def _acquire_slot(deadline: float) -> int | None:
    """Lock a free slot and return its number, or None if there is none before ``deadline``."""
    while True:
        for slot in range(SLOTS):
            with suppress(BlockingIOError):
                fcntl.lockf(_slots_file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
                return slot
        if time.monotonic() > deadline:
            return None
        time.sleep(_RETRY_SECONDS)
