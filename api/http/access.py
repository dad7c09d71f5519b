"""Access control: a route cannot be declared without its permission and the problems it may raise."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any
from uuid import UUID

import flask
import flask_smorest
from flask import current_app, g, request
from flask_jwt_extended import decode_token, get_jwt, verify_jwt_in_request
from flask_jwt_extended.exceptions import CSRFError, JWTExtendedException, NoAuthorizationError
from jwt.exceptions import PyJWTError

from api.domain import problems
from api.domain.access import ANY_CALLER, PERMISSIONS, REFRESH_TOKEN
from api.domain.problems import FieldError, Problem, pointer
from api.http.context import read_snapshot
from api.http.parsing import StrictParser
from api.services.people import sign_in

View = Callable[..., Any]
#: the header in which pages that sign in with cookies repeat the cookie csrf_access_token
CSRF_HEADER = "X-CSRF-TOKEN"


class Routes(flask_smorest.Blueprint):
    """A blueprint whose every route names the permission that it takes."""

    ARGUMENTS_PARSER = StrictParser()

    def route(
        self, rule: str, *, permission: str, raises: Sequence[Problem] = (), **options: Any
    ) -> Callable[[View], View]:
        """Declare a route. ``permission`` is ANY_CALLER, REFRESH_TOKEN or a key of ``PERMISSIONS``.

        ``raises`` lists the problems that it may respond with, in addition to those of every route.
        """
        if permission not in (ANY_CALLER, REFRESH_TOKEN) and permission not in PERMISSIONS:
            raise LookupError(f"{rule}: there is no permission {permission!r}")
        register = super().route

        def declare(view: View) -> View:
            @wraps(view)
            def door(*args: Any, **kwargs: Any) -> Any:
                authorize(permission)
                if not takes_query:
                    _refuse_query()
                return view(*args, **kwargs)

            takes_query = getattr(view, "takes_query", False)
            door.permission = permission  # type: ignore[attr-defined]
            _document(door, permission, raises)
            register(rule, **options)(door)
            return door

        return declare

    def arguments(self, schema: Any, *, location: str = "json", **options: Any) -> Callable[[View], View]:
        """Declare the arguments of a route; one that declares no query takes none."""
        parse = super().arguments(schema, location=location, **options)

        def declare(view: View) -> View:
            parsed: View = parse(view)
            if location == "query":
                parsed.takes_query = True  # type: ignore[attr-defined]
            return parsed

        return declare


class Pages(flask.Blueprint):
    """A blueprint for pages. Every route declares its permission, which is ANY_CALLER so far."""

    def route(self, rule: str, *, permission: str, **options: Any) -> Callable[[View], View]:  # type: ignore[override]
        """Declare a page."""
        if permission != ANY_CALLER:
            raise LookupError(f"{rule}: pages are for anybody, not for {permission!r}; the API knows people")
        register = super().route

        def declare(view: View) -> View:
            view.permission = permission  # type: ignore[attr-defined]
            return register(rule, **options)(view)

        return declare


def _refuse_query() -> None:
    if request.args:
        names = (name.replace("\0", "") for name in request.args)
        raise problems.INVALID(errors=[FieldError(pointer(name), "Unknown field.") for name in names])


def authorize(permission: str) -> None:
    """Let the caller in, or refuse: 401 for nobody, 403 where his role may never do it."""
    if permission == ANY_CALLER:
        return
    try:
        claims = _claims(refresh=permission == REFRESH_TOKEN)
        user_id, family_id = UUID(str(claims["sub"])), UUID(str(claims["family"]))
    except CSRFError:
        raise problems.NOT_SIGNED_IN(
            f"Who signs in with cookies sends {CSRF_HEADER} with this method."
        ) from None
    except (JWTExtendedException, PyJWTError, ValueError, KeyError, RuntimeError, TypeError):
        # A RuntimeError, too: the recursion that a token nested without end leads to.
        raise problems.NOT_SIGNED_IN() from None
    if permission == REFRESH_TOKEN:
        g.claims = claims
        return
    actor = sign_in.find_actor(read_snapshot(), user_id, family_id)
    if actor is None:
        raise problems.NOT_SIGNED_IN()
    if actor.role not in PERMISSIONS[permission]:
        raise problems.FORBIDDEN()
    g.actor = actor


def _claims(*, refresh: bool) -> Mapping[str, Any]:
    """Return what the caller's token says, in the header or else in the cookie; raises what JWT raises."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        verify_jwt_in_request(refresh=refresh, locations=["cookies"])
        return get_jwt()
    claims = _verified(token, current_app.config["JWT_SECRET_KEY"])
    if claims["type"] != ("refresh" if refresh else "access") or claims["exp"] <= time.time():
        raise NoAuthorizationError("This token is of another kind, or expired.")
    return claims


@lru_cache(maxsize=4096)
def _verified(token: str, _secret: str) -> Mapping[str, Any]:
    """Return the claims of a token with a good signature; a phone sends the same one many times."""
    claims: dict[str, Any] = decode_token(token)
    return claims


def _document(door: View, permission: str, raises: Sequence[Problem]) -> None:
    """Tell the OpenAPI document who may call and what is refused."""
    doc = door.__dict__.setdefault("_apidoc", {})
    common: list[Problem] = [] if permission == ANY_CALLER else [problems.NOT_SIGNED_IN]
    if permission in PERMISSIONS and len(PERMISSIONS[permission]) < 4:
        common.append(problems.FORBIDDEN)
    by_status: dict[int, list[Problem]] = {}
    for problem in dict.fromkeys((*common, *raises)):
        by_status.setdefault(problem.status, []).append(problem)
    responses = {
        status: {
            "description": "; ".join(f"`{problem.code}`: {problem.title}" for problem in listed),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, listed in by_status.items()
    }
    manual = doc.setdefault("manual_doc", {})
    manual.setdefault("operationId", door.__name__)
    # Statuses as numbers, which flask-smorest merges with what it knows; as text they would take its place.
    told = {int(status): response for status, response in manual.get("responses", {}).items()}
    manual["responses"] = told | responses
    if permission != ANY_CALLER:
        manual["security"] = [{"bearer": []}, {"cookie": []}]
    if permission in PERMISSIONS:
        manual["x-roles"] = sorted(PERMISSIONS[permission])
