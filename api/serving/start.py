"""Start serving: prepare everything, print where it is served, then serve in one process or in several."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from api import migrations
from api.database.engines import Database
from api.http.context import AppContext
from api.services import demo, photo_store
from api.serving import embedded, processes
from api.settings import Settings, SettingsError
from uploads.store import StoreUnavailable

#: the advisory lock of programs that make a database ready
TURN = 0x73757276


def serve(app: Flask, parts: AppContext) -> None:
    """Make the database ready, say where everything is, and serve until Ctrl-C or SIGTERM.

    Raises SettingsError, in one line, where something that the settings name cannot be used.
    """
    for number in processes.ENDING:
        signal.signal(number, _leave)
    with _listening(parts.settings) as listener:
        _make_ready(parts)
        if parts.settings.workers > 1:
            processes.serve(app.extensions["anew"], parts, listener)
        else:
            embedded.serve(app, parts, listener)


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


def _make_ready(parts: AppContext) -> None:
    settings, database = parts.settings, parts.database
    try:
        with _alone(database):
            migrations.upgrade(database)
            with database.read_snapshot() as session:
                new = demo.is_new(session)
            parts.store.check()
            with suppress(photo_store.ForeignStore):  # the worker tells of it, and nothing is swept
                photo_store.verify_ownership(database, parts.store)
            if new and settings.demo:
                print("Making up the demo data, once; this takes some seconds …", flush=True)
                with suppress(demo.NotEmpty):  # another program on the same database may be faster
                    demo.fill(database, parts.store)
        with database.read_snapshot() as session:
            empty, people = demo.is_new(session), demo.list_people(session)
    except SQLAlchemyError as error:
        raise SettingsError(f"DATABASE_URL: the database cannot be used: {_first_line(error)}") from error
    except StoreUnavailable as error:
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
