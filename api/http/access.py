"""Access control: no route can be declared without the permission that it requires."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from uuid import UUID

import flask
import flask_smorest
from flask import g, request
from flask_jwt_extended.exceptions import CSRFError

from api.domain import problems
from api.domain.access import ANY_CALLER, PERMISSIONS, REFRESH_TOKEN, ROLES, SEND_VISITS, SIGNED_IN, Actor
from api.domain.problems import FieldError, Problem, ProblemError, pointer
from api.http.context import app_context, autocommit
from api.http.parsing import StrictParser
from api.http.responses import refer_to
from api.http.tokens import CSRF_HEADER, INVALID_TOKEN, verify_token
from api.services import api_clients
from api.services.people import sign_in

View = Callable[..., Any]
PROBLEM_TYPE = "application/problem+json"


class Routes(flask_smorest.Blueprint):
    """A blueprint for the API. Every route declares its permission and the problems that it may raise."""

    ARGUMENTS_PARSER = StrictParser()

    def route(
        self, rule: str, *, permission: str, raises: Sequence[Problem] = (), **options: Any
    ) -> Callable[[View], View]:
        """Declare a route. ``permission`` is ANY_CALLER, REFRESH_TOKEN or a key of ``PERMISSIONS``.

        ``raises`` lists the problems that the view may raise. Problems of access control, of bodies and of
        queries are documented without being listed. Raises LookupError for an unknown permission.
        """
        if permission not in (ANY_CALLER, REFRESH_TOKEN) and permission not in PERMISSIONS:
            raise LookupError(f"{rule}: there is no permission {permission!r}")
        register = super().route

        def declare(view: View) -> View:
            has_query = getattr(view, "has_query", False)

            @wraps(view)
            def guarded_view(*args: Any, **kwargs: Any) -> Any:
                authorize(permission)
                if not has_query:
                    _reject_query()
                return view(*args, **kwargs)

            guarded_view.permission = permission  # type: ignore[attr-defined]
            _document(guarded_view, permission, raises)
            register(rule, **options)(guarded_view)
            return guarded_view

        return declare

    def arguments(self, schema: Any, *, location: str = "json", **options: Any) -> Callable[[View], View]:
        """Declare the arguments of a route. A route without declared query parameters accepts none."""
        parse = super().arguments(schema, location=location, **options)

        def declare(view: View) -> View:
            parsing_view: View = parse(view)
            if location == "query":
                parsing_view.has_query = True  # type: ignore[attr-defined]
            return parsing_view

        return declare


class Pages(flask.Blueprint):
    """A blueprint for pages. Every page is open to any caller; the API that it uses checks permissions."""

    def route(self, rule: str, *, permission: str, **options: Any) -> Callable[[View], View]:  # type: ignore[override]
        """Declare a page; raises LookupError for any permission but ANY_CALLER."""
        if permission != ANY_CALLER:
            raise LookupError(f"{rule}: a page is open to any caller, so it cannot require {permission!r}")
        register = super().route

        def declare(view: View) -> View:
            view.permission = permission  # type: ignore[attr-defined]
            return register(rule, **options)(view)

        return declare


def _reject_query() -> None:
    if request.args:
        names = (name.replace("\0", "") for name in request.args)
        raise problems.INVALID(errors=[FieldError(pointer(name), "Unknown field.") for name in names])


def authorize(permission: str) -> None:
    """Check that the caller has a permission, and remember them for ``current_actor``.

    Raises NOT_SIGNED_IN without a valid token, RATE_LIMITED over the quota, SECOND_FACTOR_SETUP_NEEDED if the
    caller must set one up first, FORBIDDEN if their role lacks the permission, and INSUFFICIENT_SCOPE if the
    token of an API client does.
    """
    if permission == ANY_CALLER:
        return
    try:
        claims = verify_token(refresh=permission == REFRESH_TOKEN)
        actor = None if permission == REFRESH_TOKEN else _find_actor(claims)
    except CSRFError:
        raise problems.NOT_SIGNED_IN(
            f"With cookies, this method requires the header {CSRF_HEADER}."
        ) from None
    except INVALID_TOKEN:
        raise problems.NOT_SIGNED_IN() from None
    if permission == REFRESH_TOKEN:
        g.claims = claims
        return
    if actor is None:
        raise problems.NOT_SIGNED_IN()
    g.actor = actor
    _count_request(actor, permission)
    if actor.lacks_second_factor and permission != SIGNED_IN:
        raise problems.SECOND_FACTOR_SETUP_NEEDED()
    require(actor, permission)


def require(actor: Actor, permission: str) -> None:
    """Check that a caller has a permission, for a part of a route that not all of its callers may use.

    Raises FORBIDDEN if the caller's role lacks the permission, and INSUFFICIENT_SCOPE if the token of an API
    client does.
    """
    if not PERMISSIONS[permission].is_held_by(actor):
        raise _forbid(actor, permission)


def find_caller() -> Actor | None:
    """Return who calls a route that is open to any caller, or None without a valid token."""
    try:
        return _find_actor(verify_token(refresh=False))
    except INVALID_TOKEN:
        return None


def _find_actor(claims: Mapping[str, Any]) -> Actor | None:
    """Return the person or API client that a valid access token was issued to, or None if it was revoked.

    Raises KeyError and ValueError for claims of another kind.
    """
    caller_id = UUID(str(claims["sub"]))
    if "scope" in claims:
        return api_clients.find_actor(autocommit(), caller_id, str(claims["scope"]).split())
    return sign_in.find_actor(autocommit(), caller_id, UUID(str(claims["family"])))


def _count_request(actor: Actor, permission: str) -> None:
    """Count a request against the caller's quota; the response has the quota in its headers."""
    limits = app_context().rate_limits
    if limits is None:
        return
    g.usage = usage = limits.count(actor.id, is_sending=permission == SEND_VISITS)
    if usage is not None and usage.is_exceeded:
        raise problems.RATE_LIMITED(
            f"The quota is {usage.policy.quota} requests in {usage.policy.seconds} seconds.",
            headers={"Retry-After": str(usage.reset)},
        )


def _forbid(actor: Actor, permission: str) -> ProblemError:
    scopes = PERMISSIONS[permission].scopes
    if not actor.is_client:
        return problems.FORBIDDEN()
    if not scopes:
        return problems.FORBIDDEN("API clients cannot perform this operation.")
    names = " ".join(sorted(scopes))
    return problems.INSUFFICIENT_SCOPE(
        f"The token needs the scope {' or '.join(sorted(scopes))}.",
        headers={"WWW-Authenticate": f'Bearer realm="api", error="insufficient_scope", scope="{names}"'},
    )


def _document(view: View, permission: str, raises: Sequence[Problem]) -> None:
    """Add the permission and the problems of a route to its part of the OpenAPI document."""
    common: list[Problem] = [] if permission == ANY_CALLER else [problems.NOT_SIGNED_IN]
    required = PERMISSIONS.get(permission)
    if required:
        common.append(problems.RATE_LIMITED)
        if permission != SIGNED_IN:
            common.append(problems.SECOND_FACTOR_SETUP_NEEDED)
        if not required.scopes or required.roles != set(ROLES):
            common.append(problems.FORBIDDEN)
        if required.scopes:
            common.append(problems.INSUFFICIENT_SCOPE)
    by_status: dict[int, list[Problem]] = {}
    for problem in dict.fromkeys((*common, *raises)):
        by_status.setdefault(problem.status, []).append(problem)
    manual = view.__dict__.setdefault("_apidoc", {}).setdefault("manual_doc", {})
    manual.setdefault("operationId", view.__name__)
    # flask-smorest merges these with its own responses only if the statuses are numbers.
    responses = {int(status): response for status, response in manual.get("responses", {}).items()}
    manual["responses"] = responses | {
        status: problem_response(*same_status) for status, same_status in by_status.items()
    }
    manual.setdefault("security", [])
    if permission != ANY_CALLER:
        manual["security"] = [{"bearer": []}, {"cookie": []}]
    if required:
        manual["security"] += [{"client": [scope]} for scope in sorted(required.scopes)]
        manual["x-roles"] = sorted(required.roles)
        manual["x-scopes"] = sorted(required.scopes)


def problem_response(*alternatives: Problem) -> dict[str, Any]:
    """Return an OpenAPI response that describes problems of one status."""
    return {
        "description": "; ".join(f"`{problem.code}`: {problem.title}" for problem in alternatives),
        "content": {
            PROBLEM_TYPE: {
                "schema": refer_to("Problem"),
                "examples": {
                    problem.code: {"$ref": f"#/components/examples/{problem.code}"}
                    for problem in alternatives
                },
            }
        },
    }
