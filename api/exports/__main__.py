"""The process that builds one export: ``python -m api.exports``, started by the worker.

Standard input is a JSON object: ``database_url``, ``read_url`` (of the replica, or null), ``store`` (its
description), ``export_id``, ``attempt``, ``folder`` (for files of this process) and ``parent`` (the process
ID of the worker).

Standard output is one JSON object a line: ``{"done", "of"}`` while it works, and last the fields of
``building.Result``, or ``{"failure"}`` with a reason in words. The process ends with 0 after either of them.

It only reads from the database: the worker stores progress and result.
"""

import ctypes
import gc
import json
import logging
import os
import shutil
import signal
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from api.database.engines import Database
from api.database.replica import Replica
from api.exports.building import CannotExport, build
from api.log import log_as_json
from uploads.opening import open_store

NICENESS = 10
REPORT_SECONDS = 0.5
#: PR_SET_PDEATHSIG of Linux's <sys/prctl.h>
_PARENT_DEATH_SIGNAL = 1


def main() -> int:
    """Build the export that standard input names; return the exit status."""
    job = json.load(sys.stdin)
    folder = Path(job["folder"])
    signal.signal(signal.SIGTERM, _exit)
    _end_with_parent(job["parent"])
    os.nice(NICENESS)
    # Rows form no cycles, so collections would only examine them again and again.
    gc.disable()
    log_as_json()
    database = Database(job["database_url"]).in_background()
    replica = Replica(job["read_url"], database).in_background() if job["read_url"] else None
    try:
        result = build(
            database,
            replica,
            lambda: open_store(job["store"]),
            uuid.UUID(job["export_id"]),
            job["attempt"],
            folder,
            _Progress(),
        )
        _print(asdict(result))
    except CannotExport as error:
        _print({"failure": str(error)})
    except Exception as error:
        logging.getLogger("api.exports").error("export failed", exc_info=error)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        database.close()
        if replica is not None:
            replica.close()
    return 0


class _Progress:
    """Prints how far the export is, at most once in REPORT_SECONDS."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, done: int, of: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + REPORT_SECONDS
            _print({"done": done, "of": of})


def _print(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def _exit(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(1)


def _end_with_parent(parent: int) -> None:
    """Let the system end this process with its parent, also if that was killed before this call."""
    with suppress(OSError, AttributeError):  # only Linux signals the death of a parent
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(1)


if __name__ == "__main__":
    sys.exit(main())
