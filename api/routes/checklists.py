"""Checklists: published versions for every role, drafts for administrators."""

from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.fundamentals import FUNDAMENTALS
from api.http.access import Routes, require
from api.http.context import autocommit, current_actor, read_snapshot
from api.http.etags import IF_MATCH, require_match, resource_response
from api.http.paging import page_response, rows_response
from api.http.parsing import read_json
from api.http.responses import CREATED, ETAG, empty_response, json_response, json_text, refer_to
from api.http.transactions import IDEMPOTENCY_KEY, create_resource, in_transaction, run_once
from api.models.checklists import Checklist
from api.services import checklists
from api.services.checklist_overviews import list_overviews, list_versions, summarize
from api.services.checklist_previews import find_version_changes
from api.services.checklists import PublishedVersion
from api.services.paging import paginate
from schemas import checklists as schemas
from schemas.base import PageQuery

routes = Routes("checklists", __name__, description="Checklists")

ADMINISTER = "administer checklists"
DRAFT, SUMMARY, FUNDAMENTAL = schemas.ChecklistDraft(), schemas.ChecklistSummary(), schemas.Fundamental()
OVERVIEW, VERSION, CHANGES = schemas.ChecklistOverview(), schemas.VersionSummary(), schemas.ChecklistChanges()


@routes.get("/checklists", permission="read checklists", raises=[problems.FORBIDDEN])
@routes.arguments(schemas.ChecklistsQuery(), location="query")
@routes.response(200, {"anyOf": [refer_to("ChecklistSummaryPage"), refer_to("ChecklistOverviewPage")]})
def list_checklists(query: dict[str, Any]) -> Response:
    """List the latest published version of each checklist.

    The list is sorted by key. Drafts and retired checklists are only in it with `include`. It then also shows
    administrators the state of each draft, who changed it and when, and the number of visits.
    """
    include, limit, cursor = query.get("include"), query["limit"], query.get("cursor")
    if include is None:
        page = checklists.list_latest_versions(read_snapshot(), current_actor(), limit, cursor)
        return rows_response([summarize(version.document) for version in page.items], page.cursor)
    require(current_actor(), ADMINISTER)
    page = list_overviews(read_snapshot(), current_actor(), include, limit, cursor)
    return page_response(page, OVERVIEW)


@routes.post("/checklists", permission="write checklists", raises=[problems.ALREADY_EXISTS])
@routes.arguments(DRAFT)
@routes.response(201, DRAFT, headers=CREATED)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def create_checklist(_body: dict[str, Any]) -> Response:
    """Create a checklist as a draft.

    Only names and types of its fields are checked now. All other rules are checked when it is published.
    """
    # The draft is stored as sent, without the defaults that the schema would add.
    document = read_json()
    return create_resource(
        lambda session: checklists.create_draft(session, current_actor(), document),
        _get_document,
        lambda checklist: f"/api/v1/checklists/{checklist.key}/draft",
    )


@routes.get(
    "/checklists/<key>/versions/<int:version>",
    permission="read checklists",
    raises=[problems.CHECKLIST_NOT_FOUND],
)
@routes.response(200, schemas.ChecklistVersion())
def get_checklist_version(key: str, version: int) -> Response:
    """Get a published version of a checklist.

    The response contains the defaults of omitted fields. A version never changes, so it can be cached
    permanently.
    """
    published = checklists.get_numbered_version(autocommit(), current_actor(), key, version)
    response = json_text(published.text)
    response.set_etag(_get_version_etag(published))
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@routes.get("/checklists/<key>/versions", permission=ADMINISTER, raises=[problems.CHECKLIST_NOT_FOUND])
@routes.arguments(PageQuery(), location="query")
@routes.response(200, schemas.VERSION_PAGE())
def list_checklist_versions(query: dict[str, Any], key: str) -> Response:
    """List the versions of a checklist, the latest first.

    Each row has who published the version and when, and how many visits were assigned with it.
    """
    page = list_versions(read_snapshot(), current_actor(), key, query["limit"], query.get("cursor"))
    return page_response(page, VERSION)


@routes.get(
    "/checklists/<key>/versions/<int:version>/changes",
    permission=ADMINISTER,
    raises=[problems.CHECKLIST_NOT_FOUND],
)
@routes.response(200, CHANGES)
def list_checklist_version_changes(key: str, version: int) -> Response:
    """List what a version of a checklist changed.

    It is compared with the previous version. The first version changed nothing.
    """
    changes = find_version_changes(read_snapshot(), current_actor(), key, version)
    return json_response(CHANGES.dump({"items": changes}))


@routes.get("/checklists/<key>/draft", permission="write checklists", raises=[problems.DRAFT_NOT_FOUND])
@routes.response(200, DRAFT)
def get_checklist_draft(key: str) -> Response:
    """Get the draft of a checklist.

    The draft is returned as it was sent, without the defaults of omitted fields. It remains after publishing.
    """
    return resource_response(checklists.get_draft(read_snapshot(), current_actor(), key).draft)


@routes.put(
    "/checklists/<key>/draft",
    permission="write checklists",
    raises=[problems.DRAFT_NOT_FOUND, problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.arguments(DRAFT)
@routes.response(200, DRAFT, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def replace_checklist_draft(_body: dict[str, Any], key: str) -> Response:
    """Replace the draft of a checklist.

    Only names and types of its fields are checked now. All other rules are checked when it is published.
    """
    document = read_json()

    def replace(session: Session) -> Checklist:
        checklist = checklists.get_draft(session, current_actor(), key, lock=True)
        require_match(_get_document, checklist)
        return checklists.replace_draft(session, current_actor(), checklist, document)

    return resource_response(in_transaction(replace).draft)


@routes.post(
    "/checklists/<key>/publish",
    permission="write checklists",
    raises=[problems.DRAFT_NOT_FOUND, problems.INVALID],
)
@routes.response(201, SUMMARY, headers=CREATED)
@routes.alt_response(
    200, schema=SUMMARY, headers=CREATED, description="Nothing changed: the current version is returned"
)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def publish_checklist(key: str) -> Response:
    """Publish the draft as the next version, if it differs from the current version.

    `Location` and `ETag` are those of the version.
    """
    checked = checklists.check_draft(
        read_snapshot(), checklists.get_draft(read_snapshot(), current_actor(), key)
    )
    response = run_once(
        lambda session: checklists.publish(session, current_actor(), key, checked),
        lambda result: summarize(result[0].document),
        get_location=lambda result: f"/api/v1/checklists/{key}/versions/{result[0].document.version}",
        get_status=lambda result: 201 if result[1] else 200,
    )
    version = response.get_json()["version"]
    response.set_etag(
        _get_version_etag(checklists.get_numbered_version(autocommit(), current_actor(), key, version))
    )
    return response


@routes.post("/checklists/<key>/retire", permission="write checklists", raises=[problems.CHECKLIST_NOT_FOUND])
@routes.response(204)
def retire_checklist(key: str) -> Response:
    """Retire a checklist.

    It is no longer listed, and no new visits can use it. Visits that were assigned before still accept
    answers. Publishing the checklist again restores it.
    """
    in_transaction(lambda session: checklists.retire(session, current_actor(), key))
    return empty_response()


@routes.get("/fundamentals", permission="read checklists")
@routes.arguments(PageQuery(), location="query")
@routes.response(200, schemas.FUNDAMENTAL_PAGE())
def list_fundamentals(query: dict[str, Any]) -> Response:
    """List the fundamentals of customer service that questions are tagged with.

    They are the same for all organizations, so that scores by fundamental can be compared across checklists.
    """
    page = paginate(FUNDAMENTALS, lambda fundamental: fundamental.key, query["limit"], query.get("cursor"))
    return page_response(page, FUNDAMENTAL)


def _get_document(checklist: Checklist) -> Any:
    return checklist.draft


def _get_version_etag(version: PublishedVersion) -> str:
    return version.sha256[:32]
