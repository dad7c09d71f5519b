"""Doors: a route cannot be declared without saying who may call it, and what it may refuse."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import flask_smorest
from flask import g
from flask_jwt_extended import get_jwt, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from api.domain import problems
from api.domain.access import ANYBODY, PERMISSIONS, REFRESH_TOKEN
from api.domain.problems import Problem
from api.routes.bodies import StrictParser
from api.routes.parts import reading
from api.services import sign_in

View = Callable[..., Any]


class Routes(flask_smorest.Blueprint):
    """A blueprint whose every route names the permission that it takes."""

    ARGUMENTS_PARSER = StrictParser()

    def route(
        self, rule: str, *, who: str, refuses: Sequence[Problem] = (), **options: Any
    ) -> Callable[[View], View]:
        """Declare a route. ``who`` is a permission of ``api/domain/access.py``, or ANYBODY, or REFRESH_TOKEN.

        ``refuses`` are the problems that it may answer with beside those that every route has.
        """
        if who not in (ANYBODY, REFRESH_TOKEN) and who not in PERMISSIONS:
            raise LookupError(f"{rule}: there is no permission {who!r}")
        register = super().route

        def declare(view: View) -> View:
            @wraps(view)
            def door(*args: Any, **kwargs: Any) -> Any:
                admit(who)
                return view(*args, **kwargs)

            door.who = who  # type: ignore[attr-defined]
            _document(door, who, refuses)
            register(rule, **options)(door)
            return door

        return declare


def admit(who: str) -> None:
    """Let the caller in, or refuse: 401 for nobody, 403 where his role may never do it."""
    if who == ANYBODY:
        return
    try:
        verify_jwt_in_request(refresh=who == REFRESH_TOKEN)
        claims = get_jwt()
        user_id, family_id = _ids(claims)
    except (JWTExtendedException, PyJWTError, ValueError, KeyError, RuntimeError, TypeError):
        raise problems.NOT_SIGNED_IN() from None
    if who == REFRESH_TOKEN:
        return
    actor = sign_in.actor(reading(), user_id, family_id)
    if actor is None:
        raise problems.NOT_SIGNED_IN()
    if actor.role not in PERMISSIONS[who]:
        raise problems.FORBIDDEN()
    g.actor = actor


def _ids(claims: dict[str, Any]) -> tuple[Any, Any]:
    from uuid import UUID

    return UUID(claims["sub"]), UUID(claims["family"])


def _document(door: View, who: str, refuses: Sequence[Problem]) -> None:
    """Tell the OpenAPI document who may call and what is refused."""
    doc = door.__dict__.setdefault("_apidoc", {})
    common: list[Problem] = [] if who == ANYBODY else [problems.NOT_SIGNED_IN]
    if who in PERMISSIONS and len(PERMISSIONS[who]) < 4:
        common.append(problems.FORBIDDEN)
    by_status: dict[int, list[Problem]] = {}
    for problem in dict.fromkeys((*common, *refuses)):
        by_status.setdefault(problem.status, []).append(problem)
    responses = {
        str(status): {
            "description": "; ".join(f"`{problem.code}`: {problem.title}" for problem in listed),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, listed in by_status.items()
    }
    manual = doc.setdefault("manual_doc", {})
    manual.setdefault("responses", {}).update(responses)
    if who != ANYBODY:
        manual["security"] = [{"bearer": []}, {"cookie": []}]
    if who in PERMISSIONS:
        manual["x-roles"] = sorted(PERMISSIONS[who])
