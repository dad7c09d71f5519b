"""Replacing the secret of a running program: nothing stops working, until the previous secret is dropped."""

import secrets
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
import standardwebhooks
from flask import Flask
from werkzeug.test import TestResponse

from api.app import create_app
from api.jobs import webhook_requests
from api.jobs.webhook_requests import Result
from api.jobs.webhooks import WebhookSender
from api.metrics import Metrics
from api.models.base import now
from api.settings import Settings
from tests.support.exports import build_all, request_export
from tests.support.world import PASSWORD, Caller, World, ok, pointers, problem
from uploads.folder import FolderStore, LinkRejected


@pytest.fixture(scope="module")
def replaced(embedded_app: Flask) -> Iterator[tuple[Flask, Flask]]:
    """The program with a new secret: first with the previous one, then without it."""
    settings = embedded_app.extensions["survey"].settings
    secret = secrets.token_urlsafe(48)
    with_previous = replace(settings, secret_key=secret, secret_key_previous=(settings.secret_key,))
    apps = create_app(with_previous), create_app(replace(settings, secret_key=secret))
    yield apps
    for app in apps:
        app.extensions["survey"].database.close()


@pytest.fixture
def world(embedded_app: Flask) -> World:
    """An organization in the program as it was before."""
    return World(embedded_app)


def at(app: Flask, caller: Caller) -> Caller:
    return replace(caller, app=app)


def test_nobody_is_logged_out(world: World, replaced: tuple[Flask, Flask]) -> None:
    during, after = replaced
    client = world.client("visits:read")
    body = {"email": world.shopper.email, "password": PASSWORD}
    pair = ok(world.anonymous.post("/auth/login", body))
    browser = log_in_with_cookies(world.app, world.shopper)

    ok(at(during, world.shopper).get("/me"))
    ok(at(during, client).get("/visits"))
    renewed = ok(refresh(during, pair["refresh_token"]))
    renewed_browser = renew_cookies(during, browser)
    # What the new secret signed needs the previous one no more.
    ok(Caller(after, token=renewed["access_token"]).get("/me"))
    ok(refresh(after, renewed["refresh_token"]))
    assert renew_cookies(after, renewed_browser)


def test_what_the_previous_secret_signed_is_rejected_after_it(
    world: World, replaced: tuple[Flask, Flask]
) -> None:
    _, after = replaced
    client = world.client("visits:read")
    pair = ok(world.anonymous.post("/auth/login", {"email": world.shopper.email, "password": PASSWORD}))
    for caller in (world.shopper, client):
        problem(at(after, caller).get("/visits"), 401, "not-signed-in")
    problem(refresh(after, pair["refresh_token"]), 401, "not-signed-in")


def refresh(app: Flask, token: str) -> TestResponse:
    return Caller(app, token=token).post("/auth/refresh")


def log_in_with_cookies(app: Flask, person: Caller) -> dict[str, str]:
    """Return the cookies of a new session."""
    body = {"email": person.email, "password": PASSWORD, "cookies": True}
    return read_cookies(Caller(app).post("/auth/login", body))


def renew_cookies(app: Flask, cookies: dict[str, str]) -> dict[str, str]:
    """Exchange the refresh token in cookies, and return the new cookies."""
    headers = {
        "Cookie": f"refresh_token_cookie={cookies['refresh_token_cookie']}",
        "X-CSRF-TOKEN": cookies["csrf_refresh_token"],
    }
    return read_cookies(Caller(app).post("/auth/refresh", headers=headers))


def read_cookies(response: TestResponse) -> dict[str, str]:
    assert response.status_code == 204
    lines = response.headers.getlist("Set-Cookie")
    return dict(line.partition(";")[0].split("=", 1) for line in lines)


def test_invitations_open(world: World, replaced: tuple[Flask, Flask]) -> None:
    during, after = replaced
    acceptance = {"token": invite(world), "name": "Ana", "password": "a phrase of my own"}
    problem(Caller(after).post("/auth/invitation", acceptance), 410, "link-expired")
    ok(Caller(during).post("/auth/invitation", acceptance), 204)


def invite(world: World) -> str:
    """Return the token of an invitation."""
    body = {"email": f"{uuid.uuid4()}@example.org", "name": "Ana", "role": "shopper", "invite": True}
    person = ok(world.admin.post("/users", body), 201)
    link: str = ok(world.admin.post(f"/users/{person['id']}/invitation"), 201)["link"]
    return urlsplit(link).fragment


def test_a_request_with_an_idempotency_key_is_replayed(world: World, replaced: tuple[Flask, Flask]) -> None:
    during, after = replaced
    headers, body = {"Idempotency-Key": str(uuid.uuid4())}, {"code": "north", "name": "North"}
    first = ok(world.admin.post("/regions", body, headers=headers), 201)
    assert ok(at(during, world.admin).post("/regions", body, headers=headers), 201) == first
    response = at(during, world.admin).post("/regions", {**body, "name": "South"}, headers=headers)
    problem(response, 422, "idempotency-mismatch")
    token = ok(Caller(after).post("/auth/login", {"email": world.admin.email, "password": PASSWORD}))
    caller = Caller(after, token=token["access_token"])
    problem(caller.post("/regions", body, headers=headers), 422, "idempotency-mismatch")


def test_the_change_feed_goes_on(world: World, replaced: tuple[Flask, Flask]) -> None:
    during, after = replaced
    token = ok(world.admin.get("/visits?changed_after="))["changes_token"]
    renewed = ok(at(during, world.admin).get(f"/visits?changed_after={token}"))["changes_token"]
    assert renewed != token
    session = ok(Caller(after).post("/auth/login", {"email": world.admin.email, "password": PASSWORD}))
    caller = Caller(after, token=session["access_token"])
    ok(caller.get(f"/visits?changed_after={renewed}"))
    response = caller.get(f"/visits?changed_after={token}")
    assert pointers(problem(response, 422, "invalid")) == ["/changed_after"]


def test_links_to_exports_open(world: World, replaced: tuple[Flask, Flask]) -> None:
    during, after = replaced
    world.accepted_visit()
    export_id = request_export(world.manager)
    build_all(world)
    url = urlsplit(ok(world.manager.get(f"/exports/{export_id}"))["download"])
    path = f"/{url.path}?{url.query}"
    assert Caller(during).get(path).status_code in (200, 302)
    problem(Caller(after).get(path), 410, "export-link-expired")


def test_links_to_the_embedded_photo_store_open() -> None:
    before, current = b"b" * 32, b"c" * 32
    with TemporaryDirectory() as folder:
        former, during, after = (
            FolderStore(Path(folder), keys, lambda: "") for keys in ([before], [current, before], [current])
        )
        token = get_token(former)
        assert during.open_upload(token).size == 3
        assert after.open_upload(get_token(during)).size == 3
        with pytest.raises(LinkRejected):
            after.open_upload(token)


def get_token(store: FolderStore) -> str:
    url = store.create_upload_link("photos/a", "00", 3, "image/jpeg").url
    return url.rpartition("/")[2]


def test_second_factors_work_without_the_previous_secret_once_encrypted_again(
    world: World, replaced: tuple[Flask, Flask], caplog: pytest.LogCaptureFixture
) -> None:
    during, after = replaced
    secret = ok(world.manager.post("/me/totp"), 201)["secret"]
    codes = [pyotp.TOTP(secret).at(now(), counter_offset=steps) for steps in (-1, 0, 1)]
    recovery_codes = ok(world.manager.post("/me/totp/confirm", {"code": codes[0]}))["recovery_codes"]

    ok(log_in(during, world.manager, codes[1]), 200)
    problem(log_in(after, world.manager, codes[2]), 401, "wrong-code")
    assert "was dropped too early" in caplog.text
    ok(log_in(after, world.manager, recovery_codes[0]), 200)
    assert run_reencrypt(after).exit_code == 1
    result = run_reencrypt(during)
    assert result.exit_code == 0
    assert result.output != run_reencrypt(during).output == "Encrypted 0 again.\n"
    ok(log_in(after, world.manager, codes[2]), 200)


def test_webhooks_sign_with_the_same_secret_once_encrypted_again(
    world: World, replaced: tuple[Flask, Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    during, after = replaced
    sent: list[tuple[bytes, Mapping[str, str]]] = []

    def post(url: str, headers: Mapping[str, str], body: bytes, **_options: Any) -> Result:
        if url == webhook["url"]:
            sent.append((body, headers))
        return Result(200, None, 1)

    webhook = world.webhook()
    monkeypatch.setattr(webhook_requests, "post", post)
    for app in (world.app, during, after):
        ok(world.admin.post(f"/webhooks/{webhook['id']}/test"), 202)
        send_webhooks(app)
        standardwebhooks.Webhook(webhook["secret"]).verify(*sent.pop())
        run_reencrypt(during)


def send_webhooks(app: Flask) -> None:
    context = app.extensions["survey"]
    sender = WebhookSender(context.database, Metrics(), keys=context.settings.keys, allow_private=False)
    while sender.work():
        sender.wait(10)


def log_in(app: Flask, person: Caller, code: str) -> TestResponse:
    return Caller(app).post("/auth/login", {"email": person.email, "password": PASSWORD, "code": code})


def run_reencrypt(app: Flask) -> Any:
    return app.test_cli_runner().invoke(args=["secrets", "reencrypt"])


# The secret of an embedded installation, in DATA_DIR.


def test_the_secret_in_the_data_folder_is_replaced_by_a_command(tmp_path: Path) -> None:
    environment = {"DATA_DIR": str(tmp_path), "DEMO": "0"}
    first = Settings.from_environment(environment)
    for _ in range(2):
        run_secrets_replace(Settings.from_environment(environment))
    settings = Settings.from_environment(environment)
    second = settings.secret_key_previous[0]
    assert settings.secret_key_previous == (second, first.secret_key)
    assert len({settings.secret_key, second, first.secret_key}) == 3
    for name in ("secret_key", "secret_key_previous"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    (tmp_path / "secret_key_previous").unlink()
    assert Settings.from_environment(environment) == replace(settings, secret_key_previous=())
    assert {path.name for path in tmp_path.iterdir() if "secret" in path.name or "tmp" in path.name} == {
        "secret_key"
    }


def test_a_secret_in_the_environment_is_not_replaced(tmp_path: Path) -> None:
    Settings.from_environment({"DATA_DIR": str(tmp_path)})
    settings = Settings.from_environment({"DATA_DIR": str(tmp_path), "SECRET_KEY": "s" * 32})
    result = create_app(settings).test_cli_runner().invoke(args=["secrets", "replace"])
    assert result.exit_code == 1
    assert "SECRET_KEY is set" in result.output
    assert not (tmp_path / "secret_key_previous").exists()


def run_secrets_replace(settings: Settings) -> None:
    result = create_app(settings).test_cli_runner().invoke(args=["secrets", "replace"])
    assert result.exit_code == 0, result.output
    assert settings.secret_key not in result.output
