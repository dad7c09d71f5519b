"""The pages for managers and reviewers: one HTML shell for all addresses."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request

from api.domain.access import ANY_CALLER
from api.domain.months import Period, format_month
from api.http.access import Pages
from api.pages.files import build_policy, get_photo_origin, render_shell
from api.pages.score_queries import SCORE_QUERIES

#: the filters that a page's address has in common with the API
FILTERS = ("from", "to", "region_id", "checklist")
#: how many whole months the pages open with: see ``dashboard/opening-filters.js``
OPENING_MONTHS = 6
#: see ``dashboard/screens/photos.js``
PHOTOS_PER_PAGE = "60"
CHECKLISTS = "/api/v1/checklists?limit=500"
REGIONS = "/api/v1/regions?limit=500"
#: what the report of a location or a region has in addition
REPORT = {"include": "verdict,quarters"}

pages = Pages("dashboard", __name__)


@pages.get("/dashboard", permission=ANY_CALLER)
def overview() -> Response:
    """Show the scores of the regions, and what needs attention."""
    calls = (_score_call(name, omit="region_id") for name in ("regions", "stores"))
    return _filtered_shell("overview", REGIONS, *calls)


@pages.get("/dashboard/locations", permission=ANY_CALLER)
def locations() -> Response:
    """Show all locations in one table."""
    return _filtered_shell("locations", _score_call("locations"))


@pages.get("/dashboard/locations/<uuid:location_id>", permission=ANY_CALLER)
def location(location_id: UUID) -> Response:
    """Show a location. The script gets it from the API, which checks permissions; so do all pages below."""
    report = _call(f"/locations/{location_id}/score", REPORT, omit="region_id")
    questions = _score_call("questions", omit="region_id", location_id=location_id)
    return _filtered_shell("location", report, questions, CHECKLISTS, location_id=location_id)


@pages.get("/dashboard/regions/<uuid:region_id>", permission=ANY_CALLER)
def region(region_id: UUID) -> Response:
    """Show a region with its regions and stores."""
    report = _call(f"/regions/{region_id}/score", REPORT, omit="region_id")
    stores = _score_call("region-stores", omit="region_id", region_id=region_id)
    return _filtered_shell("region", report, stores, CHECKLISTS, region_id=region_id)


@pages.get("/dashboard/map", permission=ANY_CALLER)
def location_map() -> Response:
    """Show all locations on a map."""
    return _filtered_shell("map", _score_call("region-stores"))


@pages.get("/dashboard/visits/<uuid:visit_id>", permission=ANY_CALLER)
def visit(visit_id: UUID) -> Response:
    """Show a visit with its answers and photos."""
    calls = (f"/api/v1/visits/{visit_id}?include=checklist", f"/api/v1/visits/{visit_id}/submission")
    return _shell("visit", *calls)


@pages.get("/dashboard/sections", permission=ANY_CALLER)
def sections() -> Response:
    """Show the heat table: each location in each section, or in each fundamental."""
    by = "fundamental" if request.args.get("by") == "fundamental" else "section"
    return _checklist_shell("sections", _score_call(by), _score_call(f"{by}-cells"))


@pages.get("/dashboard/questions", permission=ANY_CALLER)
def questions() -> Response:
    """Show the questions of a checklist: those that lose most points first, then all by section."""
    also = ("location_id",)
    calls = (_score_call("questions", also=also), _call("/comments/counts", {}, also=also), CHECKLISTS)
    return _checklist_shell("questions", *calls)


@pages.get("/dashboard/comments", permission=ANY_CALLER)
def comments() -> Response:
    """Show what shoppers wrote, with a search."""
    also = ("location_id", "question", "whole_visit", "points", "q")
    return _filtered_shell("comments", CHECKLISTS, _call("/comments", {}, also=also))


@pages.get("/dashboard/photos", permission=ANY_CALLER)
def photos() -> Response:
    """Show the photos of accepted visits."""
    call = _call("/photos", {"limit": PHOTOS_PER_PAGE}, also=("location_id", "question"))
    return _filtered_shell("photos", CHECKLISTS, call)


@pages.get("/dashboard/reviews", permission=ANY_CALLER)
def reviews() -> Response:
    """Show the visits that wait for a reviewer."""
    return _shell("reviews", "/api/v1/reviews?limit=100")


@pages.get("/dashboard/disputes", permission=ANY_CALLER)
def disputes() -> Response:
    """Show disputes: those of a manager's locations, and those that wait for a reviewer."""
    return _shell("disputes")


@pages.get("/dashboard/payments", permission=ANY_CALLER)
def payments() -> Response:
    """Show payments to shoppers: expenses that wait for a reviewer, and the payroll for administrators."""
    return _shell("payments", "/api/v1/expenses?limit=200")


@pages.get("/dashboard/account", permission=ANY_CALLER)
def account() -> Response:
    """Show the user's own account, for every role."""
    return _shell("account", "/api/v1/me/totp", "/api/v1/me/sessions?limit=100")


@pages.get("/dashboard/", permission=ANY_CALLER)
@pages.get("/dashboard/<path:address>", permission=ANY_CALLER)
def unknown_page(address: str = "") -> Response:
    """Show that there is no page at this address."""
    response = _shell()
    response.status_code = 404
    return response


def _score_call(name: str, omit: str = "", also: Sequence[str] = (), **place: UUID) -> str:
    """Return the call for one of ``SCORE_QUERIES``, limited to a region or a location."""
    return _call("/scores", SCORE_QUERIES[name], omit, also, **place)


def _call(
    path: str, query: Mapping[str, str], omit: str = "", also: Sequence[str] = (), **place: UUID
) -> str:
    """Return the URL of an API call as the page's scripts write it, with the filters of the address.

    These are ``FILTERS`` except ``omit``, and those in ``also``.
    """
    names = (*FILTERS, *also)
    filters = {name: request.args[name] for name in names if request.args.get(name) and name != omit}
    parameters = urlencode({**query, **filters, **place}, safe=",")
    return f"/api/v1{path}{parameters and '?'}{parameters}"


def _checklist_shell(screen: str, *calls: str) -> Response:
    """Return the shell of a screen of one checklist. If none is named, the page first fetches which."""
    if request.args.get("checklist"):
        return _filtered_shell(screen, *calls)
    return _filtered_shell(screen, _score_call("most-visited"))


def _filtered_shell(screen: str, *calls: str, **place: UUID) -> Response:
    """Return the shell of a screen with filters. Without any, the page first fetches which to open with."""
    if not any(request.args.get(name) for name in ("from", "to", "checklist")):
        last = Period.of(None, None).last - 1
        period = {"from": format_month(last - OPENING_MONTHS + 1), "to": format_month(last)}
        scope: Mapping[str, object] = place or {"region_id": request.args.get("region_id")}
        query = {
            **SCORE_QUERIES["most-visited"],
            **period,
            **{name: value for name, value in scope.items() if value},
        }
        calls = (f"/api/v1/scores?{urlencode(query, safe=',')}",)
    return _shell(screen, *calls)


def _shell(screen: str = "", *calls: str) -> Response:
    """Return the shell. It preloads the modules and API calls of the screen."""
    # Pictures of reviewers and administrators redirect to the photo store.
    policy = build_policy("dashboard", img=f"'self' blob: {get_photo_origin()}")
    module = screen and f"dashboard/screens/{screen}.js"
    return render_shell("dashboard", ("/api/v1/me", *calls), policy, module, score_queries=SCORE_QUERIES)
