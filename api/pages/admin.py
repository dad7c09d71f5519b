"""The pages for administrators: one HTML shell for all addresses below ``/dashboard/admin``."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from flask import Response, request

from api.domain.access import ANY_CALLER
from api.domain.fields import KEY
from api.domain.months import format_month, get_month
from api.http.access import Pages
from api.pages.files import build_policy, get_photo_origin, render_shell
from api.pages.lookups import read_items

CHECKLISTS = "/api/v1/checklists?limit=500"
MOST_VISITED = "/api/v1/scores?by=checklist&sort=-visits&fields=checklist&limit=1"

#: for each area: the API calls that its screen makes first. The names are those of addresses and modules
AREAS: dict[str, tuple[str, ...]] = {
    "api": ("/api/v1/regions?limit=500", "/api/v1/api-clients?limit=100"),
    "assign": (
        "/api/v1/locations?closed=false&limit=500",
        "/api/v1/regions?limit=500",
        "/api/v1/users?disabled=false&limit=500",
        CHECKLISTS,
        "/api/v1/scores?by=location&fields=location,visits,interval&limit=500",
    ),
    "audit": ("/api/v1/audit?limit=50",),
    "checklists": ("/api/v1/checklists?include=drafts,retired&limit=100",),
    "import": (),
    "places": ("/api/v1/regions?include=counts&limit=500",),
    "plan": (
        CHECKLISTS,
        "/api/v1/regions?limit=500",
        "/api/v1/quotas?include=progress&limit=500",
    ),
    "people": ("/api/v1/users?limit=100", "/api/v1/regions?limit=500"),
    "settings": ("/api/v1/organization",),
    "targets": (CHECKLISTS, "/api/v1/regions?limit=500"),
    "visits": (CHECKLISTS,),
    "webhooks": ("/api/v1/regions?limit=500", "/api/v1/webhooks?limit=100"),
}
#: the API calls of the first page
START = (
    "/api/v1/checklists?include=drafts&limit=100",
    "/api/v1/visits?limit=1",
    "/api/v1/users?status=invited&limit=100",
    "/api/v1/webhooks?limit=100",
    "/api/v1/visits?status=assigned&limit=100",
    "/api/v1/quotas?include=progress&limit=100",
    "/api/v1/targets?limit=100",
)

pages = Pages("admin", __name__)


@pages.get("/dashboard/admin", permission=ANY_CALLER)
def start() -> Response:
    """Show what to do next."""
    return _shell("start", *START)


@pages.get("/dashboard/admin/<area>", permission=ANY_CALLER)
def show_area(area: str) -> Response:
    """Show an area, such as the people. The script gets its data from the API, which checks permissions."""
    if area not in AREAS:
        return _unknown()
    return _shell(area, *AREAS[area], *(_list_plan_calls() if area == "plan" else ()))


@pages.get("/dashboard/admin/people/<uuid:user_id>", permission=ANY_CALLER)
def show_person(user_id: UUID) -> Response:
    """Show a person."""
    return _shell("person", f"/api/v1/users/{user_id}", "/api/v1/regions?limit=500")


@pages.get("/dashboard/admin/checklists/<key>", permission=ANY_CALLER)
def edit_checklist(key: str) -> Response:
    """Show the editor of a checklist, which is a page of its own."""
    if not KEY.fullmatch(key):
        return _unknown()
    checklist = f"/api/v1/checklists/{key}"
    latest = f"{checklist}/versions?limit=1"
    calls = (
        "/api/v1/me",
        "/api/v1/fundamentals?limit=500",
        f"{checklist}/draft",
        latest,
        *(f"{checklist}/versions/{row['version']}" for row in read_items(latest)),
    )
    # The preview has the style sheet of the form.
    policy = build_policy("editor", img="'self' blob:", style="'self'")
    return render_shell("editor", calls, policy, "editor/screens/editor.js")


@pages.get("/dashboard/admin/checklists/<key>/publish", permission=ANY_CALLER)
def preview_publishing(key: str) -> Response:
    """Show what publishing a checklist would change."""
    if not KEY.fullmatch(key):
        return _unknown()
    return _shell("publish", f"/api/v1/checklists/{key}/draft")


@pages.get("/dashboard/admin/places/<uuid:location_id>", permission=ANY_CALLER)
def show_place(location_id: UUID) -> Response:
    """Show a location to edit. The script shows whether it exists."""
    return _shell("place", f"/api/v1/locations/{location_id}", "/api/v1/regions?include=counts&limit=500")


@pages.get("/dashboard/admin/<path:address>", permission=ANY_CALLER)
def unknown_address(address: str) -> Response:
    """Show that there is no page at this address."""
    return _unknown()


def _list_plan_calls() -> Iterable[str]:
    """Yield the calls for the plan that opens: see ``admin/screens/plan.js``."""
    if request.args:
        return
    yield MOST_VISITED
    rows = [*read_items(MOST_VISITED)] or [{"checklist": row} for row in read_items(CHECKLISTS)]
    current = get_month(datetime.now(UTC).date())
    half_year = current - current % 6
    for row in rows[:1]:
        key, first, last = row["checklist"]["key"], format_month(half_year), format_month(half_year + 5)
        yield f"/api/v1/plan?checklist={key}&from={first}&to={last}&half_width=0.1"


def _unknown() -> Response:
    response = _shell()
    response.status_code = 404
    return response


def _shell(screen: str = "", *calls: str) -> Response:
    """Return the shell. It preloads the modules and API calls of the screen."""
    policy = build_policy("admin", img=f"'self' blob: {get_photo_origin()}")
    module = screen and f"admin/screens/{screen}.js"
    return render_shell("admin", ("/api/v1/me", *calls), policy, module)
