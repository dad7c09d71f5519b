"""What a photo store does. ``folder`` and ``s3`` are the two implementations.

Keys look like paths: lowercase letters, digits, ``_``, ``.``, ``-`` and slashes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

#: the operations that ``OnFailure`` is called with
OPERATIONS = ("link", "read", "write", "delete", "list", "check")
#: called with the name of each operation that ends with ``StoreUnavailable``
OnFailure = Callable[[str], None]

#: the size of the chunks that objects are streamed in
CHUNK_BYTES = 1 << 16
UPLOAD_SECONDS = 15 * 60
DOWNLOAD_SECONDS = 5 * 60


class ObjectMissing(Exception):
    """The store has no object with this key."""


class NotStored(OSError):
    """The store accepted an object, and does not return what it accepted."""


class StoreUnavailable(Exception):
    """The store cannot be reached, or cannot do its work right now. The caller may try again later."""


def ignore_failure(_operation: str) -> None:
    """Do nothing: the default for ``OnFailure``."""


@dataclass(frozen=True, slots=True)
class UploadLink:
    """What a phone needs to upload a photo: one request with these headers and the bytes as its body."""

    method: str
    url: str
    headers: Mapping[str, str]
    expires_at: datetime


class Store(Protocol):
    """Stores objects by key. Every operation raises ``StoreUnavailable`` if the store fails."""

    def create_upload_link(
        self, key: str, sha256_hex: str, size: int, content_type: str, seconds: int = UPLOAD_SECONDS
    ) -> UploadLink:
        """Return a link that accepts exactly these ``size`` bytes, once, and stores them under ``key``.

        The link expires after ``seconds``.
        """

    def create_download_link(self, key: str, content_type: str, seconds: int = DOWNLOAD_SECONDS) -> str:
        """Return a URL that serves the object as ``content_type`` and expires after ``seconds``."""

    def read(self, key: str, limit_bytes: int) -> bytes:
        """Return at most the first ``limit_bytes`` of the object. Raises ``ObjectMissing``."""

    def write(self, key: str, data: bytes, content_type: str) -> None:
        """Store ``data`` atomically, replacing an existing object.

        On return, the data is durable: it was read again. A store that accepts an object without keeping it
        is therefore an unavailable one.
        """

    def write_file(self, key: str, path: Path, content_type: str) -> None:
        """Store the content of a local file, like ``write``. The file may be larger than the memory.

        Only the length is verified.
        """

    def get_size(self, key: str) -> int:
        """Return the length of the object in bytes. Raises ``ObjectMissing``."""

    def has_checksum_of(self, key: str, data: bytes) -> bool:
        """Return whether the store's own length and checksum prove that the object is ``data``.

        It does not read the object again. Raises ``ObjectMissing``.
        """

    def stream(self, key: str) -> Iterator[bytes]:
        """Return the content of the object in chunks. Raises ``ObjectMissing`` before the first chunk."""

    def delete(self, key: str) -> None:
        """Delete the object. Succeeds if there is no such object."""

    def list(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Yield the key of each object that begins with ``prefix``, and when it was last written (UTC)."""

    def check(self) -> None:
        """Raise ``StoreUnavailable`` unless the store can be used."""

    def describe(self) -> Mapping[str, str | None]:
        """Return what another process needs to open the same store with ``opening.open_store``.

        The description contains no secrets.
        """


def verify_written(store: Store, key: str, data: bytes) -> None:
    """Raise NotStored unless the store returns exactly ``data``."""
    try:
        if store.read(key, len(data) + 1) == data:
            return
    except ObjectMissing:
        pass
    raise NotStored(f"{key} was accepted, and is missing or different")


def verify_size(store: Store, key: str, size: int) -> None:
    """Raise NotStored unless the store has an object of this length."""
    try:
        if store.get_size(key) == size:
            return
    except ObjectMissing:
        pass
    raise NotStored(f"{key} was accepted, and is missing or has another length")
