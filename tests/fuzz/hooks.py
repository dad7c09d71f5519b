"""Extensions of schemathesis: authentication, and the errors that no schema can express."""

import itertools
import os
import re
from typing import Any

import requests
import schemathesis

from api.domain.access import ROLES

#: email addresses; a run may change passwords, so that some people can no longer sign in
PEOPLE = os.environ["FUZZ_PEOPLE"].split()
BASE = os.environ["FUZZ_BASE"]
PASSWORD = os.environ["FUZZ_PASSWORD"]
_numbers = itertools.count()

_PERIOD = "/from"
_PLACES = "/(region_ids|location_ids)(/.*)?"
#: By operation: the pointers that are allowed in a 422 for a request that matches the schema. The reasons are
#: unknown IDs, contradictions between two fields, and what depends on the caller or on stored data.
ALLOWED_POINTERS: dict[str, str] = {
    "GET /api/v1/visits": (
        # Filters cannot be combined with `changed_after`, and some of them are for reviewers.
        "/changed_after|/cursor|/status|/location_id|/region_id|/sort|/checklist_key|/shopper_id|/external_id|/batch_id|/q"
        "|/from|/to|/mine"
    ),
    "GET /api/v1/audit": "/from|/to",
    "PATCH /api/v1/me/notices": "/notices/.*",  # each role has its own
    "POST /api/v1/saved-views": "/path|/shared",
    "PATCH /api/v1/saved-views/{view_id}": "/path|/shared",
    "POST /api/v1/webhooks": f"{_PLACES}|/url",
    "PATCH /api/v1/webhooks/{webhook_id}": f"{_PLACES}|/url",
    "GET /api/v1/scores": f"{_PERIOD}|/by|/include|/sort|/fields",
    "GET /api/v1/comments": _PERIOD,
    "GET /api/v1/comments/counts": _PERIOD,
    "GET /api/v1/photos": _PERIOD,
    "GET /api/v1/locations/{location_id}/score": _PERIOD,
    "GET /api/v1/regions/{region_id}/score": _PERIOD,
    "GET /api/v1/regions/{region_id}/progress": _PERIOD,
    "GET /api/v1/plan": _PERIOD,
    "POST /api/v1/quotas": "/region_id|/checklist_key",
    "GET /api/v1/quotas/{quota_id}/progress": _PERIOD,
    "POST /api/v1/targets": "/region_id|/location_id|/checklist_key|/section",
    "PATCH /api/v1/targets/{target_id}": "/section",
    "POST /api/v1/exports": f"{_PERIOD}|/to|/format|/region_id|/location_id|/checklist|/by|/include|/sort",
    "POST /api/v1/api-clients": _PLACES,
    "PATCH /api/v1/api-clients/{client_id}": _PLACES,
    "POST /api/v1/regions": "/parent_id",
    "PATCH /api/v1/regions/{region_id}": "/parent_id",
    "POST /api/v1/locations": "/region_id|/time_zone|/latitude|/longitude",
    "PATCH /api/v1/locations/{location_id}": "/region_id|/time_zone|/latitude|/longitude",
    "POST /api/v1/regions/import": "/[0-9]+(/.*)?",
    "POST /api/v1/locations/import": "/[0-9]+(/.*)?",
    "POST /api/v1/users": f"{_PLACES}|/password|/invite",
    "POST /api/v1/users/import": "/[0-9]+(/.*)?",
    "PATCH /api/v1/users/{user_id}": f"{_PLACES}|/password",
    "POST /api/v1/me/password": "/new_password",
    "POST /api/v1/me/totp/confirm": "/code",
    "POST /api/v1/auth/invitation": "/password",
    "POST /api/v1/auth/password": "/password",
    "PATCH /api/v1/organization": "/accent_color|/languages|/currency|/briefing",
    "PUT /api/v1/organization/logo": "",
    "PUT /api/v1/checklists/{key}/draft": "/key",
    "POST /api/v1/checklists/{key}/publish": ".*",
    "POST /api/v1/visits": (
        "(/[0-9]+)?/(location_id|shopper_id|checklist_key|fee|window/(opens_at|closes_at))"
    ),
    "POST /api/v1/visits/check": "(/[0-9]+)?/window/(opens_at|closes_at)",
    "GET /api/v1/visits/planning": "/from|/to",
    "PATCH /api/v1/visits/{visit_id}": "/window/(opens_at|closes_at)",
    "POST /api/v1/visits/{visit_id}/reassign": "/shopper_id",
    "PUT /api/v1/visits/{visit_id}/submission": "/answers/.*|/photos(/.*)?|/checklist_version",
    "PUT /api/v1/visits/{visit_id}/photos/{photo_id}": "/question",
    "POST /api/v1/visits/{visit_id}/review": "/reason|/question_reasons/.*",
    "POST /api/v1/visits/{visit_id}/disputes": "/questions/.*",
    "POST /api/v1/disputes/{dispute_id}/decision": "/outcomes(/.*)?",
    "GET /api/v1/disputes/rates": _PERIOD,
    "GET /api/v1/decisions": "/from",
    "GET /api/v1/users/{user_id}/record": _PERIOD,
    "POST /api/v1/visits/{visit_id}/messages": "/question",
    "PUT /api/v1/visits/{visit_id}/expenses/{expense_id}": "/amount|/receipts/.*|/expense_id",
    "PUT /api/v1/visits/{visit_id}/payment": "/items/.*",
    "GET /api/v1/payments": "/from|/to",
}
#: Cursors are created by the server. An idempotency key may have been used for another request.
ALWAYS_ALLOWED = "/cursor|/Idempotency-Key"


def get_session_key(_case: Any, context: Any) -> str | int:
    """Return a new session for each logout, and one session for all other operations."""
    return next(_numbers) if context.operation.path.endswith("/auth/logout") else "one"


@schemathesis.auth(refresh_interval=600, cache_by_key=get_session_key)
class SignedIn:
    """A person who is signed in. Their tokens are renewed before they expire."""

    def get(self, _case: Any, _context: Any) -> Any:
        for email in PEOPLE:
            body = {"email": email, "password": PASSWORD}
            response = requests.post(f"{BASE}/api/v1/auth/login", json=body, timeout=60)
            if response.ok:
                return response.json()
        raise PermissionError("No person can sign in any more.")

    def set(self, case: Any, pair: Any, context: Any) -> None:
        token_name = "refresh_token" if context.operation.path.endswith("/auth/refresh") else "access_token"
        case.headers["Authorization"] = f"Bearer {pair[token_name]}"


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    """Require a second factor of nobody: after that, people without one could use only their own account."""
    roles = body.get("require_second_factor") if isinstance(body, dict) else None
    is_valid = isinstance(roles, list) and all(role in ROLES and roles.count(role) == 1 for role in roles)
    return {**body, "require_second_factor": []} if is_valid else body


@schemathesis.check
def is_rejected_for_an_allowed_reason(_context: Any, response: Any, case: Any) -> None:
    """Check the reasons of the statuses that schemathesis.toml adds."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code == 412:
        assert "If-Match" in case.headers, "412 without If-Match"
    if response.status_code == 422:
        allowed = ALLOWED_POINTERS.get(case.operation.label, ALWAYS_ALLOWED)
        pattern = re.compile(f"{ALWAYS_ALLOWED}|{allowed}", re.DOTALL)
        errors = [error for error in response.json()["errors"] if not pattern.fullmatch(error["pointer"])]
        assert not errors, f"The schema should exclude this request: {errors}"
