"""The shopper's form: one shell for all its addresses, its manifest, and its service worker."""

import hashlib
import json
from uuid import UUID

from flask import Response, current_app

from api.domain.access import ANY_CALLER
from api.http.access import Pages
from api.pages.files import BASE, FILES, JOINED, RELEASE, photo_origin, policy, shell

#: no page fetches these by their release: two have an address of their own, and the style is in the shell
APART = {"form/sw.js", "form/manifest.webmanifest", "form/form.css"}

pages = Pages("form", __name__)


@pages.get("/", permission=ANY_CALLER)
def front() -> Response:
    """Show the shopper's visits."""
    return _shell()


@pages.get("/visits/<uuid:visit_id>", permission=ANY_CALLER)
def visit(visit_id: UUID) -> Response:
    """Show a visit; which one it is, and whether one may see it, the shell finds out by the API."""
    return _shell("/api/v1/me", f"/api/v1/visits/{visit_id}?include=checklist")


def _shell(*calls: str) -> Response:
    return shell("form", calls, _policy())


@pages.get("/manifest.webmanifest", permission=ANY_CALLER)
def manifest() -> Response:
    """Say how the form is installed."""
    content = FILES["form/manifest.webmanifest"].content.replace(b"{base}", f"{BASE}/form".encode())
    return current_app.response_class(content, content_type="application/manifest+json")


@pages.get("/sw.js", permission=ANY_CALLER)
def service_worker() -> Response:
    """Give the service worker; it changes with the release and with the policy that it keeps the shell by."""
    policy = _policy()
    own = {name for name in FILES if name.startswith("form/")}
    kept = sorted(own.union(JOINED["form"].files) - APART)
    files = ["/", "/manifest.webmanifest", *(f"{BASE}/{name}" for name in kept)]
    release = f"{RELEASE}-{hashlib.sha256(policy.encode()).hexdigest()[:8]}"
    first = f"const RELEASE = {json.dumps(release)};\nconst FILES = {json.dumps(files)};\n"
    content = first.encode() + FILES["form/sw.js"].content
    response = current_app.response_class(content, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = policy
    return response


def _policy() -> str:
    """Return what the form may load and where it may send: this server, and the photo store."""
    connect = f"'self' {photo_origin()}"
    return policy("form", img="'self' blob:", connect=connect, worker="'self'", manifest="'self'")
