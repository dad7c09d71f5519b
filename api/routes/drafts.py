"""Drafts of checklists: their earlier revisions, and previews of publishing."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.etags import resource_response
from api.http.paging import page_response
from api.http.responses import ETAG, json_response
from api.http.transactions import in_transaction
from api.models.checklists import Checklist
from api.services import checklist_previews, checklists, draft_revisions
from schemas import drafts as schemas
from schemas.base import PageQuery
from schemas.checklists import ChecklistDraft

routes = Routes("drafts", __name__, description="Drafts of checklists: their revisions, and previews")

PERMISSION = "administer checklists"
REVISION, REVISION_WITH_DOCUMENT = schemas.DraftRevision(), schemas.DraftRevisionWithDocument()
PREVIEW, DRAFT = schemas.Preview(), ChecklistDraft()
MISSING = [problems.DRAFT_NOT_FOUND, problems.REVISION_NOT_FOUND]


@routes.get("/checklists/<key>/draft/revisions", permission=PERMISSION, raises=[problems.DRAFT_NOT_FOUND])
@routes.arguments(PageQuery(), location="query")
@routes.response(200, schemas.REVISION_PAGE())
def list_draft_revisions(query: dict[str, Any], key: str) -> Response:
    """List what the draft of a checklist was, the latest revision first.

    The edits of one person within ten minutes are one revision. The first of the list equals the draft. A
    revision is deleted 90 days after it was replaced.
    """
    checklist = checklists.get_draft(read_snapshot(), current_actor(), key)
    page = draft_revisions.list_revisions(read_snapshot(), checklist, query["limit"], query.get("cursor"))
    return page_response(page, REVISION)


@routes.get("/checklists/<key>/draft/revisions/<uuid:revision_id>", permission=PERMISSION, raises=MISSING)
@routes.response(200, REVISION_WITH_DOCUMENT)
def get_draft_revision(key: str, revision_id: UUID) -> Response:
    """Get a revision of a draft.

    Its document is returned as it was sent, without the defaults of omitted fields.
    """
    checklist = checklists.get_draft(read_snapshot(), current_actor(), key)
    return json_response(draft_revisions.describe_revision(read_snapshot(), checklist, revision_id))


@routes.post(
    "/checklists/<key>/draft/revisions/<uuid:revision_id>/restore", permission=PERMISSION, raises=MISSING
)
@routes.response(200, DRAFT, headers=ETAG)
def restore_draft_revision(key: str, revision_id: UUID) -> Response:
    """Make the draft what it was in a revision.

    This is stored as a new revision, so it can be taken back. The response is the draft.
    """

    def restore(session: Session) -> Checklist:
        checklist = checklists.get_draft(session, current_actor(), key, lock=True)
        checklists.restore_revision(session, current_actor(), checklist, revision_id)
        return checklist

    return resource_response(in_transaction(restore).draft)


@routes.post("/checklists/<key>/preview", permission=PERMISSION, raises=[problems.DRAFT_NOT_FOUND])
@routes.arguments(schemas.PreviewNew())
@routes.response(200, PREVIEW)
def preview_checklist(body: dict[str, Any], key: str) -> Response:
    """Preview what publishing the draft of a checklist would change.

    The errors are those that publishing reports. The replay scores the last accepted visits again, under the
    current version and under the draft, from the answers that are stored. It stores nothing.
    """
    preview = checklist_previews.preview(read_snapshot(), current_actor(), key, body["visits"])
    return json_response(PREVIEW.dump(preview))
