"""A photo store in a folder of this machine; its links lead to this server and are signed by it."""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from itsdangerous import BadData, URLSafeSerializer

from uploads.store import DOWNLOAD_SECONDS, UPLOAD_SECONDS, Missing, StoreDown, Tell, UploadLink, untold

_KEY = re.compile(r"[a-z0-9_-][a-z0-9_.-]*(/[a-z0-9_-][a-z0-9_.-]*)*")
_PARTS = ".part"  # what is still being written; no key reaches it
_CHUNK = 1 << 16


class LinkRefused(Exception):
    """The link is forged or expired, or does not allow this method, length or type (403)."""


class BytesDiffer(Exception):
    """The bytes are not those that the link was given for, or not all of them (400)."""


class AlreadyThere(Exception):
    """The object exists, and no link overwrites it (412)."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload link allows: these bytes under this key, until then (seconds since 1970)."""

    key: str
    sha256_hex: str
    size: int
    content_type: str
    until: int


@dataclass(frozen=True, slots=True)
class Download:
    """What a download link gives: the object of this key as this type, until then (seconds since 1970)."""

    key: str
    content_type: str
    until: int


class FolderStore:
    """A ``Store`` in ``folder``. ``base_url()`` is the server's address, such as ``https://photos.example``.

    The server answers ``{base_url()}/photo-store/{token}``: PUT with ``receive``, GET with ``open_download``.
    """

    def __init__(self, folder: Path, secret: str, base_url: Callable[[], str], tell: Tell = untold) -> None:
        self._folder = folder
        self._tell = tell
        self._parts = folder / _PARTS
        self._base_url = base_url
        self._uploads = _signer(secret, "photo-upload")
        self._downloads = _signer(secret, "photo-download")
        self._parts.mkdir(parents=True, exist_ok=True)

    def upload_link(
        self, key: str, sha256_hex: str, size: int, content_type: str, seconds: int = UPLOAD_SECONDS
    ) -> UploadLink:
        """Return a link by which exactly these bytes (``size`` of them) can be sent, once, under ``key``."""
        upload = Upload(self._checked(key), sha256_hex, size, content_type, int(time.time()) + seconds)
        return UploadLink(
            "PUT",
            self._url(self._uploads.dumps(asdict(upload))),
            {"Content-Type": content_type},
            datetime.fromtimestamp(upload.until, UTC),
        )

    def download_link(self, key: str, content_type: str, seconds: int = DOWNLOAD_SECONDS) -> str:
        """Return a URL that gives the object as ``content_type`` for so many seconds."""
        download = Download(self._checked(key), content_type, int(time.time()) + seconds)
        return self._url(self._downloads.dumps(asdict(download)))

    def read(self, key: str, limit_bytes: int) -> bytes:
        """Return the object, of one over ``limit_bytes`` only the beginning; raises ``Missing``."""
        with self._working("read"), self._path(key).open("rb") as file:
            return file.read(limit_bytes)

    def write(self, key: str, data: bytes, content_type: str) -> None:
        """Store ``data`` whole or not at all, in place of what is there; on return it is safe on the disk."""
        path = self._path(key)
        with self._working("write"), self._part() as part:
            part.write(data)
            self._settle(part, path, os.replace)

    def delete(self, key: str) -> None:
        """Remove the object; one that is not there is fine."""
        with suppress(Missing), self._working("delete"):
            self._path(key).unlink()

    def list(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Yield each key that begins with ``prefix`` and when (in UTC) its object was last written."""
        with self._working("list"):
            self._parts.stat()
            for folder, folders, names in os.walk(self._folder / prefix.rpartition("/")[0]):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(names):
                    path = Path(folder, name)
                    key = path.relative_to(self._folder).as_posix()
                    if key.startswith(prefix):
                        with suppress(FileNotFoundError):  # deleted since
                            yield key, datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def check(self) -> None:
        """Raise ``StoreDown`` unless objects can be stored."""
        with self._working("check"), self._part() as part:
            part.write(b"ok")
            part.flush()

    def open_upload(self, token: str) -> Upload:
        """Return what the token of an upload link allows; raises ``LinkRefused``."""
        return Upload(**self._opened(self._uploads, token))

    def receive(self, token: str, stream: IO[bytes], content_length: int | None, content_type: str) -> None:
        """Store what a phone sends to an upload link, hashing it on its way to the disk.

        Raises ``LinkRefused``, ``BytesDiffer``, ``AlreadyThere`` and ``StoreDown``; then nothing is stored.
        """
        upload = self.open_upload(token)
        if (content_length, content_type) != (upload.size, upload.content_type):
            raise LinkRefused("The link is for another length or type")
        path = self._path(upload.key)
        if path.exists():
            raise AlreadyThere(upload.key)
        with self._working("write"), self._part() as part:
            sha256, left = hashlib.sha256(), upload.size
            while left and (chunk := _received(stream, min(left, _CHUNK))):
                sha256.update(chunk)
                part.write(chunk)
                left -= len(chunk)
            if left or sha256.hexdigest() != upload.sha256_hex:
                raise BytesDiffer("The bytes are not those that were declared")
            try:
                self._settle(part, path, os.link)
            except FileExistsError:
                raise AlreadyThere(upload.key) from None

    def open_download(self, token: str) -> tuple[Path, str]:
        """Return the file and content type of a download link; raises ``LinkRefused`` and ``Missing``."""
        download = Download(**self._opened(self._downloads, token))
        path = self._path(download.key)
        with self._working("read"):
            path.stat()
        return path, download.content_type

    def sweep_parts(self, older_than: timedelta) -> int:
        """Remove what killed processes left half written, untouched for so long; return how many files."""
        removed = 0
        with self._working("delete"):
            for path in self._parts.iterdir():
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < time.time() - older_than.total_seconds():
                        path.unlink()
                        removed += 1
        return removed

    def _url(self, token: str | bytes) -> str:
        return f"{self._base_url()}/photo-store/{token!s}"

    def _opened(self, signer: URLSafeSerializer, token: str) -> dict[str, Any]:
        """Return what was signed into a token, unless it has expired."""
        try:
            content: dict[str, Any] = signer.loads(token)
        except BadData:
            raise LinkRefused("The link is not one of ours") from None
        if time.time() >= content["until"]:
            raise LinkRefused("The link has expired")
        return content

    def _checked(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key")
        return key

    def _path(self, key: str) -> Path:
        return self._folder / self._checked(key)

    @contextmanager
    def _working(self, operation: str) -> Iterator[None]:
        """Tell what the file system refuses in the words of a store."""
        try:
            yield
        except OSError as error:
            if isinstance(error, FileNotFoundError | NotADirectoryError) and self._parts.is_dir():
                raise Missing(str(error)) from error
            self._tell(operation)
            raise StoreDown(str(error)) from error

    @contextmanager
    def _part(self) -> Iterator[IO[bytes]]:
        """Give a new file in the folder of parts, which is gone afterwards unless it was moved away."""
        with tempfile.NamedTemporaryFile(dir=self._parts, delete=False) as part:
            try:
                yield part
            finally:
                with suppress(FileNotFoundError):
                    Path(part.name).unlink()

    def _settle(self, part: IO[bytes], path: Path, move: Callable[[str, Path], None]) -> None:
        """Bring a whole part to its place so that a power cut leaves all of it there, or nothing."""
        part.flush()
        os.fsync(part.fileno())
        path.parent.mkdir(parents=True, exist_ok=True)
        move(part.name, path)
        for folder in path.parents:
            _sync(folder)
            if folder == self._folder:
                break


def _signer(secret: str, purpose: str) -> URLSafeSerializer:
    """Return what signs links for one purpose; no other purpose's links pass it."""
    return URLSafeSerializer(
        secret, salt=purpose, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
    )


def _received(stream: IO[bytes], size: int) -> bytes:
    """Return up to ``size`` further bytes; a phone that hangs up has sent too few."""
    try:
        return stream.read(size)
    except OSError as error:
        raise BytesDiffer("The connection broke") from error


def _sync(folder: Path) -> None:
    """Make the names in a folder safe on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
