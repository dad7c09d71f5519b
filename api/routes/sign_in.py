"""Login, logout, and changes of the password."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, g, request
from flask_jwt_extended import create_access_token, create_refresh_token, get_csrf_token
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import ANY_CALLER, REFRESH_TOKEN, SIGNED_IN
from api.domain.problems import Problem
from api.http import cookies
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
from api.models.base import now
from api.services.people import (
    accounts,
    device_tokens,
    login_limits,
    passwords,
    second_factors,
    sign_in,
    users,
)
from api.services.people.devices import describe_device
from schemas import sign_in as schemas

routes = Routes("sign_in", __name__, description="Login")

ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)


@routes.post(
    "/auth/login",
    permission=ANY_CALLER,
    raises=[
        problems.WRONG_CREDENTIALS,
        problems.SECOND_FACTOR_NEEDED,
        problems.WRONG_CODE,
        problems.WHICH_ORGANIZATION,
        problems.TOO_MANY_FAILURES,
        problems.TOO_MANY_PASSWORDS,
    ],
)
@routes.arguments(schemas.Login())
@routes.response(200, schemas.TokenPair())
@routes.alt_response(204, description="With `cookies`: the tokens are in cookies only")
def log_in(body: dict[str, Any]) -> Response:
    """Log in with email address and password.

    The access token is valid for 15 minutes, the refresh token until it is used, and the session for 60 days.
    With `cookies`, both are in HttpOnly cookies instead. Repeated failures are rejected with 429 for a while.
    Failures of others do not affect devices on which the person has logged in before. A cookie shows that
    they have, or the `device_token` of an earlier response.

    If the person has a second factor, the response is 401 `second-factor-needed` until `code` comes along: a
    code of their authenticator app, or a recovery code. Each is valid once.
    """
    email, organization = users.normalize_email(body["email"]), body.get("organization")
    network, keys = get_caller_network(), app_context().settings.keys
    device_token = body.get("device_token") or cookies.read_cookie(cookies.DEVICE_TOKEN)
    with app_context().database.read_snapshot() as session:
        candidates = sign_in.find_candidates(session, email, organization)
        is_known_device = device_tokens.is_known(device_token, candidates, keys)
        attempt = login_limits.Attempt(email, network, is_known_device)
        login_limits.check(session, attempt)
    with passwords.hashing():
        # Committed before hashing: of guesses at the same time, no more are checked than the limits allow.
        in_transaction(lambda session: login_limits.count(session, attempt))
        matches = sign_in.filter_by_password(candidates, body["password"])
    if not matches:
        in_transaction(lambda session: login_limits.report_failure(session, email, organization))
        raise problems.WRONG_CREDENTIALS()
    if len(matches) > 1:
        in_transaction(lambda session: login_limits.take_back(session, attempt))
        raise problems.WHICH_ORGANIZATION('Several accounts match; name one organization in "organization".')

    def begin(session: Session) -> sign_in.TokenPair | Problem:
        user, code = sign_in.lock_candidate(session, matches[0]), body.get("code")
        needs_code = second_factors.is_enabled(session, user.id)
        if needs_code and code is not None and not second_factors.use_code(session, user, code, keys):
            return problems.WRONG_CODE
        login_limits.count_login(session, user.id)
        login_limits.take_back(session, attempt)
        if needs_code and code is None:
            return problems.SECOND_FACTOR_NEEDED
        device = describe_device(request.user_agent.string)
        return sign_in.begin_session(session, user.id, device)

    outcome = in_transaction(begin)
    if isinstance(outcome, Problem):
        raise outcome()
    device_token = device_tokens.derive_token(matches[0].user_id, matches[0].password_hash, keys)
    if body["cookies"]:
        response = _token_response(outcome, in_cookies=True)
        cookies.remember_device(response, device_token)
        return response
    return _token_response(outcome, device_token=device_token if "device_token" in body else None)


@routes.post("/auth/refresh", permission=REFRESH_TOKEN)
@routes.response(200, schemas.TokenPair())
@routes.alt_response(204, description="With the refresh token in a cookie: the new tokens are in cookies too")
def refresh_tokens() -> Response:
    """Exchange a refresh token for a new pair of tokens.

    Send the refresh token as Bearer, or in its cookie. It stays valid until its successor is first used,
    because a response may be lost. Using it after that revokes all tokens of the session. A session ends 60
    days after the login.
    """
    family_id, refresh_id = UUID(g.claims["family"]), UUID(g.claims["jti"])
    generation = int(g.claims["generation"])
    pair = in_transaction(
        lambda session: sign_in.rotate_refresh_token(session, family_id, refresh_id, generation)
    )
    if pair is None:
        raise problems.NOT_SIGNED_IN("This refresh token is no longer valid.")
    is_bearer = request.authorization is not None and request.authorization.type == "bearer"
    return _token_response(pair, in_cookies=not is_bearer)


@routes.post("/auth/logout", permission=SIGNED_IN)
@routes.response(204)
def log_out() -> Response:
    """Log out.

    All tokens of this session are revoked. Other sessions of the caller go on.
    """
    in_transaction(lambda session: sign_in.end_session(session, current_actor()))
    response = empty_response()
    cookies.delete_session_cookies(response)
    return response


@routes.post(
    "/me/password",
    permission=SIGNED_IN,
    raises=[problems.WRONG_PASSWORD, problems.TOO_MANY_FAILURES, problems.TOO_MANY_PASSWORDS],
)
@routes.arguments(schemas.NewPassword())
@routes.response(204)
def change_password(body: dict[str, Any]) -> Response:
    """Change the caller's password. All other sessions end.

    A wrong old password counts as a failed login.
    """
    user = users.get_user(read_snapshot(), current_actor(), current_actor().id)
    attempt = login_limits.Attempt(user.email, get_caller_network(), is_known_device=True)
    login_limits.check(read_snapshot(), attempt)
    accounts.check_password(read_snapshot(), "/new_password", body["new_password"], user)
    # Hashing takes time; no snapshot stays open meanwhile.
    close_read_snapshot()
    with passwords.hashing():
        in_transaction(lambda session: login_limits.count(session, attempt))
        is_match = passwords.verify_password(body["old_password"], user.password_hash)
        password_hash = passwords.hash_password(body["new_password"]) if is_match else ""
    if not is_match:
        in_transaction(lambda session: login_limits.record_failure(session, [user.id]))
        raise problems.WRONG_PASSWORD()

    def change(session: Session) -> None:
        actor = current_actor()
        locked = users.get_user(session, actor, actor.id, lock=True)
        if locked.password_hash != user.password_hash:
            raise problems.WRONG_PASSWORD()  # it was replaced during verification
        login_limits.take_back(session, attempt)
        accounts.change_password(session, locked, password_hash, except_family_id=actor.family_id)

    in_transaction(change)
    response = empty_response()
    if request.authorization is None:
        keys = app_context().settings.keys
        cookies.remember_device(response, device_tokens.derive_token(user.id, password_hash, keys))
    return response


def _token_response(
    pair: sign_in.TokenPair, *, in_cookies: bool = False, device_token: str | None = None
) -> Response:
    """Return a pair of tokens: in cookies that scripts cannot read, or as JSON, with any device token."""
    claims = {"family": str(pair.family_id)}
    remaining = pair.session_ends_at - now()
    access_lifetime = min(ACCESS_TOKEN_LIFETIME, remaining)
    access = create_access_token(str(pair.user_id), additional_claims=claims, expires_delta=access_lifetime)
    refresh = create_refresh_token(
        str(pair.user_id),
        additional_claims=claims | {"jti": str(pair.refresh_id), "generation": pair.generation},
        expires_delta=remaining,
    )
    if not in_cookies:
        body = {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": int(access_lifetime.total_seconds()),
        }
        if device_token is not None:
            body["device_token"] = device_token
        return json_response(body)
    response = empty_response()
    for name, value in (
        (cookies.ACCESS_TOKEN, access),
        (cookies.REFRESH_TOKEN, refresh),
        (cookies.ACCESS_CSRF, get_csrf_token(access)),
        (cookies.REFRESH_CSRF, get_csrf_token(refresh)),
    ):
        cookies.set_cookie(response, name, value, remaining)
    return response
