"""The commands ``backup`` and ``restore``."""

import sys
import time
from pathlib import Path

import click
from alembic.util import CommandError
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from api import migrations
from api.backups import restoring, writing
from api.backups.manifest import SECRET, BackupError, Manifest
from api.database.failures import get_message
from api.http.context import AppContext, app_context
from api.services import photo_store
from uploads.store import StoreUnavailable

FOLDER = click.Path(file_okay=False, path_type=Path)


class _Command(click.Command):
    """A command that reports in one line what it cannot use."""

    def invoke(self, context: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(context)
        except BackupError as error:
            raise click.ClickException(str(error)) from error
        except StoreUnavailable as error:
            raise click.ClickException(f"The photo store cannot be used: {error}") from error
        except SQLAlchemyError as error:
            raise click.ClickException(f"The database cannot be used: {get_message(error)}") from error
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'The folder'}: {error.strerror}") from error


class _Progress:
    """Prints how far the work is: at most once a second on a terminal, and every 30 seconds elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._due, self._former = 0.0, ""

    def __call__(self, work: str, done: int, of: int | None) -> None:
        """Report the progress of one kind of work."""
        is_next = work != self._former
        if not is_next and time.monotonic() < self._due and done != of:
            return
        self._due = time.monotonic() + (1 if self._is_terminal else 30)
        line = f"{work}: {done:,}" + ("" if of is None else f" of {of:,}")
        if self._is_terminal and not is_next:
            line = f"\033[A\033[K{line}"  # replaces the line above
        click.echo(line, err=True)
        self._former = work


@click.command("backup", cls=_Command)
@click.argument("folder", type=FOLDER)
@click.option("--with-secret", is_flag=True, help="Also store the secrets, which sign tokens, in plain text.")
@with_appcontext
def backup(folder: Path, with_secret: bool) -> None:
    """Back up all rows and photos to FOLDER while the program runs.

    FOLDER is new, empty, or has an earlier backup. Then only new photos are copied, and what the new backup
    does not contain is removed. Exports are left out, because they are removed after a day.
    """
    context = app_context()
    database = context.database.in_background()
    manifest = writing.back_up(
        database, context.store, folder, context.settings.keys, _Progress(), with_secret=with_secret
    )
    count = sum(manifest.counts.values())
    click.echo(f"Backed up {count:,} rows and all their photos to {folder}.")
    if manifest.missing:
        names = ", ".join(manifest.missing[:5])
        raise click.ClickException(
            f"The photo store lacks {len(manifest.missing):,} photos that rows refer to, such as {names}."
        )


@click.command("restore", cls=_Command)
@click.argument("folder", type=FOLDER)
@click.option(
    "--keep-photos",
    is_flag=True,
    help="The photo store has photos already, which no other installation uses. Write only missing ones.",
)
@with_appcontext
def restore(folder: Path, keep_photos: bool) -> None:
    """Restore the backup in FOLDER into an empty database and photo store, and verify it.

    The backup can come from SQLite or PostgreSQL, from a folder or S3, and from an earlier version. Stop the
    program first. Exits with 1 if anything differs from the backup, or is wrong in itself.
    """
    context, report = app_context(), _Progress()
    database = context.database.in_background()
    manifest = restoring.open_backup(folder)
    restoring.require_empty(database, context.store, keep_photos=keep_photos)
    try:
        migrations.upgrade(database, manifest.revision)
    except CommandError:
        raise BackupError("The backup was made by a later version, which is needed to restore it.") from None
    restoring.restore_rows(database, folder, manifest, report)
    migrations.upgrade(database, keys=context.settings.keys)
    restoring.restore_objects(context.store, folder, manifest, report)
    faults = list(restoring.find_faults(database, context.store, folder, manifest, report))
    photo_store.claim(database, context.store)
    for fault in faults:
        click.echo(fault)
    _compare_secret(context, folder, manifest)
    if faults:
        raise click.ClickException(f"The restored data has {len(faults):,} faults.")
    click.echo(f"Restored and verified {sum(manifest.counts.values()):,} rows and all their photos.")


def _compare_secret(context: AppContext, folder: Path, manifest: Manifest) -> None:
    """Warn if this installation has another secret than the one that the backup comes from."""
    if manifest.secret == writing.identify_secret(context.settings.keys):
        return
    stored = folder / SECRET
    source = f"the one in {stored}" if stored.is_file() else "that of the former installation"
    click.echo(
        "This installation has another secret than the backup. Until SECRET_KEY, or the file secret_key in "
        f"DATA_DIR, is {source}, everybody has to log in again, and neither second factors nor webhooks "
        "work."
    )
