"""Exports: requested, followed and downloaded."""

import hashlib
from typing import Any
from uuid import UUID

from flask import Response, current_app, request
from itsdangerous import BadSignature, TimestampSigner

from api.domain import problems
from api.domain.access import ANY_CALLER
from api.domain.exports import CONTENT_TYPES, LINK_LIFETIME, QUEUED, READY, RUNNING
from api.http.access import Routes, find_caller
from api.http.context import app_context, current_actor, read_snapshot
from api.http.paging import page_response
from api.http.responses import LOCATION_OF_NEW, RETRY_AFTER, json_response
from api.http.transactions import IDEMPOTENCY_KEY, in_transaction, run_once
from api.models.exports import Export
from api.services import exports
from schemas import exports as schemas
from uploads.store import ObjectMissing

routes = Routes("exports", __name__, description="Exports")

EXPORT = schemas.Export()
#: present while the export is queued or running
_OPTIONAL_RETRY_AFTER = {"Retry-After": {**RETRY_AFTER["Retry-After"], "required": False}}
#: by format: how its files begin
_BEGINNINGS = {"csv": "visit_id,day,part_of_day,…", "xlsx": "PK…", "pdf": "%PDF-1.7…"}
FILES = {
    content_type.partition(";")[0]: {
        "schema": {"type": "string", "format": "binary"},
        "example": _BEGINNINGS[file_format],
    }
    for file_format, content_type in CONTENT_TYPES.items()
}


@routes.post("/exports", permission="export", raises=[problems.EXPORTS_QUEUED])
@routes.arguments(schemas.ExportNew())
@routes.response(202, EXPORT, headers=LOCATION_OF_NEW)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def create_export(body: dict[str, Any]) -> Response:
    """Request an export. Poll its address until it is ready, and download the file.

    An organization has one export that runs and five that wait.
    """
    return run_once(
        lambda session: exports.create_export(session, current_actor(), body),
        _dump,
        get_location=lambda export: f"/api/v1/exports/{export.id}",
        get_status=lambda _export: 202,
    )


@routes.get("/exports", permission="export")
@routes.arguments(schemas.ExportsQuery(), location="query")
@routes.response(200, schemas.EXPORT_PAGE())
def list_exports(query: dict[str, Any]) -> Response:
    """List the caller's own exports, oldest first.

    API clients get those that their token covers. Finished exports are listed for 30 days, longer than their
    files are kept.
    """
    page = exports.list_exports(read_snapshot(), current_actor(), query["limit"], query.get("cursor"))
    return page_response(page, EXPORT, map(_describe, page.items))


@routes.get("/exports/<uuid:export_id>", permission="export", raises=[problems.EXPORT_NOT_FOUND])
@routes.response(200, EXPORT, headers=_OPTIONAL_RETRY_AFTER)
def get_export(export_id: UUID) -> Response:
    """Get an export.

    While it is queued or running, `progress` says how far it is, and `Retry-After` when to ask again. Once it
    is ready, `download` is the link to its file.
    """
    export = exports.get_export(read_snapshot(), current_actor(), export_id)
    response = json_response(_dump(export))
    if export.status in (QUEUED, RUNNING):
        response.headers["Retry-After"] = str(exports.RETRY_SECONDS)
    return response


@routes.get(
    "/exports/<uuid:export_id>/file",
    permission=ANY_CALLER,
    raises=[
        problems.EXPORT_NOT_FOUND,
        problems.EXPORT_LINK_EXPIRED,
        problems.EXPORT_NOT_READY,
        problems.EXPORT_EXPIRED,
        problems.EXPORT_RIGHTS_CHANGED,
        problems.STORE_UNAVAILABLE,
    ],
)
@routes.arguments(schemas.FileQuery(), location="query")
@routes.doc(responses={"200": {"description": "The file", "content": FILES}})
def download_export(query: dict[str, Any], export_id: UUID) -> Response:
    """Download the file of an export, by the link that the export has.

    The link works while the caller who requested the export may see every location in it. It needs no
    authentication; with that of another caller, it is rejected.
    """
    if (caller := find_caller()) is not None:
        exports.find_own_export(read_snapshot(), caller, export_id)
    _check_token(query["token"], export_id)
    export = exports.get_file(read_snapshot(), export_id)
    # This also closes the read snapshot, because sending the file takes time.
    in_transaction(lambda session: exports.record_download(session, export))
    assert export.key is not None
    assert export.size is not None
    try:
        content = app_context().store.stream(export.key)
    except ObjectMissing:  # deleted since it was found
        raise problems.EXPORT_EXPIRED() from None
    response = current_app.response_class(content, content_type=CONTENT_TYPES[export.format])
    response.content_length = export.size
    name = f"{export.kind}-{export.first_day}-{export.last_day}.{export.format}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _dump(export: Export) -> Any:
    return EXPORT.dump(_describe(export))


def _describe(export: Export) -> dict[str, Any]:
    """Return an export with what is not stored: its status now, and a new link to its file."""
    columns = {column.key: getattr(export, column.key) for column in Export.__table__.columns}
    status = exports.get_status(export)
    return {
        **columns,
        "status": status,
        "progress": {"done": export.done, "of": export.of},
        "download": _create_link(export.id) if status == READY else None,
    }


def _create_link(export_id: UUID) -> str:
    token = _signer().sign(str(export_id)).decode().partition(".")[2]
    return f"{request.host_url.rstrip('/')}/api/v1/exports/{export_id}/file?token={token}"


def _check_token(token: str, export_id: UUID) -> None:
    """Raise EXPORT_LINK_EXPIRED unless this server signed the token for this export a short time ago."""
    try:
        _signer().unsign(f"{export_id}.{token}", max_age=int(LINK_LIFETIME.total_seconds()))
    except BadSignature:  # or SignatureExpired, which is one
        raise problems.EXPORT_LINK_EXPIRED() from None


def _signer() -> TimestampSigner:
    keys = app_context().settings.keys.derive("links to exports")
    # The library signs with the last key.
    return TimestampSigner(keys[::-1], salt="export-file", digest_method=hashlib.sha256)
