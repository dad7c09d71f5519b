"""Settings: environment variables, read once and validated. ``.env.example`` describes each of them."""

import os
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from api.keys import Keys

SECRET_BYTES = 32
PHOTO_FOLDER = "photos"
SECRET_FILE, PREVIOUS_SECRETS_FILE = "secret_key", "secret_key_previous"
#: Scheme, host as browsers write it (IPv6 in brackets) and port.
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
)
_HOST = re.compile(r"\.?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


class SettingsError(Exception):
    """An invalid setting; the message is one line for the person who starts the program."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of an installation."""

    data_dir: Path
    database_url: str
    secret_key: str = field(repr=False)
    secret_key_previous: tuple[str, ...] = field(default=(), repr=False)
    database_read_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    workers: int = 1
    trusted_proxies: int = 0
    accept_every_minutes: int = 60
    photo_bucket: str | None = None
    photo_endpoint_url: str | None = None
    photo_public_url: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    api_rate_limit: int = 600
    webhook_allow_private: bool = False
    public_url: str | None = None
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None
    demo: bool = True

    @property
    def embedded_database(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def keys(self) -> Keys:
        """The keys that are derived from the secrets."""
        return Keys(self.secret_key, self.secret_key_previous)

    @property
    def photo_folder(self) -> Path:
        """The folder of the embedded photo store."""
        return self.data_dir / PHOTO_FOLDER

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from ``environment``, or from that of the process.

        Creates DATA_DIR. Raises SettingsError if a setting is invalid.
        """
        read = _Reader(os.environ if environment is None else environment)
        data_dir = Path(read.text("DATA_DIR", "var")).absolute()
        bucket = read.text("PHOTO_BUCKET", "") or None
        if bucket is None and read.text("PHOTO_ENDPOINT_URL", ""):
            raise SettingsError("PHOTO_ENDPOINT_URL requires PHOTO_BUCKET")
        for folder in (data_dir,) if bucket else (data_dir, data_dir / PHOTO_FOLDER):
            _create_folder(folder)
        default_url = f"sqlite:///{data_dir / 'survey.sqlite3'}"
        database_url = _validate_database_url("DATABASE_URL", read.text("DATABASE_URL", default_url))
        database_read_url = read.text("DATABASE_READ_URL", "") or None
        if database_read_url:
            _validate_database_url("DATABASE_READ_URL", database_read_url)
            if not database_url.startswith("postgresql") or not database_read_url.startswith("postgresql"):
                raise SettingsError(
                    "DATABASE_READ_URL is for PostgreSQL, so both URLs begin with postgresql://"
                )
        secret_key, secret_key_previous = _read_secrets(read, data_dir, database_url.startswith("sqlite"))
        public_url, smtp_url, mail_from = (
            read.url("PUBLIC_URL"),
            read.smtp_url("SMTP_URL"),
            read.address("MAIL_FROM"),
        )
        if smtp_url and not (mail_from and public_url):
            raise SettingsError("SMTP_URL requires MAIL_FROM and PUBLIC_URL")
        return cls(
            data_dir=data_dir,
            database_url=database_url,
            secret_key=secret_key,
            secret_key_previous=secret_key_previous,
            database_read_url=database_read_url,
            host=read.text("HOST", "127.0.0.1"),
            port=read.number("PORT", 8000, 1, 65535),
            metrics_host=read.text("METRICS_HOST", "127.0.0.1"),
            metrics_port=read.number("METRICS_PORT", 0, 0, 65535),
            workers=read.number("WORKERS", 1, 1, 64),
            trusted_proxies=read.number("TRUSTED_PROXIES", 0, 0, 10),
            accept_every_minutes=read.number("ACCEPT_EVERY_MINUTES", 60, 0, 1440),
            photo_bucket=bucket,
            photo_endpoint_url=read.url("PHOTO_ENDPOINT_URL"),
            photo_public_url=read.url("PHOTO_PUBLIC_URL"),
            allowed_hosts=read.hosts("ALLOWED_HOSTS"),
            cors_origins=read.origins("CORS_ORIGINS"),
            api_rate_limit=read.number("API_RATE_LIMIT", 600, 0, 1_000_000),
            public_url=public_url,
            smtp_url=smtp_url,
            mail_from=mail_from,
            webhook_allow_private=read.choice("WEBHOOK_ALLOW_PRIVATE", "0", ("0", "1")) == "1",
            demo=read.choice("DEMO", "1", ("0", "1")) == "1",
        )


class _Reader:
    """Reads and validates single variables. A variable that is empty counts as unset."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment

    def text(self, name: str, default: str) -> str:
        return self.environment.get(name, "").strip() or default

    def number(self, name: str, default: int, minimum: int, maximum: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal() or not minimum <= int(value) <= maximum:
            raise SettingsError(f"{name} must be a whole number from {minimum} to {maximum}, not {value!r}")
        return int(value)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise SettingsError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
        return value

    def url(self, name: str) -> str | None:
        value = self.text(name, "")
        if not value:
            return None
        try:
            url = urlsplit(value)
            is_valid = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
        except ValueError:  # raised for malformed IPv6 addresses and ports
            is_valid = False
        if not is_valid:
            raise SettingsError(f"{name} must be an http or https address, not {value!r}")
        return value.rstrip("/")

    def smtp_url(self, name: str) -> str | None:
        value = self.text(name, "")
        if not value:
            return None
        try:
            url = urlsplit(value)
            is_valid = url.scheme in ("smtp", "smtps") and bool(url.hostname) and url.port != 0
        except ValueError:
            is_valid = False
        # A path, a query or a fragment would be the rest of a password that is not encoded.
        if not is_valid or url.path.strip("/") or url.query or url.fragment:
            # The message does not repeat the URL, because it may contain a password.
            raise SettingsError(f"{name} must be an address such as smtp://user:password@mail.example:587")
        return value

    def address(self, name: str) -> str | None:
        value = self.text(name, "")
        if not value:
            return None
        address = parseaddr(value)[1]
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or "\n" in value:
            raise SettingsError(f"{name} must be an email address, not {value!r}")
        return value

    def hosts(self, name: str) -> tuple[str, ...]:
        """Return names in lower case. One that begins with a dot includes its subdomains."""
        hosts = [host.strip().lower() for host in self.text(name, "").split(",")]
        for host in hosts:
            if host and not _HOST.fullmatch(host):
                raise SettingsError(f"{name}: {host!r} is not the name of a host such as survey.example")
        return tuple(dict.fromkeys(filter(None, hosts)))

    def secrets(self, name: str) -> tuple[str, ...]:
        values = tuple(value.strip() for value in self.text(name, "").split(",") if value.strip())
        if any(len(value.encode()) < SECRET_BYTES for value in values):
            # The message does not repeat the secrets.
            raise SettingsError(
                f"{name} must be secrets of {SECRET_BYTES} bytes or more, separated by commas"
            )
        return values

    def origins(self, name: str) -> tuple[str, ...]:
        """Return origins as browsers send them: in lower case, without the default port of the scheme."""
        values = [value.strip() for value in self.text(name, "").split(",")]
        return tuple(dict.fromkeys(_parse_origin(name, value) for value in values if value))


def _parse_origin(name: str, value: str) -> str:
    if value in ("*", "null"):
        raise SettingsError(f"{name}: {value!r} would allow any page; list each origin")
    match = _ORIGIN.fullmatch(value.lower())
    if match is None or not 0 < int(match["port"] or 1) < 2**16:
        raise SettingsError(
            f"{name}: {value!r} is not an origin such as https://pages.example or http://host:3000"
        )
    return match[0].removesuffix({"http": ":80", "https": ":443"}[match["scheme"]])


def _create_folder(folder: Path) -> None:
    """Create a folder that only the user of the program may open, or restrict an existing one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"DATA_DIR: {folder} cannot be created: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(f"DATA_DIR: {folder} cannot be written to")
    for path, mode in (folder, 0o700), *((file, 0o600) for file in folder.iterdir() if file.is_file()):
        # A mounted volume can belong to another user, and another process may be writing a file.
        with suppress(PermissionError, FileNotFoundError):
            path.chmod(mode)


def _validate_database_url(name: str, value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql://")):
        raise SettingsError(f"{name} must begin with postgresql:// or sqlite:///")
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        # The message does not repeat the URL, because it may contain a password.
        raise SettingsError(f"{name} is not a valid database URL") from None
    if url.drivername == "sqlite" and url.database in (None, "", ":memory:"):
        raise SettingsError(f"{name} must name a file after sqlite:///")
    return value


def _read_secrets(read: _Reader, data_dir: Path, embedded: bool) -> tuple[str, tuple[str, ...]]:
    """Return the secret that tokens and links are derived from, and the previous ones.

    They are SECRET_KEY and SECRET_KEY_PREVIOUS, or those of DATA_DIR, where one is generated.
    """
    secret = read.text("SECRET_KEY", "")
    previous = read.secrets("SECRET_KEY_PREVIOUS")
    if secret:
        if len(secret.encode()) < SECRET_BYTES:
            raise SettingsError(f"SECRET_KEY must have {SECRET_BYTES} bytes or more")
        return secret, previous
    if not embedded:
        raise SettingsError("SECRET_KEY must be set unless the database is SQLite")
    file = data_dir / SECRET_FILE
    if not file.exists():
        # Linking succeeds only once, so all processes read the same complete file.
        with suppress(FileExistsError):
            _write_secrets(file, [secrets.token_urlsafe(48)], os.link)
    stored = _read_secret_file(file)
    if len(stored) != 1:
        raise SettingsError(f"{file} must have one line; delete it to generate a new secret")
    return stored[0], (*previous, *_read_secret_file(data_dir / PREVIOUS_SECRETS_FILE))


def replace_stored_secret(settings: Settings) -> Path:
    """Generate a new secret in DATA_DIR. The present one is kept as a previous one, in the file returned.

    Programs read both when they start. Raises SettingsError if the secret is not stored in DATA_DIR.
    """
    file, previous_file = settings.data_dir / SECRET_FILE, settings.data_dir / PREVIOUS_SECRETS_FILE
    if _read_secret_file(file) != [settings.secret_key]:
        raise SettingsError("SECRET_KEY is set, so replace the secret there: see docs/operating.md")
    _write_secrets(previous_file, [settings.secret_key, *_read_secret_file(previous_file)], os.replace)
    _write_secrets(file, [secrets.token_urlsafe(48)], os.replace)
    return previous_file


def _read_secret_file(file: Path) -> list[str]:
    """Return the secrets in a file, one in each line, or none if it does not exist."""
    try:
        lines = file.read_text().split() if file.exists() else []
    except OSError as error:
        raise SettingsError(f"DATA_DIR: {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file} is not a text file; delete it to generate a new one") from error
    if any(len(line.encode()) < SECRET_BYTES for line in lines):
        raise SettingsError(f"{file} has fewer than {SECRET_BYTES} bytes; delete it to generate a new one")
    return lines


def _write_secrets(file: Path, lines: Sequence[str], move: Callable[[str, Path], None]) -> None:
    """Write a file that only its owner can read. ``move`` puts it, complete, in its place."""
    try:
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as new:
            try:
                new.write("".join(f"{line}\n" for line in lines))
                new.flush()
                os.fsync(new.fileno())
                move(new.name, file)
            finally:
                Path(new.name).unlink(missing_ok=True)
    except FileExistsError:
        raise
    except OSError as error:
        raise SettingsError(f"DATA_DIR: {file} cannot be written: {error.strerror}") from error
