"""Several processes: gunicorn's workers for requests, and one process for the worker that runs tasks.

All are forked from one that has loaded the program, so that they share its memory. This module is also the
configuration for starting gunicorn directly: ``gunicorn -c python:api.serving.processes wsgi:app``.
"""

import ctypes
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import InvalidHeader, ParseException

from api import migrations
from api.database.engines import Database
from api.domain.problems import MALFORMED
from api.http.admission import THREADS
from api.http.context import AppContext
from api.http.problem_documents import problem_document
from api.log import log_as_json
from api.serving.metrics_server import listen_for_scrapes, serve_metrics
from api.serving.rejections import MAX_REQUEST_LINE
from api.serving.stopping import GRACE_SECONDS, STOP_SECONDS, STOP_SIGNALS
from api.serving.worker import create_worker
from api.settings import Settings, SettingsError
from api.shared_counts import SharedCounts

#: PR_SET_PDEATHSIG of Linux's <sys/prctl.h>
_PARENT_DEATH_SIGNAL = 1

# Settings and hooks of gunicorn.

worker_class = "api.serving.gunicorn_worker.Worker"
threads = THREADS
graceful_timeout = GRACE_SECONDS
loglevel = "warning"
limit_request_line = MAX_REQUEST_LINE
control_socket_disable = True
#: gunicorn ignores forwarded headers. The app evaluates those of TRUSTED_PROXIES.
forwarded_allow_ips = ""


class _Shared:
    """What the processes of the program share. It is prepared before they are forked."""

    counts: SharedCounts | None = None
    scrapes: socket.socket | None = None

    def prepare(self, workers: int, scrapes: socket.socket | None) -> SharedCounts:
        """Prepare a section for the worker that runs tasks, and two for each gunicorn worker, for reloads."""
        self.counts, self.scrapes = SharedCounts(1 + 2 * workers), scrapes
        return self.counts


_shared = _Shared()
TASKS_SECTION = 0


def on_starting(server: Any) -> None:
    """Configure the log, and what the processes share if gunicorn was started directly."""
    _configure_log()
    if _shared.counts is None:
        try:
            settings = Settings.from_environment()
            database = Database(settings.database_url)
            migrations.check_schema(database)
            database.close()  # the processes cannot share connections
            scrapes = listen_for_scrapes(settings)
        except (SettingsError, migrations.NewerSchema) as error:
            sys.exit(f"Not started: {error}")
        _shared.prepare(server.cfg.workers, scrapes)


def on_reload(_server: object) -> None:
    """Configure the log again, because gunicorn has replaced the configuration."""
    _configure_log()


def _configure_log() -> None:
    log_as_json()
    logger = logging.getLogger("gunicorn.error")
    logger.handlers.clear()
    logger.propagate = True


def pre_fork(server: Any, worker: Any) -> None:
    """Choose the section that a worker counts in: one that no other counts in, or none if all are taken."""
    assert _shared.counts
    sections = range(TASKS_SECTION + 1, len(_shared.counts.sections))
    taken = {other.section for other in server.WORKERS.values()}
    worker.section = next((number for number in sections if number not in taken), None)


def post_fork(_server: object, worker: Any) -> None:
    """Let a worker count in its section, or only for itself."""
    assert _shared.counts
    _shared.counts.use_section(worker.section)


def post_worker_init(worker: Any) -> None:
    """Let a worker respond to scrapes, for all processes, and to bodies with malformed chunks."""
    app: Flask = worker.wsgi
    serve_metrics(app.extensions["metrics"], _shared.scrapes)
    # gunicorn parses chunks, and fails, while the app reads them.
    app.register_error_handler(ParseException, lambda _error: problem_document(MALFORMED()))


def pre_request(_worker: object, request: Any) -> None:
    """Reject a request without Host, which only HTTP/1.0 allows."""
    if request.version >= (1, 1) and not any(name == "HOST" for name, _ in request.headers):
        raise InvalidHeader("HOST", req=request)


class _Gunicorn(BaseApplication):
    """Gunicorn with an app that is loaded already, on a socket that is bound already."""

    def __init__(self, app: Flask, workers: int, listener: socket.socket) -> None:
        self.app, self.workers, self.listener = app, workers, listener
        super().__init__()

    def load_config(self) -> None:
        """Apply the settings of this module."""
        settings = {name: value for name, value in globals().items() if name in self.cfg.settings}
        for name, value in {
            **settings,
            "workers": self.workers,
            "bind": f"fd://{self.listener.fileno()}",
            "preload_app": True,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the app."""
        return self.app


def serve(
    create_app: Callable[[], Flask],
    context: AppContext,
    listener: socket.socket,
    scrapes: socket.socket | None,
) -> NoReturn:
    """Serve until the process receives a signal, or until one of the child processes ends.

    SIGHUP replaces the processes that serve requests, unless the program was started on a terminal.
    ``create_app`` creates the app of each process, because processes cannot share database connections.
    Metrics are served on ``scrapes``, if there is one.
    """
    counts = _shared.prepare(context.settings.workers, scrapes)
    context.database.close()

    def serve_requests() -> None:
        app = create_app()
        gc.freeze()
        _Gunicorn(app, context.settings.workers, listener).run()

    def run_worker() -> None:
        listener.close()
        log_as_json()
        counts.use_section(TASKS_SECTION)
        create_worker(create_app()).run_until_stopped()

    gc.collect()
    gc.freeze()  # keeps what is loaded on pages of memory that all processes share
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # until the list of children is complete
    children = [_fork(work) for work in (serve_requests, run_worker)]
    listener.close()  # so that the last process that accepts connections can close it
    if not os.isatty(0):  # the end of a terminal is a SIGHUP, too
        signal.signal(signal.SIGHUP, lambda *_: os.kill(children[0], signal.SIGHUP))
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        # If one child ends, the other is stopped too, because neither works alone.
        os.waitpid(-1, 0)
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        _stop(children)
    sys.exit("Stopped: one of the processes ended unexpectedly.")


def _fork(work: Callable[[], None]) -> int:
    """Run ``work`` in a child process that ends with this process; return the child's process ID."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        with suppress(OSError, AttributeError):  # only Linux signals the death of a parent
            ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        work()
        status = 0
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 1
    except BaseException as error:
        logging.getLogger(__name__).critical("a process failed", exc_info=error)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _stop(children: list[int]) -> None:
    """Stop child processes with SIGTERM, and kill those that take too long."""
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
    for child in children:
        with suppress(ChildProcessError):  # the child that ended first
            while not os.waitpid(child, os.WNOHANG)[0]:
                if time.monotonic() > deadline:
                    os.kill(child, signal.SIGKILL)
                time.sleep(0.02)
