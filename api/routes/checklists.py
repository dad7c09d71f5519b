"""Checklists: the published ones for everybody, drafts for administrators."""

from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import SIGNED_IN
from api.domain.fundamentals import FUNDAMENTALS
from api.http.access import Routes
from api.http.context import actor, read_snapshot
from api.http.etags import IF_MATCH, edited, require_match
from api.http.paging import listed, page_answer
from api.http.parsing import read_json
from api.http.responses import empty_answer, json_text
from api.http.transactions import IDEMPOTENCY_KEY, creating, in_transaction
from api.models.checklists import Checklist
from api.services import checklists
from api.services.checklists import PublishedVersion
from api.services.paging import paginate
from schemas import checklists as schemas
from schemas.base import PageQuery

routes = Routes("checklists", __name__, description="Checklists")

DRAFT, SUMMARY, FUNDAMENTAL = schemas.ChecklistDraft(), schemas.ChecklistSummary(), schemas.Fundamental()


@routes.get("/checklists", permission="read checklists")
@routes.arguments(PageQuery(), location="query")
@routes.response(200, schemas.CHECKLIST_PAGE())
def list_checklists(query: dict[str, Any]) -> Response:
    """List the latest published version of each checklist."""
    page = checklists.list_latest_versions(read_snapshot(), actor(), query["limit"], query.get("cursor"))
    return listed([summary(version) for version in page.items], page.cursor)


@routes.post("/checklists", permission="write checklists", raises=[problems.ALREADY_EXISTS])
@routes.arguments(DRAFT)
@routes.response(201, DRAFT)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def create_checklist(_body: dict[str, Any]) -> Response:
    """Begin a checklist with a draft; what may be wrong in it beside types is told when it is published."""
    document = read_json()
    return creating(
        lambda session: checklists.create_draft(session, actor(), document),
        _as_written,
        at=lambda made: f"/api/v1/checklists/{made.key}/draft",
    )


@routes.get(
    "/checklists/<key>/versions/<int:version>",
    permission="read checklists",
    raises=[problems.CHECKLIST_NOT_FOUND],
)
@routes.response(200, schemas.ChecklistVersion())
def get_version(key: str, version: int) -> Response:
    """Get a published version: the whole document, which never changes."""
    found = checklists.get_numbered_version(read_snapshot(), actor(), key, version)
    response = json_text(found.text)
    response.set_etag(found.sha256[:32])
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@routes.get("/checklists/<key>/draft", permission="write checklists", raises=[problems.DRAFT_NOT_FOUND])
@routes.response(200, DRAFT)
def get_draft(key: str) -> Response:
    """Get the draft of a checklist as it was written."""
    return edited(_as_written, checklists.get_draft(read_snapshot(), actor(), key))


@routes.put(
    "/checklists/<key>/draft",
    permission="write checklists",
    raises=[problems.DRAFT_NOT_FOUND, problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.arguments(DRAFT)
@routes.response(200, DRAFT)
@routes.doc(parameters=[IF_MATCH])
def replace_draft(_body: dict[str, Any], key: str) -> Response:
    """Put another document in a draft's place."""
    document = read_json()

    def replace(session: Session) -> Any:
        checklist = checklists.get_draft(session, actor(), key, lock=True)
        require_match(_as_written, checklist)
        return checklists.replace_draft(session, checklist, document)

    return edited(_as_written, in_transaction(replace))


@routes.post(
    "/checklists/<key>/publish",
    permission="write checklists",
    raises=[problems.DRAFT_NOT_FOUND, problems.INVALID],
)
@routes.response(201, SUMMARY)
@routes.alt_response(200, schema=SUMMARY, description="Nothing changed: the standing version")
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def publish(key: str) -> Response:
    """Publish the draft as the next version, if anything changed."""
    new = False
    checked = checklists.check_draft(read_snapshot(), checklists.get_draft(read_snapshot(), actor(), key))

    def work(session: Session) -> PublishedVersion:
        nonlocal new
        version, new = checklists.publish(session, actor(), key, checked)
        return version

    return creating(
        work,
        summary,
        at=lambda made: f"/api/v1/checklists/{key}/versions/{made.document.version}",
        status_of=lambda _version: 201 if new else 200,
    )


@routes.post("/checklists/<key>/retire", permission="write checklists", raises=[problems.CHECKLIST_NOT_FOUND])
@routes.response(204)
def retire(key: str) -> Response:
    """Take a checklist from the list; publishing it again brings it back."""
    in_transaction(lambda session: checklists.retire(session, actor(), key))
    return empty_answer()


@routes.get("/fundamentals", permission=SIGNED_IN)
@routes.arguments(PageQuery(), location="query")
@routes.response(200, schemas.FUNDAMENTAL_PAGE())
def list_fundamentals(query: dict[str, Any]) -> Response:
    """List the fundamentals of customer service that questions are tagged with."""
    found = paginate(FUNDAMENTALS, lambda each: each.key, query["limit"], query.get("cursor"))
    return page_answer(found, FUNDAMENTAL)


def _as_written(checklist: Checklist) -> Any:
    """Return the draft itself: it leaves as it came."""
    return checklist.draft


def summary(version: PublishedVersion) -> dict[str, Any]:
    """Return what the list of checklists shows of a version."""
    document = version.document
    return {
        "key": document.key,
        "version": document.version,
        "title": document.title,
        "channel": document.channel,
        "question_count": document.question_count,
        "points_possible": document.points_possible,
    }
