"""Disputes: managers contest answers of accepted visits, and reviewers decide."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.http.access import Routes, require
from api.http.context import current_actor, read_snapshot
from api.http.etags import resource_response
from api.http.paging import page_response
from api.http.periods import parse_period
from api.http.responses import CREATED, ETAG, json_response
from api.http.transactions import IDEMPOTENCY_KEY, create_resource, in_transaction
from api.models.disputes import Dispute
from api.services.disputes import deciding, opening, rates, reading
from schemas import disputes as schemas

routes = Routes("disputes", __name__, description="Disputes")

DISPUTE = schemas.Dispute()


@routes.post(
    "/visits/<uuid:visit_id>/disputes",
    permission="dispute visits",
    raises=[
        problems.VISIT_NOT_FOUND,
        problems.OWN_VISIT,
        problems.DISPUTE_CLOSED,
        problems.DISPUTE_EXISTS,
    ],
)
@routes.arguments(schemas.DisputeNew())
@routes.response(201, DISPUTE, headers=CREATED)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def open_dispute(body: dict[str, Any], visit_id: UUID) -> Response:
    """Dispute answers of an accepted visit.

    There can be one dispute for each acceptance of a visit, within `dispute_days` of the organization after
    the acceptance. Private questions, and those without points in this visit, cannot be disputed. Scores stay
    as they are until a reviewer decides. The shopper does not learn of the dispute, so nobody can dispute a
    visit that they made.
    """
    actor = current_actor()
    return create_resource(
        lambda session: reading.get_dispute(
            session, actor, opening.open_dispute(session, actor, visit_id, body["questions"]).id
        ),
        DISPUTE.dump,
        lambda dispute: f"/api/v1/disputes/{dispute['id']}",
    )


@routes.get(
    "/visits/<uuid:visit_id>/disputes",
    permission="read disputes",
    raises=[problems.VISIT_NOT_FOUND],
)
@routes.response(200, schemas.VisitDisputes())
def list_visit_disputes(visit_id: UUID) -> Response:
    """List the disputes about a visit, newest first.

    The response also says whether the visit can be disputed, and until when.
    """
    shown = reading.list_visit_disputes(read_snapshot(), current_actor(), visit_id)
    return json_response(schemas.VisitDisputes().dump(shown))


@routes.get("/disputes", permission="read disputes")
@routes.arguments(schemas.DisputesQuery(), location="query")
@routes.response(200, schemas.DISPUTE_PAGE())
def list_disputes(query: dict[str, Any]) -> Response:
    """List disputes, the oldest first, or the newest with `sort=-opened_at`.

    Managers and API clients see those about visits at their locations. Nobody sees those about visits that
    they made.
    """
    page = reading.list_disputes(
        read_snapshot(),
        current_actor(),
        query["limit"],
        query.get("cursor"),
        status=query.get("status"),
        location_id=query.get("location_id"),
        question=query.get("question"),
        newest_first=query["sort"] == "-opened_at",
    )
    return page_response(page, DISPUTE)


@routes.get("/disputes/rates", permission="read disputes", raises=[problems.CHECKLIST_NOT_FOUND])
@routes.arguments(schemas.RatesQuery(), location="query")
@routes.response(200, schemas.OverturnRates())
def list_overturn_rates(query: dict[str, Any]) -> Response:
    """List overturn rates: the proportion of decided questions that were set aside or amended.

    There is no rate for fewer than 10 decided questions. Only reviewers and administrators can group by
    shopper or reviewer. A reviewer's rate is about the visits that they accepted.
    """
    actor = current_actor()
    if query["by"] in schemas.PEOPLE:
        require(actor, "review visits")
    rows = rates.list_rates(read_snapshot(), actor, query["by"], parse_period(query), query.get("checklist"))
    return json_response(schemas.OverturnRates().dump({"items": rows}))


@routes.get("/disputes/<uuid:dispute_id>", permission="read disputes", raises=[problems.DISPUTE_NOT_FOUND])
@routes.response(200, DISPUTE)
def get_dispute(dispute_id: UUID) -> Any:
    """Get a dispute.

    Managers and API clients see the disputes about visits at their locations, of all managers.
    """
    return reading.get_dispute(read_snapshot(), current_actor(), dispute_id)


@routes.post(
    "/disputes/<uuid:dispute_id>/decision",
    permission="review visits",
    raises=[
        problems.DISPUTE_NOT_FOUND,
        problems.DISPUTE_NOT_OPEN,
        problems.OWN_DECISION,
    ],
)
@routes.arguments(schemas.DisputeDecision())
@routes.response(200, DISPUTE, headers=ETAG)
def decide_dispute(body: dict[str, Any], dispute_id: UUID) -> Response:
    """Decide an open dispute, with one outcome for each of its questions.

    The answers of the visit stay as they were sent. Its score, and all totals that it counts in, change with
    the decision. The same decision again returns the dispute.
    """
    return _change(lambda session: deciding.decide(session, current_actor(), dispute_id, body["outcomes"]))


@routes.post(
    "/disputes/<uuid:dispute_id>/withdraw",
    permission="dispute visits",
    raises=[problems.DISPUTE_NOT_FOUND, problems.DISPUTE_NOT_OPEN],
)
@routes.response(200, DISPUTE, headers=ETAG)
def withdraw_dispute(dispute_id: UUID) -> Response:
    """Withdraw an open dispute.

    Only the manager who opened it can withdraw it. This acceptance of the visit cannot be disputed again.
    """
    return _change(lambda session: opening.withdraw(session, current_actor(), dispute_id))


def _change(change: Callable[[Session], Dispute]) -> Response:
    """Run ``change`` in a transaction, and return the dispute."""

    def run(session: Session) -> dict[str, Any]:
        return reading.get_dispute(session, current_actor(), change(session).id)

    return resource_response(DISPUTE.dump(in_transaction(run)))
