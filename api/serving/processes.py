"""Several processes: gunicorn's workers, and one that does what is due later.

All are forked from one that has the program loaded, so that they share its memory. This module is gunicorn's
configuration too, for those who start it themselves: ``gunicorn -c python:api.serving.processes wsgi:app``.
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

from api.http.context import AppContext
from api.jobs.worker import Worker
from api.log import log_as_json

THREADS = 64
LAST_SECONDS = 5
#: the signals that end the program
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
#: Linux's <sys/prctl.h>
_PARENT_DEATH_SIGNAL = 1

# What gunicorn reads and calls.

worker_class = "gthread"
threads = THREADS
graceful_timeout = LAST_SECONDS
loglevel = "warning"
control_socket_disable = True
#: nobody's headers are believed by gunicorn: the app reads those of TRUSTED_PROXIES itself
forwarded_allow_ips = ""


def on_starting(_server: object) -> None:
    """Set the log up before gunicorn's processes are forked."""
    log_as_json()
    own = logging.getLogger("gunicorn.error")
    own.handlers.clear()
    own.propagate = True


#: a reload sets gunicorn's own log up again
on_reload = on_starting


def child_exit(_server: object, worker: Any) -> None:
    """Have the numbers of a process that ended count on, but not as one that lives."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)


class _Gunicorn(BaseApplication):
    """Gunicorn with the app that is loaded, on an address that is taken."""

    def __init__(self, app: Flask, workers: int, listener: socket.socket) -> None:
        self.app, self.workers, self.listener = app, workers, listener
        super().__init__()

    def load_config(self) -> None:
        """Read the settings above."""
        own = {name: value for name, value in globals().items() if name in self.cfg.settings}
        for name, value in {
            **own,
            "workers": self.workers,
            "bind": f"fd://{self.listener.fileno()}",
            "preload_app": True,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the app."""
        return self.app


def serve(make_app: Callable[[], Flask], parts: AppContext, listener: socket.socket) -> NoReturn:
    """Serve until a signal, or until a part of the program ends by itself.

    ``make_app`` makes an app for a process of its own: none shares a connection with another.
    """
    numbers = parts.settings.data_dir / "metrics"
    shutil.rmtree(numbers, ignore_errors=True)
    numbers.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(numbers)
    values.ValueClass = values.get_value_class()  # chosen when it was imported, before there was a folder
    parts.database.close()

    def requests() -> None:
        app = make_app()
        gc.freeze()
        _Gunicorn(app, parts.settings.workers, listener).run()

    def due() -> None:
        listener.close()
        log_as_json()
        app = make_app()
        own: AppContext = app.extensions["survey"]
        Worker(own.database, own.store, app.extensions["metrics"]).run_until_stopped()

    gc.collect()
    gc.freeze()  # what is loaded stays as it is, on pages that all share
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # until all children are known
    children = [_forked(work) for work in (requests, due)]
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        # Where one of them dies, the other would serve half a program: both end.
        os.waitpid(-1, 0)
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        _end(children)
    sys.exit("Stopped: a part of the program ended by itself.")


def _forked(work: Callable[[], None]) -> int:
    """Run ``work`` in a process of its own, which ends with this one; returns its id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        with suppress(OSError, AttributeError):  # Linux alone can tell a child that its parent died
            ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        work()
        status = 0
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 1
    except BaseException as error:
        logging.getLogger(__name__).critical("a process ended", exc_info=error)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _end(children: list[int]) -> None:
    """Ask children to end, and make those that do not."""
    until = time.monotonic() + 2 * LAST_SECONDS
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
    for child in children:
        with suppress(ChildProcessError):  # it was the one that ended
            while not os.waitpid(child, os.WNOHANG)[0]:
                if time.monotonic() > until:
                    os.kill(child, signal.SIGKILL)
                time.sleep(0.02)
