"""Limits on logins: guesses are counted before they are checked, and cost the same for every account."""

import hashlib
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from sqlalchemy import event, update
from werkzeug.test import TestResponse

from api.database.engines import Database
from api.keys import Keys
from api.models.base import now
from api.models.sign_in import SignInFailure
from api.models.users import User
from api.services.people import device_tokens, login_limits, passwords
from api.services.people.sign_in import Candidate
from tests.support import world as worlds
from tests.support.world import API, PASSWORD, PASSWORD_HASH, Caller, World, log_in, ok, problem

WRONG = "wrong wrong wrong"
#: Hash passwords as the program does: tests/conftest.py replaces these after the import of this module.
HASHER, DUMMY_HASH = passwords._hasher, passwords._dummy_hash


def log_in_successfully(caller: Caller, **fields: Any) -> None:
    ok(log_in(caller, **fields), 200)


def add_count(world: World, key: str, number: int) -> None:
    """Store a count under a key."""
    row = SignInFailure(
        key=hashlib.sha256(key.encode()).hexdigest(),
        window_ends_at=now() + timedelta(minutes=5),
        failures=number,
    )
    world.database.write(lambda session: session.merge(row))


@pytest.fixture
def twins(world: World) -> tuple[Caller, World]:
    """A shopper with an account in two organizations, with the same email address and password."""
    other_world = World(world.app)
    name = f"twice-{uuid.uuid4()}"
    other_world.person("shopper", name)
    return world.person("shopper", name), other_world


# Failures.


def test_repeated_failures_return_429_until_the_window_ends(world: World) -> None:
    for _ in range(10):
        problem(log_in(world.shopper, WRONG, "here"), 401, "wrong-credentials")
    for password in (WRONG, PASSWORD):
        response = log_in(world.shopper, password, "here")
        problem(response, 429, "too-many-failures")
        assert 0 < int(response.headers["Retry-After"]) <= 901
    log_in_successfully(world.shopper, address="elsewhere")
    log_in_successfully(world.reviewer, address="here")

    def end_windows(session: Any) -> None:
        session.execute(update(SignInFailure).values(window_ends_at=now() - timedelta(seconds=1)))

    world.database.write(end_windows)
    log_in_successfully(world.shopper, address="here")
    # The counts begin again.
    for _ in range(9):
        problem(log_in(world.shopper, WRONG, "here"), 401, "wrong-credentials")
    log_in_successfully(world.shopper, address="here")


def test_failures_with_an_unknown_account_return_429_too(world: World) -> None:
    ghost = Caller(world.app, email=f"ghost-{uuid.uuid4()}@example.org")
    for _ in range(10):
        problem(log_in(ghost, address="there"), 401, "wrong-credentials")
    problem(log_in(ghost, address="there"), 429, "too-many-failures")


def test_successful_logins_do_not_change_the_number_of_failures(
    world: World, twins: tuple[Caller, World]
) -> None:
    for _ in range(12):
        log_in_successfully(world.shopper, address="home")
        problem(log_in(twins[0], address="home"), 409, "which-organization")
    for _ in range(9):
        log_in(world.shopper, WRONG, "home")
    log_in_successfully(world.shopper, address="home")
    log_in(world.shopper, WRONG, "home")
    problem(log_in(world.shopper, address="home"), 429, "too-many-failures")


def test_network_with_failures_for_many_accounts_is_locked_out(world: World) -> None:
    network = str(uuid.uuid4())
    log_in_successfully(world.shopper, address=network)
    add_count(world, f"network {network}", 100)
    for caller in (world.shopper, world.reviewer, Caller(world.app, email="nobody@example.org")):
        problem(log_in(caller, address=network), 429, "too-many-failures")


def test_addresses_of_one_ipv6_network_share_their_limits(world: World) -> None:
    network, other_network = (f"2001:db8:{uuid.uuid4().hex[:4]}:{number}" for number in (1, 2))
    for number in range(10):
        problem(log_in(world.shopper, WRONG, f"{network}::{number:x}"), 401, "wrong-credentials")
    problem(log_in(world.shopper, address=f"{network}:ffff::1"), 429, "too-many-failures")
    log_in_successfully(world.shopper, address=f"{other_network}::1")
    # IPv4-mapped IPv6 addresses are not grouped by network.
    for number in range(11):
        problem(log_in(world.reviewer, WRONG, f"::ffff:10.0.0.{number}"), 401, "wrong-credentials")


def test_wrong_old_password_counts_as_a_failed_login_on_a_known_device(world: World) -> None:
    add_count(world, f"account {world.shopper.email}", 100)
    wrong = {"old_password": WRONG, "new_password": "a better password"}
    for _ in range(10):
        problem(world.shopper.post("/me/password", wrong), 403, "wrong-password")
    correct = {**wrong, "old_password": PASSWORD}
    problem(world.shopper.post("/me/password", correct), 429, "too-many-failures")


def test_too_many_successful_logins_count_as_failures(world: World) -> None:
    """The password is checked before anyone knows whose login it is, so they are limited by the failures."""
    add_count(world, f"logins of {world.shopper.id}", login_limits.MAX_LOGINS - 1)
    log_in_successfully(world.shopper, address="here")
    for _ in range(10):
        response = log_in(world.shopper, address="here")
        problem(response, 429, "too-many-passwords")
        assert 0 < int(response.headers["Retry-After"]) <= 301
    problem(log_in(world.shopper, address="here"), 429, "too-many-failures")


def test_counts_do_not_name_people_or_networks(world: World) -> None:
    log_in(world.shopper, WRONG, "192.0.2.77")
    with world.database.read_snapshot() as session:
        keys = session.query(SignInFailure.key).all()
    assert keys and not any("@" in key or "192.0.2" in key for (key,) in keys)


# Devices.


class Browser:
    """A browser with cookies, which moves to another network with every request."""

    def __init__(self, world: World) -> None:
        self.client = world.app.test_client()

    def post(self, path: str, body: Any, **options: Any) -> TestResponse:
        environment = {"REMOTE_ADDR": str(uuid.uuid4())}
        return self.client.post(API + path, json=body, environ_base=environment, **options)

    def log_in(self, caller: Caller, password: str = PASSWORD, **fields: Any) -> TestResponse:
        body = {"email": caller.email, "password": password, "cookies": True, **fields}
        return self.post("/auth/login", body)

    def log_out(self) -> None:
        assert self.post("/auth/logout", None, headers=self.csrf_headers()).status_code == 204

    def csrf_headers(self) -> dict[str, str]:
        return {"X-CSRF-TOKEN": self.client.get_cookie("csrf_access_token").value}  # type: ignore[union-attr]

    @property
    def device_token(self) -> str:
        return self.client.get_cookie("device_token").value  # type: ignore[union-attr]


def lock_out(world: World, caller: Caller) -> None:
    """Let strangers fail to log in to an account, from everywhere."""
    add_count(world, f"account {caller.email}", 100)
    problem(log_in(caller), 429, "too-many-failures")


def test_strangers_cannot_lock_out_a_device_that_has_logged_in_before(world: World) -> None:
    browser = Browser(world)
    assert browser.log_in(world.shopper).status_code == 204
    browser.log_out()
    lock_out(world, world.shopper)
    assert browser.log_in(world.shopper).status_code == 204
    # It has a limit of its own, wherever it is.
    for _ in range(10):
        problem(browser.log_in(world.shopper, WRONG), 401, "wrong-credentials")
    problem(browser.log_in(world.shopper), 429, "too-many-failures")
    # It is known to one account only.
    lock_out(world, world.reviewer)
    problem(browser.log_in(world.reviewer), 429, "too-many-failures")


def test_accounts_with_one_address_share_the_limit_of_known_devices(
    world: World, twins: tuple[Caller, World]
) -> None:
    """An organization that adds an account with somebody's address gets no more guesses at their password."""
    twin, other_world = twins
    browsers = Browser(world), Browser(world)
    for browser, organization in zip(browsers, (world, other_world), strict=True):
        assert browser.log_in(twin, organization=organization.name).status_code == 204
    for _ in range(10):
        problem(browsers[0].log_in(twin, WRONG), 401, "wrong-credentials")
    for browser in browsers:
        problem(browser.log_in(twin, WRONG), 429, "too-many-failures")


def test_device_token_tells_nothing_and_is_hidden_from_scripts(world: World) -> None:
    browsers = [Browser(world) for _ in range(3)]
    for browser, caller in zip(browsers, (world.shopper, world.shopper, world.reviewer), strict=True):
        cookies = browser.log_in(caller).headers.getlist("Set-Cookie")
        (cookie,) = (cookie for cookie in cookies if cookie.startswith("device_token="))
        assert "; HttpOnly" in cookie and "; SameSite=Lax" in cookie
    first, second, of_another = (browser.device_token for browser in browsers)
    assert first == second != of_another
    assert re.fullmatch(r"[\w-]{43}", first)


def test_device_token_is_invalid_after_a_change_of_the_password_elsewhere(world: World) -> None:
    browser, other = Browser(world), Browser(world)
    for each in (browser, other):
        each.log_in(world.shopper)
    body = {"old_password": PASSWORD, "new_password": "three calm elephants"}
    assert browser.post("/me/password", body, headers=browser.csrf_headers()).status_code == 204
    lock_out(world, world.shopper)
    problem(other.log_in(world.shopper, "three calm elephants"), 429, "too-many-failures")
    assert browser.log_in(world.shopper, "three calm elephants").status_code == 204


def test_whoever_opens_a_mailed_link_cannot_be_locked_out(world: World) -> None:
    lock_out(world, world.shopper)
    link = ok(world.admin.post(f"/users/{world.shopper.id}/invitation"), 201)["link"]
    browser = Browser(world)
    body = {"token": link.split("#")[1], "name": "Ana", "password": "three calm elephants"}
    assert browser.post("/auth/invitation", body).status_code == 204
    assert browser.log_in(world.shopper, "three calm elephants").status_code == 204


def test_client_without_cookies_gets_a_device_token_if_it_asks_for_one(world: World) -> None:
    response = log_in(world.shopper, device_token=None)
    token = ok(response, 200)["device_token"]
    assert "Set-Cookie" not in response.headers
    assert "device_token" not in ok(log_in(world.shopper), 200)
    lock_out(world, world.shopper)
    assert ok(log_in(world.shopper, device_token=token), 200)["device_token"] == token
    for forged in ("", "forged", token[:-1], f"{token}x", "ñ"):
        problem(log_in(world.shopper, device_token=forged or None), 429, "too-many-failures")


def test_device_token_survives_a_replaced_secret(world: World) -> None:
    candidate = Candidate(uuid.UUID(world.shopper.id), PASSWORD_HASH, False)
    token = device_tokens.derive_token(candidate.user_id, candidate.password_hash, Keys("old" * 20))
    for keys, is_valid in ((Keys("new" * 20, ("old" * 20,)), True), (Keys("new" * 20), False)):
        assert device_tokens.is_known(token, [candidate], keys) == is_valid


# Many at once.


def test_no_more_guesses_at_once_are_checked_than_one_after_the_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every guess waits for the others before its password is checked, as if there were a thread for each."""
    guesses, checked, verify = 30, [], passwords.verify_password
    for name in ("_admission", "_hashing"):
        monkeypatch.setattr(passwords, name, threading.BoundedSemaphore(guesses))

    def verify_slowly(password: str, password_hash: str | None) -> bool:
        checked.append(password)
        time.sleep(0.2)
        return verify(password, password_hash)

    monkeypatch.setattr(passwords, "verify_password", verify_slowly)
    with ThreadPoolExecutor(guesses) as threads:
        attempts = [
            threads.submit(log_in, world.shopper, f"guess {number}", "here") for number in range(guesses)
        ]
    statuses = sorted(attempt.result().status_code for attempt in attempts)
    assert statuses == [401] * 10 + [429] * (guesses - 10)
    assert len(set(checked)) == 10


def test_few_passwords_are_hashed_at_once_and_few_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed, may_end, verify = threading.Semaphore(0), threading.Event(), passwords._hasher.verify
    most = passwords.MAX_HASHING + passwords.MAX_WAITING
    callers = [world.person("shopper") for _ in range(most + 1)]

    class Slow:
        def verify(self, hash: str, password: str) -> bool:
            hashed.release()
            may_end.wait(30)
            return verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Slow())
    with ThreadPoolExecutor(most) as threads:
        attempts = [threads.submit(log_in, caller) for caller in callers[:most]]
        try:
            for _ in range(passwords.MAX_HASHING):
                assert hashed.acquire(timeout=10)
            while passwords._admission._value:  # type: ignore[attr-defined]
                time.sleep(0.01)
            assert not hashed.acquire(timeout=0.1)
            response = log_in(callers[most])
            problem(response, 429, "too-many-passwords")
            assert response.headers["Retry-After"] == "1"
            ok(world.shopper.get("/me"))
        finally:
            may_end.set()
    assert [attempt.result().status_code for attempt in attempts] == [200] * most
    log_in_successfully(callers[most])


# What a failure discloses.


def test_passwords_are_hashed_as_owasp_recommends() -> None:
    for hash in (HASHER.hash(PASSWORD), DUMMY_HASH):
        parameters = extract_parameters(hash)
        assert (parameters.type, parameters.parallelism) == (Type.ID, 1)
        assert (parameters.memory_cost, parameters.time_cost) == (19 * 1024, 2)


@pytest.fixture
def slow_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make passwords as slow to verify as those of the program."""
    monkeypatch.setattr(passwords, "_hasher", HASHER)
    monkeypatch.setattr(passwords, "_dummy_hash", DUMMY_HASH)
    monkeypatch.setattr(worlds, "PASSWORD_HASH", HASHER.hash(PASSWORD))


@pytest.fixture
def failures(world: World, twins: tuple[Caller, World]) -> dict[str, Callable[[], TestResponse]]:
    """All ways to sign in with wrong credentials, by case."""
    disabled = world.person("shopper")
    ok(world.admin.patch(f"/users/{disabled.id}", {"disabled": True}))
    ghost, shopper = Caller(world.app, email="nobody@example.org"), world.shopper
    return {
        "unknown": lambda: log_in(ghost),
        "wrong": lambda: log_in(shopper, WRONG),
        "disabled": lambda: log_in(disabled),
        "disabled and wrong": lambda: log_in(disabled, WRONG),
        "of two organizations": lambda: log_in(twins[0], WRONG),
        "of another organization": lambda: log_in(shopper, organization=twins[1].name),
        "of no organization": lambda: log_in(ghost, organization=twins[1].name),
    }


def test_every_failure_verifies_the_same_number_of_passwords(
    slow_passwords: None, failures: dict[str, Callable[[], TestResponse]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each verification has the same cost. Together they are nearly the whole time of a sign-in."""
    costs = []

    class Counted(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Any:
            costs.append(extract_parameters(str(hash)))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counted())
    for case, attempt in failures.items():
        costs.clear()
        problem(attempt(), 401, "wrong-credentials")
        assert costs == [extract_parameters(passwords._dummy_hash)] * 2, case


def test_every_failure_runs_the_same_statements(
    world: World, failures: dict[str, Callable[[], TestResponse]]
) -> None:
    """What a known account needs in addition, such as an entry in the audit log, is left to the worker."""
    statements: dict[str, list[str]] = {}
    for case, attempt in failures.items():
        with record_statements(world.database) as statements[case]:
            problem(attempt(), 401, "wrong-credentials")
    # Callers who name an organization know that they do.
    for expected, cases in (
        ("unknown", ("wrong", "disabled", "disabled and wrong", "of two organizations")),
        ("of no organization", ("of another organization",)),
    ):
        assert len(statements[expected]) > 3
        for case in cases:
            assert statements[case] == statements[expected], case


@contextmanager
def record_statements(database: Database) -> Iterator[list[str]]:
    """Record all statements that are run within the block."""
    statements: list[str] = []

    def add(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engines = (database.reading_engine, database.writing_engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", add)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", add)


@pytest.mark.parametrize("change", [{"password": "another password"}, {"disabled": True}])
def test_changes_during_password_verification_apply(
    world: World, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    user, verify = f"/users/{world.shopper.id}", passwords.verify_password

    def verify_and_change(password: str, password_hash: str | None) -> bool:
        is_match = verify(password, password_hash)
        if is_match:
            ok(world.admin.patch(user, change))
        return is_match

    monkeypatch.setattr(passwords, "verify_password", verify_and_change)
    problem(log_in(world.shopper), 401, "wrong-credentials")


def test_password_that_is_replaced_during_verification_is_no_longer_the_old_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify, new_hash = passwords.verify_password, passwords.hash_password("three calm elephants")

    def verify_and_replace(password: str, password_hash: str | None) -> bool:
        replace = update(User).where(User.email == world.shopper.email).values(password_hash=new_hash)
        world.database.write(lambda session: session.execute(replace))
        return verify(password, password_hash)

    monkeypatch.setattr(passwords, "verify_password", verify_and_replace)
    body = {"old_password": PASSWORD, "new_password": "a better password"}
    problem(world.shopper.post("/me/password", body), 403, "wrong-password")
    monkeypatch.undo()
    log_in_successfully(world.shopper, password="three calm elephants")
