"""What the environment says, read once and checked; ``.env.example`` tells of every setting."""

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

SECRET_BYTES = 32
PHOTO_FOLDER = "photos"
#: a scheme, a host as browsers name it (IPv6 in brackets) and a port
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
)


class SettingsError(Exception):
    """A setting that the program cannot start with, in one line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs from one installation to the next."""

    data_dir: Path
    database_url: str
    secret_key: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    trusted_proxies: int = 0
    accept_every_minutes: int = 60
    photo_bucket: str | None = None
    photo_endpoint_url: str | None = None
    photo_public_url: str | None = None
    cors_origins: tuple[str, ...] = ()
    demo: bool = True

    @property
    def embedded_database(self) -> bool:
        """Whether the database is a SQLite file of the program's own."""
        return self.database_url.startswith("sqlite")

    @property
    def photo_folder(self) -> Path:
        """Where the embedded photo store keeps its pictures."""
        return self.data_dir / PHOTO_FOLDER

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings; raises SettingsError with one clear line where something is wrong."""
        read = _Reader(os.environ if environment is None else environment)
        data_dir = Path(read.text("DATA_DIR", "var")).absolute()
        bucket = read.text("PHOTO_BUCKET", "") or None
        if bucket is None and read.text("PHOTO_ENDPOINT_URL", ""):
            raise SettingsError("PHOTO_ENDPOINT_URL is of no use without PHOTO_BUCKET")
        for folder in (data_dir,) if bucket else (data_dir, data_dir / PHOTO_FOLDER):
            _make(folder)
        database_url = _database_url(read.text("DATABASE_URL", f"sqlite:///{data_dir / 'survey.sqlite3'}"))
        return cls(
            data_dir=data_dir,
            database_url=database_url,
            secret_key=_secret(read.text("SECRET_KEY", ""), data_dir, database_url.startswith("sqlite")),
            host=read.text("HOST", "127.0.0.1"),
            port=read.number("PORT", 8000, 1, 65535),
            workers=read.number("WORKERS", 1, 1, 64),
            trusted_proxies=read.number("TRUSTED_PROXIES", 0, 0, 10),
            accept_every_minutes=read.number("ACCEPT_EVERY_MINUTES", 60, 0, 1440),
            photo_bucket=bucket,
            photo_endpoint_url=read.url("PHOTO_ENDPOINT_URL"),
            photo_public_url=read.url("PHOTO_PUBLIC_URL"),
            cors_origins=read.origins("CORS_ORIGINS"),
            demo=read.choice("DEMO", "1", ("0", "1")) == "1",
        )


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment

    def text(self, name: str, default: str) -> str:
        return self.environment.get(name, "").strip() or default

    def number(self, name: str, default: int, least: int, most: int) -> int:
        given = self.text(name, str(default))
        if not given.isdecimal() or not least <= int(given) <= most:
            raise SettingsError(f"{name} must be a whole number from {least} to {most}, not {given!r}")
        return int(given)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        given = self.text(name, default)
        if given not in allowed:
            raise SettingsError(f"{name} must be one of {', '.join(allowed)}, not {given!r}")
        return given

    def url(self, name: str) -> str | None:
        given = self.text(name, "")
        if not given:
            return None
        parts = urlsplit(given)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"{name} must be an http or https address, not {given!r}")
        return given.rstrip("/")

    def origins(self, name: str) -> tuple[str, ...]:
        """Return origins as browsers send them: in lower case, without the port that is the scheme's own."""
        given = [each.strip() for each in self.text(name, "").split(",")]
        return tuple(dict.fromkeys(_origin(name, each) for each in given if each))


def _origin(name: str, given: str) -> str:
    if given in ("*", "null"):
        raise SettingsError(f"{name}: {given!r} would let any page in; name each origin")
    match = _ORIGIN.fullmatch(given.lower())
    if match is None or not 0 < int(match["port"] or 1) < 2**16:
        raise SettingsError(
            f"{name}: {given!r} is no origin such as https://pages.example or http://host:3000"
        )
    return match[0].removesuffix({"http": ":80", "https": ":443"}[match["scheme"]])


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"DATA_DIR: {folder} cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(f"DATA_DIR: {folder} cannot be written to")


def _database_url(given: str) -> str:
    if not given.startswith(("sqlite:///", "postgresql://")):
        raise SettingsError("DATABASE_URL must begin with postgresql:// or sqlite:///")
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        # The address may hold a password, so it is not repeated.
        raise SettingsError("DATABASE_URL cannot be read as the address of a database") from None
    if url.drivername == "sqlite" and url.database in (None, "", ":memory:"):
        raise SettingsError("DATABASE_URL must name a file after sqlite:///")
    return given


def _secret(given: str, data_dir: Path, embedded: bool) -> str:
    """Return the secret that signs tokens and links: the one given, or one made once and kept."""
    if given:
        if len(given.encode()) < SECRET_BYTES:
            raise SettingsError(f"SECRET_KEY must have {SECRET_BYTES} bytes or more")
        return given
    if not embedded:
        raise SettingsError("SECRET_KEY must be set where the database is not the embedded one")
    file = data_dir / "secret_key"
    try:
        if not file.exists():
            # It gets its name when it is whole, and once: of several processes that start, all read the same.
            with tempfile.NamedTemporaryFile("w", dir=data_dir) as new:
                new.write(secrets.token_urlsafe(48))
                new.flush()
                os.fsync(new.fileno())
                with suppress(FileExistsError):
                    os.link(new.name, file)
    except OSError as error:
        raise SettingsError(f"DATA_DIR: {file} cannot be written: {error.strerror}") from error
    kept = file.read_text().strip()
    if len(kept.encode()) < SECRET_BYTES:
        raise SettingsError(f"{file} holds fewer than {SECRET_BYTES} bytes; delete it to have a new one made")
    return kept
