"""The pages for managers and reviewers: one HTML shell for all addresses."""

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request

from api.domain.access import ANY_CALLER
from api.domain.months import Period, format_month
from api.http.access import Pages
from api.pages.files import build_policy, get_photo_origin, render_shell

#: the filters that a page's address has in common with the API
FILTERS = ("from", "to", "region_id", "checklist")
#: what ``dashboard/opening-filters.js`` asks for if the address names no period and no checklist
OPENING_MONTHS = 6
OPENING_CHECKLIST = {"by": "checklist", "fields": "checklist,visits", "sort": "-visits", "limit": "1"}
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
#: what ``dashboard/screens/overview.js`` asks for
REGION_ROWS = {"by": "region", "include": "change,previous_visits,months", "limit": "500"}
STORE_ROWS = {
    "by": "location",
    "include": "change,previous_visits,trend,made",
    "fields": (
        "location,visits,points_earned,points_possible,score,spread,interval,indicative,"
        "critical_failures,change,previous_visits,trend,made"
    ),
    "limit": "500",
}
#: what ``dashboard/screens/questions.js`` asks for
QUESTION_ROWS = {"by": "question", "include": "change,previous_visits", "limit": "500"}
CELL_FIGURES = "visits,points_earned,points_possible,score,interval,indicative"
CHECKLISTS = "/api/v1/checklists?limit=500"
REGIONS = "/api/v1/regions?limit=500"

pages = Pages("dashboard", __name__)


@pages.get("/dashboard", permission=ANY_CALLER)
def overview() -> Response:
    """Show how the regions are, and what needs attention."""
    calls = (REGIONS, *(_call("/scores", rows, but="region_id") for rows in (REGION_ROWS, STORE_ROWS)))
    return _filtered_shell("overview", *calls)


@pages.get("/dashboard/locations", permission=ANY_CALLER)
def locations() -> Response:
    """Show all locations in one table."""
    return _filtered_shell("locations", _call("/scores", LOCATION_ROWS))


@pages.get("/dashboard/locations/<uuid:location_id>", permission=ANY_CALLER)
def location(location_id: UUID) -> Response:
    """Show a location. The script gets it from the API, which checks permissions; so do all pages below."""
    report = _call(f"/locations/{location_id}/score", but="region_id")
    return _filtered_shell("location", report, CHECKLISTS, location_id=location_id)


@pages.get("/dashboard/regions/<uuid:region_id>", permission=ANY_CALLER)
def region(region_id: UUID) -> Response:
    """Show a region with its regions and stores."""
    report = _call(f"/regions/{region_id}/score", but="region_id")
    return _filtered_shell("region", report, CHECKLISTS, region_id=region_id)


@pages.get("/dashboard/visits/<uuid:visit_id>", permission=ANY_CALLER)
def watched_visit(visit_id: UUID) -> Response:
    """Show a visit with its answers and photos."""
    calls = (f"/api/v1/visits/{visit_id}?include=checklist", f"/api/v1/visits/{visit_id}/submission")
    return _shell("visit", *calls)


@pages.get("/dashboard/sections", permission=ANY_CALLER)
def sections() -> Response:
    """Show the heat table: each location in each section, or in each fundamental."""
    by = "fundamental" if request.args.get("by") == "fundamental" else "section"
    whole = {"by": by, "fields": f"{by},visits,score,indicative", "limit": "500"}
    cells = {**whole, "by": f"location,{by}", "fields": f"location,{by},{CELL_FIGURES}"}
    return _filtered_shell("sections", _call("/scores", whole), _call("/scores", cells))


@pages.get("/dashboard/questions", permission=ANY_CALLER)
def questions() -> Response:
    """Show the questions, the worst first, with what shoppers wrote."""
    return _filtered_shell("questions", _call("/scores", QUESTION_ROWS))


@pages.get("/dashboard/reviews", permission=ANY_CALLER)
def reviews() -> Response:
    """Show the visits that wait for a reviewer."""
    return _shell("reviews", "/api/v1/reviews?limit=100")


def _call(path: str, query: Mapping[str, str] | None = None, but: str = "") -> str:
    """Return a call of the API as the page's scripts write it, with the filters of the page's address."""
    filters = {name: request.args[name] for name in FILTERS if request.args.get(name) and name != but}
    given = urlencode({**(query or {}), **filters}, safe=",")
    return f"/api/v1{path}{given and '?'}{given}"


def _filtered_shell(screen: str, *calls: str, **place: UUID) -> Response:
    """Return the shell of a screen with filters; without any, the page first asks which to open with."""
    if not any(request.args.get(name) for name in ("from", "to", "checklist")):
        last = Period.of(None, None).last - 1
        period = {"from": format_month(last - OPENING_MONTHS + 1), "to": format_month(last)}
        scope: Mapping[str, object] = place or {"region_id": request.args.get("region_id")}
        query = {**OPENING_CHECKLIST, **period, **{name: value for name, value in scope.items() if value}}
        calls = (f"/api/v1/scores?{urlencode(query, safe=',')}",)
    return _shell(screen, *calls)


def _shell(screen: str, *calls: str) -> Response:
    """Return the shell; it preloads the modules and API calls of the screen."""
    # Reviewers and administrators are redirected to the photo store for pictures.
    policy = build_policy("dashboard", img=f"'self' {get_photo_origin()}")
    return render_shell("dashboard", ("/api/v1/me", *calls), policy, f"dashboard/screens/{screen}.js")
