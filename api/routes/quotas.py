"""Quotas, and how far the visits that they require are."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.months import Period
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.etags import IF_MATCH, require_match, resource_response
from api.http.paging import rows_response
from api.http.periods import parse_period
from api.http.responses import CREATED, ETAG, empty_response
from api.http.transactions import IDEMPOTENCY_KEY, create_resource, in_transaction
from api.services import quotas
from schemas import quotas as schemas

routes = Routes("quotas", __name__, description="Quotas")

READ, WRITE = "read progress", "plan visits"
QUOTA, PERIOD = schemas.Quota(), schemas.QuotaPeriod()


@routes.get("/quotas", permission=READ)
@routes.arguments(schemas.QuotasQuery(), location="query")
@routes.response(200, schemas.QUOTA_PAGE())
def list_quotas(query: dict[str, Any]) -> Response:
    """List quotas, sorted by the time when they were set.

    Managers and API clients see those of their regions, and of all regions below.
    """
    session, caller = read_snapshot(), current_actor()
    include = query.pop("include")
    page = quotas.list_quotas(session, caller, **{"cursor": None, **query})
    rows = QUOTA.dump(page.items, many=True)
    if "progress" in include:
        month = _get_current_month()
        progress = quotas.list_progress(session, caller, page.items, Period(month, month))
        for row, (current,) in zip(rows, progress, strict=True):
            row["progress"] = PERIOD.dump(current)
    return rows_response(rows, page.cursor)


@routes.post("/quotas", permission=WRITE, raises=[problems.ALREADY_EXISTS])
@routes.arguments(schemas.QuotaNew())
@routes.response(201, QUOTA, headers=CREATED)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def create_quota(body: dict[str, Any]) -> Response:
    """Set a quota for a region.

    A quota assigns no visits: it shows which are missing. A region can have one for each checklist and
    period.
    """
    return create_resource(
        lambda session: quotas.create_quota(session, current_actor(), body),
        QUOTA.dump,
        lambda created: f"/api/v1/quotas/{created.quota.id}",
    )


@routes.get("/quotas/<uuid:quota_id>", permission=READ, raises=[problems.QUOTA_NOT_FOUND])
@routes.response(200, QUOTA)
def get_quota(quota_id: UUID) -> quotas.NamedQuota:
    """Get a quota.

    A quota of a region that the caller may not see does not exist for them.
    """
    return quotas.get_quota(read_snapshot(), current_actor(), quota_id)


@routes.patch(
    "/quotas/<uuid:quota_id>",
    permission=WRITE,
    raises=[problems.QUOTA_NOT_FOUND, problems.ALREADY_EXISTS, problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.arguments(schemas.QuotaEdit())
@routes.response(200, QUOTA, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_quota(body: dict[str, Any], quota_id: UUID) -> Response:
    """Change a quota.

    Omitted fields stay as they are. The extra visits of a location are not drawn again, but their number
    follows from the new fields.
    """

    def edit(session: Session) -> quotas.NamedQuota:
        quota = quotas.get_quota(session, current_actor(), quota_id, lock=True)
        require_match(QUOTA.dump, quota)
        return quotas.update_quota(session, quota, body)

    return resource_response(QUOTA.dump(in_transaction(edit)))


@routes.delete("/quotas/<uuid:quota_id>", permission=WRITE, raises=[problems.QUOTA_NOT_FOUND])
@routes.response(204)
def delete_quota(quota_id: UUID) -> Response:
    """Delete a quota.

    Visits that were assigned for it stay.
    """

    def delete(session: Session) -> None:
        quotas.delete_quota(session, quotas.get_quota(session, current_actor(), quota_id, lock=True))

    in_transaction(delete)
    return empty_response()


@routes.get("/quotas/<uuid:quota_id>/progress", permission=READ, raises=[problems.QUOTA_NOT_FOUND])
@routes.arguments(schemas.QuotaProgressQuery(), location="query")
@routes.response(200, schemas.QuotaProgress())
def get_quota_progress(query: dict[str, Any], quota_id: UUID) -> dict[str, Any]:
    """Count the visits of a quota, period by period.

    Visits are outstanding in the month in which their window opens, until they are accepted. Visits to closed
    stores do not count.
    """
    session, caller = read_snapshot(), current_actor()
    quota = quotas.get_quota(session, caller, quota_id)
    last = query.get("to", _get_current_month())
    span = parse_period({"from": query.get("from", min(last, _get_current_month())), "to": last})
    (periods,) = quotas.list_progress(session, caller, [quota], span)
    return {"periods": periods}


@routes.get("/quotas/<uuid:quota_id>/locations", permission=WRITE, raises=[problems.QUOTA_NOT_FOUND])
@routes.arguments(schemas.QuotaLocationsQuery(), location="query")
@routes.response(200, schemas.QuotaLocations())
def list_quota_locations(query: dict[str, Any], quota_id: UUID) -> dict[str, Any]:
    """Count the visits of a quota, location by location, in one period.

    These are the open locations at or below the region of the quota.
    """
    session = read_snapshot()
    quota = quotas.get_quota(session, current_actor(), quota_id)
    month = query.get("month", _get_current_month())
    return {"items": quotas.list_location_progress(session, quota, month)}


def _get_current_month() -> int:
    return Period.of(None, None).last
