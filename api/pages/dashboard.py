"""The managers' and reviewers' pages: one shell for all their addresses."""

from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request

from api.domain.access import ANYBODY
from api.pages.files import photo_origin, policy, shell
from api.routes.doors import Pages

#: what every screen needs before it can show anything
FIRST = ("shared/page", "shared/api", "dashboard/address", "dashboard/figures", "dashboard/load")
#: the filters that a page's address has in common with the API
FILTERS = ("from", "to", "region_id", "checklist")
#: what ``dashboard/screens/locations.js`` asks for, which is the heaviest page
LOCATION_ROWS = {
    "by": "location",
    "include": "change,previous_visits,trend,worst_section",
    "fields": (
        "location,visits,points_earned,points_possible,score,spread,interval,indicative,"
        "rank,rank_range,change,previous_visits,trend,worst_section"
    ),
    "limit": "500",
}

pages = Pages("dashboard", __name__)


@pages.get("/dashboard", who=ANYBODY)
def overview() -> Response:
    """Show how the regions are, and what needs attention."""
    return _shell("overview", modules=("charts", "checklists", "report", "table"))


@pages.get("/dashboard/locations", who=ANYBODY)
def locations() -> Response:
    """Show all locations in one table."""
    filters = {name: request.args[name] for name in FILTERS if name in request.args}
    rows = f"/api/v1/scores?{urlencode({**LOCATION_ROWS, **filters}, safe=',')}"
    return _shell("locations", rows, modules=("table", "charts"))


@pages.get("/dashboard/locations/<uuid:location_id>", who=ANYBODY)
def location(location_id: UUID) -> Response:
    """Show a location; whether one may see it, the shell finds out by the API, as for all that follows."""
    return _shell("location", modules=("charts", "checklists", "report", "table"))


@pages.get("/dashboard/regions/<uuid:region_id>", who=ANYBODY)
def region(region_id: UUID) -> Response:
    """Show a region and what lies right below it."""
    return _shell("region", modules=("charts", "checklists", "report", "table"))


@pages.get("/dashboard/visits/<uuid:visit_id>", who=ANYBODY)
def watched_visit(visit_id: UUID) -> Response:
    """Show a visit with its answers and photos."""
    calls = (f"/api/v1/visits/{visit_id}?include=checklist", f"/api/v1/visits/{visit_id}/submission")
    return _shell("visit", *calls, modules=("answers", "checklists", "photo"))


@pages.get("/dashboard/sections", who=ANYBODY)
def sections() -> Response:
    """Show the heat table: each location in each section."""
    return _shell("sections", modules=("table",))


@pages.get("/dashboard/questions", who=ANYBODY)
def questions() -> Response:
    """Show the questions, the worst first, with what shoppers wrote."""
    return _shell("questions", modules=("charts", "checklists", "table"))


@pages.get("/dashboard/reviews", who=ANYBODY)
def reviews() -> Response:
    """Show the visits that wait for a reviewer."""
    modules = ("answers", "checklists", "decide", "evidence", "photo", "shortcuts")
    return _shell("reviews", "/api/v1/reviews?limit=100", modules=modules)


def _shell(screen: str, *calls: str, modules: tuple[str, ...] = ()) -> Response:
    """Return the shell; the screen's own modules and calls are under way with those of all screens."""
    own = (f"dashboard/{name}" for name in (*modules, f"screens/{screen}"))
    # Reviewers and administrators are sent on to the photo store for a picture.
    allowed = policy(img=f"'self' {photo_origin()}")
    return shell("dashboard", (*FIRST, *own), ("/api/v1/me", *calls), allowed)
