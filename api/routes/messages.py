"""Messages: reviewers ask the shopper of a visit, and the shopper answers."""

from typing import Any
from uuid import UUID

from flask import Response

from api.domain import problems
from api.domain.access import SEND_VISITS
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.paging import page_response
from api.http.responses import json_response
from api.http.transactions import IDEMPOTENCY_KEY, in_transaction, run_once
from api.services import messages
from schemas import messages as schemas

routes = Routes("messages", __name__, description="Messages to shoppers")

MESSAGE, OWN_MESSAGE = schemas.Message(), schemas.OwnMessage()


@routes.post(
    "/visits/<uuid:visit_id>/messages",
    permission="review visits",
    raises=[
        problems.VISIT_NOT_FOUND,
        problems.SUBMISSION_NOT_FOUND,
        problems.OWN_VISIT,
        problems.SHOPPER_UNAVAILABLE,
        problems.TOO_MANY_MESSAGES,
    ],
)
@routes.arguments(schemas.MessageNew())
@routes.response(201, MESSAGE)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def ask_shopper(body: dict[str, Any], visit_id: UUID) -> Response:
    """Ask the shopper of a visit, about the visit or about one question of its checklist.

    The shopper reads the text in the form, and not who asks. Up to five messages of a visit may be open.
    """
    return run_once(
        lambda session: messages.describe(
            session, [messages.ask(session, current_actor(), visit_id, **body)]
        )[0],
        MESSAGE.dump,
    )


@routes.get("/messages", permission="review visits")
@routes.arguments(schemas.MessagesQuery(), location="query")
@routes.response(200, schemas.MESSAGE_PAGE())
def list_messages(query: dict[str, Any]) -> Response:
    """List the messages to shoppers with their answers, latest first.

    Messages about the caller's own visits are not included.
    """
    page = messages.list_messages(
        read_snapshot(),
        current_actor(),
        query["limit"],
        query.get("cursor"),
        visit_id=query.get("visit_id"),
        status=query.get("status"),
        mine=query["mine"],
    )
    return page_response(page, MESSAGE, messages.describe(read_snapshot(), page.items))


@routes.post(
    "/messages/<uuid:message_id>/withdraw",
    permission="review visits",
    raises=[problems.MESSAGE_NOT_FOUND, problems.MESSAGE_ANSWERED],
)
@routes.response(200, MESSAGE)
def withdraw_message(message_id: UUID) -> dict[str, Any]:
    """Withdraw a message that is not answered yet.

    The shopper no longer sees it. An answer that they wrote without a signal is stored anyway.
    """
    return in_transaction(
        lambda session: messages.describe(session, [messages.withdraw(session, current_actor(), message_id)])[
            0
        ]
    )


@routes.get("/me/messages", permission=SEND_VISITS)
@routes.arguments(schemas.OwnMessagesQuery(), location="query")
@routes.response(200, schemas.OWN_MESSAGE_PAGE())
def list_own_messages(query: dict[str, Any]) -> Response:
    """List the messages about the caller's own visits, earliest first.

    Each is a question of a reviewer, with the caller's answer.
    """
    page = messages.list_own_messages(
        read_snapshot(), current_actor(), query["limit"], query.get("cursor"), status=query.get("status")
    )
    return page_response(page, OWN_MESSAGE, messages.describe(read_snapshot(), page.items))


@routes.put(
    "/me/messages/<uuid:message_id>/answer",
    permission=SEND_VISITS,
    raises=[problems.MESSAGE_NOT_FOUND, problems.MESSAGE_ANSWERED],
)
@routes.arguments(schemas.MessageAnswer())
@routes.response(201, OWN_MESSAGE, description="Stored")
@routes.alt_response(200, schema=OWN_MESSAGE, description="Replay of the same answer")
def answer_message(body: dict[str, Any], message_id: UUID) -> Response:
    """Answer a message.

    The ID of the message is the idempotency key, permanently: sending the same answer again changes nothing.
    An answer cannot be changed.
    """

    def answer(session: Any) -> tuple[dict[str, Any], bool]:
        message, is_new = messages.answer(session, current_actor(), message_id, body["text"])
        return messages.describe(session, [message])[0], is_new

    message, is_new = in_transaction(answer)
    return json_response(OWN_MESSAGE.dump(message), 201 if is_new else 200)
