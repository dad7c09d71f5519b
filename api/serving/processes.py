"""Several processes: gunicorn's workers for requests, and one process for the worker that runs tasks.

All are forked from one that has loaded the program, so that they share its memory. This module is also the
configuration for starting gunicorn directly: ``gunicorn -c python:api.serving.processes wsgi:app``.
"""

import ctypes
import gc
import logging
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from flask import Flask
from gunicorn.app.base import BaseApplication
from prometheus_client import multiprocess, values

from api.http.admission import THREADS
from api.http.context import AppContext
from api.log import log_as_json
from api.serving.worker import create_worker

SHUTDOWN_SECONDS = 5
#: The signals that stop the program.
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
#: PR_SET_PDEATHSIG of Linux's <sys/prctl.h>
_PARENT_DEATH_SIGNAL = 1

# Settings and hooks of gunicorn.

worker_class = "gthread"
threads = THREADS
graceful_timeout = SHUTDOWN_SECONDS
loglevel = "warning"
control_socket_disable = True
#: gunicorn ignores forwarded headers. The app evaluates those of TRUSTED_PROXIES.
forwarded_allow_ips = ""


def on_starting(_server: object) -> None:
    """Configure the log before gunicorn forks its processes."""
    log_as_json()
    logger = logging.getLogger("gunicorn.error")
    logger.handlers.clear()
    logger.propagate = True


#: A reload configures gunicorn's own log again.
on_reload = on_starting


def child_exit(_server: object, worker: Any) -> None:
    """Keep the counters of a process that ended, but not its gauges."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)


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


def serve(create_app: Callable[[], Flask], context: AppContext, listener: socket.socket) -> NoReturn:
    """Serve until the process receives a signal, or until one of the child processes ends.

    ``create_app`` creates the app of each process, because processes cannot share database connections.
    """
    metrics_folder = context.settings.data_dir / "metrics"
    shutil.rmtree(metrics_folder, ignore_errors=True)
    metrics_folder.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics_folder)
    values.ValueClass = values.get_value_class()  # was chosen at import, before the variable was set
    context.database.close()

    def serve_requests() -> None:
        app = create_app()
        gc.freeze()
        _Gunicorn(app, context.settings.workers, listener).run()

    def run_worker() -> None:
        listener.close()
        log_as_json()
        create_worker(create_app()).run_until_stopped()

    gc.collect()
    gc.freeze()  # keeps what is loaded on pages of memory that all processes share
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # until the list of children is complete
    children = [_fork(work) for work in (serve_requests, run_worker)]
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
    deadline = time.monotonic() + 2 * SHUTDOWN_SECONDS
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
    for child in children:
        with suppress(ChildProcessError):  # the child that ended first
            while not os.waitpid(child, os.WNOHANG)[0]:
                if time.monotonic() > deadline:
                    os.kill(child, signal.SIGKILL)
                time.sleep(0.02)
