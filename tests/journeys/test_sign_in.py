"""Signing in and out: tokens, cookies, families of refresh tokens, and guessing that does not pay."""

import base64
import hmac
import json
import secrets
import statistics
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from argon2 import PasswordHasher, extract_parameters
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeSerializer
from sqlalchemy import update
from werkzeug.test import TestResponse

from api import migrations
from api.app import create_app
from api.models.base import now
from api.models.sign_in import KnownAddress, SignInFailure, TokenFamily
from api.models.users import User
from api.services.people import passwords, sign_in
from tests.support.world import API, PASSWORD, Caller, World, ok, problem


def log_in(caller: Caller, password: str = PASSWORD, address: str | None = None, **more: Any) -> TestResponse:
    """Sign in from an address of one's own, so that no test counts another's failures."""
    where = {"REMOTE_ADDR": address or str(uuid.uuid4())}
    body = {"email": caller.email, "password": password, **more}
    return Caller(caller.app).post("/auth/login", body, environ_base=where)


def session(caller: Caller, **more: Any) -> Any:
    return ok(log_in(caller, **more), 200)


def as_holder(app: Flask, token: str) -> Caller:
    return Caller(app, token=token)


def refresh(app: Flask, token: str) -> TestResponse:
    return as_holder(app, token).post("/auth/refresh")


def test_a_password_gives_a_pair_of_tokens_that_nobody_keeps(world: World) -> None:
    answer = log_in(world.shopper)
    pair = ok(answer, 200)
    assert set(pair) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert pair["token_type"] == "Bearer"
    assert 60 <= pair["expires_in"] <= 3600
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert ok(as_holder(world.app, pair["access_token"]).get("/me"))["email"] == world.shopper.email


def test_me_tells_who_one_is_and_for_which_places_one_is_named(world: World) -> None:
    manager = world.person("manager", region_ids=[world.region["id"]], location_ids=[world.location["id"]])
    me = ok(manager.get("/me"))
    assert set(me) == {"id", "email", "name", "role", "organization", "regions", "locations"}
    assert me["organization"]["name"] == world.name
    assert [region["id"] for region in me["regions"]] == [world.region["id"]]
    assert [location["code"] for location in me["locations"]] == [world.location["code"]]


def test_an_address_in_capitals_is_the_same(world: World) -> None:
    world.shopper.email = f" {world.shopper.email.upper()} "  # type: ignore[union-attr]
    assert session(world.shopper)


def test_unknown_wrong_and_disabled_are_refused_alike(world: World) -> None:
    disabled = world.person("shopper")
    ok(world.admin.patch(f"/users/{disabled.id}", {"disabled": True}))
    answers = [
        log_in(Caller(world.app, email="nobody@example.org")),
        log_in(world.shopper, "wrong wrong wrong"),
        log_in(world.shopper, " "),
        log_in(disabled),
        log_in(world.shopper, organization="No such organization"),
    ]
    bodies = [problem(answer, 401, "wrong-credentials") for answer in answers]
    for body in bodies:
        del body["request_id"]
    assert all(body == bodies[0] for body in bodies)
    assert all("WWW-Authenticate" in answer.headers for answer in answers)


# Several organizations.


@pytest.fixture
def twice(world: World) -> tuple[Caller, World]:
    """A shopper of two organizations, by one address and one password."""
    other = World(world.app)
    name = f"twice-{uuid.uuid4()}"
    other.person("shopper", name)
    return world.person("shopper", name), other


def test_where_several_accounts_fit_the_organization_says_which(
    world: World, twice: tuple[Caller, World]
) -> None:
    shopper, other = twice
    problem(log_in(shopper), 409, "which-organization")
    for where in (world, other):
        pair = session(shopper, organization=where.name)
        assert ok(as_holder(world.app, pair["access_token"]).get("/me"))["organization"]["name"] == where.name


def test_whoever_has_no_password_does_not_learn_of_several_accounts(twice: tuple[Caller, World]) -> None:
    problem(log_in(twice[0], "wrong wrong wrong"), 401, "wrong-credentials")


def test_where_the_passwords_differ_each_leads_to_its_own(world: World, twice: tuple[Caller, World]) -> None:
    shopper, _other = twice
    ok(world.admin.patch(f"/users/{shopper.id}", {"password": "another password"}))
    pair = session(shopper, password="another password")
    assert ok(as_holder(world.app, pair["access_token"]).get("/me"))["organization"]["name"] == world.name
    ok(world.admin.patch(f"/users/{shopper.id}", {"password": PASSWORD, "disabled": True}))
    pair = session(shopper)
    assert ok(as_holder(world.app, pair["access_token"]).get("/me"))["organization"]["name"] != world.name


# Guessing.


def test_repeated_failures_are_429_until_the_window_ends(world: World) -> None:
    for _ in range(10):
        problem(log_in(world.shopper, "wrong wrong wrong", "here"), 401, "wrong-credentials")
    for password in ("wrong wrong wrong", PASSWORD):
        answer = log_in(world.shopper, password, "here")
        problem(answer, 429, "too-many-failures")
        assert 0 < int(answer.headers["Retry-After"]) <= 901
    assert session(world.shopper, address="elsewhere")
    assert session(world.reviewer, address="here")

    def wait(session: Any) -> None:
        session.execute(update(SignInFailure).values(window_ends_at=now() - timedelta(seconds=1)))

    world.database.write(wait)
    assert session(world.shopper, address="here")


def test_an_account_that_is_not_there_is_429_as_well(world: World) -> None:
    ghost = Caller(world.app, email=f"ghost-{uuid.uuid4()}@example.org")
    for _ in range(10):
        problem(log_in(ghost, address="there"), 401, "wrong-credentials")
    problem(log_in(ghost, address="there"), 429, "too-many-failures")


def test_successes_do_not_count_and_forgive_nothing(world: World) -> None:
    for _ in range(12):
        session(world.shopper, address="home")
    for _ in range(9):
        log_in(world.shopper, "wrong wrong wrong", "home")
    session(world.shopper, address="home")
    log_in(world.shopper, "wrong wrong wrong", "home")
    problem(log_in(world.shopper, address="home"), 429, "too-many-failures")


def fail_often(world: World, key: str) -> None:
    """Pretend a hundred failures under a key."""
    row = SignInFailure(key=key, window_ends_at=now() + timedelta(minutes=5), failures=100)
    world.database.write(lambda session: session.add(row))


def test_strangers_lock_nobody_out_of_the_address_that_he_uses(world: World) -> None:
    session(world.shopper, address="at home")
    fail_often(world, f"account {world.shopper.email}")
    problem(log_in(world.shopper, address="on holiday"), 429, "too-many-failures")
    assert session(world.shopper, address="at home")


def test_an_address_that_guesses_at_many_accounts_is_stopped(world: World) -> None:
    address = str(uuid.uuid4())
    session(world.shopper, address=address)
    fail_often(world, f"address {address}")
    for caller in (world.reviewer, Caller(world.app, email="nobody@example.org")):
        problem(log_in(caller, address=address), 429, "too-many-failures")
    # Those behind it who signed in from there before go on, each with his own limit.
    session(world.shopper, address=address)
    for _ in range(10):
        problem(log_in(world.shopper, "wrong wrong wrong", address), 401, "wrong-credentials")
    problem(log_in(world.shopper, address=address), 429, "too-many-failures")


@pytest.fixture
def failing(world: World, twice: tuple[Caller, World]) -> dict[str, Callable[[], TestResponse]]:
    """Every way in which signing in fails for its credentials."""
    disabled = world.person("shopper")
    ok(world.admin.patch(f"/users/{disabled.id}", {"disabled": True}))
    ghost = Caller(world.app, email="nobody@example.org")
    wrong = "wrong wrong wrong"
    return {
        "unknown": lambda: log_in(ghost),
        "wrong": lambda: log_in(world.shopper, wrong),
        "disabled": lambda: log_in(disabled),
        "disabled and wrong": lambda: log_in(disabled, wrong),
        "of two organizations": lambda: log_in(twice[0], wrong),
        "of another organization": lambda: log_in(world.shopper, organization=twice[1].name),
    }


def test_each_failure_takes_the_same_work(
    failing: dict[str, Callable[[], TestResponse]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many verifications, each of the same cost; they are nearly all that a log-in takes."""
    costs = []

    class Counted(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Any:
            costs.append(extract_parameters(str(hash)))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counted())
    for case, attempt in failing.items():
        costs.clear()
        problem(attempt(), 401, "wrong-credentials")
        assert costs == [extract_parameters(passwords._dummy_hash)] * 2, case


@pytest.mark.parametrize("app", ["embedded"], indirect=True)
def test_the_time_of_a_failure_does_not_tell_who_knows_the_address(
    failing: dict[str, Callable[[], TestResponse]],
) -> None:
    """Medians of the CPU time, which no other program on the machine moves, of attempts in turn."""
    times: dict[str, list[float]] = {case: [] for case in failing}
    for _ in range(15):
        for case, attempt in failing.items():
            began = time.thread_time()
            attempt()
            times[case].append(time.thread_time() - began)
    medians = {case: statistics.median(taken) for case, taken in times.items()}
    assert max(medians.values()) < 1.5 * min(medians.values()), medians


@pytest.mark.parametrize("change", [{"password": "another password"}, {"disabled": True}])
def test_what_changes_while_a_password_is_compared_counts(
    world: World, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    user, matches = f"/users/{world.shopper.id}", passwords.verify_password

    def changed_meanwhile(password: str, password_hash: str | None) -> bool:
        fits = matches(password, password_hash)
        if fits:
            ok(world.admin.patch(user, change))
        return fits

    monkeypatch.setattr(passwords, "verify_password", changed_meanwhile)
    problem(log_in(world.shopper), 401, "wrong-credentials")


def test_the_addresses_of_one_ipv6_network_are_one(world: World) -> None:
    network, other = (f"2001:db8:{uuid.uuid4().hex[:4]}:{number}" for number in (1, 2))
    for number in range(10):
        problem(
            log_in(world.shopper, "wrong wrong wrong", f"{network}::{number:x}"), 401, "wrong-credentials"
        )
    problem(log_in(world.shopper, address=f"{network}:ffff::1"), 429, "too-many-failures")
    assert session(world.shopper, address=f"{other}::1")
    # IPv4 in the words of IPv6 is no network.
    for number in range(11):
        problem(
            log_in(world.reviewer, "wrong wrong wrong", f"::ffff:10.0.0.{number}"), 401, "wrong-credentials"
        )


def test_wrong_old_passwords_are_failures_to_sign_in(world: World) -> None:
    where = {"environ_base": {"REMOTE_ADDR": str(uuid.uuid4())}}
    wrong = {"old_password": "wrong wrong wrong", "new_password": "a better password"}
    for _ in range(10):
        problem(world.shopper.post("/me/password", wrong, **where), 403, "wrong-password")
    right = {**wrong, "old_password": PASSWORD}
    problem(world.shopper.post("/me/password", right, **where), 429, "too-many-failures")
    assert world.shopper.post("/me/password", right).status_code == 204


def test_what_signing_in_remembers_is_forgotten_in_time(world: World) -> None:
    person = uuid.UUID(world.shopper.id)
    moment = now()
    addresses = {"seen": moment - timedelta(days=89), "unseen": moment - timedelta(days=91)}
    times = {
        "live": (moment + timedelta(days=1), None),
        "expired": (moment - timedelta(days=1), None),
        "just revoked": (moment + timedelta(days=1), moment - timedelta(days=59)),
        "long revoked": (moment + timedelta(days=1), moment - timedelta(days=61)),
    }
    families = {
        name: TokenFamily(
            id=uuid.uuid4(),
            user_id=person,
            current=uuid.uuid4(),
            expires_at=expires_at,
            revoked_at=revoked_at,
        )
        for name, (expires_at, revoked_at) in times.items()
    }
    keys = {name: str(uuid.uuid4()) for name in ("fresh", "old")}

    def add(session: Any) -> None:
        session.add_all(families.values())
        session.add_all(
            KnownAddress(user_id=person, address=address, seen_at=seen_at)
            for address, seen_at in addresses.items()
        )
        for name, key in keys.items():
            ends_at = moment + timedelta(minutes=1 if name == "fresh" else -1)
            session.add(SignInFailure(key=key, window_ends_at=ends_at, failures=1))

    world.database.write(add)
    world.database.write(sign_in.delete_expired)
    with world.database.read_snapshot() as session:
        kept = {name for name, family in families.items() if session.get(TokenFamily, family.id)}
        known = {name for name in addresses if session.get(KnownAddress, (person, name))}
        failures = {name for name, key in keys.items() if session.get(SignInFailure, key)}
    assert kept == {"live", "just revoked"}
    assert known == {"seen"}
    assert failures == {"fresh"}
    ok(world.shopper.get("/me"))


# Refresh tokens.


def test_a_refresh_token_gives_a_new_pair_and_the_chain_goes_on(world: World) -> None:
    pair = session(world.shopper)
    for _ in range(3):
        answer = refresh(world.app, pair["refresh_token"])
        assert answer.headers["Cache-Control"] == "no-store"
        new = ok(answer, 200)
        assert new["refresh_token"] != pair["refresh_token"]
        ok(as_holder(world.app, new["access_token"]).get("/me"))
        pair = new


def test_after_a_lost_answer_the_old_token_works_again(world: World) -> None:
    first = session(world.shopper)
    lost = ok(refresh(world.app, first["refresh_token"]))
    also_lost = ok(refresh(world.app, first["refresh_token"]))
    fresh = ok(refresh(world.app, first["refresh_token"]))
    assert len({each["refresh_token"] for each in (lost, also_lost, fresh)}) == 3
    ok(refresh(world.app, fresh["refresh_token"]))


def test_the_unused_successor_is_dead_once_the_old_token_gave_another(world: World) -> None:
    first = session(world.shopper)
    lost = ok(refresh(world.app, first["refresh_token"]))
    fresh = ok(refresh(world.app, first["refresh_token"]))
    problem(refresh(world.app, lost["refresh_token"]), 401, "not-signed-in")
    ok(refresh(world.app, fresh["refresh_token"]))  # nobody is signed out for it


def test_a_token_used_after_its_successor_was_revokes_the_whole_family(world: World) -> None:
    first = session(world.shopper)
    second = ok(refresh(world.app, first["refresh_token"]))
    third = ok(refresh(world.app, second["refresh_token"]))
    other = session(world.shopper)
    problem(refresh(world.app, first["refresh_token"]), 401, "not-signed-in")
    problem(refresh(world.app, third["refresh_token"]), 401, "not-signed-in")
    for pair in (first, second, third):
        problem(as_holder(world.app, pair["access_token"]).get("/me"), 401, "not-signed-in")
    ok(as_holder(world.app, other["access_token"]).get("/me"))


def test_the_two_kinds_of_token_do_not_stand_for_each_other(world: World) -> None:
    pair = session(world.shopper)
    problem(as_holder(world.app, pair["refresh_token"]).get("/me"), 401, "not-signed-in")
    problem(refresh(world.app, pair["access_token"]), 401, "not-signed-in")


def test_logging_out_kills_the_family_and_no_other(world: World) -> None:
    pair, other = session(world.shopper), session(world.shopper)
    answer = as_holder(world.app, pair["access_token"]).post("/auth/logout")
    assert (answer.status_code, answer.data) == (204, b"")
    problem(as_holder(world.app, pair["access_token"]).get("/me"), 401, "not-signed-in")
    problem(as_holder(world.app, pair["access_token"]).post("/auth/logout"), 401, "not-signed-in")
    problem(refresh(world.app, pair["refresh_token"]), 401, "not-signed-in")
    ok(as_holder(world.app, other["access_token"]).get("/me"))


def test_after_a_restart_who_logged_out_is_out_and_who_did_not_is_in(world: World) -> None:
    pair, other = session(world.shopper), session(world.shopper)
    as_holder(world.app, pair["access_token"]).post("/auth/logout")
    again = create_app(world.app.extensions["survey"].settings)
    problem(as_holder(again, pair["access_token"]).get("/me"), 401, "not-signed-in")
    problem(refresh(again, pair["refresh_token"]), 401, "not-signed-in")
    ok(as_holder(again, other["access_token"]).get("/me"))
    ok(refresh(again, other["refresh_token"]))
    again.extensions["survey"].database.close()


# Passwords, and rights within one request.


def test_a_new_password_needs_the_old_one_and_ends_all_other_sessions(world: World) -> None:
    mine, other = session(world.shopper), session(world.shopper)
    caller = as_holder(world.app, mine["access_token"])
    new = "a better password"
    wrong = {"old_password": "wrong wrong wrong", "new_password": new}
    problem(caller.post("/me/password", wrong), 403, "wrong-password")
    ok(as_holder(world.app, other["access_token"]).get("/me"))
    short = {"old_password": PASSWORD, "new_password": "short"}
    problem(caller.post("/me/password", short), 422, "invalid")
    answer = caller.post("/me/password", {"old_password": PASSWORD, "new_password": new})
    assert answer.status_code == 204
    ok(caller.get("/me"))
    ok(refresh(world.app, mine["refresh_token"]))
    problem(as_holder(world.app, other["access_token"]).get("/me"), 401, "not-signed-in")
    problem(refresh(world.app, other["refresh_token"]), 401, "not-signed-in")
    problem(log_in(world.shopper), 401, "wrong-credentials")
    session(world.shopper, password=new)


def test_who_is_disabled_is_out_at_the_next_request(world: World) -> None:
    pair = session(world.shopper)
    ok(world.admin.patch(f"/users/{world.shopper.id}", {"disabled": True}))
    problem(as_holder(world.app, pair["access_token"]).get("/me"), 401, "not-signed-in")
    problem(refresh(world.app, pair["refresh_token"]), 401, "not-signed-in")
    ok(world.admin.patch(f"/users/{world.shopper.id}", {"disabled": False}))
    problem(as_holder(world.app, pair["access_token"]).get("/me"), 401, "not-signed-in")
    session(world.shopper)


def test_disabled_straight_in_the_database_is_out_too(world: World) -> None:
    user_id = uuid.UUID(world.shopper.id)
    disable = update(User).where(User.id == user_id).values(disabled=True)
    world.database.write(lambda session: session.execute(disable))
    problem(world.shopper.get("/me"), 401, "not-signed-in")


def test_a_changed_role_counts_at_the_next_request(world: World) -> None:
    person = world.person("shopper")
    problem(person.get("/users"), 403, "forbidden")
    ok(world.admin.patch(f"/users/{person.id}", {"role": "admin"}))
    ok(person.get("/users"))
    ok(world.admin.patch(f"/users/{person.id}", {"role": "reviewer"}))
    problem(person.get("/users"), 403, "forbidden")
    assert ok(person.get("/me"))["role"] == "reviewer"


# Tokens that are none.


def signed(world: World, claims: dict[str, Any], key: str | None = None, algorithm: str = "HS256") -> str:
    secret = world.app.config["JWT_SECRET_KEY"] if key is None else key
    return jwt.encode(claims, secret, algorithm)


def segment(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_what_is_no_token_of_ours_is_401(world: World) -> None:
    right = session(world.shopper)["access_token"]
    claims = jwt.decode(right, options={"verify_signature": False})
    header, payload, signature = right.split(".")
    tokens = {
        "garbage": "garbage",
        "three garbages": "a.b.c",
        "dots": "...",
        "no ASCII": "\xe9\xff",
        "alg none": f"{segment({'alg': 'none', 'typ': 'JWT'})}.{payload}.",
        "alg None with the signature": f"{segment({'alg': 'None'})}.{payload}.{signature}",
        "no alg": f"{segment({})}.{payload}.{signature}",
        "alg is a list": f"{segment({'alg': ['HS256']})}.{payload}.{signature}",
        "the header is a list": f"{segment([])}.{payload}.{signature}",
        "a deep header": f"{segment(b'[' * 3000)}.{payload}.{signature}",
        "a deep payload": f"{header}.{segment(b'[' * 3000)}.{signature}",
        "a payload that is a number": f"{header}.{segment(5)}.{signature}",
        "other claims under the same signature": f"{header}.{segment({**claims, 'x': 1})}.{signature}",
        "no signature": f"{header}.{payload}.",
        "another key": signed(world, claims, "x" * 48),
        "another deployment's": signed(world, claims, secrets.token_urlsafe(48)),
        **swapped(claims),
        **led_astray(claims),
        "a critical header that nobody knows": jwt.encode(
            claims, world.app.config["JWT_SECRET_KEY"], headers={"crit": ["x"], "x": 1}
        ),
        "huge": f"{header}.{segment({**claims, 'x': 'x' * 500_000})}.{signature}",
        "a huge signature": f"{header}.{payload}.{signature * 5000}",
        "a link of the photo store": URLSafeSerializer(
            world.app.config["JWT_SECRET_KEY"], salt="photo-upload"
        ).dumps(claims),
        "another algorithm": signed(world, claims, algorithm="HS512"),
        "expired": signed(world, {**claims, "exp": int(time.time()) - 1}),
        "not yet": signed(world, {**claims, "nbf": int(time.time()) + 60}),
        "no family": signed(world, {name: value for name, value in claims.items() if name != "family"}),
        "a family that is a number": signed(world, {**claims, "family": 5}),
        "a family of nobody": signed(world, {**claims, "family": str(uuid.uuid4())}),
        "somebody else's family": signed(world, {**claims, "sub": world.admin.id}),
        "a subject that is no id": signed(world, {**claims, "sub": "x"}),
    }
    for case, token in tokens.items():
        answer = as_holder(world.app, token).get("/me")
        assert answer.status_code == 401, case
        problem(answer, 401, "not-signed-in")
        problem(refresh(world.app, token), 401, "not-signed-in")
        if token.isascii():
            for name, path in (("access_token_cookie", "/me"), ("refresh_token_cookie", "/auth/refresh")):
                method = "GET" if path == "/me" else "POST"
                headers = {"Cookie": f"{name}={token}"}
                problem(world.anonymous.call(method, path, headers=headers), 401, "not-signed-in")
    for authorization in ("Bearer", "Bearer ", f"Basic {right}", right, f"bearer x {right}", "Bearer  "):
        answer = world.anonymous.get("/me", headers={"Authorization": authorization})
        problem(answer, 401, "not-signed-in")


def swapped(claims: dict[str, Any]) -> dict[str, str]:
    """Tokens of other algorithms, and one whose secret is a key that everybody may know."""
    public = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    unsigned = f"{segment({'alg': 'HS256', 'typ': 'JWT'})}.{segment(claims)}"
    return {
        **{
            algorithm: f"{segment({'alg': algorithm, 'typ': 'JWT'})}.{segment(claims)}.{segment(b'x' * 256)}"
            for algorithm in ("RS256", "PS512", "ES256", "EdDSA", "HS384", "hs256", "dir", "A256GCM")
        },
        "HS256 by a public key": f"{unsigned}.{segment(hmac.digest(public, unsigned.encode(), 'sha256'))}",
        "HS256 by no key": f"{unsigned}.{segment(hmac.digest(b'', unsigned.encode(), 'sha256'))}",
    }


def led_astray(claims: dict[str, Any]) -> dict[str, str]:
    """Tokens whose header says where the key is: in a file, at an address, in the header itself."""
    key = "an attacker's own key, long enough"
    jwk = {"kty": "oct", "alg": "HS256", "k": segment(key.encode())}
    headers: list[dict[str, Any]] = [
        {"kid": "../../../../dev/null"},
        {"kid": "x' UNION SELECT 'key"},
        {"kid": ["HS256"]},
        {"jku": "http://127.0.0.1:1/keys.json"},
        {"jwk": jwk},
        {"x5u": "http://127.0.0.1:1/cert.pem"},
        {"x5c": [segment(key.encode())]},
        {"typ": "none"},
    ]
    told = {}
    for header in headers:
        unsigned = f"{segment({'alg': 'HS256', 'typ': 'JWT', **header})}.{segment(claims)}"
        signature = segment(hmac.digest(key.encode(), unsigned.encode(), "sha256"))
        told[f"its key by {header}"] = f"{unsigned}.{signature}"
    return told


def test_two_authorization_headers_are_none(world: World) -> None:
    for second in (world.shopper.token, world.reviewer.token, "garbage"):
        headers = [("Authorization", f"Bearer {each}") for each in (world.shopper.token, second)]
        answer = world.app.test_client().get(f"{API}/me", headers=headers)
        problem(answer, 401, "not-signed-in")


def test_another_deployment_does_not_take_our_tokens(world: World, tmp_path: Path) -> None:
    settings = world.app.extensions["survey"].settings
    pair = session(world.shopper)
    other = create_app(replace(settings, secret_key=secrets.token_urlsafe(48)))
    problem(as_holder(other, pair["access_token"]).get("/me"), 401, "not-signed-in")
    problem(refresh(other, pair["refresh_token"]), 401, "not-signed-in")
    other.extensions["survey"].database.close()
    # One with our secret, as a copy of the settings has it, knows no family of ours.
    copy = create_app(replace(settings, database_url=f"sqlite:///{tmp_path}/copy"))
    migrations.upgrade(copy.extensions["survey"].database)
    problem(as_holder(copy, pair["access_token"]).get("/me"), 401, "not-signed-in")
    problem(refresh(copy, pair["refresh_token"]), 401, "not-signed-in")
    copy.extensions["survey"].database.close()
    ok(as_holder(world.app, pair["access_token"]).get("/me"))


# Cookies.


def test_the_two_kinds_of_cookie_do_not_stand_for_each_other(world: World, browser: FlaskClient) -> None:
    access = browser.get_cookie("access_token_cookie")
    fresh = browser.get_cookie("refresh_token_cookie", path="/api/v1/auth/refresh")
    assert access is not None and fresh is not None
    me = world.anonymous.get("/me", headers={"Cookie": f"access_token_cookie={fresh.value}"})
    problem(me, 401, "not-signed-in")
    headers = {"Cookie": f"refresh_token_cookie={access.value}", **csrf(browser)}
    problem(world.anonymous.post("/auth/refresh", headers=headers), 401, "not-signed-in")


def test_a_csrf_header_of_another_session_does_not_do(world: World, browser: FlaskClient) -> None:
    other = world.app.test_client()
    other.post(
        f"{API}/auth/login", json={"email": world.reviewer.email, "password": PASSWORD, "cookies": True}
    )
    problem(browser.post(f"{API}/auth/logout", headers=csrf(other)), 401, "not-signed-in")
    # Nor does a Bearer of one end the session that the cookies are of.
    answer = browser.post(f"{API}/auth/logout", headers={"Authorization": f"Bearer {world.reviewer.token}"})
    assert answer.status_code == 204
    problem(world.reviewer.get("/me"), 401, "not-signed-in")


@pytest.fixture
def browser(world: World) -> FlaskClient:
    """A browser that the shopper signed in with."""
    client = world.app.test_client()
    body = {"email": world.shopper.email, "password": PASSWORD, "cookies": True}
    answer = client.post(f"{API}/auth/login", json=body)
    assert (answer.status_code, answer.data) == (204, b"")
    return client


def csrf(client: FlaskClient, name: str = "csrf_access_token") -> dict[str, str]:
    cookie = client.get_cookie(name)
    assert cookie is not None
    return {"X-CSRF-TOKEN": cookie.value}


def test_the_pair_is_in_cookies_that_no_script_and_no_other_site_can_use(world: World) -> None:
    answer = log_in(world.shopper, cookies=True)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    cookies = {line.partition("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}
    for name in ("access_token_cookie", "refresh_token_cookie"):
        assert "; HttpOnly" in cookies[name] and "; SameSite=" in cookies[name]
    assert "; Path=/api/v1/auth/refresh" in cookies["refresh_token_cookie"]
    for name in ("csrf_access_token", "csrf_refresh_token"):
        assert "HttpOnly" not in cookies[name]


def test_over_https_the_cookies_stay_there(world: World) -> None:
    body = {"email": world.shopper.email, "password": PASSWORD, "cookies": True}
    answer = world.anonymous.post("/auth/login", body, base_url="https://localhost")
    assert all("; Secure" in line for line in answer.headers.getlist("Set-Cookie"))


def test_cookies_read_by_themselves_and_write_with_the_csrf_header_alone(
    world: World, browser: FlaskClient
) -> None:
    assert browser.get(f"{API}/me").get_json()["email"] == world.shopper.email
    body = {"old_password": PASSWORD, "new_password": "another password"}
    path = f"{API}/me/password"
    for headers in ({}, {"X-CSRF-TOKEN": "x"}, csrf(browser, "csrf_refresh_token")):
        detail = problem(browser.post(path, json=body, headers=headers), 401, "not-signed-in")["detail"]
        assert "X-CSRF-TOKEN" in detail
    assert browser.post(path, json=body, headers=csrf(browser)).status_code == 204


def test_a_bearer_header_wins_over_cookies(world: World, browser: FlaskClient) -> None:
    def me(authorization: str) -> Any:
        return browser.get(f"{API}/me", headers={"Authorization": authorization})

    assert me(f"Bearer {world.reviewer.token}").get_json()["email"] == world.reviewer.email
    assert me(f"bearer {world.reviewer.token}").get_json()["email"] == world.reviewer.email
    expired = signed(world, {"sub": world.shopper.id, "type": "access", "exp": int(time.time()) - 1})
    for scheme in ("Bearer", "bearer", "BEARER"):
        for token in (" garbage", " ", "", f" {expired}", f" x {world.reviewer.token}"):
            problem(me(scheme + token), 401, "not-signed-in")
            problem(
                browser.post(
                    f"{API}/auth/refresh",
                    headers=csrf(browser, "csrf_refresh_token") | {"Authorization": scheme + token},
                ),
                401,
                "not-signed-in",
            )
    body = {"old_password": "wrong wrong wrong", "new_password": "another password"}
    answer = browser.post(
        f"{API}/me/password", json=body, headers={"Authorization": f"Bearer {world.reviewer.token}"}
    )
    problem(answer, 403, "wrong-password")


def test_cookies_are_refreshed_as_cookies(browser: FlaskClient) -> None:
    before = browser.get_cookie("refresh_token_cookie", path="/api/v1/auth/refresh")
    path = f"{API}/auth/refresh"
    problem(browser.post(path), 401, "not-signed-in")
    problem(browser.post(path, headers=csrf(browser)), 401, "not-signed-in")
    answer = browser.post(path, headers=csrf(browser, "csrf_refresh_token"))
    assert (answer.status_code, answer.data) == (204, b"")
    after = browser.get_cookie("refresh_token_cookie", path="/api/v1/auth/refresh")
    assert before is not None and after is not None and before.value != after.value
    assert browser.get(f"{API}/me").status_code == 200
    again = browser.post(path, headers=csrf(browser, "csrf_refresh_token") | {"Authorization": "Basic eDp4"})
    assert again.status_code == 204


def test_logging_out_takes_the_cookies_back(browser: FlaskClient) -> None:
    answer = browser.post(f"{API}/auth/logout", headers=csrf(browser))
    assert answer.status_code == 204
    assert browser.get_cookie("access_token_cookie") is None
    assert browser.get_cookie("refresh_token_cookie", path="/api/v1/auth/refresh") is None
    problem(browser.get(f"{API}/me"), 401, "not-signed-in")


def test_what_is_signed_in_with_is_strict_as_well(world: World) -> None:
    right = {"email": world.shopper.email, "password": PASSWORD}
    for wrong in (
        {"email": 5},
        {"email": ""},
        {"email": "x" * 321},
        {"password": None},
        {"password": "x" * 1001},
        {"cookies": "true"},
        {"cookies": 1},
        {"organization": 5},
        {"remember": True},
    ):
        problem(world.anonymous.post("/auth/login", {**right, **wrong}), 422, "invalid")
    ok(world.anonymous.post("/auth/login", {**right, "organization": None}), 200)
