"""Builds exports: claims them one by one, and runs each in a child process of low priority.

The child reads one snapshot of the database and writes the file. This process stores the progress and the
result, and extends the lease. The child ends when this process does.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.database.engines import Database
from api.domain.exports import FAILED
from api.metrics import Metrics
from api.models.exports import Export
from api.services import exports
from uploads.store import Store

log = logging.getLogger(__name__)

TASK = "export"
POLL_SECONDS = 1.0
#: how often progress is stored while a child works
PROGRESS_SECONDS = 1.0
#: a child that takes longer is stopped, and counts as failed
TIME_LIMIT = timedelta(hours=2)
SHUTDOWN_SECONDS = 2.0
#: the folder that contains the package ``api``
_ROOT = Path(__file__).parents[2]


class ExportBuilder:
    """Builds the exports of all organizations, one at a time."""

    def __init__(
        self,
        database: Database,
        store: Store,
        metrics: Metrics,
        stopping: threading.Event,
        read_url: str | None = None,
    ) -> None:
        """Prepare a builder. ``read_url`` is that of the replica to read from, if there is one."""
        self.database = database
        self.store = store
        self.metrics = metrics
        self.stopping = stopping
        self.read_url = read_url

    def run(self) -> None:
        """Build exports until ``stopping`` is set. An export that is being built returns to the queue."""
        while not self.stopping.is_set():
            try:
                had_export = self.work()
            except Exception:
                log.exception("building an export failed")
                had_export = False
            if not had_export:
                self.stopping.wait(POLL_SECONDS)

    def work(self) -> bool:
        """Claim an export and build it; return whether there was one."""
        with self.database.read_snapshot() as session:
            if not exports.is_any_claimable(session):
                return False
        try:
            export = self.database.write(exports.claim)
        except IntegrityError:  # another worker claimed an export of the same organization
            return False
        if export is None:
            return False
        started_at = time.perf_counter()
        outcome = "failed" if export.status == FAILED else self._build(export)
        self._record(export, started_at, outcome)
        return True

    def _build(self, export: Export) -> str:
        """Run a child for a claimed export, store the result, and return the outcome for the log."""
        with tempfile.TemporaryDirectory(prefix="export-", ignore_cleanup_errors=True) as folder:
            child = _Child(self._describe(export, folder), folder)
            try:
                has_claim = self._follow(export, child)
            finally:
                child.stop()
        message = child.message
        if not has_claim:
            return "taken-over"
        if "key" in message:
            return self._settle("done", export, lambda session: exports.finish(session, export, **message))
        if "failure" in message:
            reason = message["failure"]
            return self._settle("failed", export, lambda session: exports.fail(session, export, reason))
        if self.stopping.is_set():
            return self._settle("released", export, lambda session: exports.release(session, export))
        return self._settle("failed", export, lambda session: exports.fail(session, export))

    def _describe(self, export: Export, folder: str) -> dict[str, Any]:
        return {
            "database_url": self.database.url,
            "read_url": self.read_url,
            "store": self.store.describe(),
            "export_id": str(export.id),
            "attempt": export.attempts,
            "folder": folder,
            "parent": os.getpid(),
        }

    def _follow(self, export: Export, child: "_Child") -> bool:
        """Store the progress of a child until it ends, and return whether the export is still claimed.

        Returns early if this worker stops, and after TIME_LIMIT.
        """
        deadline = time.monotonic() + TIME_LIMIT.total_seconds()
        while not child.has_ended(PROGRESS_SECONDS) and not self.stopping.is_set():
            if time.monotonic() > deadline:
                log.error("an export took too long")
                return True
            report = partial(exports.report_progress, export=export, progress=child.progress)
            if not self.database.write(report):
                return False
        return True

    def _settle(self, outcome: str, export: Export, change: Callable[[Session], bool]) -> str:
        return outcome if self.database.write(change) else "taken-over"

    def _record(self, export: Export, started_at: float, outcome: str) -> None:
        """Write an attempt to the log and the metrics."""
        seconds = time.perf_counter() - started_at
        self.metrics.count_task(TASK, outcome, seconds)
        entry = {
            "kind": TASK,
            "export": str(export.id),
            "attempt": export.attempts,
            "outcome": outcome,
            "seconds": round(seconds, 3),
        }
        log.log(logging.ERROR if outcome == "failed" else logging.INFO, "task", extra=entry)


class _Child:
    """The process ``python -m api.exports``. ``message`` is the last line that it wrote."""

    def __init__(self, job: Mapping[str, Any], folder: str) -> None:
        self.message: Mapping[str, Any] = {}
        self.progress: tuple[int, int | None] = (0, None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "api.exports"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env={**os.environ, "TMPDIR": folder},
            start_new_session=True,  # Ctrl-C reaches the worker alone, which stops the child
        )
        self._reader = threading.Thread(target=self._read, name="export-progress", daemon=True)
        self._reader.start()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError), self._process.stdin as stdin:
            stdin.write(json.dumps(job).encode())

    def has_ended(self, timeout: float) -> bool:
        """Wait for the end of the process, for at most ``timeout`` seconds; return whether it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
            return True
        return False

    def stop(self) -> None:
        """End the process if it still runs, and read what it wrote last."""
        self._process.terminate()
        if not self.has_ended(SHUTDOWN_SECONDS):
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                # A line may be incomplete if the process was killed while it wrote.
                with suppress(ValueError):
                    self.message = json.loads(line)
                    if "done" in self.message:
                        self.progress = self.message["done"], self.message["of"]
