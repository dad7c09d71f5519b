"""The flask commands: db, admin, demo, serve, worker, scores, photos."""

import os
import sys
from contextlib import suppress
from datetime import timedelta
from getpass import getpass
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from api import migrations
from api.domain.access import MIN_PASSWORD_LENGTH
from api.domain.problems import ProblemError
from api.http.context import AppContext
from api.jobs import worker as workers
from api.services import demo, organizations, photo_store
from api.services.people import passwords
from api.services.scores import recount as score_recount
from api.settings import SettingsError
from uploads.folder import FolderStore
from uploads.store import StoreUnavailable


class _Group(AppGroup):
    """Commands that say in one line that the database cannot be used."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(context)
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
            raise click.ClickException(f"The database cannot be used: {cause}") from error


def register(app: Flask) -> None:
    """Give ``app`` its commands."""
    for command in (_db, _admin, _scores, _photos, _demo, _worker, _serve):
        app.cli.add_command(command)


def _parts() -> AppContext:
    parts: AppContext = current_app.extensions["survey"]
    return parts


_db = _Group("db", help="The database's tables.")
_admin = _Group("admin", help="Administrators.")
_scores = _Group("scores", help="Scores and their totals.")
_photos = _Group("photos", help="Photos in the store.")


@_db.command("upgrade")
def upgrade() -> None:
    """Bring the tables to the latest revision."""
    migrations.upgrade(_parts().database)


@_admin.command("create")
@click.argument("email")
@click.option("--organization", required=True, help="Its name; made, with the built-in checklists, if new.")
@click.option("--name", default="Administrator", show_default=True)
def create_admin(email: str, organization: str, name: str) -> None:
    """Make an administrator; the password is ADMIN_PASSWORD or the first line of standard input."""
    password = os.environ.get("ADMIN_PASSWORD") or (
        getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    )
    if len(password) < MIN_PASSWORD_LENGTH:
        raise click.ClickException(f"The password needs {MIN_PASSWORD_LENGTH} characters or more.")
    if "@" not in email:
        raise click.ClickException("This is no e-mail address.")
    password_hash = passwords.hash_password(password)
    try:
        _parts().database.write(
            lambda session: organizations.add_administrator(session, organization, email, name, password_hash)
        )
    except ProblemError as refusal:
        raise click.ClickException(refusal.detail) from None
    click.echo(f"{email} administers {organization}.")


@_scores.command("recount")
def recount() -> None:
    """Compare every stored total with a recount; exit 1 and a list where they differ."""
    with _parts().database.read_snapshot() as session:
        found = 0
        for difference in score_recount.find_differences(session):
            found += 1
            click.echo(difference)
    if found:
        sys.exit(1)
    click.echo("Every stored total equals its recount.")


@_photos.command("sweep")
def sweep() -> None:
    """Remove from the photo store what nothing points at, but no fresh upload."""
    database, store = _parts().database, _parts().store
    try:
        removed = photo_store.sweep(database, store)
        if isinstance(store, FolderStore):
            removed += store.sweep_partial_files(timedelta(days=1))
    except photo_store.ForeignStore as refusal:
        raise click.ClickException(str(refusal)) from None
    except StoreUnavailable as error:
        raise click.ClickException(f"The photo store cannot be used: {error}") from None
    click.echo(f"Removed {removed}.")


@_photos.command("claim")
def claim() -> None:
    """Say that the photo store is this database's alone, so that it may be swept."""
    try:
        photo_store.claim(_parts().database, _parts().store)
    except StoreUnavailable as error:
        raise click.ClickException(f"The photo store cannot be used: {error}") from None
    click.echo("The photo store is this database's own.")


@click.command("demo")
@with_appcontext
def _demo() -> None:
    """Fill an empty database with a demo organization and a year of made-up visits."""
    migrations.upgrade(_parts().database)
    try:
        with suppress(photo_store.ForeignStore):  # told by the worker
            photo_store.verify_ownership(_parts().database, _parts().store)
        click.echo(demo.fill(_parts().database, _parts().store))
    except demo.NotEmpty as refusal:
        raise click.ClickException(str(refusal)) from None


@click.command("worker")
@with_appcontext
def _worker() -> None:
    """Do what is due until stopped; runs beside a server that was started without its own worker."""
    from api.log import log_as_json

    log_as_json()
    metrics = current_app.extensions["metrics"]
    workers.Worker(_parts().database, _parts().store, metrics).run_until_stopped()


@click.command("serve")
@with_appcontext
def _serve() -> None:
    """Serve on HOST:PORT with the worker, until Ctrl-C or SIGTERM."""
    from api.serving.start import serve

    try:
        serve(current_app._get_current_object(), _parts())  # type: ignore[attr-defined]
    except SettingsError as error:
        sys.exit(f"Not started: {error}")
