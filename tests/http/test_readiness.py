"""Readiness is answered in time, whatever the database and the photo store do."""

import threading

import pytest

from api.domain.problems import ProblemError
from api.http import readiness
from api.http.readiness import Readiness

SECONDS = 60


class Dependency:
    """A database or a photo store whose check hangs until it is released."""

    def __init__(self) -> None:
        self.checks = 0
        self.error: Exception | None = None
        self.is_available = threading.Event()
        self.is_available.set()

    def check(self) -> None:
        self.checks += 1
        assert self.is_available.wait(SECONDS)
        if self.error:
            raise self.error


@pytest.fixture
def database() -> Dependency:
    return Dependency()


@pytest.fixture
def checked(database: Dependency, monkeypatch: pytest.MonkeyPatch) -> Readiness:
    monkeypatch.setattr(readiness, "WAIT_SECONDS", 0.1)
    return Readiness(database, Dependency())  # type: ignore[arg-type]


def test_check_that_hangs_is_unavailable_and_not_repeated(database: Dependency, checked: Readiness) -> None:
    database.is_available.clear()
    for _ in range(3):
        with pytest.raises(ProblemError, match="takes too long"):
            checked.verify()
    assert database.checks == 1
    database.is_available.set()
    checked.verify()


def test_error_of_a_check_is_raised_until_a_check_succeeds(database: Dependency, checked: Readiness) -> None:
    database.error = ArithmeticError()
    for _ in range(2):
        with pytest.raises(ArithmeticError):
            checked.verify()
    database.error = None
    checked.verify()


def test_success_counts_for_some_seconds(
    database: Dependency, checked: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "FRESH_SECONDS", 600)
    for _ in range(3):
        checked.verify()
    assert database.checks == 1


def test_busy_database_is_trusted_for_a_while(
    database: Dependency, checked: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "TRUST_SECONDS", 600)
    checked.verify()
    database.is_available.clear()
    checked.verify()
    monkeypatch.setattr(readiness, "TRUST_SECONDS", 0)
    with pytest.raises(ProblemError, match="takes too long"):
        checked.verify()
    database.is_available.set()
