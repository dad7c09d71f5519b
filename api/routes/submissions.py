"""Submissions: the answers of visits, each revision stored exactly once."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, request

from api.domain import problems
from api.domain.times import format_utc
from api.http.access import Routes
from api.http.context import app_context, autocommit, current_actor, read_snapshot
from api.http.etags import compute_etag
from api.http.parsing import read_json
from api.http.responses import ETAG, json_response, json_text, refer_to
from api.http.transactions import in_statements
from api.services import submissions, visits
from api.services.evidence import measure_distance
from api.services.scored_answers import get_scored_answers
from api.services.scores.results import format_visit_score
from schemas import submissions as schemas
from schemas.base import parse_time

routes = Routes("submissions", __name__, description="Submissions")

SUBMISSION, SCORED = schemas.Submission(), schemas.ScoredSubmission()
DEVICE_TIME = {
    "name": "Device-Time",
    "in": "header",
    "required": False,
    "description": "The phone's clock as it sends, RFC 3339; a value that cannot be parsed is ignored",
    "schema": {"type": "string"},
}


@routes.put(
    "/visits/<uuid:visit_id>/submission",
    permission="send visits",
    raises=[problems.VISIT_NOT_FOUND, problems.SUBMISSION_CONFLICT, problems.REVISION_UNEXPECTED],
)
@routes.arguments(SUBMISSION)
@routes.response(201, schemas.Receipt(), headers=ETAG, description="Stored. `ETag` is that of the submission")
@routes.alt_response(200, schema=schemas.Receipt(), description="Replay of the same content: same receipt")
@routes.doc(parameters=[DEVICE_TIME])
def submit_answers(body: dict[str, Any], visit_id: UUID) -> Response:
    """Send the answers of a visit.

    The visit's ID and the revision are the idempotency key, permanently: sending the same content again
    returns the same receipt. 422 names what the shopper can correct. What they cannot correct, such as a
    closed window or a cancelled visit, is stored and flagged.
    """
    # A clock that cannot be parsed is no reason to reject answers.
    device_time = parse_time(request.headers.get("Device-Time", ""))
    prepared = submissions.prepare(autocommit(), current_actor(), visit_id, read_json(), body, device_time)
    if isinstance(prepared, str):
        return json_text(prepared)
    every = app_context().settings.accept_every_minutes
    receipt, is_new = in_statements(lambda run: submissions.store(run, current_actor(), prepared, every))
    response = json_text(receipt, 201 if is_new else 200)
    if is_new:
        # The shopper's GET returns the body as it was sent.
        response.set_etag(compute_etag(current_app.json.dumps(read_json()).encode()))
    return response


@routes.get(
    "/visits/<uuid:visit_id>/submission",
    permission="read visits",
    raises=[problems.VISIT_NOT_FOUND, problems.SUBMISSION_NOT_FOUND],
)
@routes.response(
    200,
    # A generated client takes the first that fits, and evidence has all fields of a submission.
    {"oneOf": [refer_to("ScoredSubmission"), refer_to("Submission")]},
)
def get_submission(visit_id: UUID) -> Response:
    """Get the latest revision.

    Shoppers get their own submission as sent, other roles the answers with their points.
    """
    visit, view = visits.get_visit(read_snapshot(), current_actor(), visit_id)
    submission = submissions.get_latest_revision(read_snapshot(), visit)
    content = submission.content
    if view == "own":
        return json_response(content)
    shown = {
        "visit_id": visit.id,
        "checklist_version": content["checklist_version"],
        "outcome": submission.outcome,
        "score": format_visit_score(submission.result),
        "answers": get_scored_answers(read_snapshot(), visit, submission, view),
        "photos": content.get("photos") or [],
        "comment": content.get("comment") or None,
    }
    dumped = SCORED.dump(shown)
    if view == "evidence":
        dumped |= {
            "revision": submission.revision,
            "started_at": content["started_at"],
            "finished_at": content["finished_at"],
            "received_at": format_utc(submission.received_at),
            "clock_shift": submission.clock_shift,
            "position": content.get("position"),
            "distance_m": measure_distance(read_snapshot(), visit, submission),
            "briefing_version": content.get("briefing_version"),
        }
    return json_response(dumped)
