"""The pages for managers and reviewers: one HTML shell for all addresses.

Each page preloads the calls that its script makes when it opens. Their URLs are exactly those of the script.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request

from api.domain.access import ADMIN, ANY_CALLER
from api.domain.months import Period, format_month, get_first_day, get_last_day, parse_month
from api.http.access import Pages
from api.pages.files import build_policy, get_photo_origin, render_shell
from api.pages.lookups import find_reviewer, read_api, read_items
from api.pages.score_queries import SCORE_QUERIES

Query = Mapping[str, Any]
Calls = Iterable[str]

#: the filters that a page's address has in common with the API
FILTERS = ("from", "to", "region_id", "checklist")
#: how many whole months the pages open with: see ``dashboard/opening-filters.js``
OPENING_MONTHS = 6
#: see ``dashboard/screens/location.js``, ``photos.js`` and ``region.js``
LOOKED_THROUGH = 100
MOST_VISITS_OF_LOCATION, MOST_VISITS_OF_REGION = 500, 6
PHOTOS_PER_PAGE = 60
#: see ``dashboard/screens/payments.js``
MOST_PAYMENTS = 200
SETTLING_TIME = timedelta(hours=1)
CHECKLISTS = "/api/v1/checklists?limit=500"
REGIONS = "/api/v1/regions?limit=500"
REVIEWS = "/api/v1/reviews?limit=100"
ANSWERS = "/api/v1/messages?mine=true&status=answered&limit=50"
OPEN_DISPUTES = "/api/v1/disputes?status=open&sort=opened_at&limit=100"
#: what the report of a location or a region has in addition
REPORT = {"include": "verdict,quarters"}

pages = Pages("dashboard", __name__)


@pages.get("/dashboard", permission=ANY_CALLER)
def overview() -> Response:
    """Show the scores of the regions, and what needs attention."""

    def list_calls(filters: Query) -> Calls:
        query = _omit(filters, "region_id")
        return REGIONS, _score_call("regions", query), _score_call("stores", query)

    return _filtered_shell("overview", list_calls)


@pages.get("/dashboard/locations", permission=ANY_CALLER)
def locations() -> Response:
    """Show all locations in one table."""
    return _filtered_shell("locations", lambda filters: [_score_call("locations", filters)])


@pages.get("/dashboard/locations/<uuid:location_id>", permission=ANY_CALLER)
def location(location_id: UUID) -> Response:
    """Show a location. The script gets it from the API, which checks permissions; so do all pages below."""
    place = {"location_id": location_id}

    def list_calls(filters: Query) -> Calls:
        query = _omit(filters, "region_id")
        latest = {**query, **place, "limit": LOOKED_THROUGH}
        return (
            _call(f"/locations/{location_id}/score", REPORT, query),
            _score_call("questions", query, place),
            CHECKLISTS,
            _call("/comments", latest),
            _call("/photos", latest),
            *_list_calls_for_place(place, query, MOST_VISITS_OF_LOCATION),
        )

    return _filtered_shell("location", list_calls, place)


@pages.get("/dashboard/regions/<uuid:region_id>", permission=ANY_CALLER)
def region(region_id: UUID) -> Response:
    """Show a region with its regions and stores."""
    place = {"region_id": region_id}

    def list_calls(filters: Query) -> Calls:
        query = _omit(filters, "region_id")
        return (
            _call(f"/regions/{region_id}/score", REPORT, query),
            _score_call("region-stores", query, place),
            _call(f"/regions/{region_id}/progress", _omit(query, "checklist")),
            _call("/quotas", place, {"include": "progress", "limit": 100}),
            CHECKLISTS,
            *_list_calls_for_place(place, query, MOST_VISITS_OF_REGION),
        )

    return _filtered_shell("region", list_calls, place)


@pages.get("/dashboard/map", permission=ANY_CALLER)
def location_map() -> Response:
    """Show all locations on a map."""

    def list_calls(filters: Query) -> Calls:
        positions = {"within": filters.get("region_id"), "limit": 500}
        return _score_call("region-stores", filters), _call("/locations", positions)

    return _filtered_shell("map", list_calls)


@pages.get("/dashboard/visits/<uuid:visit_id>", permission=ANY_CALLER)
def visit(visit_id: UUID) -> Response:
    """Show a visit with its answers and photos."""
    address = f"/api/v1/visits/{visit_id}"
    calls = [f"{address}?include=checklist", f"{address}/submission"]
    is_reviewer = find_reviewer() is not None
    if is_reviewer:
        calls.append(_messages_call(visit_id))
    # Managers see accepted visits only.
    if not is_reviewer or (read_api(address) or {}).get("status") == "accepted":
        calls.append(f"{address}/disputes")
    return _shell("visit", calls)


@pages.get("/dashboard/sections", permission=ANY_CALLER)
def sections() -> Response:
    """Show the heat table: each location in each section, or in each fundamental."""
    by = "fundamental" if request.args.get("by") == "fundamental" else "section"
    return _checklist_shell(
        "sections", lambda filters: (_score_call(by, filters), _score_call(f"{by}-cells", filters))
    )


@pages.get("/dashboard/questions", permission=ANY_CALLER)
def questions() -> Response:
    """Show the questions of a checklist: those that lose most points first, then all by section."""
    place = _read_args("location_id")

    def list_calls(filters: Query) -> Calls:
        counts = _call("/comments/counts", filters, place)
        return _score_call("questions", filters, place), counts, CHECKLISTS, *_version_calls(filters)

    return _checklist_shell("questions", list_calls)


@pages.get("/dashboard/comments", permission=ANY_CALLER)
def comments() -> Response:
    """Show what shoppers wrote, with a search."""
    search = _read_args("location_id", "question", "whole_visit", "points", "q")

    def list_calls(filters: Query) -> Calls:
        return _call("/comments", filters, search), CHECKLISTS, *_version_calls(filters)

    return _filtered_shell("comments", list_calls)


@pages.get("/dashboard/photos", permission=ANY_CALLER)
def photos() -> Response:
    """Show the photos of accepted visits."""
    search = _read_args("location_id", "question")

    def list_calls(filters: Query) -> Calls:
        return CHECKLISTS, _call("/photos", {"limit": PHOTOS_PER_PAGE}, filters, search)

    return _filtered_shell("photos", list_calls)


@pages.get("/dashboard/reviews", permission=ANY_CALLER)
def reviews() -> Response:
    """Show the visits that wait for a reviewer."""
    if request.args.keys() - {"visit"}:  # another list, or a filtered one
        return _shell("reviews", [ANSWERS])
    return _shell("reviews", (REVIEWS, ANSWERS, *_list_calls_for_review()))


@pages.get("/dashboard/disputes", permission=ANY_CALLER)
def disputes() -> Response:
    """Show disputes: those of a manager's locations, and those that wait for a reviewer."""
    if request.args.keys() & {"show", "location_id", "dispute"}:
        return _shell("disputes")
    return _shell("disputes", (OPEN_DISPUTES, *_list_calls_for_dispute()))


@pages.get("/dashboard/payments", permission=ANY_CALLER)
def payments() -> Response:
    """Show payments to shoppers: expenses that wait for a reviewer, and the payroll for administrators."""
    calls = [_call("/expenses", {"limit": MOST_PAYMENTS})]
    if (read_api("/api/v1/me") or {}).get("role") == ADMIN:
        last = (datetime.now(UTC) - SETTLING_TIME).date() - timedelta(days=1)
        to = request.args.get("approved_to") or last.isoformat()
        days = {"from": request.args.get("approved_from") or f"{to[:8]}01", "to": to}
        calls.append(_call("/payments", days, {"limit": MOST_PAYMENTS}))
    return _shell("payments", calls)


@pages.get("/dashboard/account", permission=ANY_CALLER)
def account() -> Response:
    """Show the user's own account, for every role."""
    return _shell("account", ["/api/v1/me/totp", "/api/v1/me/notices", "/api/v1/me/sessions?limit=100"])


@pages.get("/dashboard/", permission=ANY_CALLER)
@pages.get("/dashboard/<path:address>", permission=ANY_CALLER)
def unknown_page(address: str = "") -> Response:
    """Show that there is no page at this address."""
    response = _shell()
    response.status_code = 404
    return response


def _call(path: str, *queries: Query) -> str:
    """Return the URL of an API call as the page's scripts write it. Empty parameters are omitted."""
    parameters = {name: value for query in queries for name, value in query.items() if value}
    # URLSearchParams differs from urlencode in these two characters.
    query = urlencode(parameters, safe=",*").replace("~", "%7E")
    return f"/api/v1{path}{'?' if query else ''}{query}"


def _score_call(name: str, *queries: Query) -> str:
    """Return the call for one of ``SCORE_QUERIES``."""
    return _call("/scores", SCORE_QUERIES[name], *queries)


def _messages_call(visit_id: object) -> str:
    return f"/api/v1/messages?visit_id={visit_id}&limit=100"


def _version_calls(filters: Query) -> Calls:
    """Yield the call for the latest version of the checklist that the filters name."""
    key = filters.get("checklist")
    for checklist in read_items(CHECKLISTS) if key else ():
        if checklist["key"] == key:
            yield f"/api/v1/checklists/{key}/versions/{checklist['version']}"


def _list_calls_for_place(place: Query, filters: Query, most_visits: int) -> Calls:
    """Yield the calls for the visits and targets of a place, and for the checklist."""
    checklist = {"checklist_key": filters.get("checklist")}
    try:
        months = {name: parse_month(filters[name]) for name in ("from", "to") if name in filters}
        period = Period.of(months.get("from"), months.get("to"))
    except ValueError:
        return  # the page shows what is wrong
    days = {"from": get_first_day(period.first), "to": get_last_day(period.last)}
    order = {"sort": "-day", "limit": most_visits}
    yield _call("/visits", place, {"status": "accepted"}, days, checklist, order)
    if "checklist" in filters:
        yield _call("/targets", place, checklist, {"limit": 100})
        yield from _version_calls(filters)


def _list_calls_for_review() -> Calls:
    """Yield the calls for the visit that a reviewer sees first: that of the address, or the next free one."""
    reviewer = find_reviewer()
    rows = read_items(REVIEWS) if reviewer else ()
    if not rows:
        return
    named = [row for row in rows if row["visit_id"] == request.args.get("visit")]
    free = [row for row in rows if not row["claim"] or row["claim"]["reviewer_id"] == reviewer]
    visit_id = (*named, *free, *rows)[0]["visit_id"]
    address = f"/api/v1/visits/{visit_id}"
    yield f"{address}?include=checklist"
    yield f"{address}/submission"
    yield _messages_call(visit_id)
    if (shopper := (read_api(address) or {}).get("shopper")) and shopper["id"]:
        yield f"/api/v1/users/{shopper['id']}/record"


def _list_calls_for_dispute() -> Calls:
    """Yield the calls for the dispute that a reviewer sees first."""
    for dispute in read_items(OPEN_DISPUTES)[:1] if find_reviewer() else ():
        address = f"/api/v1/visits/{dispute['visit']['id']}"
        yield f"{address}?include=checklist"
        yield f"{address}/submission"


def _omit(query: Query, *names: str) -> Query:
    return {name: value for name, value in query.items() if name not in names}


def _read_args(*names: str) -> Query:
    return {name: request.args[name] for name in names if request.args.get(name)}


def _checklist_shell(screen: str, list_calls: Callable[[Query], Calls]) -> Response:
    """Return the shell of a screen of one checklist. With a period only, the page first fetches which."""
    if _read_args("from", "to") and not request.args.get("checklist"):
        return _shell(screen, [_score_call("most-visited", _read_args(*FILTERS))])
    return _filtered_shell(screen, list_calls)


def _filtered_shell(
    screen: str, list_calls: Callable[[Query], Calls], place: Query | None = None
) -> Response:
    """Return the shell of a screen with filters. If the address has none, the HTML names those to open with.

    ``list_calls`` returns the calls for filters, which are in the order of ``FILTERS``. ``place`` is that of
    the screen, as a parameter of the API.
    """
    filters = _read_args(*FILTERS)
    if filters.keys() - {"region_id"}:
        return _shell(screen, list_calls(filters))
    opening = _find_opening_filters(place or filters)
    if not opening:
        return _shell(screen)
    together = {**filters, **opening}
    calls = list_calls({name: together[name] for name in FILTERS if name in together})
    return _shell(screen, calls, opening)


def _find_opening_filters(place: Query) -> Query | None:
    """Return the filters that a page opens with, or None if there are no visits or no session.

    They are the checklist with the most visits in the last whole months, and these months. A new programme
    may have its first visits in the current month, which the API's default period includes.
    """
    last = Period.of(None, None).last - 1
    whole_months = {"from": format_month(last - OPENING_MONTHS + 1), "to": format_month(last)}
    for period in (whole_months, {}):
        for row in read_items(_score_call("most-visited", period, place)):
            if row["visits"]:
                return {**period, "checklist": row["checklist"]["key"]}
    return None


def _shell(screen: str = "", calls: Calls = (), opening: Query | None = None) -> Response:
    """Return the shell. It preloads the modules and API calls of the screen."""
    # Pictures of reviewers and administrators redirect to the photo store.
    policy = build_policy("dashboard", img=f"'self' blob: {get_photo_origin()}")
    module = screen and f"dashboard/screens/{screen}.js"
    context = {"score_queries": SCORE_QUERIES, "opening": opening}
    return render_shell("dashboard", ("/api/v1/me", *calls), policy, module, **context)
