"""What schemathesis cannot read in the OpenAPI document: who calls, and which refusals no schema can tell."""

import itertools
import os
import re
from typing import Any

import requests
import schemathesis

#: whoever of them can still sign in; a run may change people's passwords
PEOPLE = os.environ["FUZZ_PEOPLE"].split()
BASE = os.environ["FUZZ_BASE"]
PASSWORD = os.environ["FUZZ_PASSWORD"]
_numbers = itertools.count()

_PERIOD = "/from"
_PLACES = "/(region_ids|location_ids)(/.*)?"
#: operation → where a 422 may point that a schema-valid request gets: at ids that nobody knows, at what two
#: fields say together, and at what depends on the caller or on what is stored
REASONS: dict[str, str] = {
    "GET /api/v1/visits": "/shopper_id|/external_id",
    "GET /api/v1/scores": f"{_PERIOD}|/by|/include|/sort|/fields",
    "GET /api/v1/comments": _PERIOD,
    "GET /api/v1/locations/{location_id}/score": _PERIOD,
    "GET /api/v1/regions/{region_id}/score": _PERIOD,
    "GET /api/v1/regions/{region_id}/progress": _PERIOD,
    "POST /api/v1/regions": "/parent_id",
    "PATCH /api/v1/regions/{region_id}": "/parent_id",
    "POST /api/v1/locations": "/region_id|/latitude|/longitude",
    "PATCH /api/v1/locations/{location_id}": "/region_id|/latitude|/longitude",
    "POST /api/v1/locations/import": "/[0-9]+/.*",
    "POST /api/v1/users": _PLACES,
    "PATCH /api/v1/users/{user_id}": f"{_PLACES}|/role|/disabled",
    "PATCH /api/v1/organization": "/accent_color",
    "PUT /api/v1/checklists/{key}/draft": "/key",
    "POST /api/v1/checklists/{key}/publish": ".*",
    "POST /api/v1/visits": "(/[0-9]+)?/(location_id|shopper_id|checklist_key|window/(opens_at|closes_at))",
    "POST /api/v1/visits/{visit_id}/reassign": "/shopper_id",
    "PUT /api/v1/visits/{visit_id}/submission": "/answers/.*|/photos(/.*)?|/checklist_version",
    "PUT /api/v1/visits/{visit_id}/photos/{photo_id}": "/question",
    "POST /api/v1/visits/{visit_id}/review": "/reason|/question_reasons/.*",
}
#: cursors are the server's own, and a key may have come with another request
EVERYWHERE = "/cursor|/Idempotency-Key"


def session_of(_case: Any, context: Any) -> str | int:
    """Give each log-out a session of its own, and all else one."""
    return next(_numbers) if context.operation.path.endswith("/auth/logout") else "one"


@schemathesis.auth(refresh_interval=600, cache_by_key=session_of)
class SignedIn:
    """Somebody signed in with e-mail address and password; his tokens are renewed before they expire."""

    def get(self, _case: Any, _context: Any) -> Any:
        for email in PEOPLE:
            body = {"email": email, "password": PASSWORD}
            answer = requests.post(f"{BASE}/api/v1/auth/login", json=body, timeout=60)
            if answer.ok:
                return answer.json()
        raise PermissionError("Nobody can sign in any more.")

    def set(self, case: Any, pair: Any, context: Any) -> None:
        which = "refresh_token" if context.operation.path.endswith("/auth/refresh") else "access_token"
        case.headers["Authorization"] = f"Bearer {pair[which]}"


@schemathesis.check
def refused_for_what_no_schema_tells(_context: Any, response: Any, case: Any) -> None:
    """Hold the statuses that schemathesis.toml adds to their reasons."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code == 412:
        assert "If-Match" in case.headers, "412 without If-Match"
    if response.status_code == 422:
        told = re.compile(f"{EVERYWHERE}|{REASONS.get(case.operation.label, EVERYWHERE)}", re.DOTALL)
        wrong = [fault for fault in response.json()["errors"] if not told.fullmatch(fault["pointer"])]
        assert not wrong, f"The schema could have told: {wrong}"
