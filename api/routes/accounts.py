"""A person's own account: profile, sessions, invitations, and forgotten passwords."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import ANY_CALLER, SIGNED_IN
from api.domain.people import INVITATION, PASSWORD_RESET
from api.http import cookies
from api.http.access import Routes
from api.http.context import (
    app_context,
    close_read_snapshot,
    current_actor,
    get_caller_network,
    read_snapshot,
)
from api.http.etags import IF_MATCH, require_match, resource_response
from api.http.paging import page_response
from api.http.responses import ETAG, empty_response
from api.http.transactions import in_transaction
from api.services.people import accounts, device_tokens, links, passwords, sign_in, users
from schemas import accounts as schemas
from schemas.base import PageQuery
from schemas.sign_in import Me

routes = Routes("accounts", __name__, description="Own account")

ME, SESSION = Me(), schemas.Session()


@routes.get("/me", permission=SIGNED_IN)
@routes.response(200, ME)
def get_me() -> dict[str, Any]:
    """Get the caller's account, and the places that are assigned to it.

    Only managers have places. They see the locations that are listed, and those of the regions that are
    listed and of all regions below.
    """
    return users.get_profile(read_snapshot(), current_actor())


@routes.patch("/me", permission=SIGNED_IN, raises=[problems.STALE, problems.IF_MATCH_REQUIRED])
@routes.arguments(schemas.ProfileEdit())
@routes.response(200, ME, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_me(body: dict[str, Any]) -> Response:
    """Change the caller's name, or the language and the time zone of mails to them.

    Omitted fields stay as they are. Only administrators change email addresses and roles.
    """
    actor = current_actor()

    def edit(session: Session) -> dict[str, Any]:
        user = users.get_user(session, actor, actor.id, lock=True)
        require_match(ME.dump, users.get_profile(session, actor))
        users.update_profile(session, user, body)
        return users.get_profile(session, actor)

    return resource_response(ME.dump(in_transaction(edit)))


@routes.get("/me/sessions", permission=SIGNED_IN)
@routes.arguments(PageQuery(), location="query")
@routes.response(200, schemas.SESSION_PAGE())
def list_sessions(query: dict[str, Any]) -> Response:
    """List the caller's sessions.

    The latest login comes first. A session ends 60 days after the login, or when it is ended earlier.
    """
    actor = current_actor()
    page = sign_in.list_sessions(read_snapshot(), actor, **{"cursor": None, **query})
    items = [
        {
            "id": family.id,
            "created_at": family.created_at,
            "last_used_at": family.last_used_at or family.created_at,
            "device": family.device,
            "current": family.id == actor.family_id,
        }
        for family in page.items
    ]
    return page_response(page, SESSION, items)


@routes.delete("/me/sessions/<uuid:session_id>", permission=SIGNED_IN, raises=[problems.SESSION_NOT_FOUND])
@routes.response(204)
def end_session(session_id: UUID) -> Response:
    """End a session of the caller.

    All its tokens are revoked at once.
    """
    in_transaction(lambda session: sign_in.end_session_of(session, current_actor(), session_id))
    return empty_response()


@routes.post(
    "/auth/invitation", permission=ANY_CALLER, raises=[problems.LINK_EXPIRED, problems.TOO_MANY_PASSWORDS]
)
@routes.arguments(schemas.InvitationAcceptance())
@routes.response(204)
def accept_invitation(body: dict[str, Any]) -> Response:
    """Accept an invitation.

    `token` is the part of the link after `#`. The person can then log in with the password that they chose.
    """
    return _replace_password(
        INVITATION,
        body,
        lambda session, password_hash: accounts.accept_invitation(
            session, body["token"], body["name"], password_hash, app_context().settings.keys
        ),
    )


@routes.post("/auth/password-reset", permission=ANY_CALLER)
@routes.arguments(schemas.PasswordResetRequest())
@routes.response(202)
def request_password_reset(body: dict[str, Any]) -> Response:
    """Request a link to replace a forgotten password.

    The link goes to the email address, and is valid for 60 minutes. An invited person gets their invitation
    again. The response is the same for every address. Of the requests from one network address, at most 100
    in 15 minutes have an effect.
    """
    email, organization = users.normalize_email(body["email"]), body.get("organization")
    network = get_caller_network()
    in_transaction(lambda session: accounts.request_password_reset(session, email, organization, network))
    response = empty_response()
    response.status_code = 202
    return response


@routes.post(
    "/auth/password", permission=ANY_CALLER, raises=[problems.LINK_EXPIRED, problems.TOO_MANY_PASSWORDS]
)
@routes.arguments(schemas.PasswordReset())
@routes.response(204)
def reset_password(body: dict[str, Any]) -> Response:
    """Replace a forgotten password.

    `token` is the part of the link after `#`. All sessions of the person end.
    """
    return _replace_password(
        PASSWORD_RESET,
        body,
        lambda session, password_hash: accounts.reset_password(
            session, body["token"], password_hash, app_context().settings.keys
        ),
    )


def _replace_password(
    purpose: str, body: dict[str, Any], replace: Callable[[Session, str], None]
) -> Response:
    """Check link and password, hash the password, and run ``replace``, which checks the link again."""
    keys = app_context().settings.keys
    user = links.find_user(read_snapshot(), purpose, body["token"], keys)
    accounts.check_password(read_snapshot(), "/password", body["password"], user)
    # Hashing takes time; no snapshot stays open meanwhile.
    close_read_snapshot()
    password_hash = passwords.hash_password(body["password"])
    in_transaction(lambda session: replace(session, password_hash))
    response = empty_response()
    # Whoever reads the person's mail gets in, even while others try so many passwords that no one else does.
    cookies.remember_device(response, device_tokens.derive_token(user.id, password_hash, keys))
    return response
