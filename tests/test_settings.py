"""Settings: all are documented, and an invalid one is rejected in one line that names the variable."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings, SettingsError

#: Variables that libraries and commands read, not api/settings.py.
READ_ELSEWHERE = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "ADMIN_PASSWORD"}
SECRET = "s" * 32
PASSWORD = "hidden-from-messages"


def example(root: Path) -> dict[str, str]:
    lines = (root / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


class RecordingEnvironment(dict[str, str]):
    """An environment that records the names that are read."""

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def test_env_example_lists_exactly_the_settings(root: Path, tmp_path: Path) -> None:
    environment = RecordingEnvironment({"DATA_DIR": str(tmp_path)})
    settings = Settings.from_environment(environment)
    assert {name.lower() for name in environment.names} == {field.name for field in fields(settings)}
    assert set(example(root)) == environment.names | READ_ELSEWHERE


def test_only_the_settings_module_reads_the_environment(root: Path) -> None:
    """Except for the password of a command, and the folder that the processes of a server share.

    The variables in examples for API clients are settings of their programs.
    """
    read = set()
    for path in (*root.glob("api/**/*.py"), *root.glob("uploads/*.py"), *root.glob("schemas/*.py")):
        read |= set(re.findall(r'environ(?:\.get\(|\[)"(\w+)"|"(\w+)" in os\.environ', path.read_text()))
    names = {first or second for first, second in read}
    own_names = {name for name in names if not name.startswith("SURVEY_")}
    assert own_names == {"ADMIN_PASSWORD"}


def test_env_example_explains_every_setting(root: Path) -> None:
    lines = (root / ".env.example").read_text().splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if line and not line.startswith("#"):
            assert before.startswith(("# ", "AWS_")), line


def test_env_example_has_the_defaults(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment(example(root)) == Settings.from_environment({})


def test_generated_secret_is_stored_and_private(tmp_path: Path) -> None:
    first = Settings.from_environment({"DATA_DIR": str(tmp_path)})
    assert len(first.secret_key) >= 32
    assert Settings.from_environment({"DATA_DIR": str(tmp_path)}) == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert first.secret_key not in repr(first)


def test_data_of_an_earlier_version_is_restricted(tmp_path: Path) -> None:
    data, database = tmp_path / "data", tmp_path / "data" / "survey.sqlite3"
    data.mkdir(mode=0o755)
    database.touch(0o644)
    settings = Settings.from_environment({"DATA_DIR": str(data)})
    modes = {path.name: path.stat().st_mode & 0o777 for path in (data, database, settings.photo_folder)}
    assert modes == {"data": 0o700, "survey.sqlite3": 0o600, "photos": 0o700}


def test_programs_that_start_simultaneously_share_the_secret(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)

    def start(_number: int) -> str:
        barrier.wait()
        return Settings.from_environment({"DATA_DIR": str(tmp_path)}).secret_key

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(8)))) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"secret_key", "photos"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "80.5"),
        ("PORT", "-1"),
        ("WORKERS", "0"),
        ("WORKERS", "many"),
        ("TRUSTED_PROXIES", "11"),
        ("ACCEPT_EVERY_MINUTES", "1441"),
        ("DEMO", "no"),
        ("SECRET_KEY", "s" * 31),
        ("SECRET_KEY_PREVIOUS", f"{'p' * 32},{'s' * 31}"),
        ("DATABASE_URL", "mysql://localhost/shop"),
        ("DATABASE_URL", f"postgres://me:{PASSWORD}@localhost/shop"),
        ("DATABASE_URL", f"postgresql://me:{PASSWORD}@localhost:port/shop"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_READ_URL", "mysql://localhost/shop"),
        ("DATABASE_READ_URL", f"postgresql://me:{PASSWORD}@localhost:port/shop"),
        ("DATABASE_READ_URL", f"postgresql://me:{PASSWORD}@localhost/shop"),  # DATABASE_URL is SQLite
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("PHOTO_ENDPOINT_URL", "photos.example"),
        ("PHOTO_PUBLIC_URL", "https://[::1"),
        ("PHOTO_PUBLIC_URL", "https://photos.example:port"),
        ("PHOTO_PUBLIC_URL", "https://photos.example:65536"),
        ("PHOTO_PUBLIC_URL", "ftp://photos.example"),
        ("PHOTO_PUBLIC_URL", "https://"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "https://survey.example"),
        ("ALLOWED_HOSTS", "survey.example:443"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "null"),
        ("CORS_ORIGINS", "https://*.example"),
        ("CORS_ORIGINS", "https://pages.example/"),
        ("CORS_ORIGINS", "https://pages.example/there"),
        ("CORS_ORIGINS", "https://pages.example?"),
        ("CORS_ORIGINS", "pages.example"),
        ("CORS_ORIGINS", "ftp://pages.example"),
        ("CORS_ORIGINS", "https://"),
        ("CORS_ORIGINS", "https://me:word@pages.example"),
        ("CORS_ORIGINS", "https://pages.example:0"),
        ("CORS_ORIGINS", "https://pages.example:65536"),
        ("CORS_ORIGINS", "https://pages.example https://other.example"),
        ("CORS_ORIGINS", "https://pages.example,*"),
        ("CORS_ORIGINS", "https://b\u00fccher.example"),
    ],
)
def test_invalid_setting_is_rejected_in_one_line(tmp_path: Path, name: str, value: str) -> None:
    line = rejection({"DATA_DIR": str(tmp_path), "SECRET_KEY": SECRET, name: value})
    assert line.startswith(name)
    assert PASSWORD not in line


def test_names_of_hosts_are_normalized(tmp_path: Path) -> None:
    value = " Survey.Example, .shops.example,,survey.example "
    settings = Settings.from_environment({"DATA_DIR": str(tmp_path), "ALLOWED_HOSTS": value})
    assert settings.allowed_hosts == ("survey.example", ".shops.example")


def test_origins_are_normalized_as_browsers_send_them(tmp_path: Path) -> None:
    value = " HTTPS://Pages.Example:443, http://[::1]:3000,http://localhost:80,,https://pages.example "
    settings = Settings.from_environment({"DATA_DIR": str(tmp_path), "CORS_ORIGINS": value})
    assert settings.cors_origins == ("https://pages.example", "http://[::1]:3000", "http://localhost")


def test_postgresql_requires_a_secret(tmp_path: Path) -> None:
    line = rejection({"DATA_DIR": str(tmp_path), "DATABASE_URL": "postgresql://localhost/shop"})
    assert line.startswith("SECRET_KEY")


def test_data_dir_that_cannot_be_created_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert rejection({"DATA_DIR": str(tmp_path / "file" / "data")}).startswith("DATA_DIR")
    (tmp_path / "photos").touch()
    assert rejection({"DATA_DIR": str(tmp_path)}).startswith("DATA_DIR")


def test_data_dir_that_is_not_writable_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Tests may run as root, who can write everywhere.
    monkeypatch.setattr("os.access", lambda *_: False)
    assert rejection({"DATA_DIR": str(tmp_path)}).startswith("DATA_DIR")


def test_stored_secret_that_is_too_short_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("short\n")
    assert str(tmp_path / "secret_key") in rejection({"DATA_DIR": str(tmp_path)})


def test_stored_secret_that_cannot_be_read_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "secret_key").mkdir()
    assert rejection({"DATA_DIR": str(tmp_path)}).startswith("DATA_DIR")


def test_stored_secret_that_is_not_text_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_bytes(b"\xff" * 64)
    assert str(tmp_path / "secret_key") in rejection({"DATA_DIR": str(tmp_path)})


def rejection(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environment)
    line = str(caught.value)
    assert "\n" not in line
    return line
