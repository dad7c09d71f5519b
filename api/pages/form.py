"""The shopper's form: its HTML shell, its manifest and its service worker."""

import hashlib
import json
from uuid import UUID

from flask import Response, current_app

from api.domain.access import ANY_CALLER
from api.http.access import Pages
from api.pages.files import (
    BASE,
    FILES,
    JOINED,
    RELEASE,
    STATIC,
    File,
    build_policy,
    get_photo_origin,
    render_shell,
)

#: files that the form never fetches below ``BASE``: one has its own address, and the shell has the style
NOT_CACHED = {"form/manifest.webmanifest", "form/form.css"}
SERVICE_WORKER = File.from_script((STATIC / "form/sw.js").read_text("utf-8")).content

pages = Pages("form", __name__)


@pages.get("/", permission=ANY_CALLER)
def front() -> Response:
    """Show the shopper's visits."""
    return _shell()


@pages.get("/visits/<uuid:visit_id>", permission=ANY_CALLER)
def visit(visit_id: UUID) -> Response:
    """Show a visit. The script gets it from the API, which checks permissions."""
    return _shell("/api/v1/me", f"/api/v1/visits/{visit_id}?include=checklist")


def _shell(*calls: str) -> Response:
    return render_shell("form", calls, _build_policy())


@pages.get("/manifest.webmanifest", permission=ANY_CALLER)
def manifest() -> Response:
    """Send the web app manifest, which makes the form installable."""
    content = FILES["form/manifest.webmanifest"].content.replace(b"{base}", f"{BASE}/form".encode())
    return current_app.response_class(content, content_type="application/manifest+json")


@pages.get("/sw.js", permission=ANY_CALLER)
def service_worker() -> Response:
    """Send the service worker. It changes with the release and with the policy of the cached shell."""
    policy = _build_policy()
    own = {name for name in FILES if name.startswith("form/")}
    cached = sorted(own.union(JOINED["form"].files) - NOT_CACHED)
    files = ["/", "/manifest.webmanifest", *(f"{BASE}/{name}" for name in cached)]
    release = f"{RELEASE}-{hashlib.sha256(policy.encode()).hexdigest()[:8]}"
    constants = f"const RELEASE = {json.dumps(release)};\nconst FILES = {json.dumps(files)};\n"
    content = constants.encode() + SERVICE_WORKER
    response = current_app.response_class(content, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = policy
    return response


def _build_policy() -> str:
    """Return the content security policy of the form, which uploads photos to the photo store."""
    connect = f"'self' {get_photo_origin()}"
    return build_policy("form", img="'self' blob:", connect=connect, worker="'self'", manifest="'self'")
