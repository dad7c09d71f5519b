"""Settings: all of them told of, and what is wrong refused in one line that names the variable."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings, SettingsError

#: read by libraries and commands, not by api/settings.py
READ_ELSEWHERE = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "ADMIN_PASSWORD"}
SECRET = "s" * 32
PASSWORD = "hidden-from-messages"


def example(root: Path) -> dict[str, str]:
    lines = (root / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


class Asked(dict[str, str]):
    """An environment that remembers which names were asked for."""

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__(given)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def test_every_setting_is_in_the_example_and_nothing_else(root: Path, tmp_path: Path) -> None:
    asked = Asked({"DATA_DIR": str(tmp_path)})
    settings = Settings.from_environment(asked)
    assert {name.lower() for name in asked.names} == {each.name for each in fields(settings)}
    assert set(example(root)) == asked.names | READ_ELSEWHERE


def test_no_part_of_the_program_reads_settings_of_its_own(root: Path) -> None:
    """But for a password that is read where it is used, and what the servers of several processes share."""
    read = set()
    for path in (*root.glob("api/**/*.py"), *root.glob("uploads/*.py"), *root.glob("schemas/*.py")):
        read |= set(re.findall(r'environ(?:\.get\(|\[)"(\w+)"|"(\w+)" in os\.environ', path.read_text()))
    assert {first or second for first, second in read} == {"ADMIN_PASSWORD", "PROMETHEUS_MULTIPROC_DIR"}


def test_every_setting_of_the_example_is_explained(root: Path) -> None:
    lines = (root / ".env.example").read_text().splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if line and not line.startswith("#"):
            assert before.startswith(("# ", "AWS_")), line


def test_the_example_holds_the_defaults(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment(example(root)) == Settings.from_environment({})


def test_the_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    first = Settings.from_environment({"DATA_DIR": str(tmp_path)})
    assert len(first.secret_key) >= 32
    assert Settings.from_environment({"DATA_DIR": str(tmp_path)}) == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert first.secret_key not in repr(first)


def test_of_programs_that_start_at_once_all_have_the_same_secret(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def start(_number: int) -> str:
        together.wait()
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
        ("DATABASE_URL", "mysql://localhost/shop"),
        ("DATABASE_URL", f"postgres://me:{PASSWORD}@localhost/shop"),
        ("DATABASE_URL", f"postgresql://me:{PASSWORD}@localhost:port/shop"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("PHOTO_ENDPOINT_URL", "photos.example"),
        ("PHOTO_PUBLIC_URL", "ftp://photos.example"),
        ("PHOTO_PUBLIC_URL", "https://"),
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
def test_what_is_wrong_is_refused_in_one_line(tmp_path: Path, name: str, value: str) -> None:
    line = refusal({"DATA_DIR": str(tmp_path), "SECRET_KEY": SECRET, name: value})
    assert line.startswith(name)
    assert PASSWORD not in line


def test_origins_are_kept_as_browsers_send_them(tmp_path: Path) -> None:
    given = " HTTPS://Pages.Example:443, http://[::1]:3000,http://localhost:80,,https://pages.example "
    settings = Settings.from_environment({"DATA_DIR": str(tmp_path), "CORS_ORIGINS": given})
    assert settings.cors_origins == ("https://pages.example", "http://[::1]:3000", "http://localhost")


def test_postgresql_needs_a_secret(tmp_path: Path) -> None:
    line = refusal({"DATA_DIR": str(tmp_path), "DATABASE_URL": "postgresql://localhost/shop"})
    assert line.startswith("SECRET_KEY")


def test_a_data_dir_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refusal({"DATA_DIR": str(tmp_path / "file" / "data")}).startswith("DATA_DIR")
    (tmp_path / "photos").touch()
    assert refusal({"DATA_DIR": str(tmp_path)}).startswith("DATA_DIR")


def test_a_data_dir_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever runs the tests may be root, who may write everywhere.
    monkeypatch.setattr("os.access", lambda *_: False)
    assert refusal({"DATA_DIR": str(tmp_path)}).startswith("DATA_DIR")


def test_a_kept_secret_that_is_too_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("short\n")
    assert str(tmp_path / "secret_key") in refusal({"DATA_DIR": str(tmp_path)})


def refusal(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environment)
    line = str(caught.value)
    assert "\n" not in line
    return line
