"""The flask commands: backup, restore, db, admin, demo, secrets, serve, worker, scores, photos."""

import os
import sys
from contextlib import suppress
from datetime import timedelta
from getpass import getpass
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from marshmallow import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from api import migrations
from api.backups.commands import backup, restore
from api.database.engines import Database
from api.database.failures import get_message
from api.domain.problems import ProblemError
from api.http.context import app_context
from api.jobs.worker import Worker
from api.log import log_as_json
from api.services import demo, photo_store, photo_sweep, stored_secrets
from api.services.people import administrators, passwords
from api.services.scores import recount as score_recount
from api.services.scores import region_totals
from api.serving.metrics_server import listen_for_scrapes, serve_metrics
from api.serving.worker import create_worker
from api.settings import SettingsError, replace_stored_secret
from schemas.base import Password
from uploads.folder import FolderStore
from uploads.store import StoreUnavailable


class _Group(AppGroup):
    """A group of commands that report an unavailable database, or one of a newer release, in one line."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(context)
        except SQLAlchemyError as error:
            raise click.ClickException(f"The database cannot be used: {get_message(error)}") from error
        except migrations.NewerSchema as error:
            raise click.ClickException(f"Not upgraded: {error}.") from None


def register(app: Flask) -> None:
    """Add the commands to ``app``."""
    for command in (backup, restore, _db, _admin, _secrets, _scores, _photos, _demo, _worker, _serve):
        app.cli.add_command(command)


def _get_database() -> Database:
    return app_context().database.in_background()


_db = _Group("db", help="Tables of the database.")
_admin = _Group("admin", help="Administrators.")
_secrets = _Group("secrets", help="The secret of the program, and what is encrypted with it.")
_scores = _Group("scores", help="Scores and their totals.")
_photos = _Group("photos", help="Photos in the store.")


@_db.command("upgrade")
def upgrade() -> None:
    """Upgrade the tables to the latest revision."""
    migrations.upgrade(_get_database(), keys=app_context().settings.keys)


@_admin.command("create")
@click.argument("email")
@click.option(
    "--organization",
    required=True,
    help="The name of the organization. A new one is created, with the built-in checklists.",
)
@click.option("--name", default="Administrator", show_default=True)
def create_admin(email: str, organization: str, name: str) -> None:
    """Create an administrator. The password is ADMIN_PASSWORD or the first line of standard input."""
    password = os.environ.get("ADMIN_PASSWORD") or (
        getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    )
    if "@" not in email:
        raise click.ClickException("This is not a valid email address.")
    try:
        passwords.check_password("/password", Password().deserialize(password), email, organization)
    except ValidationError as error:
        raise click.ClickException(f"The password is not valid. {error.messages[0]}") from None
    except ProblemError as error:
        raise click.ClickException(error.errors[0].detail) from None
    password_hash = passwords.hash_password(password)
    try:
        _get_database().write(
            lambda session: administrators.add_administrator(
                session, organization, email, name, password_hash
            )
        )
    except ProblemError as error:
        raise click.ClickException(error.detail) from None
    click.echo(f"Created {email} as an administrator of {organization}.")


@_admin.command("reset-second-factor")
@click.argument("email")
@click.option("--organization", required=True, help="The name of the organization.")
def reset_second_factor(email: str, organization: str) -> None:
    """Reset the second factor of a person, if no other administrator can. Their sessions end."""
    try:
        _get_database().write(
            lambda session: administrators.reset_second_factor(session, organization, email)
        )
    except ProblemError:
        raise click.ClickException(f"{organization} has nobody with this email address.") from None
    click.echo(f"{email} now logs in with only their password.")


@_secrets.command("replace")
def replace_secret() -> None:
    """Replace the secret in DATA_DIR. The present one is still accepted until its file is deleted."""
    try:
        previous_file = replace_stored_secret(app_context().settings)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"Replaced. Restart the program. What was issued before is accepted until {previous_file} is deleted."
    )


@_secrets.command("reencrypt")
def reencrypt_secrets() -> None:
    """Encrypt stored secrets again, with the current secret. The previous one can be dropped after that."""
    keys = app_context().settings.keys
    done, failed = _get_database().write(lambda session: stored_secrets.reencrypt(session, keys))
    click.echo(f"Encrypted {done} again.")
    if failed:
        raise click.ClickException(f"{failed} cannot be decrypted: SECRET_KEY_PREVIOUS lacks their secret.")


@_scores.command("recount")
def recount() -> None:
    """Compare all stored totals with a recount. List the differences and exit with 1 if there are any."""
    count = 0
    with _get_database().read_snapshot() as session:
        for difference in score_recount.find_differences(session):
            count += 1
            click.echo(difference)
    if count:
        sys.exit(1)
    click.echo("Every stored total equals its recount.")


@_scores.command("add-up")
def add_up() -> None:
    """Add up the totals of all regions again, from those of their locations."""
    database = _get_database()
    database.write(region_totals.list_everything)
    Worker(database, app_context().store).add_up_regions()
    click.echo("The totals of all regions were added up.")


@_photos.command("sweep")
def sweep() -> None:
    """Remove files from the photo store that an earlier sweep found unneeded too, and list missing photos."""
    database, store = _get_database(), app_context().store
    try:
        result = photo_sweep.sweep(database, store)
        if isinstance(store, FolderStore):
            result.removed += store.sweep_partial_files(timedelta(days=1))
    except photo_store.ForeignStore as error:
        raise click.ClickException(str(error)) from None
    except StoreUnavailable as error:
        raise click.ClickException(f"The photo store cannot be used: {error}") from None
    for visit_id, photo_id in result.missing:
        click.echo(f"Missing in the photo store: photo {photo_id} of visit {visit_id}")
    click.echo(f"Removed {result.removed}.")


@_photos.command("claim")
def claim() -> None:
    """Confirm that the photo store belongs to this database alone, so that it can be swept."""
    try:
        photo_store.claim(_get_database(), app_context().store)
    except StoreUnavailable as error:
        raise click.ClickException(f"The photo store cannot be used: {error}") from None
    click.echo("The photo store belongs to this database.")


@click.command("demo")
@with_appcontext
def _demo() -> None:
    """Fill an empty database with a demo organization and two years of visits."""
    database, store = _get_database(), app_context().store
    try:
        migrations.upgrade(database)
        with suppress(photo_store.ForeignStore):  # reported by the worker
            photo_store.verify_ownership(database, store)
        click.echo(demo.fill(database, store))
    except (demo.NotEmpty, migrations.NewerSchema) as error:
        raise click.ClickException(str(error)) from None


@click.command("worker")
@with_appcontext
def _worker() -> None:
    """Run due tasks until stopped, for servers that were started without a worker."""
    log_as_json()
    try:
        migrations.check_schema(app_context().database)
        scrapes = listen_for_scrapes(app_context().settings)
    except (SettingsError, migrations.NewerSchema) as error:
        sys.exit(f"Not started: {error}")
    serve_metrics(current_app.extensions["metrics"], scrapes)
    create_worker(current_app._get_current_object()).run_until_stopped()  # type: ignore[attr-defined]


@click.command("serve")
@with_appcontext
def _serve() -> None:
    """Serve on HOST and PORT with the worker, until Ctrl-C or SIGTERM."""
    from api.serving.start import serve

    try:
        serve(current_app._get_current_object(), app_context())  # type: ignore[attr-defined]
    except SettingsError as error:
        sys.exit(f"Not started: {error}")
