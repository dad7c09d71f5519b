"""Visits: assigned by administrators, seen by each as he may."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from marshmallow import validate
from sqlalchemy.orm import Session

from api.domain import problems
from api.http.access import Routes
from api.http.context import actor, read_snapshot
from api.http.paging import listed
from api.http.parsing import faults_of, read_json
from api.http.responses import json_answer
from api.http.transactions import IDEMPOTENCY_KEY, creating, in_transaction
from api.models.visits import Visit
from api.services import assignments, reviews, visits
from api.services.checklists import get_version
from api.services.scored_answers import get_scored_answers
from api.services.submissions import get_latest_revision
from api.services.visits import View
from schemas import visits as schemas
from schemas.base import Schema

routes = Routes("visits", __name__, description="Visits")

SCHEMAS: dict[View, Schema] = {
    "own": schemas.OwnVisit(),
    "watched": schemas.WatchedVisit(),
    "evidence": schemas.EvidenceVisit(),
}
NEW = schemas.VisitNew()
MOST_AT_ONCE = 1000
ANY_VISIT = {
    "oneOf": [
        {"$ref": f"#/components/schemas/{name}"} for name in ("OwnVisit", "WatchedVisit", "EvidenceVisit")
    ]
}

_ONE_ASSIGNED = {"$ref": "#/components/schemas/EvidenceVisit"}
_MANY_ASSIGNED = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": _ONE_ASSIGNED}},
    "required": ["items"],
}


def _read_orders() -> tuple[list[dict[str, Any]], bool]:
    """Return the visits of a body, which is one or a list of them, and whether it is a list."""
    body = read_json()
    many = isinstance(body, list)
    try:
        if many:
            validate.Length(1, MOST_AT_ONCE)(body)
        loaded = NEW.load(body, many=many)
    except ma.ValidationError as error:
        raise problems.INVALID(errors=faults_of(error.messages)) from None
    return (loaded if many else [loaded]), many


@routes.post("/visits", permission="assign visits", raises=[problems.ROTATION_LOCKOUT, problems.INVALID])
@routes.response(201, {"oneOf": [_ONE_ASSIGNED, _MANY_ASSIGNED]})
@routes.doc(
    parameters=[IDEMPOTENCY_KEY],
    requestBody={
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        {"$ref": "#/components/schemas/VisitNew"},
                        {
                            "type": "array",
                            "items": {"$ref": "#/components/schemas/VisitNew"},
                            "minItems": 1,
                            "maxItems": MOST_AT_ONCE,
                        },
                    ]
                }
            }
        },
    },
)
def assign_visits() -> Response:
    """Assign a visit, or a list of 1 to 1,000, all or none.

    Of a list the answer is `{"items": [...]}` in the same order, and pointers of errors begin with the index.
    """
    orders, many = _read_orders()

    def work(session: Session) -> list[dict[str, Any]]:
        return _dumped(session, assignments.assign(session, actor(), orders, batch=many), "evidence")

    if many:
        return creating(work, lambda made: {"items": made})
    return creating(work, lambda made: made[0], at=lambda made: _address(made[0]))


@routes.get("/visits", permission="read visits")
@routes.arguments(schemas.VisitsQuery(), location="query")
@routes.response(
    200,
    {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": ANY_VISIT},
            "next": {"type": ["string", "null"], "format": "url"},
        },
        "required": ["items", "next"],
    },
)
def list_visits(query: dict[str, Any]) -> Response:
    """List visits by day: a shopper's own, a manager's accepted ones, a reviewer's all.

    With `mine=true`, everybody's own.
    """
    limit, cursor, mine = query.pop("limit"), query.pop("cursor", None), query.pop("mine")
    page, view = visits.list_visits(read_snapshot(), actor(), limit, cursor, mine, query)
    described = visits.describe_rows(read_snapshot(), page.items, view)
    return listed(SCHEMAS[view].dump(described, many=True), page.cursor)


@routes.get("/visits/<uuid:visit_id>", permission="read visits", raises=[problems.VISIT_NOT_FOUND])
@routes.arguments(schemas.VisitQuery(), location="query")
@routes.response(200, ANY_VISIT)
def get_visit(query: dict[str, Any], visit_id: UUID) -> Response:
    """Get a visit as one may see it; `include=checklist` puts the whole document in `checklist`."""
    visit, view = visits.get_visit(read_snapshot(), actor(), visit_id)
    shown = _dumped(read_snapshot(), [visit], view)[0]
    if view == "watched":
        submission = get_latest_revision(read_snapshot(), visit)
        shown["answers"] = get_scored_answers(read_snapshot(), visit, submission, view)
        shown["photos"] = submission.content.get("photos") or []
        shown["comment"] = submission.content.get("comment") or None
    if view == "evidence":
        decisions = reviews.list_decisions(read_snapshot(), visit.id)
        shown["decisions"] = schemas.PastDecision().dump(decisions, many=True)
        photos = visits.list_stored_photos(read_snapshot(), visit)
        shown["photo_evidence"] = schemas.PhotoEvidence().dump(photos, many=True)
    if query.get("include") == "checklist":
        shown["checklist"] = json.loads(get_version(read_snapshot(), visit.checklist_version_id).text)
    return json_answer(shown)


@routes.post(
    "/visits/<uuid:visit_id>/cancel",
    permission="assign visits",
    raises=[problems.VISIT_NOT_FOUND, problems.WRONG_STATUS],
)
@routes.response(200, schemas.EvidenceVisit())
def cancel_visit(visit_id: UUID) -> Response:
    """Take an assigned visit back; answers that come all the same go to a reviewer."""
    return _after(lambda session: assignments.cancel(session, actor(), visit_id), "evidence")


@routes.post(
    "/visits/<uuid:visit_id>/reassign",
    permission="assign visits",
    raises=[
        problems.VISIT_NOT_FOUND,
        problems.WRONG_STATUS,
        problems.CHECKLIST_RETIRED,
        problems.ROTATION_LOCKOUT,
    ],
)
@routes.arguments(schemas.Reassignment())
@routes.response(201, schemas.EvidenceVisit())
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def reassign_visit(body: dict[str, Any], visit_id: UUID) -> Response:
    """Give a visit to another shopper: this one is cancelled, and the answer is a new one."""

    def work(session: Session) -> dict[str, Any]:
        made = assignments.reassign(session, actor(), visit_id, body["shopper_id"], body["override"])
        return _dumped(session, [made], "evidence")[0]

    return creating(work, lambda made: made, at=_address)


@routes.post(
    "/visits/<uuid:visit_id>/decline",
    permission="send visits",
    raises=[problems.VISIT_NOT_FOUND, problems.WRONG_STATUS],
)
@routes.arguments(schemas.Declination())
@routes.response(200, schemas.OwnVisit())
def decline_visit(body: dict[str, Any], visit_id: UUID) -> Response:
    """Give one's own assigned visit back, with a reason."""
    return _after(lambda session: assignments.decline(session, actor(), visit_id, body["reason"]), "own")


def _after(work: Any, view: View) -> Response:
    """Run ``work`` and return the visit that comes of it."""
    return json_answer(in_transaction(lambda session: _dumped(session, [work(session)], view)[0]))


def _address(visit: Mapping[str, Any]) -> str:
    return f"/api/v1/visits/{visit['id']}"


def _dumped(session: Session, found: Sequence[Visit], view: View) -> list[dict[str, Any]]:
    dumped: list[dict[str, Any]] = SCHEMAS[view].dump(visits.describe_visits(session, found, view), many=True)
    return dumped
