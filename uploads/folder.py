"""A photo store in a local folder. Its links point to this server, which signs them."""

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from itsdangerous import BadData, URLSafeSerializer

from uploads.store import (
    CHUNK_BYTES,
    DOWNLOAD_SECONDS,
    UPLOAD_SECONDS,
    ObjectMissing,
    OnFailure,
    StoreUnavailable,
    UploadLink,
    ignore_failure,
    verify_size,
    verify_written,
)

_KEY = re.compile(r"[a-z0-9_-][a-z0-9_.-]*(/[a-z0-9_-][a-z0-9_.-]*)*")
_PARTIAL_FOLDER = ".part"  # files that are still being written; no valid key can name it


class LinkRejected(Exception):
    """The link is forged or expired, or does not allow this length or content type (403)."""


class ContentMismatch(Exception):
    """The bytes are incomplete, or are not those that the link was issued for (400)."""


class ObjectExists(Exception):
    """The object already exists. Upload links never overwrite (412)."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload link allows: these bytes under this key, until ``until`` (seconds since 1970)."""

    key: str
    sha256_hex: str
    size: int
    content_type: str
    until: int


@dataclass(frozen=True, slots=True)
class Download:
    """What a download link serves: this object as this type, until ``until`` (seconds since 1970)."""

    key: str
    content_type: str
    until: int


class FolderStore:
    """A ``Store`` in ``folder``. ``base_url()`` returns the server's address, such as ``https://photos.example``.

    The server handles ``{base_url()}/photo-store/{token}``: PUT with ``receive``, GET with ``open_download``.
    The first of ``keys`` signs links, and all of them verify.
    """

    def __init__(
        self,
        folder: Path,
        keys: Sequence[bytes],
        base_url: Callable[[], str],
        on_failure: OnFailure = ignore_failure,
    ) -> None:
        self._folder = folder
        self._on_failure = on_failure
        self._partial_folder = folder / _PARTIAL_FOLDER
        self._base_url = base_url
        self._upload_signer = _create_signer(keys, "photo-upload")
        self._download_signer = _create_signer(keys, "photo-download")
        self._partial_folder.mkdir(parents=True, exist_ok=True)

    def create_upload_link(
        self, key: str, sha256_hex: str, size: int, content_type: str, seconds: int = UPLOAD_SECONDS
    ) -> UploadLink:
        """Return a link that accepts exactly these ``size`` bytes, once, and stores them under ``key``.

        The link expires after ``seconds``. Raises ValueError if the key is not valid.
        """
        upload = Upload(_validate_key(key), sha256_hex, size, content_type, int(time.time()) + seconds)
        return UploadLink(
            "PUT",
            self._build_url(self._upload_signer.dumps(asdict(upload))),
            {"Content-Type": content_type},
            datetime.fromtimestamp(upload.until, UTC),
        )

    def create_download_link(self, key: str, content_type: str, seconds: int = DOWNLOAD_SECONDS) -> str:
        """Return a URL that serves the object as ``content_type`` and expires after ``seconds``."""
        download = Download(_validate_key(key), content_type, int(time.time()) + seconds)
        return self._build_url(self._download_signer.dumps(asdict(download)))

    def read(self, key: str, limit_bytes: int) -> bytes:
        """Return at most the first ``limit_bytes`` of the object. Raises ``ObjectMissing``."""
        with self._translate_errors("read"), self._path(key).open("rb") as file:
            return file.read(limit_bytes)

    def write(self, key: str, data: bytes, content_type: str) -> None:
        """Store ``data`` atomically, replacing an existing object. On return, the data is on the disk.

        It was read again, as network drives accept files that they have no room for.
        """
        path = self._path(key)
        with self._translate_errors("write"), self._create_partial_file() as file:
            file.write(data)
            self._commit(file, path, os.replace)
            verify_written(self, key, data)

    def write_file(self, key: str, path: Path, content_type: str) -> None:
        """Store the content of a local file, like ``write``. The file may be larger than the memory."""
        target = self._path(key)
        with self._translate_errors("write"), path.open("rb") as source, self._create_partial_file() as file:
            shutil.copyfileobj(source, file, CHUNK_BYTES)
            self._commit(file, target, os.replace)
            verify_size(self, key, path.stat().st_size)

    def stream(self, key: str) -> Iterator[bytes]:
        """Return the content of the object in chunks. Raises ``ObjectMissing`` before the first chunk."""
        with self._translate_errors("read"):
            file = self._path(key).open("rb")
        return self._read_chunks(file)

    def _read_chunks(self, file: IO[bytes]) -> Iterator[bytes]:
        with self._translate_errors("read"), file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def get_size(self, key: str) -> int:
        """Return the length of the object in bytes. Raises ``ObjectMissing``."""
        with self._translate_errors("read"):
            return self._path(key).stat().st_size

    def has_checksum_of(self, key: str, data: bytes) -> bool:
        """Return False: a folder has no checksums. What it received was verified while it was written."""
        self.get_size(key)
        return False

    def delete(self, key: str) -> None:
        """Delete the object. Succeeds if there is no such object."""
        with suppress(ObjectMissing), self._translate_errors("delete"):
            self._path(key).unlink()

    def list(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Yield the key of each object that begins with ``prefix``, and when it was last written (UTC)."""
        with self._translate_errors("list"):
            self._partial_folder.stat()
            for folder, folders, names in os.walk(self._folder / prefix.rpartition("/")[0]):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(names):
                    path = Path(folder, name)
                    key = path.relative_to(self._folder).as_posix()
                    if key.startswith(prefix):
                        with suppress(FileNotFoundError):  # deleted in the meantime
                            yield key, datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def check(self) -> None:
        """Raise ``StoreUnavailable`` unless objects can be stored."""
        with self._translate_errors("check"), self._create_partial_file() as file:
            file.write(b"ok")
            file.flush()

    def describe(self) -> Mapping[str, str | None]:
        """Return what another process needs to open the same store with ``opening.open_store``."""
        return {"folder": str(self._folder)}

    def open_upload(self, token: str) -> Upload:
        """Return what the token of an upload link allows. Raises ``LinkRejected``."""
        return Upload(**_verify_token(self._upload_signer, token))

    def receive(self, token: str, stream: IO[bytes], content_length: int | None, content_type: str) -> None:
        """Store what a phone sends to an upload link. The hash is computed while the bytes are written.

        Raises ``LinkRejected``, ``ContentMismatch``, ``ObjectExists`` or ``StoreUnavailable``. If it raises,
        nothing is stored.
        """
        upload = self.open_upload(token)
        if (content_length, content_type) != (upload.size, upload.content_type):
            raise LinkRejected("The link was issued for another length or content type")
        path = self._path(upload.key)
        if path.exists():
            raise ObjectExists(upload.key)
        with self._translate_errors("write"), self._create_partial_file() as file:
            sha256, remaining = hashlib.sha256(), upload.size
            while remaining and (chunk := _read_chunk(stream, min(remaining, CHUNK_BYTES))):
                sha256.update(chunk)
                file.write(chunk)
                remaining -= len(chunk)
            if remaining or sha256.hexdigest() != upload.sha256_hex:
                raise ContentMismatch("The bytes differ from those that were declared")
            try:
                self._commit(file, path, os.link)
            except FileExistsError:
                raise ObjectExists(upload.key) from None

    def open_download(self, token: str) -> tuple[Path, str]:
        """Return the file and content type of a download link.

        Raises ``LinkRejected`` or ``ObjectMissing``.
        """
        download = Download(**_verify_token(self._download_signer, token))
        path = self._path(download.key)
        with self._translate_errors("read"):
            path.stat()
        return path, download.content_type

    def sweep_partial_files(self, older_than: timedelta) -> int:
        """Delete files that killed processes left incomplete, and return how many.

        Only files that were not written to for ``older_than`` are deleted.
        """
        removed = 0
        with self._translate_errors("delete"):
            for path in self._partial_folder.iterdir():
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < time.time() - older_than.total_seconds():
                        path.unlink()
                        removed += 1
        return removed

    def _build_url(self, token: str | bytes) -> str:
        return f"{self._base_url()}/photo-store/{token!s}"

    def _path(self, key: str) -> Path:
        return self._folder / _validate_key(key)

    @contextmanager
    def _translate_errors(self, operation: str) -> Iterator[None]:
        """Raise the exceptions of a store instead of those of the file system."""
        try:
            yield
        except OSError as error:
            if isinstance(error, FileNotFoundError | NotADirectoryError) and self._partial_folder.is_dir():
                raise ObjectMissing(str(error)) from error
            self._on_failure(operation)
            raise StoreUnavailable(str(error)) from error

    @contextmanager
    def _create_partial_file(self) -> Iterator[IO[bytes]]:
        """Yield a new file in the folder of partial files. It is deleted afterwards unless it was moved."""
        with tempfile.NamedTemporaryFile(dir=self._partial_folder, delete=False) as file:
            try:
                yield file
            finally:
                with suppress(FileNotFoundError):
                    Path(file.name).unlink()

    def _commit(self, file: IO[bytes], path: Path, move: Callable[[str, Path], None]) -> None:
        """Move a complete file to ``path``. After a power failure, all of it is there or nothing."""
        file.flush()
        os.fsync(file.fileno())
        path.parent.mkdir(parents=True, exist_ok=True)
        move(file.name, path)
        for folder in path.parents:
            sync_folder(folder)
            if folder == self._folder:
                break


def _validate_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not a valid key")
    return key


def _create_signer(keys: Sequence[bytes], purpose: str) -> URLSafeSerializer:
    """Return a signer for one purpose. It rejects links that were signed for another."""
    return URLSafeSerializer(
        keys[::-1],  # the library signs with the last one
        salt=purpose,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def _verify_token(signer: URLSafeSerializer, token: str) -> dict[str, Any]:
    """Return the signed content of a token. Raises ``LinkRejected`` if it is forged or expired."""
    try:
        content: dict[str, Any] = signer.loads(token)
    except BadData:
        raise LinkRejected("The signature of the link is not valid") from None
    if time.time() >= content["until"]:
        raise LinkRejected("The link has expired")
    return content


def _read_chunk(stream: IO[bytes], size: int) -> bytes:
    """Return up to ``size`` bytes. Raises ``ContentMismatch`` if the phone closes the connection."""
    try:
        return stream.read(size)
    except OSError as error:
        raise ContentMismatch("The connection was closed before all bytes arrived") from error


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
