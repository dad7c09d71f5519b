"""What a photo store does, and the words for it. ``folder`` and ``s3`` are the two that there are.

Keys look like paths: lower-case letters, digits, ``_``, ``.``, ``-`` and slashes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

#: what a store does, as its failures are told
OPERATIONS = ("link", "read", "write", "delete", "list", "check")
#: is told of each operation that ends with ``StoreDown``
Tell = Callable[[str], None]

UPLOAD_SECONDS = 15 * 60
DOWNLOAD_SECONDS = 5 * 60


class Missing(Exception):
    """There is no such object."""


def untold(_operation: str) -> None:
    """Tell nobody of a failure."""


class StoreDown(Exception):
    """The store cannot be reached, or cannot do its work right now; it may be tried again later."""


@dataclass(frozen=True, slots=True)
class UploadLink:
    """What a phone needs to send the bytes: one request with these headers and the bytes as its body."""

    method: str
    url: str
    headers: Mapping[str, str]
    expires_at: datetime


class Store(Protocol):
    """Keeps objects by key. Whatever goes wrong on its way to them is ``StoreDown``."""

    def upload_link(
        self, key: str, sha256_hex: str, size: int, content_type: str, seconds: int = UPLOAD_SECONDS
    ) -> UploadLink:
        """Return a link by which exactly these bytes (``size`` of them) can be sent, once, under ``key``."""

    def download_link(self, key: str, content_type: str, seconds: int = DOWNLOAD_SECONDS) -> str:
        """Return a URL that gives the object as ``content_type`` for so many seconds."""

    def read(self, key: str, limit_bytes: int) -> bytes:
        """Return the object, of one over ``limit_bytes`` only the beginning; raises ``Missing``."""

    def write(self, key: str, data: bytes, content_type: str) -> None:
        """Store ``data`` whole or not at all, in place of what is there; on return it is safe on the disk."""

    def delete(self, key: str) -> None:
        """Remove the object; one that is not there is fine."""

    def list(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Yield each key that begins with ``prefix`` and when (in UTC) its object was last written."""

    def check(self) -> None:
        """Raise ``StoreDown`` unless objects can be stored."""
