"""Settings: all of them told of, and what is wrong refused in one line that names the variable."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.settings import Settings, SettingsError

#: read by libraries and commands, not by api/settings.py
READ_ELSEWHERE = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "ADMIN_PASSWORD"}
SECRET = "s" * 32
PASSWORD = "hidden-from-messages"


def example(root: Path) -> dict[str, str]:
    lines = (root / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_every_setting_is_in_the_example_and_nothing_else(root: Path) -> None:
    source = (root / "api/settings.py").read_text()
    read = set(re.findall(r'read\.\w+\(\s*"([A-Z_]+)"', source))
    assert {"DATA_DIR", "PORT"} <= read
    assert set(example(root)) == read | READ_ELSEWHERE


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
    ],
)
def test_what_is_wrong_is_refused_in_one_line(tmp_path: Path, name: str, value: str) -> None:
    line = refusal({"DATA_DIR": str(tmp_path), "SECRET_KEY": SECRET, name: value})
    assert line.startswith(name)
    assert PASSWORD not in line


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
