"""The second factor of logins: set up and disabled by each person, reset by administrators."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import SIGNED_IN
from api.http.access import Routes
from api.http.context import (
    app_context,
    close_read_snapshot,
    current_actor,
    get_caller_network,
    read_snapshot,
)
from api.http.responses import empty_response, json_response
from api.http.transactions import in_transaction
from api.models.users import User
from api.services.people import login_limits, passwords, second_factors, users
from schemas import second_factors as schemas

routes = Routes("second_factors", __name__, description="Second factor")

SECOND_FACTOR = schemas.SecondFactor()


@routes.get("/me/totp", permission=SIGNED_IN)
@routes.response(200, SECOND_FACTOR)
def get_second_factor() -> second_factors.Status:
    """Get the caller's second factor.

    If it is enabled, each login needs a code of their authenticator app, or one of their recovery codes.
    """
    return second_factors.get_status(read_snapshot(), current_actor().id)


@routes.post("/me/totp", permission=SIGNED_IN, raises=[problems.SECOND_FACTOR_EXISTS])
@routes.response(201, schemas.SecondFactorSetup())
def start_second_factor() -> Response:
    """Start to set up a second factor.

    Store `secret` in an authenticator app, or show `uri` as a QR code that the app scans. Then confirm with a
    code of the app. Until then, logins do not change. A new start replaces the secret.
    """

    def start(session: Session) -> second_factors.Setup:
        return second_factors.start(session, _lock_caller(session), app_context().settings.keys)

    setup = in_transaction(start)
    return _secret_response({"secret": setup.secret, "uri": setup.uri}, 201)


@routes.post(
    "/me/totp/confirm",
    permission=SIGNED_IN,
    raises=[problems.SECOND_FACTOR_EXISTS, problems.NO_SECOND_FACTOR],
)
@routes.arguments(schemas.SecondFactorCode())
@routes.response(200, schemas.RecoveryCodes())
def confirm_second_factor(body: dict[str, Any]) -> Response:
    """Enable the second factor with a code of the app.

    All other sessions of the caller end. Each of the ten recovery codes replaces a code of the app once. They
    are returned only here.
    """

    def confirm(session: Session) -> list[str]:
        actor, keys = current_actor(), app_context().settings.keys
        return second_factors.confirm(session, actor, _lock_caller(session), body["code"], keys)

    return _secret_response({"recovery_codes": in_transaction(confirm)})


@routes.post(
    "/me/totp/recovery-codes",
    permission=SIGNED_IN,
    raises=[problems.NO_SECOND_FACTOR, problems.TOO_MANY_FAILURES],
)
@routes.arguments(schemas.SecondFactorCode())
@routes.response(200, schemas.RecoveryCodes())
def replace_recovery_codes(body: dict[str, Any]) -> Response:
    """Replace the recovery codes.

    This needs a code of the app, or one of the present recovery codes. A wrong one counts as a failed login.
    """

    def replace(session: Session) -> list[str] | None:
        locked = _lock_caller(session)
        second_factors.require_enabled(session, locked)
        if not second_factors.use_code(session, locked, body["code"], app_context().settings.keys):
            return None
        return second_factors.replace_recovery_codes(session, locked)

    codes = in_transaction(replace)
    if codes is None:
        raise second_factors.reject_code()
    return _secret_response({"recovery_codes": codes})


@routes.post(
    "/me/totp/disable",
    permission=SIGNED_IN,
    raises=[
        problems.WRONG_PASSWORD,
        problems.NO_SECOND_FACTOR,
        problems.SECOND_FACTOR_REQUIRED,
        problems.TOO_MANY_FAILURES,
        problems.TOO_MANY_PASSWORDS,
    ],
)
@routes.arguments(schemas.SecondFactorRemoval())
@routes.response(204)
def disable_second_factor(body: dict[str, Any]) -> Response:
    """Disable the second factor.

    This needs the password, and a code of the app or a recovery code. If one of them is wrong, it counts as a
    failed login. All other sessions of the caller end. Nobody can disable it while the organization requires
    it of their role.
    """
    user = users.get_user(read_snapshot(), current_actor(), current_actor().id)
    second_factors.require_may_disable(read_snapshot(), user)
    attempt = login_limits.Attempt(user.email, get_caller_network(), is_known_device=True)
    login_limits.check(read_snapshot(), attempt)
    # Hashing takes time; no snapshot stays open meanwhile.
    close_read_snapshot()
    with passwords.hashing():
        in_transaction(lambda session: login_limits.count(session, attempt))
        is_match = passwords.verify_password(body["password"], user.password_hash)
    if not is_match:
        in_transaction(lambda session: login_limits.record_failure(session, [user.id]))
        raise problems.WRONG_PASSWORD()

    def disable(session: Session) -> bool:
        locked = _lock_caller(session)
        if locked.password_hash != user.password_hash:
            raise problems.WRONG_PASSWORD()  # it was replaced during verification
        second_factors.require_may_disable(session, locked)
        login_limits.take_back(session, attempt)
        if not second_factors.use_code(session, locked, body["code"], app_context().settings.keys):
            return False
        second_factors.disable(session, current_actor(), locked)
        return True

    if not in_transaction(disable):
        raise second_factors.reject_code()
    return empty_response()


@routes.delete(
    "/users/<uuid:user_id>/totp",
    permission="administer people",
    raises=[problems.USER_NOT_FOUND, problems.OWN_SECOND_FACTOR],
)
@routes.response(204)
def reset_second_factor(user_id: UUID) -> Response:
    """Reset the second factor of a person who has lost it.

    It is removed, and all sessions of the person end. They then log in with only their password, and set up
    another one if the organization requires it. Without a second factor, nothing changes. Administrators
    cannot reset their own.
    """

    def reset(session: Session) -> None:
        user = users.get_user(session, current_actor(), user_id, lock=True)
        if user.id == current_actor().id:
            raise problems.OWN_SECOND_FACTOR()
        second_factors.reset(session, user)

    in_transaction(reset)
    return empty_response()


def _lock_caller(session: Session) -> User:
    return users.get_user(session, current_actor(), current_actor().id, lock=True)


def _secret_response(body: dict[str, Any], status: int = 200) -> Response:
    response = json_response(body, status)
    response.headers["Cache-Control"] = "no-store"
    return response
