"""The record of a shopper: how reliable their visits are."""

from typing import Any
from uuid import UUID

from api.domain import problems
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.periods import parse_period
from api.services import shopper_records
from schemas import shopper_records as schemas

routes = Routes("shopper_records", __name__, description="Records of shoppers")


@routes.get("/users/<uuid:user_id>/record", permission="review visits", raises=[problems.USER_NOT_FOUND])
@routes.arguments(schemas.ShopperRecordQuery(), location="query")
@routes.response(200, schemas.ShopperRecord())
def get_record(query: dict[str, Any], user_id: UUID) -> dict[str, Any]:
    """Get the record of a shopper: how reliable their visits of a period were.

    Visits are counted in the month of their day, by default those of the last twelve months. Visits that no
    longer belong to their shopper, because personal data was removed, are not included. Nobody can read their
    own record.
    """
    return shopper_records.get_record(read_snapshot(), current_actor(), user_id, parse_period(query))
