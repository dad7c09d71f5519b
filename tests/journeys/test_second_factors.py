"""The second factor: codes of an authenticator app, recovery codes, and roles that must have one."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from api.domain.access import ROLES
from api.models.base import now
from api.models.second_factors import RecoveryCode, SecondFactor
from api.services.people import second_factors
from tests.support.world import PASSWORD, Caller, World, ok, pointers, problem, request_token

pytestmark = pytest.mark.one_database


@dataclass
class Phone:
    """The authenticator app of a person, which has enabled their second factor, and its recovery codes."""

    person: Caller
    secret: str
    recovery_codes: list[str]

    def code(self, steps: int = 0) -> str:
        """Return the code of the present time step, or of one that is some ``steps`` later."""
        return pyotp.TOTP(self.secret).at(now(), counter_offset=steps)


def set_up(person: Caller) -> Phone:
    """Enable the second factor of a person, so that no code of the present was used."""
    secret = ok(person.post("/me/totp"), 201)["secret"]
    phone = Phone(person, secret, [])
    response = person.post("/me/totp/confirm", {"code": phone.code(-1)})
    if response.status_code == 422:  # a new time step began in the meantime
        response = person.post("/me/totp/confirm", {"code": phone.code(-1)})
    phone.recovery_codes = ok(response, 200)["recovery_codes"]
    return phone


def log_in(person: Caller, code: str | None = None, password: str = PASSWORD, **fields: Any) -> TestResponse:
    """Log in from a random address, so that tests do not share their failure counts."""
    body = {"email": person.email, "password": password, "code": code, **fields}
    return Caller(person.app).post("/auth/login", body, environ_base={"REMOTE_ADDR": str(uuid.uuid4())})


@pytest.fixture
def phone(world: World) -> Phone:
    return set_up(world.manager)


# Setting up.


def test_the_uri_names_the_organization_and_the_account(world: World) -> None:
    response = world.manager.post("/me/totp")
    setup = ok(response, 201)
    assert response.headers["Cache-Control"] == "no-store"
    uri = urlsplit(setup["uri"])
    query = parse_qs(uri.query)
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == f"/{world.name}:{world.manager.email}"
    assert (query["secret"], query["issuer"]) == ([setup["secret"]], [world.name])
    assert len(pyotp.TOTP(setup["secret"]).byte_secret()) * 8 == 160


def test_nothing_changes_until_a_code_confirms_the_secret(world: World) -> None:
    problem(world.manager.post("/me/totp/confirm", {"code": "000000"}), 409, "no-second-factor")
    former = ok(world.manager.post("/me/totp"), 201)["secret"]
    secret = ok(world.manager.post("/me/totp"), 201)["secret"]
    assert secret != former
    ok(log_in(world.manager), 200)
    assert ok(world.manager.get("/me/totp")) == {"enabled": False, "recovery_codes_left": 0}
    for code in (pyotp.TOTP(former).now(), "12345", "a" * 100, "１２３"):
        response = world.manager.post("/me/totp/confirm", {"code": code})
        assert pointers(problem(response, 422, "invalid")) == ["/code"]
    codes = ok(world.manager.post("/me/totp/confirm", {"code": pyotp.TOTP(secret).now()}), 200)
    assert len(set(codes["recovery_codes"])) == 10
    assert ok(world.manager.get("/me/totp")) == {"enabled": True, "recovery_codes_left": 10}
    problem(log_in(world.manager), 401, "second-factor-needed")


def test_what_is_enabled_is_not_started_or_confirmed_again(phone: Phone) -> None:
    problem(phone.person.post("/me/totp"), 409, "second-factor-exists")
    problem(phone.person.post("/me/totp/confirm", {"code": phone.code()}), 409, "second-factor-exists")
    ok(log_in(phone.person, phone.code()), 200)


def test_secrets_are_stored_encrypted_and_recovery_codes_hashed(world: World, phone: Phone) -> None:
    with world.database.read_snapshot() as session:
        factor = session.get_one(SecondFactor, uuid.UUID(phone.person.id))
        mine = RecoveryCode.user_id == factor.user_id
        hashes = session.scalars(select(RecoveryCode.code_sha256).where(mine))
        stored = f"{factor.secret} {' '.join(hashes)}"
    assert phone.secret not in stored
    keys = world.app.extensions["survey"].settings.keys
    assert keys.decrypt(second_factors.KEY_PURPOSE, factor.secret) == phone.secret
    for code in phone.recovery_codes:
        assert len(code.replace("-", "")) == 16  # of 5 bits each
        assert code not in stored and code.replace("-", "") not in stored


def test_setting_up_and_disabling_end_all_other_sessions(world: World) -> None:
    first = Caller(world.app, token=ok(log_in(world.manager))["access_token"])
    phone = set_up(world.manager)
    problem(first.get("/me"), 401, "not-signed-in")
    second = Caller(world.app, token=ok(log_in(phone.person, phone.code()))["access_token"])
    body = {"password": PASSWORD, "code": phone.recovery_codes[0]}
    ok(phone.person.post("/me/totp/disable", body), 204)
    problem(second.get("/me"), 401, "not-signed-in")
    ok(phone.person.get("/me"))


# Logging in.


def test_without_the_password_nobody_learns_of_the_second_factor(phone: Phone) -> None:
    for code in (None, "000000", phone.code()):
        problem(log_in(phone.person, code, password="wrong"), 401, "wrong-credentials")
    response = log_in(phone.person)
    problem(response, 401, "second-factor-needed")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    # A guess at the password did not use up the code.
    ok(log_in(phone.person, phone.code()), 200)


def test_each_code_works_once(phone: Phone) -> None:
    code = phone.code()
    ok(log_in(phone.person, f" {code[:3]} {code[3:]} "), 200)
    problem(log_in(phone.person, code), 401, "wrong-code")
    # Somebody may have seen an earlier code, too.
    problem(log_in(phone.person, phone.code(-1)), 401, "wrong-code")
    ok(log_in(phone.person, phone.code(1)), 200)


def test_the_code_that_confirmed_does_not_log_in(world: World) -> None:
    secret = ok(world.manager.post("/me/totp"), 201)["secret"]
    code = pyotp.TOTP(secret).now()
    ok(world.manager.post("/me/totp/confirm", {"code": code}), 200)
    problem(log_in(world.manager, code), 401, "wrong-code")


def test_codes_are_valid_for_one_time_step_before_and_after(
    world: World, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_last_step(world)
    moment, totp = now(), pyotp.TOTP(phone.secret)
    monkeypatch.setattr(second_factors, "now", lambda: moment)
    for steps in (-3, -2, 2, 3):
        problem(log_in(phone.person, totp.at(moment, counter_offset=steps)), 401, "wrong-code")
    for steps in (-1, 0, 1):
        ok(log_in(phone.person, totp.at(moment, counter_offset=steps)), 200)


def forget_last_step(world: World) -> None:
    world.database.write(lambda session: session.execute(update(SecondFactor).values(last_step=0)))


@pytest.mark.both_databases
def test_a_code_that_is_used_twice_at_once_works_once(phone: Phone) -> None:
    for code in (phone.code(), phone.recovery_codes[0]):
        barrier = threading.Barrier(4)

        def log_in_with(_number: int, code: str = code, barrier: threading.Barrier = barrier) -> int:
            barrier.wait()
            return log_in(phone.person, code).status_code

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(log_in_with, range(4))) == [200, 401, 401, 401]


def test_each_recovery_code_works_once(phone: Phone) -> None:
    ok(log_in(phone.person, phone.recovery_codes[0]), 200)
    problem(log_in(phone.person, phone.recovery_codes[0]), 401, "wrong-code")
    ok(log_in(phone.person, phone.recovery_codes[1].lower().replace("-", " ")), 200)
    assert ok(phone.person.get("/me/totp"))["recovery_codes_left"] == 8


def test_codes_of_another_person_do_not_work(world: World, phone: Phone) -> None:
    other = set_up(world.reviewer)
    for code in (other.code(), other.recovery_codes[0]):
        problem(log_in(phone.person, code), 401, "wrong-code")
    ok(log_in(other.person, other.code()), 200)
    ok(log_in(other.person, other.recovery_codes[0]), 200)


def test_people_without_a_second_factor_may_send_a_code(world: World) -> None:
    ok(log_in(world.shopper, "000000"), 200)


def test_guesses_of_codes_are_limited_wherever_they_come_from(phone: Phone) -> None:
    # Logins without a code are no guesses.
    for number in range(10):
        problem(log_in(phone.person), 401, "second-factor-needed")
        problem(log_in(phone.person, f"{number:06}"), 401, "wrong-code")
    response = log_in(phone.person, phone.code())
    problem(response, 429, "too-many-failures")
    assert 0 < int(response.headers["Retry-After"]) <= 15 * 60


def test_codes_that_were_right_do_not_count(phone: Phone) -> None:
    for code in phone.recovery_codes:
        ok(log_in(phone.person, code), 200)
    ok(log_in(phone.person, phone.code()), 200)


def test_a_new_password_does_not_remove_the_second_factor(world: World, phone: Phone) -> None:
    link = ok(world.admin.post(f"/users/{phone.person.id}/invitation"), 201)["link"]
    body = {"token": urlsplit(link).fragment, "name": "Robin", "password": "a phrase of my own"}
    ok(world.anonymous.post("/auth/invitation", body), 204)
    problem(log_in(phone.person, password="a phrase of my own"), 401, "second-factor-needed")
    ok(log_in(phone.person, phone.code(), password="a phrase of my own"), 200)


def test_a_token_of_an_api_client_needs_no_code(world: World) -> None:
    set_up(world.admin)
    ok(world.admin.patch("/organization", {"require_second_factor": list(ROLES)}))
    body = {"name": "Warehouse", "scopes": ["visits:read"], "region_ids": []}
    client = ok(world.admin.post("/api-clients", body), 201)
    token = request_token(world.app, client)["access_token"]
    ok(Caller(world.app, token=token).get("/visits"))


# Recovery codes, and disabling.


def test_recovery_codes_are_replaced_with_a_code(phone: Phone) -> None:
    response = phone.person.post("/me/totp/recovery-codes", {"code": "000000"})
    assert pointers(problem(response, 422, "invalid")) == ["/code"]
    response = phone.person.post("/me/totp/recovery-codes", {"code": phone.recovery_codes[0]})
    assert response.headers["Cache-Control"] == "no-store"
    codes = ok(response, 200)["recovery_codes"]
    problem(log_in(phone.person, phone.recovery_codes[1]), 401, "wrong-code")
    ok(log_in(phone.person, codes[0]), 200)


def test_disabling_needs_the_password_and_a_code(phone: Phone) -> None:
    good = {"password": PASSWORD, "code": phone.recovery_codes[0]}
    problem(phone.person.post("/me/totp/disable", {**good, "password": "wrong"}), 403, "wrong-password")
    response = phone.person.post("/me/totp/disable", {**good, "code": "000000"})
    assert pointers(problem(response, 422, "invalid")) == ["/code"]
    assert ok(phone.person.get("/me/totp")) == {"enabled": True, "recovery_codes_left": 10}
    ok(phone.person.post("/me/totp/disable", good), 204)
    assert ok(phone.person.get("/me/totp")) == {"enabled": False, "recovery_codes_left": 0}
    problem(phone.person.post("/me/totp/disable", good), 409, "no-second-factor")
    problem(phone.person.post("/me/totp/recovery-codes", {"code": "000000"}), 409, "no-second-factor")
    ok(log_in(phone.person), 200)


def test_failures_in_the_account_count_as_failed_logins(world: World, phone: Phone) -> None:
    for _ in range(5):
        phone.person.post("/me/totp/disable", {"password": PASSWORD, "code": "000000"})
        phone.person.post("/me/totp/recovery-codes", {"code": "000000"})
    for path, body in (("disable", {"password": PASSWORD}), ("recovery-codes", {})):
        response = phone.person.post(f"/me/totp/{path}", {**body, "code": phone.code()})
        problem(response, 429, "too-many-failures")
    problem(log_in(phone.person, phone.code()), 429, "too-many-failures")


# Roles that must have one, and resets.


def test_a_role_that_needs_a_second_factor_can_only_set_it_up(world: World) -> None:
    reviewer, manager = world.reviewer, world.manager
    set_up(world.admin)
    assert ok(world.admin.get("/organization"))["require_second_factor"] == []
    changed = ok(world.admin.patch("/organization", {"require_second_factor": ["admin", "reviewer"]}))
    assert changed["require_second_factor"] == ["admin", "reviewer"]
    ok(manager.get("/visits"))
    ok(world.admin.get("/visits"))
    for path in ("/reviews", "/visits", "/checklists"):
        problem(reviewer.get(path), 403, "second-factor-setup-needed")
    ok(reviewer.get("/openapi.json"))
    other = Caller(world.app, reviewer.id, reviewer.email, ok(log_in(reviewer), 200)["access_token"])
    for path in ("/me", "/me/totp", "/me/sessions"):
        ok(other.get(path))
    body = {"old_password": PASSWORD, "new_password": "another long password"}
    ok(other.post("/me/password", body), 204)
    set_up(other)
    ok(other.get("/reviews"))


def test_nobody_disables_what_their_role_needs(world: World, phone: Phone) -> None:
    set_up(world.admin)
    ok(world.admin.patch("/organization", {"require_second_factor": ["manager"]}))
    body = {"password": PASSWORD, "code": phone.recovery_codes[0]}
    problem(phone.person.post("/me/totp/disable", body), 409, "second-factor-required")
    ok(world.admin.patch("/organization", {"require_second_factor": []}))
    ok(phone.person.post("/me/totp/disable", body), 204)


@pytest.mark.parametrize("roles", [None, "admin", ["nobody"], ["admin", "admin"], ["client"]])
def test_only_roles_of_people_can_need_one(world: World, roles: Any) -> None:
    response = world.admin.patch("/organization", {"require_second_factor": roles})
    assert pointers(problem(response, 422, "invalid"))[0].startswith("/require_second_factor")


def test_administrators_reset_the_second_factor_of_others(world: World, phone: Phone) -> None:
    path = f"/users/{phone.person.id}"
    assert ok(world.admin.get(path))["second_factor"] is True
    session = Caller(world.app, token=ok(log_in(phone.person, phone.code()))["access_token"])
    ok(world.admin.call("DELETE", f"{path}/totp"), 204)
    for caller in (session, phone.person):
        problem(caller.get("/me"), 401, "not-signed-in")
    assert ok(world.admin.get(path))["second_factor"] is False
    session = Caller(world.app, token=ok(log_in(phone.person), 200)["access_token"])
    # There is nothing to reset, so this ends no session.
    ok(world.admin.call("DELETE", f"{path}/totp"), 204)
    ok(session.get("/me"))


def test_administrators_do_not_reset_their_own(world: World) -> None:
    set_up(world.admin)
    problem(world.admin.call("DELETE", f"/users/{world.admin.id}/totp"), 409, "own-second-factor")
    assert ok(world.admin.get("/me/totp"))["enabled"] is True


def test_a_command_resets_that_of_the_only_administrator(world: World) -> None:
    set_up(world.admin)
    run = world.app.test_cli_runner().invoke
    arguments = ["admin", "reset-second-factor", world.admin.email.upper(), "--organization"]
    assert run(args=[*arguments, "another one"]).exit_code == 1
    problem(log_in(world.admin), 401, "second-factor-needed")
    assert run(args=[*arguments, world.name]).exit_code == 0
    ok(log_in(world.admin), 200)


# The audit log.


def test_what_happens_to_a_second_factor_is_in_the_audit_log(world: World, phone: Phone) -> None:
    person = phone.person
    ok(person.post("/me/totp/recovery-codes", {"code": phone.code()}), 200)
    codes = ok(person.post("/me/totp/recovery-codes", {"code": phone.code(1)}), 200)["recovery_codes"]
    problem(log_in(person, "000000"), 401, "wrong-code")
    ok(log_in(person, codes[0]), 200)
    ok(person.post("/me/totp/disable", {"password": PASSWORD, "code": codes[1]}), 204)
    set_up(person)
    ok(world.admin.call("DELETE", f"/users/{person.id}/totp"), 204)
    entries = [
        (entry["action"].removeprefix("user."), entry["actor"] and entry["actor"]["id"])
        for entry in world.admin.list_all(f"/audit?subject={person.id}")[::-1]
    ]
    start = entries.index(("second_factor_enabled", person.id))
    assert entries[start:] == [
        ("second_factor_enabled", person.id),
        ("recovery_codes_replaced", person.id),
        ("recovery_codes_replaced", person.id),
        ("login_failed", None),
        ("recovery_code_used", person.id),
        ("logged_in", person.id),
        ("recovery_code_used", person.id),
        ("second_factor_disabled", person.id),
        ("second_factor_enabled", person.id),
        ("second_factor_reset", world.admin.id),
    ]
