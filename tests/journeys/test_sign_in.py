"""Signing in and out: tokens, cookies, and families of refresh tokens."""

import base64
import hmac
import json
import secrets
import time
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeSerializer
from sqlalchemy import update
from werkzeug.test import TestResponse

from api import migrations
from api.app import create_app
from api.http.tokens import get_signing_keys
from api.models.base import now
from api.models.sign_in import SignInFailure, TokenFamily
from api.models.users import User
from api.services.people import login_limits, sign_in
from tests.support.world import API, PASSWORD, Caller, World, log_in, ok, problem

pytestmark = pytest.mark.one_database


def sign_in_as(caller: Caller, **fields: Any) -> Any:
    return ok(log_in(caller, **fields), 200)


def caller_with(app: Flask, token: str) -> Caller:
    return Caller(app, token=token)


def refresh(app: Flask, token: str) -> TestResponse:
    return caller_with(app, token).post("/auth/refresh")


def test_sign_in_returns_tokens_that_must_not_be_cached(world: World) -> None:
    response = log_in(world.shopper)
    pair = ok(response, 200)
    assert set(pair) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert pair["token_type"] == "Bearer"
    assert 60 <= pair["expires_in"] <= 3600
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers
    assert ok(caller_with(world.app, pair["access_token"]).get("/me"))["email"] == world.shopper.email


def test_profile_has_the_person_and_their_places(world: World) -> None:
    manager = world.person("manager", region_ids=[world.region["id"]], location_ids=[world.location["id"]])
    me = ok(manager.get("/me"))
    person = {"id", "email", "name", "role", "language", "time_zone", "regions", "locations"}
    assert set(me) == {*person, "organization", "briefing", "currency"}
    assert me["organization"]["name"] == world.name
    assert [region["id"] for region in me["regions"]] == [world.region["id"]]
    assert [location["code"] for location in me["locations"]] == [world.location["code"]]


def test_email_address_is_case_insensitive(world: World) -> None:
    world.shopper.email = f" {world.shopper.email.upper()} "  # type: ignore[union-attr]
    assert sign_in_as(world.shopper)


def test_unknown_account_wrong_password_and_disabled_account_have_the_same_response(world: World) -> None:
    disabled = world.person("shopper")
    ok(world.admin.patch(f"/users/{disabled.id}", {"disabled": True}))
    responses = [
        log_in(Caller(world.app, email="nobody@example.org")),
        log_in(world.shopper, "wrong wrong wrong"),
        log_in(world.shopper, " "),
        log_in(disabled),
        log_in(world.shopper, organization="No such organization"),
    ]
    bodies = [problem(response, 401, "wrong-credentials") for response in responses]
    for body in bodies:
        del body["request_id"]
    assert all(body == bodies[0] for body in bodies)
    assert all("WWW-Authenticate" in response.headers for response in responses)


# Several organizations.


@pytest.fixture
def two_accounts(world: World) -> tuple[Caller, World]:
    """A shopper with an account in two organizations, with the same email address and password."""
    other_world = World(world.app)
    name = f"twice-{uuid.uuid4()}"
    other_world.person("shopper", name)
    return world.person("shopper", name), other_world


def test_organization_selects_one_of_several_accounts(
    world: World, two_accounts: tuple[Caller, World]
) -> None:
    shopper, other_world = two_accounts
    problem(log_in(shopper), 409, "which-organization")
    for expected in (world, other_world):
        pair = sign_in_as(shopper, organization=expected.name)
        assert (
            ok(caller_with(world.app, pair["access_token"]).get("/me"))["organization"]["name"]
            == expected.name
        )


def test_wrong_password_does_not_disclose_several_accounts(two_accounts: tuple[Caller, World]) -> None:
    problem(log_in(two_accounts[0], "wrong wrong wrong"), 401, "wrong-credentials")


def test_password_selects_one_of_several_accounts(world: World, two_accounts: tuple[Caller, World]) -> None:
    shopper, _other = two_accounts
    ok(world.admin.patch(f"/users/{shopper.id}", {"password": "another password"}))
    pair = sign_in_as(shopper, password="another password")
    assert ok(caller_with(world.app, pair["access_token"]).get("/me"))["organization"]["name"] == world.name
    ok(world.admin.patch(f"/users/{shopper.id}", {"password": PASSWORD, "disabled": True}))
    pair = sign_in_as(shopper)
    assert ok(caller_with(world.app, pair["access_token"]).get("/me"))["organization"]["name"] != world.name


# Old data.


def test_expired_sign_in_data_is_deleted(world: World) -> None:
    person = uuid.UUID(world.shopper.id)
    moment = now()
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
        for name, key in keys.items():
            ends_at = moment + timedelta(minutes=1 if name == "fresh" else -1)
            session.add(SignInFailure(key=key, window_ends_at=ends_at, failures=1))

    world.database.write(add)
    world.database.write(sign_in.delete_expired)
    world.database.write(login_limits.delete_expired)
    with world.database.read_snapshot() as session:
        family_names = {name for name, family in families.items() if session.get(TokenFamily, family.id)}
        failure_names = {name for name, key in keys.items() if session.get(SignInFailure, key)}
    assert family_names == {"live", "just revoked"}
    assert failure_names == {"fresh"}
    ok(world.shopper.get("/me"))


# Refresh tokens.


def test_refresh_token_returns_a_new_pair_each_time(world: World) -> None:
    pair = sign_in_as(world.shopper)
    for _ in range(3):
        response = refresh(world.app, pair["refresh_token"])
        assert response.headers["Cache-Control"] == "no-store"
        successor = ok(response, 200)
        assert successor["refresh_token"] != pair["refresh_token"]
        ok(caller_with(world.app, successor["access_token"]).get("/me"))
        pair = successor


def test_previous_refresh_token_works_after_a_lost_response(world: World) -> None:
    first = sign_in_as(world.shopper)
    lost = ok(refresh(world.app, first["refresh_token"]))
    also_lost = ok(refresh(world.app, first["refresh_token"]))
    received = ok(refresh(world.app, first["refresh_token"]))
    assert len({pair["refresh_token"] for pair in (lost, also_lost, received)}) == 3
    ok(refresh(world.app, received["refresh_token"]))


def test_unused_successor_is_rejected_after_it_was_replaced(world: World) -> None:
    first = sign_in_as(world.shopper)
    lost = ok(refresh(world.app, first["refresh_token"]))
    received = ok(refresh(world.app, first["refresh_token"]))
    problem(refresh(world.app, lost["refresh_token"]), 401, "not-signed-in")
    ok(refresh(world.app, received["refresh_token"]))  # the session has not ended


def test_token_used_after_its_successor_revokes_the_family(world: World) -> None:
    first = sign_in_as(world.shopper)
    second = ok(refresh(world.app, first["refresh_token"]))
    third = ok(refresh(world.app, second["refresh_token"]))
    other = sign_in_as(world.shopper)
    problem(refresh(world.app, first["refresh_token"]), 401, "not-signed-in")
    problem(refresh(world.app, third["refresh_token"]), 401, "not-signed-in")
    for pair in (first, second, third):
        problem(caller_with(world.app, pair["access_token"]).get("/me"), 401, "not-signed-in")
    ok(caller_with(world.app, other["access_token"]).get("/me"))


def test_access_and_refresh_tokens_are_not_interchangeable(world: World) -> None:
    pair = sign_in_as(world.shopper)
    problem(caller_with(world.app, pair["refresh_token"]).get("/me"), 401, "not-signed-in")
    problem(refresh(world.app, pair["access_token"]), 401, "not-signed-in")


def test_sign_out_revokes_only_the_tokens_of_the_session(world: World) -> None:
    pair, other = sign_in_as(world.shopper), sign_in_as(world.shopper)
    response = caller_with(world.app, pair["access_token"]).post("/auth/logout")
    assert (response.status_code, response.data) == (204, b"")
    problem(caller_with(world.app, pair["access_token"]).get("/me"), 401, "not-signed-in")
    problem(caller_with(world.app, pair["access_token"]).post("/auth/logout"), 401, "not-signed-in")
    problem(refresh(world.app, pair["refresh_token"]), 401, "not-signed-in")
    ok(caller_with(world.app, other["access_token"]).get("/me"))


def test_sessions_and_sign_outs_survive_a_restart(world: World) -> None:
    pair, other = sign_in_as(world.shopper), sign_in_as(world.shopper)
    caller_with(world.app, pair["access_token"]).post("/auth/logout")
    restarted = create_app(world.app.extensions["survey"].settings)
    problem(caller_with(restarted, pair["access_token"]).get("/me"), 401, "not-signed-in")
    problem(refresh(restarted, pair["refresh_token"]), 401, "not-signed-in")
    ok(caller_with(restarted, other["access_token"]).get("/me"))
    ok(refresh(restarted, other["refresh_token"]))
    restarted.extensions["survey"].database.close()


# Password changes, and changes of rights.


def test_password_change_needs_the_old_one_and_ends_all_other_sessions(world: World) -> None:
    pair, other = sign_in_as(world.shopper), sign_in_as(world.shopper)
    caller = caller_with(world.app, pair["access_token"])
    password = "a better password"
    wrong = {"old_password": "wrong wrong wrong", "new_password": password}
    problem(caller.post("/me/password", wrong), 403, "wrong-password")
    ok(caller_with(world.app, other["access_token"]).get("/me"))
    short = {"old_password": PASSWORD, "new_password": "short"}
    problem(caller.post("/me/password", short), 422, "invalid")
    response = caller.post("/me/password", {"old_password": PASSWORD, "new_password": password})
    assert response.status_code == 204
    ok(caller.get("/me"))
    ok(refresh(world.app, pair["refresh_token"]))
    problem(caller_with(world.app, other["access_token"]).get("/me"), 401, "not-signed-in")
    problem(refresh(world.app, other["refresh_token"]), 401, "not-signed-in")
    problem(log_in(world.shopper), 401, "wrong-credentials")
    sign_in_as(world.shopper, password=password)


def test_disabled_person_is_rejected_at_the_next_request(world: World) -> None:
    pair = sign_in_as(world.shopper)
    ok(world.admin.patch(f"/users/{world.shopper.id}", {"disabled": True}))
    problem(caller_with(world.app, pair["access_token"]).get("/me"), 401, "not-signed-in")
    problem(refresh(world.app, pair["refresh_token"]), 401, "not-signed-in")
    ok(world.admin.patch(f"/users/{world.shopper.id}", {"disabled": False}))
    problem(caller_with(world.app, pair["access_token"]).get("/me"), 401, "not-signed-in")
    sign_in_as(world.shopper)


def test_person_disabled_in_the_database_is_rejected_too(world: World) -> None:
    user_id = uuid.UUID(world.shopper.id)
    disable = update(User).where(User.id == user_id).values(disabled=True)
    world.database.write(lambda session: session.execute(disable))
    problem(world.shopper.get("/me"), 401, "not-signed-in")


def test_new_role_or_address_ends_the_sessions_of_the_person(world: World) -> None:
    person = world.person("shopper")
    for values in ({"role": "admin"}, {"email": f"new-{person.email}"}):
        caller = caller_with(world.app, sign_in_as(person)["access_token"])
        ok(world.admin.patch(f"/users/{person.id}", {"name": "Renamed"}))
        ok(caller.get("/me"))
        ok(world.admin.patch(f"/users/{person.id}", values))
        problem(caller.get("/me"), 401, "not-signed-in")
    person.email = f"new-{person.email}"
    assert ok(caller_with(world.app, sign_in_as(person)["access_token"]).get("/users"))


def test_changes_of_oneself_end_only_the_other_sessions(world: World) -> None:
    other = caller_with(world.app, sign_in_as(world.admin)["access_token"])
    ok(world.admin.patch(f"/users/{world.admin.id}", {"email": f"new-{world.admin.email}"}))
    problem(other.get("/me"), 401, "not-signed-in")
    ok(world.admin.get("/me"))


# Invalid tokens.


def encode_token(
    world: World,
    claims: dict[str, Any],
    key: str | None = None,
    algorithm: str = "HS256",
    headers: dict[str, Any] | None = None,
) -> str:
    """Return a token whose header names the current key, even if it is signed with another ``key``."""
    key_id, current = get_signing_key(world)
    return jwt.encode(claims, key or current, algorithm, headers={"kid": key_id, **(headers or {})})


def get_signing_key(world: World) -> tuple[str, bytes]:
    """Return the ID and the bytes of the key that signs tokens."""
    return next(iter(get_signing_keys(world.app.extensions["survey"].settings.keys).items()))


def segment(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_foreign_or_malformed_token_is_rejected(world: World) -> None:
    valid_token = sign_in_as(world.shopper)["access_token"]
    claims = jwt.decode(valid_token, options={"verify_signature": False})
    header, payload, signature = valid_token.split(".")
    key_id, key = get_signing_key(world)
    tokens = {
        "garbage": "garbage",
        "three segments of garbage": "a.b.c",
        "dots": "...",
        "not ASCII": "\xe9\xff",
        "alg none": f"{segment({'alg': 'none', 'typ': 'JWT', 'kid': key_id})}.{payload}.",
        "alg None with the signature": f"{segment({'alg': 'None', 'kid': key_id})}.{payload}.{signature}",
        "no alg": f"{segment({'kid': key_id})}.{payload}.{signature}",
        "alg is a list": f"{segment({'alg': ['HS256'], 'kid': key_id})}.{payload}.{signature}",
        "the header is a list": f"{segment([])}.{payload}.{signature}",
        "a deep header": f"{segment(b'[' * 3000)}.{payload}.{signature}",
        "a deep payload": f"{header}.{segment(b'[' * 3000)}.{signature}",
        "a payload that is a number": f"{header}.{segment(5)}.{signature}",
        "other claims under the same signature": f"{header}.{segment({**claims, 'x': 1})}.{signature}",
        "no signature": f"{header}.{payload}.",
        "another key": encode_token(world, claims, "x" * 48),
        "another deployment's": encode_token(world, claims, secrets.token_urlsafe(48)),
        "no key": jwt.encode(claims, key, "HS256"),
        "the secret of the program": encode_token(
            world, claims, world.app.extensions["survey"].settings.secret_key
        ),
        **build_tokens_of_other_algorithms(claims, key_id),
        **build_tokens_with_foreign_keys(claims, key_id),
        "an unknown critical header": encode_token(world, claims, headers={"crit": ["x"], "x": 1}),
        "huge": f"{header}.{segment({**claims, 'x': 'x' * 500_000})}.{signature}",
        "a huge signature": f"{header}.{payload}.{signature * 5000}",
        "a link of the photo store": URLSafeSerializer(key, salt="photo-upload").dumps(claims),
        "another algorithm": encode_token(world, claims, algorithm="HS512"),
        "expired": encode_token(world, {**claims, "exp": int(time.time()) - 1}),
        "not yet": encode_token(world, {**claims, "nbf": int(time.time()) + 60}),
        "another installation": encode_token(world, {**claims, "iss": f"urn:uuid:{uuid.uuid4()}"}),
        "for another installation": encode_token(world, {**claims, "aud": f"urn:uuid:{uuid.uuid4()}"}),
        "no issuer": encode_token(world, {name: value for name, value in claims.items() if name != "iss"}),
        "no audience": encode_token(world, {name: value for name, value in claims.items() if name != "aud"}),
        "no family": encode_token(world, {name: value for name, value in claims.items() if name != "family"}),
        "a family that is a number": encode_token(world, {**claims, "family": 5}),
        "an unknown family": encode_token(world, {**claims, "family": str(uuid.uuid4())}),
        "the family of another person": encode_token(world, {**claims, "sub": world.admin.id}),
        "a subject that is not an ID": encode_token(world, {**claims, "sub": "x"}),
    }
    for case, token in tokens.items():
        response = caller_with(world.app, token).get("/me")
        assert response.status_code == 401, case
        problem(response, 401, "not-signed-in")
        problem(refresh(world.app, token), 401, "not-signed-in")
        if token.isascii():
            for name, path in (("access_token_cookie", "/me"), ("refresh_token_cookie", "/auth/refresh")):
                method = "GET" if path == "/me" else "POST"
                headers = {"Cookie": f"{name}={token}"}
                problem(world.anonymous.call(method, path, headers=headers), 401, "not-signed-in")
    for authorization in (
        "Bearer",
        "Bearer ",
        f"Basic {valid_token}",
        valid_token,
        f"bearer x {valid_token}",
        "Bearer  ",
    ):
        response = world.anonymous.get("/me", headers={"Authorization": authorization})
        problem(response, 401, "not-signed-in")


def build_tokens_of_other_algorithms(claims: dict[str, Any], key_id: str) -> dict[str, str]:
    """Return tokens of other algorithms, and one that is signed with a public key as its secret."""
    public = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    unsigned = f"{segment({'alg': 'HS256', 'kid': key_id})}.{segment(claims)}"
    return {
        **{
            algorithm: f"{segment({'alg': algorithm, 'kid': key_id})}.{segment(claims)}.{segment(b'x' * 256)}"
            for algorithm in ("RS256", "PS512", "ES256", "EdDSA", "HS384", "hs256", "dir", "A256GCM")
        },
        "HS256 with a public key": f"{unsigned}.{segment(hmac.digest(public, unsigned.encode(), 'sha256'))}",
        "HS256 with an empty key": f"{unsigned}.{segment(hmac.digest(b'', unsigned.encode(), 'sha256'))}",
    }


def build_tokens_with_foreign_keys(claims: dict[str, Any], key_id: str) -> dict[str, str]:
    """Return tokens whose header names their key: in a file, at a URL, or in the header itself."""
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
    tokens = {}
    for header in headers:
        unsigned = f"{segment({'alg': 'HS256', 'kid': key_id, **header})}.{segment(claims)}"
        signature = segment(hmac.digest(key.encode(), unsigned.encode(), "sha256"))
        tokens[f"key from {header}"] = f"{unsigned}.{signature}"
    return tokens


def test_two_authorization_headers_are_rejected(world: World) -> None:
    for second in (world.shopper.token, world.reviewer.token, "garbage"):
        headers = [("Authorization", f"Bearer {token}") for token in (world.shopper.token, second)]
        response = world.app.test_client().get(f"{API}/me", headers=headers)
        problem(response, 401, "not-signed-in")


def test_token_of_another_deployment_is_rejected(world: World, tmp_path: Path) -> None:
    settings = world.app.extensions["survey"].settings
    pair = sign_in_as(world.shopper)
    other = create_app(replace(settings, secret_key=secrets.token_urlsafe(48)))
    problem(caller_with(other, pair["access_token"]).get("/me"), 401, "not-signed-in")
    problem(refresh(other, pair["refresh_token"]), 401, "not-signed-in")
    other.extensions["survey"].database.close()
    # A deployment with the same secret, but another database, does not know the token family.
    copy = create_app(replace(settings, database_url=f"sqlite:///{tmp_path}/copy"))
    migrations.upgrade(copy.extensions["survey"].database)
    problem(caller_with(copy, pair["access_token"]).get("/me"), 401, "not-signed-in")
    problem(refresh(copy, pair["refresh_token"]), 401, "not-signed-in")
    copy.extensions["survey"].database.close()
    ok(caller_with(world.app, pair["access_token"]).get("/me"))


# Cookies.


def test_access_and_refresh_cookies_are_not_interchangeable(world: World, browser: FlaskClient) -> None:
    access_cookie = browser.get_cookie("access_token_cookie")
    refresh_cookie = browser.get_cookie("refresh_token_cookie")
    assert access_cookie is not None and refresh_cookie is not None
    response = world.anonymous.get("/me", headers={"Cookie": f"access_token_cookie={refresh_cookie.value}"})
    problem(response, 401, "not-signed-in")
    headers = {"Cookie": f"refresh_token_cookie={access_cookie.value}", **get_csrf_headers(browser)}
    problem(world.anonymous.post("/auth/refresh", headers=headers), 401, "not-signed-in")


def test_csrf_header_of_another_session_is_rejected(world: World, browser: FlaskClient) -> None:
    other_browser = world.app.test_client()
    other_browser.post(
        f"{API}/auth/login", json={"email": world.reviewer.email, "password": PASSWORD, "cookies": True}
    )
    problem(browser.post(f"{API}/auth/logout", headers=get_csrf_headers(other_browser)), 401, "not-signed-in")
    # A Bearer token ends its own session, not the session of the cookies.
    response = browser.post(f"{API}/auth/logout", headers={"Authorization": f"Bearer {world.reviewer.token}"})
    assert response.status_code == 204
    problem(world.reviewer.get("/me"), 401, "not-signed-in")


@pytest.fixture
def browser(world: World) -> FlaskClient:
    """A browser in which the shopper is signed in."""
    client = world.app.test_client()
    body = {"email": world.shopper.email, "password": PASSWORD, "cookies": True}
    response = client.post(f"{API}/auth/login", json=body)
    assert (response.status_code, response.data) == (204, b"")
    return client


def get_csrf_headers(client: FlaskClient, name: str = "csrf_access_token") -> dict[str, str]:
    cookie = client.get_cookie(name)
    assert cookie is not None
    return {"X-CSRF-TOKEN": cookie.value}


def test_token_cookies_are_hidden_from_scripts_and_other_sites(world: World) -> None:
    response = log_in(world.shopper, cookies=True)
    assert (response.status_code, response.data) == (204, b"")
    assert response.headers["Cache-Control"] == "no-store"
    cookies = {line.partition("=")[0]: line for line in response.headers.getlist("Set-Cookie")}
    for name in ("access_token_cookie", "refresh_token_cookie"):
        assert "; HttpOnly" in cookies[name] and "; SameSite=" in cookies[name]
    for name in ("csrf_access_token", "csrf_refresh_token"):
        assert "HttpOnly" not in cookies[name]


def test_cookies_over_https_belong_to_this_host_alone(world: World) -> None:
    body = {"email": world.shopper.email, "password": PASSWORD, "cookies": True}
    browser = world.app.test_client()

    def call(method: str, path: str, **options: Any) -> TestResponse:
        return browser.open(f"{API}{path}", method=method, base_url="https://localhost", **options)

    cookies = call("POST", "/auth/login", json=body).headers.getlist("Set-Cookie")
    for line in cookies:
        assert line.startswith("__Host-")
        assert {"Secure", "Path=/"} <= set(line.split("; ")) and "Domain" not in line
    assert call("GET", "/me").status_code == 200
    csrf = browser.get_cookie("__Host-csrf_refresh_token", "localhost")
    assert csrf is not None
    assert call("POST", "/auth/refresh", headers={"X-CSRF-TOKEN": csrf.value}).status_code == 204
    # Another server of the domain can set cookies without the prefix, which count for nothing.
    values = {line.partition("=")[0].removeprefix("__Host-"): line.split("=")[1] for line in cookies}
    header = {"Cookie": f"access_token_cookie={values['access_token_cookie'].partition(';')[0]}"}
    planted = world.anonymous.get("/me", headers=header, base_url="https://localhost")
    problem(planted, 401, "not-signed-in")
    csrf = browser.get_cookie("__Host-csrf_access_token", "localhost")
    assert csrf is not None
    assert call("POST", "/auth/logout", headers={"X-CSRF-TOKEN": csrf.value}).status_code == 204
    assert browser.get_cookie("__Host-access_token_cookie", "localhost") is None


def test_cookies_suffice_to_read_and_need_the_csrf_header_to_write(
    world: World, browser: FlaskClient
) -> None:
    assert browser.get(f"{API}/me").get_json()["email"] == world.shopper.email
    body = {"old_password": PASSWORD, "new_password": "another password"}
    path = f"{API}/me/password"
    for headers in ({}, {"X-CSRF-TOKEN": "x"}, get_csrf_headers(browser, "csrf_refresh_token")):
        detail = problem(browser.post(path, json=body, headers=headers), 401, "not-signed-in")["detail"]
        assert "X-CSRF-TOKEN" in detail
    assert browser.post(path, json=body, headers=get_csrf_headers(browser)).status_code == 204


def test_bearer_header_takes_precedence_over_cookies(world: World, browser: FlaskClient) -> None:
    def get_me(authorization: str) -> Any:
        return browser.get(f"{API}/me", headers={"Authorization": authorization})

    assert get_me(f"Bearer {world.reviewer.token}").get_json()["email"] == world.reviewer.email
    assert get_me(f"bearer {world.reviewer.token}").get_json()["email"] == world.reviewer.email
    expired = encode_token(world, {"sub": world.shopper.id, "type": "access", "exp": int(time.time()) - 1})
    for scheme in ("Bearer", "bearer", "BEARER"):
        for token in (" garbage", " ", "", f" {expired}", f" x {world.reviewer.token}"):
            problem(get_me(scheme + token), 401, "not-signed-in")
            problem(
                browser.post(
                    f"{API}/auth/refresh",
                    headers=get_csrf_headers(browser, "csrf_refresh_token")
                    | {"Authorization": scheme + token},
                ),
                401,
                "not-signed-in",
            )
    body = {"old_password": "wrong wrong wrong", "new_password": "another password"}
    response = browser.post(
        f"{API}/me/password", json=body, headers={"Authorization": f"Bearer {world.reviewer.token}"}
    )
    problem(response, 403, "wrong-password")


def test_cookies_are_refreshed_as_cookies(browser: FlaskClient) -> None:
    before = browser.get_cookie("refresh_token_cookie")
    path = f"{API}/auth/refresh"
    problem(browser.post(path), 401, "not-signed-in")
    problem(browser.post(path, headers=get_csrf_headers(browser)), 401, "not-signed-in")
    response = browser.post(path, headers=get_csrf_headers(browser, "csrf_refresh_token"))
    assert (response.status_code, response.data) == (204, b"")
    after = browser.get_cookie("refresh_token_cookie")
    assert before is not None and after is not None and before.value != after.value
    assert browser.get(f"{API}/me").status_code == 200
    response_with_basic = browser.post(
        path, headers=get_csrf_headers(browser, "csrf_refresh_token") | {"Authorization": "Basic eDp4"}
    )
    assert response_with_basic.status_code == 204


def test_sign_out_deletes_the_cookies(browser: FlaskClient) -> None:
    response = browser.post(f"{API}/auth/logout", headers=get_csrf_headers(browser))
    assert response.status_code == 204
    assert browser.get_cookie("access_token_cookie") is None
    assert browser.get_cookie("refresh_token_cookie") is None
    problem(browser.get(f"{API}/me"), 401, "not-signed-in")


def test_sign_in_rejects_unknown_fields_and_wrong_types(world: World) -> None:
    credentials = {"email": world.shopper.email, "password": PASSWORD}
    for fields in (
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
        problem(world.anonymous.post("/auth/login", {**credentials, **fields}), 422, "invalid")
    ok(world.anonymous.post("/auth/login", {**credentials, "organization": None}), 200)
