"""Signing in and out, and who one is."""

from datetime import timedelta
from ipaddress import IPv6Network, ip_address
from typing import Any
from uuid import UUID

from flask import Response, g, request
from flask_jwt_extended import create_access_token, create_refresh_token, get_csrf_token
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import ANY_CALLER, REFRESH_TOKEN, SIGNED_IN
from api.http.access import Routes
from api.http.context import actor, app_context, close_read_snapshot, read_snapshot
from api.http.responses import empty_answer, json_answer
from api.http.transactions import in_transaction
from api.services.people import passwords, sign_in, users
from schemas import sign_in as schemas

routes = Routes("sign_in", __name__, description="Signing in")

ACCESS_LIVES = timedelta(minutes=15)


@routes.post(
    "/auth/login",
    permission=ANY_CALLER,
    raises=[problems.WRONG_CREDENTIALS, problems.WHICH_ORGANIZATION, problems.TOO_MANY_FAILURES],
)
@routes.arguments(schemas.Login())
@routes.response(200, schemas.TokenPair())
@routes.alt_response(204, description="With `cookies`: the tokens are in cookies only")
def log_in(body: dict[str, Any]) -> Response:
    """Sign in with e-mail address and password."""
    credentials = sign_in.Credentials(
        users.normalize_email(body["email"]),
        body["password"],
        body.get("organization"),
        _caller_address(),
    )
    with app_context().database.read_snapshot() as session:
        found = sign_in.find_candidates(session, credentials)
    # The snapshot is closed while hashing takes its time.
    fitting = sign_in.filter_by_password(found, credentials.password)
    if not fitting:
        in_transaction(lambda session: sign_in.record_failure(session, credentials))
        raise problems.WRONG_CREDENTIALS()
    if len(fitting) > 1:
        raise problems.WHICH_ORGANIZATION('Several organizations know you; name one in "organization".')

    def begin(session: Session) -> sign_in.TokenPair:
        sign_in.lock_candidate(session, fitting[0])
        return sign_in.begin_session(session, fitting[0].user_id, credentials.address)

    return _answer(in_transaction(begin), body["cookies"])


@routes.post("/auth/refresh", permission=REFRESH_TOKEN)
@routes.response(200, schemas.TokenPair())
@routes.alt_response(204, description="With the refresh token in a cookie: the new pair is, too")
def refresh() -> Response:
    """Take a refresh token (as Bearer) and give a new pair."""
    family_id, refresh_id = UUID(g.claims["family"]), UUID(g.claims["jti"])
    generation = int(g.claims["generation"])
    pair = in_transaction(
        lambda session: sign_in.rotate_refresh_token(session, family_id, refresh_id, generation)
    )
    if pair is None:
        raise problems.NOT_SIGNED_IN("This refresh token is of no more use.")
    by_header = request.authorization is not None and request.authorization.type == "bearer"
    return _answer(pair, cookies=not by_header)


@routes.post("/auth/logout", permission=SIGNED_IN)
@routes.response(204)
def log_out() -> Response:
    """End this session: all its tokens are dead."""
    in_transaction(lambda session: sign_in.end_session(session, actor().family_id))
    response = empty_answer()
    for name in _COOKIES:
        response.delete_cookie(name, path=_path(name))
    return response


@routes.get("/me", permission=SIGNED_IN)
@routes.response(200, schemas.Me())
def get_me() -> dict[str, Any]:
    """Tell who is signed in, and for which places he is named."""
    return users.get_profile(read_snapshot(), actor())


@routes.post(
    "/me/password", permission=SIGNED_IN, raises=[problems.WRONG_PASSWORD, problems.TOO_MANY_FAILURES]
)
@routes.arguments(schemas.NewPassword())
@routes.response(204)
def change_password(body: dict[str, Any]) -> Response:
    """Change one's password; all other sessions end. A wrong old one counts as a failure to sign in."""
    user = users.get_user(read_snapshot(), actor(), actor().id)
    credentials = sign_in.Credentials(user.email, body["old_password"], None, _caller_address())
    sign_in.check_failure_limits(read_snapshot(), credentials, [user.id])
    # The snapshot is closed while hashing takes its time.
    close_read_snapshot()
    if not passwords.verify_password(credentials.password, user.password_hash):
        in_transaction(lambda session: sign_in.record_failure(session, credentials))
        raise problems.WRONG_PASSWORD()
    password_hash = passwords.hash_password(body["new_password"])
    in_transaction(lambda session: sign_in.change_password(session, actor(), password_hash))
    return empty_answer()


def _caller_address() -> str:
    """Return whence somebody calls; of IPv6 his network, within which he can take any address."""
    address = request.remote_addr or "unknown"
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if known.version == 4 or known.ipv4_mapped:
        return address
    return str(IPv6Network((known, 64), strict=False))


_COOKIES = ("access_token_cookie", "refresh_token_cookie", "csrf_access_token", "csrf_refresh_token")


def _path(name: str) -> str:
    return "/api/v1/auth/refresh" if name == "refresh_token_cookie" else "/"


def _answer(pair: sign_in.TokenPair, cookies: bool) -> Response:
    """Return a pair of tokens: as JSON, or as cookies that no script can read."""
    claims = {"family": str(pair.family_id)}
    access = create_access_token(str(pair.user_id), additional_claims=claims, expires_delta=ACCESS_LIVES)
    fresh = create_refresh_token(
        str(pair.user_id),
        additional_claims=claims | {"jti": str(pair.refresh_id), "generation": pair.generation},
        expires_delta=sign_in.REFRESH_TOKEN_LIFETIME,
    )
    if not cookies:
        body = {
            "access_token": access,
            "refresh_token": fresh,
            "token_type": "Bearer",
            "expires_in": int(ACCESS_LIVES.total_seconds()),
        }
        return json_answer(body)
    response = empty_answer()
    values = (access, fresh, get_csrf_token(access), get_csrf_token(fresh))
    for name, value in zip(_COOKIES, values, strict=True):
        response.set_cookie(
            name,
            value,
            max_age=sign_in.REFRESH_TOKEN_LIFETIME,
            path=_path(name),
            secure=request.is_secure,
            httponly=name.endswith("_cookie"),
            samesite="Lax",
        )
    return response
