"""The manifest of a backup, and the checksums that it consists of."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from uploads.folder import sync_folder

#: called with what is being done, how much of it is done, and how much there is, or None if that is unknown
Report = Callable[[str, int, int | None], None]

FORMAT = 1
MANIFEST, OBJECTS = "manifest.json", "objects"
#: named as in DATA_DIR
SECRET, PREVIOUS_SECRETS = "secret_key", "secret_key_previous"
OBJECT_LIST = "objects.jsonl.gz"
CHUNK_BYTES = 1 << 20


class BackupError(Exception):
    """A backup cannot be made or restored; the message is one line for the person who runs the command."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup consists of.

    ``revision`` is that of the tables, and ``secret`` identifies the secret of the installation without
    revealing it. ``rows`` is the name of the folder with the rows, ``counts`` has the number of rows by
    table, and ``checksums`` the SHA-256 of each file in that folder. ``missing`` are the keys of photos that
    rows refer to and that the store did not have.
    """

    revision: str
    created_at: str
    secret: str
    rows: str
    counts: Mapping[str, int]
    checksums: Mapping[str, str]
    missing: Sequence[str]
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        """Replace the manifest of ``folder`` in one step, after everything else is on the disk."""
        new = folder / f"{MANIFEST}.new"
        with new.open("wb") as file:
            file.write(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        new.replace(folder / MANIFEST)
        sync_folder(folder)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup. Raises BackupError."""
    try:
        content = orjson.loads((folder / MANIFEST).read_bytes())
        manifest = Manifest(**content)
    except (OSError, ValueError, TypeError):
        raise BackupError(f"{folder} has no complete backup.") from None
    if manifest.format != FORMAT:
        raise BackupError(f"{folder} has a backup of format {manifest.format}; this program reads {FORMAT}.")
    return manifest


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
