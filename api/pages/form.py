"""The shopper's form: one shell for all its addresses, its files by release, and its service worker."""

import gzip
import hashlib
import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, abort, current_app, render_template, request

from api.domain.access import ANYBODY
from api.routes.doors import Pages
from api.routes.parts import parts

FOLDER = Path(__file__).parent / "static" / "form"
FOR_EVER = "public, max-age=31536000, immutable"
#: what the checklist needs before it can store an answer; the rest is fetched when it is wanted
FIRST = ("page", "store", "api", "rules", "draft", "fields", "screens/checklist")

pages = Pages("form", __name__, template_folder="templates")


@dataclass(frozen=True, slots=True)
class File:
    """A file of the form, as it is sent."""

    type: str
    content: bytes
    packed: bytes

    @classmethod
    def of(cls, type: str, content: bytes) -> "File":
        """Return a file with this content."""
        return cls(type, content, gzip.compress(content, mtime=0))

    @classmethod
    def read(cls, path: Path) -> "File":
        """Return a file of the disk."""
        known = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}
        kind = known.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return cls.of(kind, path.read_bytes())


FILES = {str(path.relative_to(FOLDER)): File.read(path) for path in FOLDER.rglob("*.*")}
# The first page waits for one style sheet, not for two.
FILES["form.css"] = File.of("text/css", FILES["tokens.css"].content + FILES["form.css"].content)
LANGUAGES = sorted(Path(name).stem for name in FILES if name.startswith("words/"))
#: no page fetches these by their release: each has an address of its own
APART = {"sw.js", "manifest.webmanifest"}


def _release() -> str:
    """Name all files together, the shell included: whatever changes, everything has new addresses."""
    digest = hashlib.sha256((FOLDER.parents[1] / "templates" / "form.html").read_bytes())
    for name in sorted(FILES):
        digest.update(name.encode() + b"\0" + FILES[name].content + b"\0")
    return digest.hexdigest()[:12]


RELEASE = _release()
BASE = f"/static/form/{RELEASE}"


@pages.get("/", who=ANYBODY)
def front() -> Response:
    """Show the shopper's visits."""
    return _shell()


@pages.get("/visits/<uuid:visit_id>", who=ANYBODY)
def visit(visit_id: UUID) -> Response:
    """Show a visit; which one it is, and whether one may see it, the shell finds out by the API."""
    return _shell("/api/v1/me", f"/api/v1/visits/{visit_id}?include=checklist")


def _shell(*calls: str) -> Response:
    """Return the shell; the ``calls`` that it begins with are under way before its scripts are."""
    language = request.accept_languages.best_match(LANGUAGES, "en")
    html = render_template(
        "form.html",
        base=BASE,
        language=language,
        languages=" ".join(LANGUAGES),
        modules=[*FIRST, f"words/{language}"],
        calls=calls if "access_token_cookie" in request.cookies else (),
    )
    response = _sent(File.of("text/html; charset=utf-8", html.encode()))
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Accept-Language")
    response.headers["Content-Security-Policy"] = _policy()
    return response


@pages.get("/static/form/<release>/<path:filename>", who=ANYBODY)
def file(release: str, filename: str) -> Response:
    """Give a file of this release, to be kept for ever; those of other releases are no more."""
    if release != RELEASE or filename not in FILES:
        abort(404)
    response = _sent(FILES[filename])
    response.headers["Cache-Control"] = FOR_EVER
    return response


@pages.get("/manifest.webmanifest", who=ANYBODY)
def manifest() -> Response:
    """Say how the form is installed."""
    content = FILES["manifest.webmanifest"].content.replace(b"{base}", BASE.encode())
    return current_app.response_class(content, content_type="application/manifest+json")


@pages.get("/sw.js", who=ANYBODY)
def service_worker() -> Response:
    """Give the service worker; it changes with the release and with the policy that it keeps the shell by."""
    policy = _policy()
    files = ["/", "/manifest.webmanifest", *(f"{BASE}/{name}" for name in sorted(FILES.keys() - APART))]
    release = f"{RELEASE}-{hashlib.sha256(policy.encode()).hexdigest()[:8]}"
    first = f"const RELEASE = {json.dumps(release)};\nconst FILES = {json.dumps(files)};\n"
    content = first.encode() + FILES["sw.js"].content
    response = current_app.response_class(content, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = policy
    return response


def _sent(each: File) -> Response:
    packed = len(each.packed) < len(each.content) and request.accept_encodings["gzip"] > 0
    response = current_app.response_class(each.packed if packed else each.content, content_type=each.type)
    response.vary.add("Accept-Encoding")
    if packed:
        response.content_encoding = "gzip"
    return response


def _policy() -> str:
    """Return what the form may load and where it may send: this server, and the photo store."""
    link = parts().store.upload_link("upload", "0" * 64, 1, "image/jpeg").url
    store = urlsplit(link)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' blob:",
            f"connect-src 'self' {store.scheme}://{store.netloc}",
            "worker-src 'self'",
            "manifest-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
