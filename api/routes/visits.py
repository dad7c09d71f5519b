"""Visits: assigned by administrators, and shown to each role in a view of its own."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import marshmallow as ma
from flask import Response, request
from marshmallow import validate
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.problems import FieldError, pointer
from api.http.access import Routes
from api.http.changes_tokens import build_token, parse_token
from api.http.context import autocommit, current_actor, read_snapshot
from api.http.etags import IF_MATCH, require_match, resource_response
from api.http.paging import rows_response
from api.http.parsing import field_errors, read_json
from api.http.responses import CREATED, ETAG, json_response, refer_to
from api.http.transactions import IDEMPOTENCY_KEY, create_resource, in_transaction, run_once
from api.models.visits import Visit
from api.services import assignments, change_feed, planning, reviews, visits
from api.services.checklists import get_version
from api.services.scored_answers import describe_accepted_visits
from api.services.scores import places
from api.services.visits import View
from schemas import visits as schemas
from schemas.base import Schema

routes = Routes("visits", __name__, description="Visits")

SCHEMAS: dict[View, Schema] = {
    "own": schemas.OwnVisit(),
    "watched": schemas.WatchedVisit(),
    "evidence": schemas.EvidenceVisit(),
    "assigned": schemas.AssignedVisit(),
}
NEW = schemas.VisitNew()
MAX_VISITS = 1000
#: A list has no address, and API clients cannot read the visit yet.
_OPTIONAL_HEADERS = {name: {**header, "required": False} for name, header in CREATED.items()}
#: the body of a request with one visit, or a list of them
_NEW_VISITS = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "oneOf": [
                    refer_to("VisitNew"),
                    {
                        "type": "array",
                        "items": refer_to("VisitNew"),
                        "minItems": 1,
                        "maxItems": MAX_VISITS,
                    },
                ]
            }
        }
    },
}


def _load_visits() -> tuple[list[dict[str, Any]], bool]:
    """Return the visits of a body, which is one visit or a list of them, and whether it is a list."""
    body = read_json()
    is_list = isinstance(body, list)
    try:
        if is_list:
            validate.Length(1, MAX_VISITS)(body)
        loaded = NEW.load(body, many=is_list)
    except ma.ValidationError as error:
        raise problems.INVALID(errors=field_errors(error.messages)) from None
    return (loaded if is_list else [loaded]), is_list


@routes.post("/visits", permission="assign visits", raises=[problems.ROTATION_LOCKOUT, problems.INVALID])
@routes.response(
    201,
    {"oneOf": [refer_to("NewVisit"), refer_to("NewVisits")]},
    headers=_OPTIONAL_HEADERS,
    description="The new visit, with `Location` and `ETag`, or the new visits",
)
@routes.doc(parameters=[IDEMPOTENCY_KEY], requestBody=_NEW_VISITS)
def assign_visits() -> Response:
    """Assign a visit, or a list of 1 to 1,000 visits.

    A list is atomic. The response to it is `{"batch_id", "items": [...]}` in the same order, and error
    pointers begin with the index. `POST /visit-batches/{batch_id}/cancel` cancels it.
    """
    new_visits, is_list = _load_visits()
    if is_list:
        batch_id = uuid4()
        return run_once(
            lambda session: _dump(session, _assign(session, new_visits, batch_id), _get_planner_view()),
            lambda items: {"batch_id": batch_id, "items": items},
        )
    return _create_visit(lambda session: _assign(session, new_visits)[0])


@routes.post("/visits/check", permission="plan visits", raises=[problems.INVALID])
@routes.response(200, schemas.VisitsCheck())
@routes.doc(requestBody=_NEW_VISITS)
def check_visits() -> dict[str, Any]:
    """Check visits before they are assigned, and store nothing.

    The body is that of `POST /visits`. The response has all problems of all visits, which are also compared
    with those before them in the list. `free_from` is the first day on which the window could open.
    """
    new_visits, _ = _load_visits()
    checked = assignments.check(read_snapshot(), current_actor(), new_visits)
    return {"items": [{"index": index, "problems": found} for index, found in enumerate(checked)]}


@routes.get("/visits/planning", permission="plan visits")
@routes.arguments(schemas.PlanningQuery(), location="query")
@routes.response(200, schemas.Planning())
def get_planning(query: dict[str, Any]) -> dict[str, Any]:
    """Get what to know before visits are assigned: where shoppers were last, and who is locked out.

    The days of the window are in the time zone of each location. Locations without visits are omitted.
    """
    first, last = query["from"], query["to"]
    if last < first:
        raise problems.invalid_field("/to", "The last day must not be before the first.")
    session, actor = read_snapshot(), current_actor()
    return {
        "locations": planning.list_location_visits(session, actor),
        "lockouts": planning.list_lockouts(session, actor, first, last),
    }


@routes.post(
    "/visit-batches/<uuid:batch_id>/cancel", permission="assign visits", raises=[problems.BATCH_NOT_FOUND]
)
@routes.response(200, schemas.CancelledBatch())
def cancel_batch(batch_id: UUID) -> dict[str, int]:
    """Cancel the visits of a list that was assigned.

    Visits with answers are kept, and so are those that were declined.
    """
    return in_transaction(lambda session: assignments.cancel_batch(session, current_actor(), batch_id))


@routes.get(
    "/visits",
    permission="read visits",
    raises=[problems.FORBIDDEN, problems.RESTART_FEED, problems.REGION_NOT_FOUND],
)
@routes.arguments(schemas.VisitsQuery(), location="query")
@routes.response(200, {"oneOf": [refer_to("VisitPage"), refer_to("VisitChangePage")]})
def list_visits(query: dict[str, Any]) -> Response:
    """List visits, sorted by day. With `sort=-day`, the newest come first.

    Shoppers get their own visits, managers the accepted visits of their locations, and reviewers and
    administrators all visits. With `mine=true`, every role gets their own visits.

    With `changed_after`, the response is a page of the change feed instead: what became of accepted visits
    since the `changes_token` of the previous page. An empty value begins with the first visit. Each item has
    the visit as it is now. A visit that is no longer accepted has only its ID.
    """
    if "changed_after" in query:
        return _list_changes(query)
    limit, cursor, mine = query.pop("limit"), query.pop("cursor", None), query.pop("mine")
    newest_first = query.pop("sort") == "-day"
    if "region_id" in query:
        places.get_region(read_snapshot(), current_actor(), query["region_id"])
    page, view = visits.list_visits(
        autocommit(), current_actor(), limit, cursor, mine, query, newest_first=newest_first
    )
    rows = visits.describe_rows(autocommit(), page.items, view)
    return rows_response(SCHEMAS[view].dump(rows, many=True), page.cursor)


@routes.get("/visits/<uuid:visit_id>", permission="read visits", raises=[problems.VISIT_NOT_FOUND])
@routes.arguments(schemas.VisitQuery(), location="query")
@routes.response(200, refer_to("Visit"))
def get_visit(query: dict[str, Any], visit_id: UUID) -> Response:
    """Get a visit, in the caller's view.

    The field `view` names the shape of the response. Managers and API clients get accepted visits only, with
    their answers. With `include=checklist`, `checklist` is the whole document.
    """
    include_checklist = query.get("include") == "checklist"
    return json_response(_get_representation(read_snapshot(), visit_id, include_checklist=include_checklist))


@routes.patch(
    "/visits/<uuid:visit_id>",
    permission="plan visits",
    raises=[
        problems.VISIT_NOT_FOUND,
        problems.WRONG_STATUS,
        problems.ROTATION_LOCKOUT,
        problems.STALE,
        problems.IF_MATCH_REQUIRED,
    ],
)
@routes.arguments(schemas.VisitEdit(partial=True))
@routes.response(200, refer_to("Visit"), headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_visit(body: dict[str, Any], visit_id: UUID) -> Response:
    """Change the window of a visit that is not submitted yet.

    Omitted fields stay as they are. The lock-out applies as to a new visit, except where it was overridden
    before.
    """

    def edit(session: Session) -> dict[str, Any]:
        visit = assignments.lock_visit(session, current_actor(), visit_id)
        require_match(lambda visit: _get_representation(session, visit.id), visit)
        assignments.change_window(session, current_actor(), visit, body)
        return _get_representation(session, visit_id)

    return resource_response(in_transaction(edit))


@routes.post(
    "/visits/<uuid:visit_id>/cancel",
    permission="assign visits",
    raises=[problems.VISIT_NOT_FOUND, problems.WRONG_STATUS],
)
@routes.response(200, refer_to("ChangedVisit"))
def cancel_visit(visit_id: UUID) -> Response:
    """Cancel an assigned visit.

    The shopper no longer has to make it. Answers that arrive anyway are stored, flagged, and go to a
    reviewer.
    """
    return _change_visit(
        lambda session: assignments.cancel(session, current_actor(), visit_id), _get_planner_view()
    )


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
@routes.response(201, refer_to("NewVisit"), headers=_OPTIONAL_HEADERS)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def reassign_visit(body: dict[str, Any], visit_id: UUID) -> Response:
    """Reassign a visit to another shopper.

    The visit is cancelled. The response is a new visit with the same location and window, and the current
    version of the checklist.
    """
    return _create_visit(lambda session: assignments.reassign(session, current_actor(), visit_id, body))


@routes.post(
    "/visits/<uuid:visit_id>/decline",
    permission="send visits",
    raises=[problems.VISIT_NOT_FOUND, problems.WRONG_STATUS],
)
@routes.arguments(schemas.Decline())
@routes.response(200, schemas.OwnVisit())
def decline_visit(body: dict[str, Any], visit_id: UUID) -> Response:
    """Decline one's own assigned visit.

    Answers that arrive anyway are stored, flagged, and go to a reviewer.
    """
    return _change_visit(
        lambda session: assignments.decline(session, current_actor(), visit_id, body["reason"]), "own"
    )


def _list_changes(query: Mapping[str, Any]) -> Response:
    """Return a page of the change feed."""
    if others := [name for name in request.args if name not in ("changed_after", "limit")]:
        errors = [FieldError(pointer(name), "This cannot be combined with changed_after.") for name in others]
        raise problems.INVALID(errors=errors)
    session, actor = read_snapshot(), current_actor()
    access = change_feed.describe_access(session, actor)
    after = parse_token(query["changed_after"], actor.id, access)
    page = change_feed.read_changes(session, actor, after, query["limit"])
    items = [
        {"id": item.id, "change": item.change, **(SCHEMAS["watched"].dump(item.visit) if item.visit else {})}
        for item in page.items
    ]
    token = build_token(page.position, actor.id, access)
    return json_response({"items": items, "changes_token": token, "more": page.has_more})


def _assign(session: Session, new_visits: list[dict[str, Any]], batch_id: UUID | None = None) -> list[Visit]:
    return assignments.assign(
        session, current_actor(), new_visits, is_list=batch_id is not None, batch_id=batch_id
    )


def _get_planner_view() -> View:
    """Return the view of a caller who assigns visits. An API client sees nothing of the shopper."""
    return "assigned" if current_actor().is_client else "evidence"


def _create_visit(create: Callable[[Session], Visit]) -> Response:
    """Run ``create`` in a transaction, and return the new visit.

    An API client cannot read a visit before it is accepted, so it receives neither address nor ETag.
    """
    if current_actor().is_client:
        return run_once(lambda session: _dump(session, [create(session)], "assigned")[0], lambda visit: visit)
    return create_resource(
        lambda session: _get_representation(session, create(session).id), lambda visit: visit, _get_location
    )


def _change_visit(change: Callable[[Session], Visit], view: View) -> Response:
    """Run ``change`` in a transaction, and return the visit."""
    return json_response(in_transaction(lambda session: _dump(session, [change(session)], view)[0]))


def _get_representation(
    session: Session, visit_id: UUID, *, include_checklist: bool = False
) -> dict[str, Any]:
    """Return the JSON of a visit in the caller's view, with all that a single visit has."""
    visit, view = visits.get_visit(session, current_actor(), visit_id)
    if view == "watched":
        body = SCHEMAS[view].dump(describe_accepted_visits(session, [visit])[0])
    else:
        body = _dump(session, [visit], view)[0]
    if view == "evidence":
        body["decisions"] = schemas.PastDecision().dump(reviews.list_decisions(session, visit.id), many=True)
        body["photo_evidence"] = schemas.PhotoEvidence().dump(
            visits.list_stored_photos(session, visit), many=True
        )
    if include_checklist:
        body["checklist"] = json.loads(get_version(session, visit.checklist_version_id).text)
    return body


def _get_location(visit: Mapping[str, Any]) -> str:
    return f"/api/v1/visits/{visit['id']}"


def _dump(session: Session, rows: Sequence[Visit], view: View) -> list[dict[str, Any]]:
    bodies: list[dict[str, Any]] = SCHEMAS[view].dump(visits.describe_visits(session, rows, view), many=True)
    return bodies
