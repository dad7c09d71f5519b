"""Reviews: the visits that wait for a decision, claims of them, and decisions."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.http.access import Routes
from api.http.context import app_context, current_actor, read_snapshot
from api.http.paging import page_response
from api.http.transactions import in_transaction
from api.models.reviews import Decision
from api.services import review_history, review_queue, reviews, visits
from api.services.checklists import get_version
from schemas import reviews as schemas
from schemas.visits import Decision as DecisionSchema
from schemas.visits import PastDecision as PastDecisionSchema

routes = Routes("reviews", __name__, description="Reviews")

WAITING, DECIDED = schemas.WaitingVisit(), schemas.DecidedVisit()


@routes.get("/reviews", permission="review visits")
@routes.arguments(schemas.ReviewsQuery(), location="query")
@routes.response(200, schemas.REVIEW_PAGE())
def list_reviews(query: dict[str, Any]) -> Response:
    """List the visits that wait for a decision, oldest first.

    These are submitted visits that have flags, or whose checklist is always reviewed by a person.
    """
    session = read_snapshot()
    page = review_queue.list_waiting(session, current_actor(), query["limit"], query.get("cursor"), query)
    flags = visits.read_flags(session, [visit for visit, _ in page.items])
    claims = review_queue.read_claims(session, [visit.id for visit, _ in page.items])
    rows = [
        {
            "visit_id": visit.id,
            "location": location,
            "checklist": get_version(session, visit.checklist_version_id).document,
            "revision": visit.revision,
            "submitted_at": visit.waiting_since,
            "flags": flags[visit.id],
            "claim": claims.get(visit.id),
        }
        for visit, location in page.items
    ]
    return page_response(page, WAITING, rows)


@routes.post(
    "/visits/<uuid:visit_id>/claim",
    permission="review visits",
    raises=[
        problems.VISIT_NOT_FOUND,
        problems.OWN_VISIT,
        problems.NOT_WAITING,
        problems.VISIT_CLAIMED,
    ],
)
@routes.arguments(schemas.ClaimNew())
@routes.response(200, schemas.Claim())
def claim_visit(body: dict[str, Any], visit_id: UUID) -> dict[str, Any]:
    """Show other reviewers that you are looking at a waiting visit.

    A claim expires automatically after ten minutes. Claim the visit again to extend it. A claim prevents no
    decision, and a decision removes it.
    """
    return in_transaction(
        lambda session: review_queue.claim_visit(session, current_actor(), visit_id, **body)
    )


@routes.delete(
    "/visits/<uuid:visit_id>/claim",
    permission="review visits",
    raises=[problems.VISIT_NOT_FOUND, problems.OWN_VISIT],
)
@routes.response(204)
def release_visit(visit_id: UUID) -> None:
    """Remove your claim of a visit.

    Without a claim, nothing changes. The claim of another reviewer stays.
    """
    in_transaction(lambda session: review_queue.release_visit(session, current_actor(), visit_id))


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


@routes.post(
    "/visits/<uuid:visit_id>/review/undo",
    permission="review visits",
    raises=[problems.VISIT_NOT_FOUND, problems.OWN_VISIT, problems.UNDO_TOO_LATE],
)
@routes.arguments(schemas.DecisionUndo())
@routes.response(200, PastDecisionSchema())
def undo_decision(body: dict[str, Any], visit_id: UUID) -> Any:
    """Undo your own decision within ten minutes, as if it had not been made.

    A visit with flags waits for a reviewer again. Another one waits for its photos or is accepted
    automatically, unless its checklist is always reviewed. The decision must be the current one, and replace
    no other. It stays stored, with `undone_at`. Undoing it again is safe.
    """
    every = app_context().settings.accept_every_minutes

    def undo(session: Session) -> Any:
        decision = reviews.undo(session, current_actor(), visit_id, body["decision_id"], every)
        return next(row for row in reviews.list_decisions(session, visit_id) if row.id == decision.id)

    return in_transaction(undo)


@routes.get("/decisions", permission="review visits")
@routes.arguments(schemas.DecidedQuery(), location="query")
@routes.response(200, schemas.DECISION_PAGE())
def list_decisions(query: dict[str, Any]) -> Response:
    """List the decisions of reviewers, the latest first: who decided what, when and why.

    Automatic acceptances are not included, nor decisions on the caller's own visits.
    """
    page = review_history.list_decided(
        read_snapshot(),
        current_actor(),
        query["limit"],
        query.get("cursor"),
        query,
        reviewer_id=query.get("reviewer_id"),
        decision=query.get("decision"),
    )
    return page_response(page, DECIDED)
