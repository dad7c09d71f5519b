"""Plans: how many visits each location needs."""

from typing import Any

from api.domain import problems
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.periods import parse_period
from api.services import plans
from schemas import plans as schemas

routes = Routes("plans", __name__, description="Plans")


@routes.get(
    "/plan", permission="plan visits", raises=[problems.CHECKLIST_NOT_FOUND, problems.REGION_NOT_FOUND]
)
@routes.arguments(schemas.PlanQuery(), location="query")
@routes.response(200, schemas.Plan())
def get_plan(query: dict[str, Any]) -> dict[str, Any]:
    """Plan visits: how many each location needs, so that its score can be trusted.

    Nothing is assigned. With `budget`, every location is first raised to 5 visits, those that lack fewest
    first. Each further visit is suggested where it narrows the interval most. Scores play no part in it.
    """
    items = plans.plan(
        read_snapshot(),
        current_actor(),
        query["checklist"],
        parse_period(query),
        query["half_width"],
        budget=query.get("budget"),
        region_id=query.get("region_id"),
    )
    return {"items": items}
