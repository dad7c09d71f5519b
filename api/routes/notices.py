"""Notices: which mails a person wants."""

from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import ANY_CALLER, SIGNED_IN
from api.http.access import Routes
from api.http.context import app_context, current_actor, read_snapshot
from api.http.etags import IF_MATCH, require_match, resource_response
from api.http.responses import ETAG, empty_response
from api.http.transactions import in_transaction
from api.services.notices import settings
from api.services.people import users
from schemas import notices as schemas

routes = Routes("notices", __name__, description="Notices by mail")

NOTICES = schemas.Notices()


@routes.get("/me/notices", permission=SIGNED_IN)
@routes.response(200, NOTICES)
def get_notices() -> dict[str, Any]:
    """Get which notices the caller wants by mail.

    Only the notices for the caller's role are included. All are on until they are switched off. Invitations,
    and mails about the password, cannot be switched off.
    """
    return _describe(read_snapshot())


@routes.patch("/me/notices", permission=SIGNED_IN, raises=[problems.STALE, problems.IF_MATCH_REQUIRED])
@routes.arguments(schemas.NoticesEdit())
@routes.response(200, NOTICES, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_notices(body: dict[str, Any]) -> Response:
    """Switch notices on or off.

    Omitted notices stay as they are. After a notice was switched on, the caller hears of what happens from
    then on.
    """
    actor = current_actor()

    def edit(session: Session) -> dict[str, Any]:
        users.get_user(session, actor, actor.id, lock=True)
        require_match(NOTICES.dump, _describe(session))
        settings.update_settings(session, actor, body["notices"])
        return _describe(session)

    return resource_response(NOTICES.dump(in_transaction(edit)))


@routes.post("/unsubscribe/<token>", permission=ANY_CALLER, raises=[problems.LINK_EXPIRED])
@routes.response(204)
def unsubscribe(token: str) -> Response:
    """Switch a notice off without logging in, as mail programs do (RFC 8058).

    The address is in the header `List-Unsubscribe` of each notice. It names the person and the notice. The
    body is ignored. Whoever opens the address in a browser gets a page with a button.
    """
    in_transaction(lambda session: settings.unsubscribe(session, token, app_context().settings.keys))
    return empty_response()


def _describe(session: Session) -> dict[str, Any]:
    return {
        "sends_mail": app_context().settings.smtp_url is not None,
        "notices": settings.get_settings(session, current_actor()),
    }
