"""Reviews: the visits that wait for a decision, and decisions."""

from typing import Any
from uuid import UUID

from flask import Response

from api.domain import problems
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.paging import page_response
from api.http.transactions import in_transaction
from api.models.reviews import Decision
from api.services import reviews, visits
from schemas import reviews as schemas
from schemas.visits import Decision as DecisionSchema

routes = Routes("reviews", __name__, description="Reviews")

WAITING = schemas.WaitingVisit()


@routes.get("/reviews", permission="review visits")
@routes.arguments(schemas.ReviewsQuery(), location="query")
@routes.response(200, schemas.REVIEW_PAGE())
def list_reviews(query: dict[str, Any]) -> Response:
    """List the visits that wait for a decision, oldest first.

    These are submitted visits that have flags, or whose checklist is always reviewed by a person.
    """
    page = reviews.list_waiting(read_snapshot(), current_actor(), query["limit"], query.get("cursor"))
    flags = visits.read_flags(read_snapshot(), [visit for visit, _ in page.items])
    rows = [
        {
            "visit_id": visit.id,
            "location": location,
            "revision": visit.revision,
            "submitted_at": visit.waiting_since,
            "flags": flags[visit.id],
        }
        for visit, location in page.items
    ]
    return page_response(page, WAITING, rows)


@routes.post(
    "/visits/<uuid:visit_id>/review",
    permission="review visits",
    raises=[problems.VISIT_NOT_FOUND, problems.OWN_VISIT, problems.REVIEW_CONFLICT],
)
@routes.arguments(schemas.DecisionNew())
@routes.response(200, DecisionSchema())
def review_visit(body: dict[str, Any], visit_id: UUID) -> Decision:
    """Accept, return or reject a revision.

    Repeating the same decision is safe. If another decision is current, name its ID in `replaces` to replace
    it. Decisions are appended and never overwritten. Nobody may review their own visit.
    """
    return in_transaction(lambda session: reviews.decide(session, current_actor(), visit_id, **body))
