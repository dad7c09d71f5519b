"""Serving: waitress with the worker as a thread, or gunicorn with several workers and one beside them."""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

import waitress
from flask import Flask

from api.domain.evidence import MAX_PHOTO_BYTES
from api.jobs.worker import Worker
from api.routes.parts import Parts

THREADS = 8
GUNICORN_THREADS = 64


def serve(app: Flask, parts: Parts) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    if parts.settings.workers > 1:
        _serve_many(parts)
    else:
        _serve_one(app, parts)


def _serve_one(app: Flask, parts: Parts) -> None:
    worker = Worker(parts.database, parts.store)
    thread = threading.Thread(target=worker.run, name="worker")
    server = waitress.create_server(
        app,
        host=parts.settings.host,
        port=parts.settings.port,
        threads=THREADS,
        connection_limit=1000,
        # The app refuses JSON over 1 MiB and photos over 20 itself, with a problem document.
        max_request_body_size=2 * MAX_PHOTO_BYTES,
        ident=None,
    )

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    thread.start()
    try:
        server.run()
    finally:
        worker.stopping.set()
        server.close()
        thread.join()


def _serve_many(parts: Parts) -> None:
    settings = parts.settings
    commands = (
        [
            *(sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"{settings.host}:{settings.port}"),
            *("--workers", str(settings.workers), "--worker-class", "gthread"),
            *("--threads", str(GUNICORN_THREADS), "--no-control-socket"),
        ],
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
    )
    processes = [subprocess.Popen(command, env=os.environ) for command in commands]  # noqa: S603

    def stop(number: int, _frame: FrameType | None) -> None:
        for process in processes:
            process.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # Where one of them dies, the other would serve half a program: both end.
    os.waitpid(-1, 0)
    stop(signal.SIGTERM, None)
    for process in processes:
        process.wait()
