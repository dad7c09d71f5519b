"""Access control: every route and method × every kind of caller.

The test compares the table with the routes of the running application, so that none can be forgotten.
"""

import hashlib
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from api.domain.access import SCOPES
from api.models.audit import AuditEntry
from api.pages import files
from tests.conftest import BACKENDS
from tests.support.exports import build_all, clear_queue, follow, request_export
from tests.support.extent import FULL
from tests.support.pictures import jpeg
from tests.support.world import (
    ALL_WELL,
    CHECKLIST,
    PASSWORD,
    SAVED_VIEW,
    Caller,
    World,
    find_revision,
    ok,
    post_token_request,
)
from uploads.folder import FolderStore

#: the columns of the table
CALLERS = (
    "anonymous",
    "shopper",  # to whom the visit is assigned
    "other_shopper",
    "manager",  # of the region
    "other_manager",  # of another region
    "store_manager",  # of only the location
    "reviewer",
    "admin",
    "foreign_admin",  # an administrator of another organization
)
# in this order:        anonymous, shopper + other, managers ×3, reviewer, admin, foreign admin
ANY_CALLER = "200 200 200  200 200 200  200 200 200"
UNKNOWN_PAGE = "404 404 404  404 404 404  404 404 404"
SIGNED_IN = "401 200 200  200 200 200  200 200 200"
TABLE: Mapping[str, str] = {
    "POST /api/v1/auth/login": ANY_CALLER,
    "POST /api/v1/auth/refresh": "401 401 401  401 401 401  401 401 401",  # not refresh tokens
    "POST /api/v1/auth/logout": "401 204 204  204 204 204  204 204 204",
    "GET /api/v1/me": SIGNED_IN,
    "PATCH /api/v1/me": SIGNED_IN,
    "GET /api/v1/me/sessions": SIGNED_IN,
    "DELETE /api/v1/me/sessions/<uuid:session_id>": "401 404 404  404 404 404  404 404 404",
    # The token is the permission.
    "POST /api/v1/auth/invitation": "410 410 410  410 410 410  410 410 410",
    "POST /api/v1/auth/password": "410 410 410  410 410 410  410 410 410",
    "POST /api/v1/auth/password-reset": "202 202 202  202 202 202  202 202 202",
    "POST /api/v1/me/password": "401 204 204  204 204 204  204 204 204",
    "GET /api/v1/me/notices": SIGNED_IN,
    "PATCH /api/v1/me/notices": SIGNED_IN,
    "GET /api/v1/unsubscribe/<token>": "303 303 303  303 303 303  303 303 303",
    "POST /api/v1/unsubscribe/<token>": "410 410 410  410 410 410  410 410 410",
    "GET /api/v1/me/totp": SIGNED_IN,
    "POST /api/v1/me/totp": "401 201 201  201 201 201  201 201 201",
    "POST /api/v1/me/totp/confirm": SIGNED_IN,
    "POST /api/v1/me/totp/recovery-codes": SIGNED_IN,
    "POST /api/v1/me/totp/disable": "401 204 204  204 204 204  204 204 204",
    "DELETE /api/v1/users/<uuid:user_id>/totp": "401 403 403  403 403 403  403 204 404",
    "POST /api/v1/auth/token": "401 401 401  401 401 401  401 401 401",  # without client ID and secret
    "GET /api/v1/api-clients": "401 403 403  403 403 403  403 200 200",
    "POST /api/v1/api-clients": "401 403 403  403 403 403  403 201 201",
    "GET /api/v1/api-clients/<uuid:client_id>": "401 403 403  403 403 403  403 200 404",
    "PATCH /api/v1/api-clients/<uuid:client_id>": "401 403 403  403 403 403  403 200 404",
    "DELETE /api/v1/api-clients/<uuid:client_id>": "401 403 403  403 403 403  403 204 404",
    "POST /api/v1/api-clients/<uuid:client_id>/secret": "401 403 403  403 403 403  403 201 404",
    "GET /api/v1/saved-views": "401 403 403  200 200 200  200 200 200",
    "POST /api/v1/saved-views": "401 403 403  201 201 201  201 201 201",
    # A shared view of an administrator.
    "GET /api/v1/saved-views/<uuid:view_id>": "401 403 403  200 200 200  200 200 404",
    "PATCH /api/v1/saved-views/<uuid:view_id>": "401 403 403  403 403 403  403 200 404",
    "DELETE /api/v1/saved-views/<uuid:view_id>": "401 403 403  403 403 403  403 204 404",
    "GET /api/v1/webhooks": "401 403 403  403 403 403  403 200 200",
    "POST /api/v1/webhooks": "401 403 403  403 403 403  403 201 201",
    "GET /api/v1/webhooks/<uuid:webhook_id>": "401 403 403  403 403 403  403 200 404",
    "PATCH /api/v1/webhooks/<uuid:webhook_id>": "401 403 403  403 403 403  403 200 404",
    "DELETE /api/v1/webhooks/<uuid:webhook_id>": "401 403 403  403 403 403  403 204 404",
    "POST /api/v1/webhooks/<uuid:webhook_id>/secret": "401 403 403  403 403 403  403 201 404",
    "POST /api/v1/webhooks/<uuid:webhook_id>/test": "401 403 403  403 403 403  403 202 404",
    "GET /api/v1/webhooks/<uuid:webhook_id>/deliveries": "401 403 403  403 403 403  403 200 404",
    "GET /api/v1/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>": (
        "401 403 403  403 403 403  403 200 404"
    ),
    "POST /api/v1/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/redeliver": (
        "401 403 403  403 403 403  403 202 404"
    ),
    "GET /api/v1/quotas": "401 403 403  200 200 200  200 200 200",
    "POST /api/v1/quotas": "401 403 403  403 403 403  403 201 422",
    "GET /api/v1/quotas/<uuid:quota_id>": "401 403 403  200 404 404  200 200 404",
    "PATCH /api/v1/quotas/<uuid:quota_id>": "401 403 403  403 403 403  403 200 404",
    "DELETE /api/v1/quotas/<uuid:quota_id>": "401 403 403  403 403 403  403 204 404",
    "GET /api/v1/quotas/<uuid:quota_id>/progress": "401 403 403  200 404 404  200 200 404",
    "GET /api/v1/quotas/<uuid:quota_id>/locations": "401 403 403  403 403 403  403 200 404",
    "GET /api/v1/plan": "401 403 403  403 403 403  403 200 404",
    "GET /api/v1/targets": "401 403 403  200 200 200  200 200 200",
    "POST /api/v1/targets": "401 403 403  403 403 403  403 201 422",
    # Of the region, so that the manager of a store alone does not see it.
    "GET /api/v1/targets/<uuid:target_id>": "401 403 403  200 404 404  200 200 404",
    "PATCH /api/v1/targets/<uuid:target_id>": "401 403 403  403 403 403  403 200 404",
    "DELETE /api/v1/targets/<uuid:target_id>": "401 403 403  403 403 403  403 204 404",
    "GET /api/v1/organization": "401 403 403  403 403 403  403 200 200",
    "PATCH /api/v1/organization": "401 403 403  403 403 403  403 200 412",
    "GET /api/v1/organization/logo": SIGNED_IN,
    "PUT /api/v1/organization/logo": "401 403 403  403 403 403  403 204 204",
    "DELETE /api/v1/organization/logo": "401 403 403  403 403 403  403 204 204",
    "GET /api/v1/audit": "401 403 403  403 403 403  403 200 200",
    "GET /api/v1/fundamentals": SIGNED_IN,
    "GET /api/v1/checklists": SIGNED_IN,
    "POST /api/v1/checklists": "401 403 403  403 403 403  403 201 201",
    "GET /api/v1/checklists/<key>/versions/<int:version>": "401 200 200  200 200 200  200 200 404",
    "GET /api/v1/checklists/<key>/versions": "401 403 403  403 403 403  403 200 404",
    "GET /api/v1/checklists/<key>/versions/<int:version>/changes": "401 403 403  403 403 403  403 200 404",
    "GET /api/v1/checklists/<key>/draft/revisions": "401 403 403  403 403 403  403 200 404",
    "GET /api/v1/checklists/<key>/draft/revisions/<uuid:revision_id>": (
        "401 403 403  403 403 403  403 200 404"
    ),
    "POST /api/v1/checklists/<key>/draft/revisions/<uuid:revision_id>/restore": (
        "401 403 403  403 403 403  403 200 404"
    ),
    "POST /api/v1/checklists/<key>/preview": "401 403 403  403 403 403  403 200 404",
    "GET /api/v1/checklists/<key>/draft": "401 403 403  403 403 403  403 200 404",
    "PUT /api/v1/checklists/<key>/draft": "401 403 403  403 403 403  403 200 404",
    "POST /api/v1/checklists/<key>/publish": "401 403 403  403 403 403  403 200 404",
    "POST /api/v1/checklists/<key>/retire": "401 403 403  403 403 403  403 204 404",
    "GET /api/v1/regions": "401 403 403  200 200 200  200 200 200",
    "POST /api/v1/regions": "401 403 403  403 403 403  403 201 201",
    "POST /api/v1/regions/import": "401 403 403  403 403 403  403 201 201",
    "GET /api/v1/regions/<uuid:region_id>": "401 403 403  200 404 404  200 200 404",
    "PATCH /api/v1/regions/<uuid:region_id>": "401 403 403  403 403 403  403 200 404",
    "GET /api/v1/regions/<uuid:region_id>/progress": "401 403 403  200 404 404  200 200 404",
    "GET /api/v1/regions/<uuid:region_id>/score": "401 403 403  200 404 404  200 200 404",
    "GET /api/v1/locations": "401 403 403  200 200 200  200 200 200",
    "POST /api/v1/locations": "401 403 403  403 403 403  403 201 422",
    "POST /api/v1/locations/import": "401 403 403  403 403 403  403 201 422",
    "GET /api/v1/locations/<uuid:location_id>": "401 403 403  200 404 200  200 200 404",
    "PATCH /api/v1/locations/<uuid:location_id>": "401 403 403  403 403 403  403 200 404",
    "GET /api/v1/locations/<uuid:location_id>/score": "401 403 403  200 404 200  200 200 404",
    "GET /api/v1/users": "401 403 403  403 403 403  403 200 200",
    "POST /api/v1/users": "401 403 403  403 403 403  403 201 422",
    "POST /api/v1/users/import": "401 403 403  403 403 403  403 201 422",
    "GET /api/v1/users/<uuid:user_id>": "401 403 403  403 403 403  403 200 404",
    "POST /api/v1/users/<uuid:user_id>/invitation": "401 403 403  403 403 403  403 201 404",
    "PATCH /api/v1/users/<uuid:user_id>": "401 403 403  403 403 403  403 200 404",
    "DELETE /api/v1/users/<uuid:user_id>": "401 403 403  403 403 403  403 204 404",
    "GET /api/v1/visits": SIGNED_IN,
    "POST /api/v1/visits": "401 403 403  403 403 403  403 201 422",
    "GET /api/v1/visits/<uuid:visit_id>": "401 200 404  200 404 200  200 200 404",
    "PATCH /api/v1/visits/<uuid:visit_id>": "401 403 403  403 403 403  403 200 404",
    "POST /api/v1/visits/check": "401 403 403  403 403 403  403 200 200",
    "GET /api/v1/visits/planning": "401 403 403  403 403 403  403 200 200",
    "POST /api/v1/visit-batches/<uuid:batch_id>/cancel": "401 403 403  403 403 403  403 200 404",
    "POST /api/v1/visits/<uuid:visit_id>/cancel": "401 403 403  403 403 403  403 200 404",
    "POST /api/v1/visits/<uuid:visit_id>/reassign": "401 403 403  403 403 403  403 201 404",
    "POST /api/v1/visits/<uuid:visit_id>/decline": "401 200 404  404 404 404  404 404 404",
    "GET /api/v1/visits/<uuid:visit_id>/submission": "401 200 404  200 404 200  200 200 404",
    "PUT /api/v1/visits/<uuid:visit_id>/submission": "401 201 404  404 404 404  404 404 404",
    "PUT /api/v1/visits/<uuid:visit_id>/photos/<uuid:photo_id>": "401 201 404  404 404 404  404 404 404",
    "POST /api/v1/visits/<uuid:visit_id>/photos/<uuid:photo_id>/confirm": (
        "401 409 404  404 404 404  404 404 404"
    ),
    "GET /api/v1/visits/<uuid:visit_id>/photos/<uuid:photo_id>": "401 302 404  200 404 200  302 302 404",
    "GET /api/v1/visits/<uuid:visit_id>/photos/<uuid:photo_id>/thumbnail": (
        "401 302 404  200 404 200  302 302 404"
    ),
    "POST /api/v1/visits/<uuid:visit_id>/messages": "401 403 403  403 403 403  201 201 404",
    "GET /api/v1/messages": "401 403 403  403 403 403  200 200 200",
    "POST /api/v1/messages/<uuid:message_id>/withdraw": "401 403 403  403 403 403  200 200 404",
    "GET /api/v1/me/messages": SIGNED_IN,
    "PUT /api/v1/me/messages/<uuid:message_id>/answer": "401 201 404  404 404 404  404 404 404",
    "PUT /api/v1/visits/<uuid:visit_id>/expenses/<uuid:expense_id>": (
        "401 201 404  404 404 404  404 404 404"
    ),
    "DELETE /api/v1/visits/<uuid:visit_id>/expenses/<uuid:expense_id>": (
        "401 204 404  404 404 404  404 404 404"
    ),
    "PUT /api/v1/visits/<uuid:visit_id>/payment": "401 403 403  403 403 403  200 200 404",
    "GET /api/v1/expenses": "401 403 403  403 403 403  200 200 200",
    "GET /api/v1/payments": "401 403 403  403 403 403  403 200 200",
    "GET /api/v1/reviews": "401 403 403  403 403 403  200 200 200",
    "POST /api/v1/visits/<uuid:visit_id>/review": "401 403 403  403 403 403  200 200 404",
    "POST /api/v1/visits/<uuid:visit_id>/claim": "401 403 403  403 403 403  200 200 404",
    "DELETE /api/v1/visits/<uuid:visit_id>/claim": "401 403 403  403 403 403  204 204 404",
    # Only whoever decided.
    "POST /api/v1/visits/<uuid:visit_id>/review/undo": "401 403 403  403 403 403  200 409 404",
    "GET /api/v1/decisions": "401 403 403  403 403 403  200 200 200",
    "GET /api/v1/users/<uuid:user_id>/record": "401 403 403  403 403 403  200 200 404",
    "POST /api/v1/visits/<uuid:visit_id>/disputes": "401 403 403  201 404 201  403 403 403",
    "GET /api/v1/visits/<uuid:visit_id>/disputes": "401 403 403  200 404 200  200 200 404",
    "GET /api/v1/disputes": "401 403 403  200 200 200  200 200 200",
    "GET /api/v1/disputes/rates": "401 403 403  200 200 200  200 200 200",
    "GET /api/v1/disputes/<uuid:dispute_id>": "401 403 403  200 404 200  200 200 404",
    "POST /api/v1/disputes/<uuid:dispute_id>/decision": "401 403 403  403 403 403  200 200 404",
    # Only whoever opened it.
    "POST /api/v1/disputes/<uuid:dispute_id>/withdraw": "401 403 403  200 404 404  403 403 403",
    "GET /api/v1/scores": "401 403 403  200 200 200  200 200 200",
    "GET /api/v1/comments": "401 403 403  200 200 200  200 200 200",
    "GET /api/v1/comments/counts": "401 403 403  200 200 200  200 200 200",
    "GET /api/v1/photos": "401 403 403  200 200 200  200 200 200",
    "POST /api/v1/exports": "401 403 403  202 202 202  202 202 202",
    "GET /api/v1/exports": "401 403 403  200 200 200  200 200 200",
    # Of the manager alone.
    "GET /api/v1/exports/<uuid:export_id>": "401 403 403  200 404 404  404 404 404",
    # The signature is the permission, but the token of another caller is rejected.
    "GET /api/v1/exports/<uuid:export_id>/file": "200 404 404  200 404 404  404 404 404",
    # A signature is the permission, or none is required.
    "PUT /photo-store/<token>": "403 403 403  403 403 403  403 403 403",
    "GET /photo-store/<token>": "403 403 403  403 403 403  403 403 403",
    "GET /health/live": ANY_CALLER,
    "GET /health/ready": ANY_CALLER,
    "GET /": ANY_CALLER,
    # Only the page without data: the visit is loaded from the API.
    "GET /visits/<uuid:visit_id>": ANY_CALLER,
    "GET /sw.js": ANY_CALLER,
    "GET /manifest.webmanifest": ANY_CALLER,
    # The pages of the dashboard, also without data.
    "GET /dashboard": ANY_CALLER,
    "GET /dashboard/locations": ANY_CALLER,
    "GET /dashboard/locations/<uuid:location_id>": ANY_CALLER,
    "GET /dashboard/regions/<uuid:region_id>": ANY_CALLER,
    "GET /dashboard/visits/<uuid:visit_id>": ANY_CALLER,
    "GET /dashboard/map": ANY_CALLER,
    "GET /dashboard/sections": ANY_CALLER,
    "GET /dashboard/questions": ANY_CALLER,
    "GET /dashboard/comments": ANY_CALLER,
    "GET /dashboard/photos": ANY_CALLER,
    "GET /dashboard/reviews": ANY_CALLER,
    "GET /dashboard/disputes": ANY_CALLER,
    "GET /dashboard/payments": ANY_CALLER,
    "GET /dashboard/account": ANY_CALLER,
    "GET /invitation": ANY_CALLER,
    "GET /unsubscribe": ANY_CALLER,
    "GET /password": ANY_CALLER,
    "GET /dashboard/admin": ANY_CALLER,
    "GET /dashboard/admin/<area>": UNKNOWN_PAGE,
    "GET /dashboard/admin/people/<uuid:user_id>": ANY_CALLER,
    "GET /dashboard/admin/checklists/<key>": ANY_CALLER,
    "GET /dashboard/admin/checklists/<key>/publish": ANY_CALLER,
    "GET /dashboard/admin/places/<uuid:location_id>": ANY_CALLER,
    "GET /dashboard/admin/<path:address>": UNKNOWN_PAGE,
    "GET /dashboard/": UNKNOWN_PAGE,
    "GET /dashboard/<path:address>": UNKNOWN_PAGE,
    "GET /static/<release>/<path:filename>": ANY_CALLER,
    "GET /docs": ANY_CALLER,
    "GET /api/v1/openapi.json": ANY_CALLER,
    # A redirect to the explanation of the problem.
    "GET /problems/<code>": "302 302 302  302 302 302  302 302 302",
}

READ_PLACES = ("scores:read", "visits:read", "visits:write", "places:write")
READ_EXPORTS = ("scores:read", "visits:read")
READ_CHECKLISTS = ("scores:read", "visits:read", "visits:write", "checklists:write")
#: route → the scopes that open it to an API client, and the statuses for a client of the visit's region, of
#: another region, and of the whole organization. All other routes that require a permission are closed.
SCOPES_TABLE: Mapping[str, tuple[tuple[str, ...], str]] = {
    "GET /api/v1/fundamentals": (READ_CHECKLISTS, "200 200 200"),
    "GET /api/v1/checklists": (READ_CHECKLISTS, "200 200 200"),
    "POST /api/v1/checklists": (("checklists:write",), "201 201 201"),
    "GET /api/v1/checklists/<key>/versions/<int:version>": (READ_CHECKLISTS, "200 200 200"),
    "GET /api/v1/checklists/<key>/draft": (("checklists:write",), "200 200 200"),
    "PUT /api/v1/checklists/<key>/draft": (("checklists:write",), "200 200 200"),
    "POST /api/v1/checklists/<key>/publish": (("checklists:write",), "200 200 200"),
    "POST /api/v1/checklists/<key>/retire": (("checklists:write",), "204 204 204"),
    "GET /api/v1/regions": (READ_PLACES, "200 200 200"),
    # At the top, a region would be outside of the client's own regions.
    "POST /api/v1/regions": (("places:write",), "422 422 201"),
    "POST /api/v1/regions/import": (("places:write",), "422 422 201"),
    "GET /api/v1/regions/<uuid:region_id>": (READ_PLACES, "200 404 200"),
    "PATCH /api/v1/regions/<uuid:region_id>": (("places:write",), "200 404 200"),
    "GET /api/v1/regions/<uuid:region_id>/progress": (("visits:read", "visits:write"), "200 404 200"),
    "GET /api/v1/regions/<uuid:region_id>/score": (("scores:read",), "200 404 200"),
    "GET /api/v1/quotas": (("visits:read", "visits:write"), "200 200 200"),
    "GET /api/v1/quotas/<uuid:quota_id>": (("visits:read", "visits:write"), "200 404 200"),
    "GET /api/v1/quotas/<uuid:quota_id>/progress": (("visits:read", "visits:write"), "200 404 200"),
    "GET /api/v1/targets": (("scores:read",), "200 200 200"),
    "GET /api/v1/targets/<uuid:target_id>": (("scores:read",), "200 404 200"),
    "GET /api/v1/locations": (READ_PLACES, "200 200 200"),
    "POST /api/v1/locations": (("places:write",), "201 422 201"),
    "POST /api/v1/locations/import": (("places:write",), "201 422 201"),
    "GET /api/v1/locations/<uuid:location_id>": (READ_PLACES, "200 404 200"),
    "PATCH /api/v1/locations/<uuid:location_id>": (("places:write",), "200 404 200"),
    "GET /api/v1/locations/<uuid:location_id>/score": (("scores:read",), "200 404 200"),
    "GET /api/v1/visits": (("visits:read",), "200 200 200"),
    "POST /api/v1/visits": (("visits:write",), "201 422 201"),
    "GET /api/v1/visits/<uuid:visit_id>": (("visits:read",), "200 404 200"),
    "POST /api/v1/visits/<uuid:visit_id>/cancel": (("visits:write",), "200 404 200"),
    "POST /api/v1/visit-batches/<uuid:batch_id>/cancel": (("visits:write",), "200 404 200"),
    "POST /api/v1/visits/<uuid:visit_id>/reassign": (("visits:write",), "201 404 201"),
    "GET /api/v1/visits/<uuid:visit_id>/submission": (("visits:read",), "200 404 200"),
    "GET /api/v1/visits/<uuid:visit_id>/photos/<uuid:photo_id>": (("visits:read",), "200 404 200"),
    "GET /api/v1/visits/<uuid:visit_id>/photos/<uuid:photo_id>/thumbnail": (("visits:read",), "200 404 200"),
    "GET /api/v1/visits/<uuid:visit_id>/disputes": (("visits:read",), "200 404 200"),
    "GET /api/v1/disputes": (("visits:read",), "200 200 200"),
    "GET /api/v1/disputes/rates": (("visits:read",), "200 200 200"),
    "GET /api/v1/disputes/<uuid:dispute_id>": (("visits:read",), "200 404 200"),
    "GET /api/v1/scores": (("scores:read",), "200 200 200"),
    "GET /api/v1/comments": (("visits:read",), "200 200 200"),
    "GET /api/v1/comments/counts": (("visits:read",), "200 200 200"),
    "GET /api/v1/photos": (("visits:read",), "200 200 200"),
    "POST /api/v1/exports": (("visits:read",), "202 202 202"),  # of visits
    "GET /api/v1/exports": (READ_EXPORTS, "200 200 200"),
    "GET /api/v1/exports/<uuid:export_id>": (READ_EXPORTS, "404 404 404"),
    "GET /api/v1/exports/<uuid:export_id>/file": (tuple(SCOPES), "404 404 404"),
    "GET /api/v1/webhooks": (("webhooks:write",), "200 200 200"),
    "POST /api/v1/webhooks": (("webhooks:write",), "201 201 201"),
    # The webhook was created by an administrator.
    **{
        f"{method} /api/v1/webhooks/<uuid:webhook_id>{path}": (("webhooks:write",), "404 404 404")
        for method, path in (
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("POST", "/secret"),
            ("POST", "/test"),
            ("GET", "/deliveries"),
            ("GET", "/deliveries/<uuid:delivery_id>"),
            ("POST", "/deliveries/<uuid:delivery_id>/redeliver"),
        )
    },
}


DISPUTE = {"questions": [{"question": "wait", "kind": "fact", "reason": "Because"}]}
OUTCOMES = {"outcomes": [{"question": "wait", "outcome": "kept", "reason": "Because"}]}


@dataclass
class Scene:
    """Two organizations, and new objects for each attempt."""

    app: Flask

    @cached_property
    def world(self) -> World:
        return World(self.app)

    @cached_property
    def callers(self) -> dict[str, Caller]:
        world = self.world
        world.checklist  # noqa: B018
        world.publish({**CHECKLIST, "key": "disposable"})
        return {
            "anonymous": world.anonymous,
            "shopper": world.shopper,
            "other_shopper": world.person("shopper"),
            "manager": world.manager,
            "other_manager": world.person("manager", region_ids=[world.new_region()["id"]]),
            "store_manager": world.person("manager", location_ids=[world.location["id"]]),
            "reviewer": world.reviewer,
            "admin": world.admin,
            "foreign_admin": World(self.app).admin,
        }

    @cached_property
    def clients(self) -> dict[str, list[Caller]]:
        """By scope: API clients of the region, of another region, and of the whole organization."""
        self.callers  # noqa: B018  (publishes the checklists)
        own, other = [self.world.region["id"]], [self.world.new_region()["id"]]
        return {
            scope: [self.world.client(scope, region_ids=regions) for regions in (own, other, ())]
            for scope in SCOPES
        }

    @cached_property
    def accepted(self) -> tuple[str, str]:
        """An accepted visit of the shopper, with a photo."""
        visit = self.world.visit()
        photo_id = self.world.photo(visit)
        answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo_id]}}
        ok(self.world.send(visit, self.world.submission(answers)), 201)
        return visit["id"], photo_id

    def dispute(self) -> str:
        """Open a dispute of the manager."""
        visit = self.world.accepted_visit()
        path = f"/visits/{visit['id']}/disputes"
        dispute_id: str = ok(self.callers["manager"].post(path, DISPUTE), 201)["id"]
        return dispute_id

    @cached_property
    def dispute_id(self) -> str:
        """A dispute that stays open."""
        return self.dispute()

    @cached_property
    def export(self) -> str:
        """An export of the manager, with a file."""
        export_id = request_export(self.callers["manager"])
        build_all(self.world)
        return export_id

    @cached_property
    def client_id(self) -> str:
        return str(self.world.client("scores:read").id)

    @cached_property
    def delivery(self) -> tuple[str, str]:
        """A webhook of an administrator, and a delivery to it."""
        webhook_id: str = self.world.webhook()["id"]
        return webhook_id, ok(self.world.admin.post(f"/webhooks/{webhook_id}/test"))["id"]

    @cached_property
    def quota_id(self) -> str:
        """A quota of the region."""
        return str(self.world.quota()["id"])

    @cached_property
    def target_id(self) -> str:
        """A target of the region."""
        return str(self.world.target(region_id=self.world.region["id"])["id"])

    @cached_property
    def view_id(self) -> str:
        return self.world.saved_view(shared=True)["id"]

    @cached_property
    def revision_id(self) -> str:
        """A revision of the draft of the checklist."""
        return find_revision(self.world, "visit")

    def assigned(self) -> str:
        visit_id: str = self.world.visit()["id"]
        return visit_id

    def batch(self) -> str:
        """Return a batch of one visit."""
        batch_id: str = ok(self.world.admin.post("/visits", [_order(self)]), 201)["batch_id"]
        return batch_id

    def waiting(self) -> str:
        """Return a visit that waits for a reviewer, because it was answered too fast."""
        visit = self.world.visit()
        body = self.world.submission()
        ok(self.world.send(visit, {**body, "started_at": body["finished_at"]}), 201)
        visit_id: str = visit["id"]
        return visit_id

    def paid(self) -> Any:
        """Return a visit with a fee that waits for a reviewer, as administrators see it."""
        self.world.pay()
        return ok(self.world.admin.get(f"/visits/{self.waiting()}"))

    def change_payment(self, caller: Caller) -> TestResponse:
        visit = self.paid()
        item = {"id": visit["payment"]["items"][0]["id"], "approved_amount": 100, "reason": "Too late"}
        return caller.put(f"/visits/{visit['id']}/payment", {"items": [item]})

    def claim(self, caller: Caller) -> TestResponse:
        body = {"kind": "travel", "amount": 100}
        return caller.put(f"/visits/{self.paid()['id']}/expenses/{uuid.uuid4()}", body)

    def withdraw_claim(self, caller: Caller) -> TestResponse:
        visit = self.paid()
        return caller.call("DELETE", f"/visits/{visit['id']}/expenses/{self.world.claim(visit)}")

    def message(self) -> str:
        """Return an open message to the shopper."""
        return self.world.message({"id": self.waiting()})

    def declared(self, visit_id: str) -> str:
        photo_id: str = self.world.declare({"id": visit_id}, jpeg())["id"]
        return photo_id


DECLARATION = {
    "question": "greeting",
    "sha256": hashlib.sha256(b"x").hexdigest(),
    "size": 1,
    "content_type": "image/jpeg",
}
WINDOW = {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-02T00:00:00Z"}
Attempt = Callable[[Scene, Caller], TestResponse]


def _key() -> str:
    return uuid.uuid4().hex[:8]


def _edit(path: str, body: Any) -> Attempt:
    """Update with the ETag that an administrator has read."""

    def attempt(scene: Scene, caller: Caller) -> TestResponse:
        url = path.format(region=scene.world.region["id"], location=scene.world.location["id"],
                              user=scene.world.shopper.id, client=scene.client_id,
                              webhook=scene.delivery[0], view=scene.view_id, quota=scene.quota_id,
                              target=scene.target_id)  # fmt: skip
        etag = scene.world.admin.get(url).headers["ETag"]
        method = "PUT" if url.endswith("/draft") else "PATCH"
        return caller.call(method, url, body, headers={"If-Match": etag})

    return attempt


def _call_visit(method: str, path: str, fresh: Callable[[Scene], str], body: Any = None) -> Attempt:
    return lambda scene, caller: caller.call(method, f"/visits/{fresh(scene)}{path}", body)


def _order(scene: Scene) -> dict[str, Any]:
    return {
        "location_id": scene.world.location["id"],
        "shopper_id": scene.world.shopper.id,
        "checklist_key": "visit",
        "window": WINDOW,
        "override": True,
    }


def _undo(scene: Scene, caller: Caller) -> TestResponse:
    """Undo a decision of the reviewer."""
    visit_id = scene.waiting()
    decision = ok(scene.world.review({"id": visit_id}, "reject"))
    return caller.post(f"/visits/{visit_id}/review/undo", {"decision_id": decision["id"]})


def _confirm(scene: Scene, caller: Caller) -> TestResponse:
    visit_id = scene.assigned()
    return caller.post(f"/visits/{visit_id}/photos/{scene.declared(visit_id)}/confirm")


def _request_export(scene: Scene, caller: Caller) -> TestResponse:
    clear_queue(scene.world)
    return caller.post("/exports", {"kind": "visits", "format": "csv"})


def _fetch_export(scene: Scene, caller: Caller) -> TestResponse:
    link = ok(scene.callers["manager"].get(f"/exports/{scene.export}"))["download"]
    return follow(caller, link)


def _add_quota(world: World) -> str:
    """Set a quota for a new region."""
    return str(world.quota(region_id=world.new_region()["id"])["id"])


def _create_quota(scene: Scene, caller: Caller) -> TestResponse:
    body = {"region_id": scene.world.new_region()["id"], "checklist_key": "visit"}
    return caller.post("/quotas", {**body, "visits": 1, "per": "month"})


def _put_logo(caller: Caller) -> TestResponse:
    data = jpeg(64, 48, seed=uuid.uuid4().int % 2**31)
    return caller.call("PUT", "/organization/logo", data=data, headers={"Content-Type": "image/jpeg"})


def _get_logo(scene: Scene, caller: Caller) -> TestResponse:
    for admin in ("admin", "foreign_admin"):
        _put_logo(scene.callers[admin])
    return caller.get("/organization/logo")


def _delete_logo(scene: Scene, caller: Caller) -> TestResponse:
    _put_logo(scene.world.admin)
    return caller.call("DELETE", "/organization/logo")


def _log_in(scene: Scene, caller: Caller) -> TestResponse:
    email = caller.email or scene.world.shopper.email
    return caller.post("/auth/login", {"email": email, "password": PASSWORD})


def _disposable_caller(scene: Scene, caller: Caller) -> Caller:
    """Return another person of the same role, for calls that end the session."""
    if caller.email is None:
        return caller
    return scene.world.person(ok(caller.get("/me"))["role"])


def _confirm_second_factor(caller: Caller) -> TestResponse:
    secret = (caller.post("/me/totp").json or {}).get("secret")
    code = pyotp.TOTP(secret).now() if secret else "000000"
    return caller.post("/me/totp/confirm", {"code": code})


def _reset_second_factor(scene: Scene, caller: Caller) -> TestResponse:
    person = scene.world.person("shopper")
    _confirm_second_factor(person)
    return caller.call("DELETE", f"/users/{person.id}/totp")


def _use_recovery_code(caller: Caller, path: str, **body: str) -> TestResponse:
    codes = (_confirm_second_factor(caller).json or {}).get("recovery_codes", ["a code"])
    return caller.post(path, {"code": codes[0], **body})


#: how to call a route; routes without an entry are called without a body, with the IDs of the scene
ATTEMPTS: Mapping[str, Attempt] = {
    "POST /api/v1/auth/login": _log_in,
    "POST /api/v1/auth/logout": lambda scene, caller: _disposable_caller(scene, caller).post("/auth/logout"),
    "POST /api/v1/me/password": lambda scene, caller: _disposable_caller(scene, caller).post(
        "/me/password", {"old_password": PASSWORD, "new_password": "another long password"}
    ),
    "POST /api/v1/me/totp": lambda scene, caller: _disposable_caller(scene, caller).post("/me/totp"),
    "POST /api/v1/me/totp/confirm": lambda scene, caller: _confirm_second_factor(
        _disposable_caller(scene, caller)
    ),
    "POST /api/v1/me/totp/recovery-codes": lambda scene, caller: _use_recovery_code(
        _disposable_caller(scene, caller), "/me/totp/recovery-codes"
    ),
    "POST /api/v1/me/totp/disable": lambda scene, caller: _use_recovery_code(
        _disposable_caller(scene, caller), "/me/totp/disable", password=PASSWORD
    ),
    "DELETE /api/v1/users/<uuid:user_id>/totp": lambda scene, caller: _reset_second_factor(scene, caller),
    "PATCH /api/v1/me": lambda scene, caller: caller.call(
        "PATCH", "/me", {"name": "Edited"}, headers={"If-Match": "*"}
    ),
    "PATCH /api/v1/me/notices": lambda scene, caller: caller.call(
        "PATCH", "/me/notices", {"notices": {}}, headers={"If-Match": "*"}
    ),
    "POST /api/v1/auth/invitation": lambda scene, caller: caller.post(
        "/auth/invitation", {"token": "forged", "name": "Somebody", "password": PASSWORD}
    ),
    "POST /api/v1/auth/password": lambda scene, caller: caller.post(
        "/auth/password", {"token": "forged", "password": PASSWORD}
    ),
    "POST /api/v1/auth/password-reset": lambda scene, caller: caller.post(
        "/auth/password-reset", {"email": "nobody@example.org"}
    ),
    "POST /api/v1/users/<uuid:user_id>/invitation": lambda scene, caller: caller.post(
        f"/users/{scene.world.person('shopper').id}/invitation"
        if caller.id == scene.world.admin.id
        else f"/users/{scene.world.shopper.id}/invitation"
    ),
    "POST /api/v1/auth/token": lambda scene, caller: post_token_request(scene.app, None),
    "POST /api/v1/api-clients": lambda scene, caller: caller.post(
        "/api-clients", {"name": "New", "scopes": ["scores:read"]}
    ),
    "PATCH /api/v1/api-clients/<uuid:client_id>": _edit("/api-clients/{client}", {"name": "Edited"}),
    "DELETE /api/v1/api-clients/<uuid:client_id>": lambda scene, caller: caller.call(
        "DELETE", f"/api-clients/{scene.world.client().id}"
    ),
    "POST /api/v1/api-clients/<uuid:client_id>/secret": lambda scene, caller: caller.post(
        f"/api-clients/{scene.client_id}/secret", {}
    ),
    "POST /api/v1/visits/<uuid:visit_id>/disputes": lambda scene, caller: caller.post(
        f"/visits/{scene.world.accepted_visit()['id']}/disputes",
        DISPUTE,
    ),
    "GET /api/v1/disputes/rates": lambda scene, caller: caller.get("/disputes/rates?by=question"),
    "POST /api/v1/disputes/<uuid:dispute_id>/decision": lambda scene, caller: caller.post(
        f"/disputes/{scene.dispute()}/decision", OUTCOMES
    ),
    "POST /api/v1/disputes/<uuid:dispute_id>/withdraw": lambda scene, caller: caller.post(
        f"/disputes/{scene.dispute()}/withdraw"
    ),
    "POST /api/v1/saved-views": lambda scene, caller: caller.post("/saved-views", SAVED_VIEW),
    "PATCH /api/v1/saved-views/<uuid:view_id>": _edit("/saved-views/{view}", {"name": "Edited"}),
    "DELETE /api/v1/saved-views/<uuid:view_id>": lambda scene, caller: caller.call(
        "DELETE", f"/saved-views/{scene.world.saved_view(shared=True)['id']}"
    ),
    "POST /api/v1/webhooks": lambda scene, caller: caller.post(
        "/webhooks", {"url": "https://93.184.216.34/", "events": ["visit.accepted"]}
    ),
    "PATCH /api/v1/webhooks/<uuid:webhook_id>": _edit("/webhooks/{webhook}", {"events": ["score.changed"]}),
    "DELETE /api/v1/webhooks/<uuid:webhook_id>": lambda scene, caller: caller.call(
        "DELETE", f"/webhooks/{scene.world.webhook()['id']}"
    ),
    "POST /api/v1/quotas": _create_quota,
    "PATCH /api/v1/quotas/<uuid:quota_id>": _edit("/quotas/{quota}", {"days_between": 7}),
    "DELETE /api/v1/quotas/<uuid:quota_id>": lambda scene, caller: caller.call(
        "DELETE", f"/quotas/{_add_quota(scene.world)}"
    ),
    "GET /api/v1/plan": lambda scene, caller: caller.get("/plan?checklist=visit"),
    "POST /api/v1/targets": lambda scene, caller: caller.post(
        "/targets",
        {
            "region_id": scene.world.region["id"],
            "checklist_key": "visit",
            "score": 0.5,
            "months": 1,
        },
    ),
    "PATCH /api/v1/targets/<uuid:target_id>": _edit("/targets/{target}", {"score": 0.8}),
    "DELETE /api/v1/targets/<uuid:target_id>": lambda scene, caller: caller.call(
        "DELETE", f"/targets/{scene.world.target()['id']}"
    ),
    "PATCH /api/v1/organization": _edit("/organization", {"lockout_days": 29}),
    "GET /api/v1/organization/logo": _get_logo,
    "PUT /api/v1/organization/logo": lambda scene, caller: _put_logo(caller),
    "DELETE /api/v1/organization/logo": _delete_logo,
    "POST /api/v1/checklists": lambda scene, caller: caller.post("/checklists", {**CHECKLIST, "key": _key()}),
    "PUT /api/v1/checklists/<key>/draft": _edit("/checklists/visit/draft", CHECKLIST),
    "POST /api/v1/checklists/<key>/preview": lambda scene, caller: caller.post(
        "/checklists/visit/preview", {}
    ),
    "POST /api/v1/checklists/<key>/retire": lambda scene, caller: caller.post(
        "/checklists/disposable/retire"
    ),
    "POST /api/v1/regions": lambda scene, caller: caller.post("/regions", {"code": _key(), "name": "New"}),
    "POST /api/v1/regions/import": lambda scene, caller: caller.call(
        "POST",
        "/regions/import",
        data=f"code,name\n{_key()},New\n",
        headers={"Content-Type": "text/csv"},
    ),
    "PATCH /api/v1/regions/<uuid:region_id>": _edit("/regions/{region}", {"name": "Edited"}),
    "POST /api/v1/locations": lambda scene, caller: caller.post(
        "/locations",
        {"code": _key(), "name": "New", "region_id": scene.world.region["id"], "time_zone": "UTC"},
    ),
    "POST /api/v1/locations/import": lambda scene, caller: caller.call(
        "POST",
        "/locations/import",
        data=f"code,name,region_code,time_zone\n{_key()},New,{scene.world.region['code']},UTC\n",
        headers={"Content-Type": "text/csv"},
    ),
    "PATCH /api/v1/locations/<uuid:location_id>": _edit("/locations/{location}", {"name": "Edited"}),
    "POST /api/v1/users": lambda scene, caller: caller.post(
        "/users",
        {
            "email": f"{_key()}@example.org",
            "name": "New",
            "role": "manager",
            "password": PASSWORD,
            "region_ids": [scene.world.region["id"]],
        },
    ),
    "DELETE /api/v1/users/<uuid:user_id>": lambda scene, caller: caller.call(
        "DELETE", f"/users/{scene.world.person('shopper').id}", headers={"If-Match": "*"}
    ),
    "POST /api/v1/users/import": lambda scene, caller: caller.call(
        "POST",
        "/users/import",
        data=f"email,name,role,region_codes\n{_key()}@x.org,X,manager,{scene.world.region['code']}\n",
        headers={"Content-Type": "text/csv"},
    ),
    "PATCH /api/v1/users/<uuid:user_id>": _edit("/users/{user}", {"name": "Edited by somebody"}),
    "POST /api/v1/visits": lambda scene, caller: caller.post("/visits", _order(scene)),
    "POST /api/v1/visits/check": lambda scene, caller: caller.post("/visits/check", _order(scene)),
    "GET /api/v1/visits/planning": lambda _, caller: caller.get(
        "/visits/planning?from=2026-01-01&to=2026-01-31"
    ),
    "PATCH /api/v1/visits/<uuid:visit_id>": lambda scene, caller: caller.patch(
        f"/visits/{scene.assigned()}", {"window": WINDOW, "override": True}, headers={"If-Match": "*"}
    ),
    "POST /api/v1/visit-batches/<uuid:batch_id>/cancel": lambda scene, caller: caller.post(
        f"/visit-batches/{scene.batch()}/cancel"
    ),
    "POST /api/v1/visits/<uuid:visit_id>/cancel": _call_visit("POST", "/cancel", Scene.assigned),
    "POST /api/v1/visits/<uuid:visit_id>/reassign": lambda scene, caller: caller.post(
        f"/visits/{scene.assigned()}/reassign",
        {"shopper_id": scene.callers["other_shopper"].id, "override": True},
    ),
    "POST /api/v1/visits/<uuid:visit_id>/decline": _call_visit(
        "POST", "/decline", Scene.assigned, {"reason": "Ill"}
    ),
    "PUT /api/v1/visits/<uuid:visit_id>/submission": lambda scene, caller: caller.put(
        f"/visits/{scene.assigned()}/submission", scene.world.submission()
    ),
    "PUT /api/v1/visits/<uuid:visit_id>/photos/<uuid:photo_id>": _call_visit(
        "PUT", f"/photos/{uuid.uuid4()}", Scene.assigned, DECLARATION
    ),
    "POST /api/v1/visits/<uuid:visit_id>/photos/<uuid:photo_id>/confirm": _confirm,
    "POST /api/v1/visits/<uuid:visit_id>/review": _call_visit(
        "POST", "/review", Scene.waiting, {"revision": 1, "decision": "accept"}
    ),
    "POST /api/v1/visits/<uuid:visit_id>/claim": _call_visit("POST", "/claim", Scene.waiting, {}),
    "DELETE /api/v1/visits/<uuid:visit_id>/claim": _call_visit("DELETE", "/claim", Scene.waiting, None),
    "POST /api/v1/visits/<uuid:visit_id>/review/undo": _undo,
    "GET /api/v1/decisions": lambda scene, caller: caller.get("/decisions"),
    "GET /api/v1/users/<uuid:user_id>/record": lambda scene, caller: caller.get(
        f"/users/{scene.callers['shopper'].id}/record"
    ),
    "POST /api/v1/visits/<uuid:visit_id>/messages": _call_visit(
        "POST", "/messages", Scene.waiting, {"text": "Which till?"}
    ),
    "PUT /api/v1/visits/<uuid:visit_id>/expenses/<uuid:expense_id>": Scene.claim,
    "DELETE /api/v1/visits/<uuid:visit_id>/expenses/<uuid:expense_id>": Scene.withdraw_claim,
    "PUT /api/v1/visits/<uuid:visit_id>/payment": Scene.change_payment,
    "GET /api/v1/payments": lambda _, caller: caller.get("/payments?from=2026-01-01&to=2026-01-31"),
    "POST /api/v1/messages/<uuid:message_id>/withdraw": lambda scene, caller: caller.post(
        f"/messages/{scene.message()}/withdraw"
    ),
    "PUT /api/v1/me/messages/<uuid:message_id>/answer": lambda scene, caller: caller.put(
        f"/me/messages/{scene.message()}/answer", {"text": "The left one."}
    ),
    "GET /api/v1/scores": lambda scene, caller: caller.get("/scores?by=location"),
    "POST /api/v1/exports": _request_export,
    "GET /api/v1/exports/<uuid:export_id>/file": _fetch_export,
}


def routes(app: Flask) -> list[str]:
    return sorted(
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


@pytest.fixture(params=BACKENDS if FULL else BACKENDS[1:])
def app(request: pytest.FixtureRequest) -> Flask:
    """In `make test` only on PostgreSQL with S3: what is tested here hardly depends on the database."""
    return request.getfixturevalue(f"{request.param}_app")


@pytest.fixture(scope="module")
def scenes() -> dict[int, Scene]:
    return {}


@pytest.fixture
def scene(app: Flask, scenes: dict[int, Scene]) -> Scene:
    """One scene for each application and the whole table."""
    return scenes.setdefault(id(app), Scene(app))


def test_table_contains_exactly_the_routes(embedded_app: Flask) -> None:
    assert sorted(TABLE) == routes(embedded_app)


@pytest.mark.parametrize("route", TABLE)
def test_each_caller_receives_the_status_in_the_table(scene: Scene, route: str) -> None:
    expected = dict(zip(CALLERS, map(int, TABLE[route].split()), strict=True))
    if "/photo-store/" in route and not isinstance(scene.world.store, FolderStore):
        expected = dict.fromkeys(CALLERS, 404)  # with S3, phones upload to the bucket
    attempt = ATTEMPTS.get(route) or _call_without_body(route)
    responses = {name: attempt(scene, caller) for name, caller in scene.callers.items()}
    statuses = {name: response.status_code for name, response in responses.items()}
    assert statuses == expected
    for response in responses.values():
        if response.status_code >= 400:
            is_page = TABLE[route] == UNKNOWN_PAGE
            assert response.mimetype == ("text/html" if is_page else "application/problem+json")
    _check_audit_log(scene, route, responses.values())


#: route that changes something → why the audit log has no entry for it
NOT_IN_AUDIT_LOG: Mapping[str, str] = {
    "PUT /api/v1/visits/<uuid:visit_id>/submission": "each revision is its own record",
    "PUT /api/v1/visits/<uuid:visit_id>/photos/<uuid:photo_id>": "part of the shopper's evidence",
    "PUT /api/v1/me/messages/<uuid:message_id>/answer": "an answer is its own record",
    "PUT /api/v1/visits/<uuid:visit_id>/expenses/<uuid:expense_id>": "an expense is its own record",
    "DELETE /api/v1/visits/<uuid:visit_id>/expenses/<uuid:expense_id>": "nobody has decided on it",
    "PUT /api/v1/checklists/<key>/draft": "each revision is its own record",
    "POST /api/v1/checklists/<key>/draft/revisions/<uuid:revision_id>/restore": "a revision, too",
    "POST /api/v1/checklists/<key>/publish": "here it publishes the same again, which changes nothing",
    "POST /api/v1/checklists/<key>/preview": "stores nothing",
    "POST /api/v1/visits/check": "stores nothing",
    "POST /api/v1/visits/<uuid:visit_id>/claim": "expires by itself, and prevents nothing",
    "DELETE /api/v1/visits/<uuid:visit_id>/claim": "expires by itself, and prevents nothing",
    "PATCH /api/v1/me/notices": "which mails people want concerns only themselves",
    "POST /api/v1/saved-views": "a bookmark",
    "PATCH /api/v1/saved-views/<uuid:view_id>": "a bookmark",
    "DELETE /api/v1/saved-views/<uuid:view_id>": "a bookmark",
    "POST /api/v1/me/totp": "nothing changes until it is confirmed, which is in the log",
    "POST /api/v1/auth/password-reset": "the worker does the rest, and records it",
}


def _check_audit_log(scene: Scene, route: str, responses: Iterable[TestResponse]) -> None:
    """Check that the audit log has an entry if a call changed something."""
    request_ids = [
        response.headers["X-Request-ID"]
        for response in responses
        if response.status_code < 300 and not route.startswith("GET")
    ]
    if request_ids and route not in NOT_IN_AUDIT_LOG:
        entries = select(func.count()).where(AuditEntry.request_id.in_(request_ids))
        with scene.world.database.read_snapshot() as session:
            assert session.scalars(entries).one() > 0


def test_scopes_open_only_routes_of_the_table() -> None:
    assert TABLE.keys() >= SCOPES_TABLE.keys()


@pytest.mark.parametrize("app", BACKENDS if FULL else BACKENDS[1:], indirect=True)
@pytest.mark.parametrize("route", TABLE)
def test_each_api_client_receives_the_status_of_its_scope_and_regions(scene: Scene, route: str) -> None:
    scopes, statuses = SCOPES_TABLE.get(route, ((), ""))
    anonymous = dict(zip(CALLERS, TABLE[route].split(), strict=True))["anonymous"]
    is_open = anonymous != "401" or route.startswith("POST /api/v1/auth/re")
    attempt = ATTEMPTS.get(route) or _call_without_body(route)
    for scope, clients in scene.clients.items():
        responses = [attempt(scene, client) for client in clients]
        received = [response.status_code for response in responses]
        if scope in scopes:
            assert received == list(map(int, statuses.split())), scope
        elif "/photo-store/" in route:
            assert set(received) <= {403, 404}
        elif is_open:
            assert received == [int(anonymous)] * 3, scope
        elif route == "POST /api/v1/auth/token":
            assert received == [401] * 3
        else:
            assert received == [403] * 3, scope
            code = "insufficient-scope" if scopes else "forbidden"
            assert {response.get_json()["type"] for response in responses} == {f"/problems/{code}"}


def _call_without_body(route: str) -> Attempt:
    method, rule = route.split()

    def attempt(scene: Scene, caller: Caller) -> TestResponse:
        visit_id, photo_id = scene.accepted
        path = (
            rule.replace("<uuid:region_id>", scene.world.region["id"])
            .replace("<uuid:location_id>", scene.world.location["id"])
            .replace("<uuid:user_id>", str(scene.world.shopper.id))
            .replace("<uuid:session_id>", str(uuid.UUID(int=1)))
            .replace("<uuid:client_id>", scene.client_id)
            .replace("<uuid:webhook_id>", scene.delivery[0])
            .replace("<uuid:delivery_id>", scene.delivery[1])
            .replace("<uuid:view_id>", scene.view_id)
            .replace("<uuid:visit_id>", visit_id)
            .replace("<uuid:photo_id>", photo_id)
            .replace("<uuid:dispute_id>", scene.dispute_id if "dispute_id" in rule else "")
            .replace("<uuid:export_id>", scene.export if "export_id" in rule else "")
            .replace("<uuid:revision_id>", scene.revision_id)
            .replace("<uuid:quota_id>", scene.quota_id)
            .replace("<uuid:target_id>", scene.target_id)
            .replace("<key>", "visit")
            .replace("<int:version>", "1")
            .replace("<token>", "forged")
            .replace("/static/<release>/<path:filename>", f"{files.BASE}/form/main.js")
            .replace("<code>", "stale")
            .replace("<path:address>", "none")
            .replace("<area>", "none")
        )
        return caller.call(method, f"/{path}")

    return attempt


@pytest.mark.parametrize(
    "route",
    [route for route, statuses in TABLE.items() if "404" in statuses and statuses != UNKNOWN_PAGE],
)
def test_hidden_object_has_the_same_response_as_a_missing_one(scene: Scene, route: str) -> None:
    """The responses are equal byte for byte, except for the IDs of the object and of the request."""
    statuses = dict(zip(CALLERS, TABLE[route].split(), strict=True))
    attempt = ATTEMPTS.get(route) or _call_without_body(route)
    for name, status in statuses.items():
        if status == "404":
            caller = scene.callers[name]
            hidden = _without_ids(attempt(scene, caller))
            assert hidden == _without_ids(_call_missing(scene, caller, route)), name


def _call_missing(scene: Scene, caller: Caller, route: str) -> TestResponse:
    """Make the same call with IDs and keys that do not exist."""
    method, rule = route.split()
    path = rule
    path = re.sub("<uuid:[a-z_]+>", lambda _: str(uuid.uuid4()), path)
    path = path.replace("<key>", "nothing").replace("<int:version>", "1")
    bodies: dict[str, Any] = {
        "reassign": {"shopper_id": scene.callers["other_shopper"].id, "override": True},
        "decline": {"reason": "Ill"},
        "submission": scene.world.submission(),
        "review": {"revision": 1, "decision": "accept"},
        "claim": {},
        "undo": {"decision_id": str(uuid.uuid4())},
        "disputes": DISPUTE,
        "decision": OUTCOMES,
        "messages": {"text": "Which till?"},
        "answer": {"text": "The left one."},
        "payment": {"items": [{"id": str(uuid.uuid4()), "approved_amount": 100, "reason": "Too late"}]},
        "draft": CHECKLIST,
        "preview": {},
        "secret": {},
    }
    body = None
    if method != "GET":
        body = bodies.get(path.rsplit("/", 1)[-1])
    if method == "PUT" and "/photos/" in path:
        body = DECLARATION
    if method == "PUT" and "/expenses/" in path:
        body = {"kind": "travel", "amount": 100}
    if method == "PATCH":
        edits = {"webhooks": {"events": ["score.changed"]}, "visits": {"window": WINDOW}}
        edits |= {"quotas": {"days_between": 7}, "targets": {"score": 0.8}}
        body = edits.get(path.split("/")[3], {"name": "Edited"})
    if path.endswith("/plan"):
        path += "?checklist=nothing"
    if path.endswith("/file"):
        path += "?token=forged"
    return caller.call(method, f"/{path}", body, headers={"If-Match": '"x"'})


def _without_ids(response: TestResponse) -> dict[str, Any]:
    document = response.get_json(force=True)
    assert response.status_code == 404, document
    return {key: value for key, value in document.items() if key not in ("instance", "request_id")}
