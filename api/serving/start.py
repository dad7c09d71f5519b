"""Start serving: prepare database and photo store, print the addresses, then serve."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from types import FrameType

from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from api import migrations
from api.database.engines import Database
from api.database.failures import get_message
from api.http.context import AppContext
from api.services import demo, photo_store
from api.serving import embedded, processes
from api.serving.listeners import listen, take_over_listener
from api.serving.metrics_server import listen_for_scrapes
from api.serving.stopping import STOP_SIGNALS
from api.settings import Settings, SettingsError
from uploads.store import StoreUnavailable

#: The advisory lock of PostgreSQL under which one program at a time prepares a database.
PREPARATION_LOCK = 0x73757276
MAX_OPEN_FILES = 8192


def serve(app: Flask, context: AppContext) -> None:
    """Prepare the database, print the addresses, and serve until Ctrl-C or SIGTERM.

    Raises SettingsError if an address, a database or a photo store of the settings cannot be used.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, _exit)
    _allow_open_files()
    settings = context.settings
    with take_over_listener() or listen(settings.host, settings.port, "HOST, PORT") as listener:
        scrapes = listen_for_scrapes(settings)
        _prepare(context)
        if settings.workers > 1:
            processes.serve(app.extensions["create_app"], context, listener, scrapes)
        else:
            embedded.serve(app, context, listener, scrapes)


def _exit(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _allow_open_files() -> None:
    """Raise the limit of open files, which is often 1024, because each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _prepare(context: AppContext) -> None:
    """Upgrade the database, check the photo store, create the demo data, and print the summary."""
    settings, database = context.settings, context.database.in_background()
    try:
        with _preparation_lock(database):
            migrations.upgrade(database, keys=settings.keys)
            with database.read_snapshot() as session:
                is_new = demo.is_new(session)
            context.store.check()
            with suppress(photo_store.ForeignStore):  # the worker reports it and removes nothing
                photo_store.verify_ownership(database, context.store)
            if is_new and settings.demo:
                print("Creating the demo data, once. This takes some seconds …", flush=True)
                with suppress(demo.NotEmpty):  # another program with the same database was faster
                    demo.fill(database, context.store)
        disabled = 0 if settings.demo else demo.disable_password(database)
        with database.read_snapshot() as session:
            is_empty = demo.is_new(session)
        people = demo.list_people(database)
    except migrations.NewerSchema as error:
        raise SettingsError(f"DATABASE_URL: {error}") from error
    except SQLAlchemyError as error:
        reason = get_message(error)
        raise SettingsError(f"DATABASE_URL: the database cannot be used: {reason}") from error
    except StoreUnavailable as error:
        variables = "PHOTO_BUCKET, PHOTO_ENDPOINT_URL" if settings.photo_bucket else "DATA_DIR"
        reason = str(error).partition("\n")[0]
        raise SettingsError(f"{variables}: photos cannot be stored: {reason}") from error
    print("\n".join(_summarize(settings, is_empty, people, disabled)), flush=True)


@contextmanager
def _preparation_lock(database: Database) -> Iterator[None]:
    """Let one program at a time prepare a PostgreSQL database. SQLite allows one writer at a time anyway."""
    if database.url.startswith("sqlite"):
        yield
        return
    with database.writing_engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PREPARATION_LOCK})
        yield


def _summarize(settings: Settings, is_empty: bool, people: list[demo.Person], disabled: int) -> list[str]:
    """Return the lines that are printed at the start: addresses, storage and how to sign in.

    ``people`` can sign in with the password of the demo, and ``disabled`` is the number of those who could.
    """
    address = f"http://{_host(settings.host)}:{settings.port}"
    lines = [
        "",
        f"Serving at  {address}/   (API documentation: {address}/docs)",
        f"Database    {_describe_database(settings)}",
    ]
    if settings.database_read_url:
        lines.append(f"Replica     {_hide_password(settings.database_read_url)}")
    lines.append(f"Photos      {_describe_photo_store(settings)}")
    if settings.metrics_port:
        lines.append(f"Metrics     http://{_host(settings.metrics_host)}:{settings.metrics_port}/metrics")
    if people:
        lines += ["", f"{demo.ORGANIZATION}. Everyone signs in with the password {demo.PASSWORD}"]
        lines += [f"  {person.role:<9} {person.email:<33} {person.name}" for person in people]
        lines += ["", _describe_exposure(settings.host)]
    if disabled:
        lines += [
            "",
            f"WARNING: DEMO is 0, but the database has demo data. {disabled} of its people can no longer "
            "sign in with its password, which everyone knows. To keep using the demo, run admin create with "
            f'--organization "{demo.ORGANIZATION}", and invite them.',
        ]
    if is_empty:
        lines += [
            "",
            "No one can sign in yet. Create an administrator with the same settings:",
            '  .venv/bin/flask --app wsgi admin create you@example.com --organization "Your organization"',
        ]
    return [*lines, "", "Press Ctrl-C to stop."]


def _host(host: str) -> str:
    """Return a host as URLs have it."""
    return f"[{host}]" if ":" in host else host


def _describe_exposure(host: str) -> str:
    """Return who can reach the demo, whose password everyone knows."""
    try:
        is_loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if is_loopback:
        return f"Only this computer can reach the demo, because HOST is {host}."
    return (
        f"WARNING: Everyone who can reach {host} can sign in to the demo with this password, even as its "
        "administrator. Set HOST=127.0.0.1, or DEMO=0, which ends the use of the password."
    )


def _describe_database(settings: Settings) -> str:
    if settings.embedded_database:
        return settings.database_url.removeprefix("sqlite:///")
    return _hide_password(settings.database_url)


def _hide_password(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


def _describe_photo_store(settings: Settings) -> str:
    if settings.photo_bucket is None:
        return str(settings.photo_folder)
    at = f" at {settings.photo_endpoint_url}" if settings.photo_endpoint_url else ""
    return f"bucket {settings.photo_bucket}{at}"
