"""Serving: waitress with the worker as a thread, or gunicorn with several workers and one beside them.

This module is gunicorn's configuration too (``-c python:api.serve``), by what stands at its end.
"""

import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import waitress
from flask import Flask, g, has_request_context
from prometheus_client import multiprocess
from pythonjsonlogger.json import JsonFormatter
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from api import migrations
from api.domain.evidence import MAX_PHOTO_BYTES
from api.jobs.worker import Worker
from api.models.database import Database
from api.routes.parts import Parts
from api.services import demo, photo_store
from api.settings import Settings, SettingsError
from uploads.store import StoreDown

THREADS = 8
GUNICORN_THREADS = 64
LAST_SECONDS = 5
#: the advisory lock of programs that make a database ready
TURN = 0x73757276


def serve(app: Flask, parts: Parts) -> None:
    """Make the database ready, say where everything is, and serve until Ctrl-C or SIGTERM.

    Raises SettingsError, in one line, where something that the settings name cannot be used.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    with _listening(parts.settings) as listener:
        _make_ready(parts)
        if parts.settings.workers > 1:
            _serve_many(parts, listener)
        else:
            _serve_one(app, parts, listener)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _listening(settings: Settings) -> socket.socket:
    """Take the address, before anything is written: of two programs on one address, the second stops here."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        raise SettingsError(f"HOST, PORT: cannot listen on {where}: {error.strerror or error}") from error
    return listener


def _make_ready(parts: Parts) -> None:
    settings, database = parts.settings, parts.database
    try:
        with _alone(database):
            migrations.upgrade(database)
            with database.reading() as session:
                new = demo.is_new(session)
            parts.store.check()
            with suppress(photo_store.ForeignStore):  # the worker tells of it, and nothing is swept
                photo_store.own_mark(database, parts.store)
            if new and settings.demo:
                print("Making up the demo data, once; this takes some seconds …", flush=True)
                with suppress(demo.NotEmpty):  # another program on the same database may be faster
                    demo.fill(database, parts.store)
        with database.reading() as session:
            empty, people = demo.is_new(session), demo.log_ins(session)
    except SQLAlchemyError as error:
        raise SettingsError(f"DATABASE_URL: the database cannot be used: {_first_line(error)}") from error
    except StoreDown as error:
        named = "PHOTO_BUCKET, PHOTO_ENDPOINT_URL" if settings.photo_bucket else "DATA_DIR"
        reason = str(error).partition("\n")[0]
        raise SettingsError(f"{named}: photos cannot be stored: {reason}") from error
    print("\n".join(_told(settings, empty, people)), flush=True)


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Let programs that start at once on one PostgreSQL take turns; on SQLite all writing does."""
    if database.url.startswith("sqlite"):
        yield
        return
    with database.writing_engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TURN})
        yield


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]


def _told(settings: Settings, empty: bool, people: list[demo.Person]) -> list[str]:
    """Return what somebody who starts the program wants to know."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    lines = [
        "",
        f"Serving at  {address}/   (what the API can do: {address}/docs)",
        f"Database    {_database(settings)}",
        f"Photos      {_photos(settings)}",
    ]
    if people:
        lines += ["", f"{demo.ORGANIZATION}. All log in with the password {demo.PASSWORD}"]
        lines += [f"  {person.role:<9} {person.email:<33} {person.name}" for person in people]
    if empty:
        lines += [
            "",
            "There is nobody yet who could log in. Make an administrator, with the same settings:",
            '  .venv/bin/flask --app wsgi admin create you@example.com --organization "Your organization"',
        ]
    return [*lines, "", "Ctrl-C ends it."]


def _database(settings: Settings) -> str:
    if settings.embedded_database:
        return settings.database_url.removeprefix("sqlite:///")
    return make_url(settings.database_url).render_as_string(hide_password=True)


def _photos(settings: Settings) -> str:
    if settings.photo_bucket is None:
        return str(settings.photo_folder)
    at = f" at {settings.photo_endpoint_url}" if settings.photo_endpoint_url else ""
    return f"bucket {settings.photo_bucket}{at}"


def _serve_one(app: Flask, parts: Parts, listener: socket.socket) -> None:
    log_as_json()
    worker = Worker(parts.database, parts.store)
    thread = threading.Thread(target=worker.run, name="worker")
    server: Any = waitress.create_server(
        app,
        sockets=[listener],
        threads=THREADS,
        connection_limit=1000,
        # The app refuses JSON over 1 MiB and photos over 20 itself, with a problem document.
        max_request_body_size=2 * MAX_PHOTO_BYTES,
        # What trusted proxies say of the client is read by the app, which knows how many there are.
        clear_untrusted_proxy_headers=not parts.settings.trusted_proxies,
        ident=None,
    )
    try:
        thread.start()
        server.run()  # ends with the SystemExit of a signal
    finally:
        worker.stopping.set()
        server.close()
        if thread.ident:
            thread.join()


def _serve_many(parts: Parts, listener: socket.socket) -> None:
    settings = parts.settings
    # The workers make connections of their own; none may be shared with them.
    parts.database.close()
    descriptor = listener.fileno()
    numbers = settings.data_dir / "metrics"
    shutil.rmtree(numbers, ignore_errors=True)
    numbers.mkdir()
    commands = (
        [
            *(sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"fd://{descriptor}"),
            *("--workers", str(settings.workers), "--worker-class", "gthread"),
            *("--threads", str(GUNICORN_THREADS), "--graceful-timeout", str(LAST_SECONDS)),
            *("--log-level", "warning", "--no-control-socket", "--config", "python:api.serve"),
        ],
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
    )
    processes = [
        subprocess.Popen(  # noqa: S603
            command, pass_fds=descriptors, env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(numbers)}
        )
        for command, descriptors in zip(commands, ([descriptor], []), strict=True)
    ]
    try:
        # Where one of them dies, the other would serve half a program: both end.
        os.waitpid(-1, 0)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait()
    sys.exit("Stopped: a part of the program ended by itself.")


# The log, when serving: one line of JSON for each request and whatever else there is to tell.


def log_as_json() -> None:
    """Write the log to standard error as lines of JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json(["levelname", "name", "message"], rename_fields={"levelname": "level"}))
    handler.addFilter(_fit_to_keep)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("api").setLevel(logging.INFO)


class _Json(JsonFormatter):
    """JSON lines with the time, in which an error is told by its kind and place."""

    def __init__(self, *fields: Any, **options: Any) -> None:
        super().__init__(*fields, timestamp="time", **options)

    def formatException(self, ei: Any) -> str:
        """Return where an error and its causes happened; what most say may repeat what somebody wrote."""
        told, error = [], ei[1]
        while error is not None:
            words = f": {error}" if isinstance(error, OSError | OperationalError) else ""
            where = "".join(traceback.format_tb(error.__traceback__))
            told.append(f"{type(error).__name__}{words}\n{where}")
            error = error.__cause__ or error.__context__
        return "because of ".join(told)


def _fit_to_keep(record: logging.LogRecord) -> bool:
    """Name the request that a line is about, and drop addresses that servers name: they may be links."""
    if has_request_context() and "request_id" in g:
        record.request_id = g.request_id
    if record.name.startswith(("waitress", "gunicorn")):
        record.msg, record.args = re.sub(r"(^|\s)/\S*", r"\1/…", record.getMessage()), ()
    return True


# What gunicorn reads and calls.

#: nobody's headers are believed by gunicorn: the app reads those of TRUSTED_PROXIES itself
forwarded_allow_ips = ""


def on_starting(_server: object) -> None:
    """Set the log up before gunicorn's processes are forked."""
    log_as_json()
    own = logging.getLogger("gunicorn.error")
    own.handlers.clear()
    own.propagate = True


def child_exit(_server: object, worker: Any) -> None:
    """Have the numbers of a process that ended count on, but not as one that lives."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)
