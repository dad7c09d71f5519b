"""The files of the pages: all of a release have an address of that release, which browsers keep for ever."""

import gzip
import hashlib
import mimetypes
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from flask import Response, abort, current_app, render_template, request

from api.domain.access import ANY_CALLER
from api.http.access import Pages
from api.http.context import app_context
from api.pages.joining import Joined, join_modules

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"
FOR_EVER = "public, max-age=31536000, immutable"
#: what each page has in one file with its ``main.js`` and that one's imports; the rest is fetched when wanted
FURTHER = {
    "form": tuple(f"form/screens/{name}.js" for name in ("checklist", "review", "unable", "visits")),
    # What most screens share, so that each of them is one more file.
    "dashboard": tuple(f"dashboard/{name}.js" for name in ("charts", "checklists", "report", "table")),
}

#: lines that are comments, and blanks at the beginning of a line; a test sees that no literal spans lines
COMMENTS = re.compile(r"^[ \t]*(?:/\*[\s\S]*?\*/|//[^\n]*)[ \t]*\n", re.M)
BLANKS = re.compile(r"^\s+", re.M)

pages = Pages("files", __name__, template_folder="templates")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a page, as it is sent."""

    type: str
    content: bytes
    packed: bytes

    @classmethod
    def of(cls, type: str, content: bytes) -> "File":
        """Return a file with this content."""
        return cls(type, content, gzip.compress(content, mtime=0))

    @classmethod
    def script(cls, text: str) -> "File":
        """Return a script without comments and indentation: a fifth less for a phone to fetch.

        Only whole lines of comments go, and blanks where a line begins. Minifiers that know the syntax need
        Node, and the one in Python (rjsmin 1.3) removes blanks inside nested template literals.
        """
        return cls.of("text/javascript", BLANKS.sub("", COMMENTS.sub("", text)).encode())

    @classmethod
    def read(cls, path: Path) -> "File":
        """Return a file of the disk."""
        known = {".webmanifest": "application/manifest+json"}
        kind = known.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return cls.of(kind, path.read_bytes())


def _joined(page: str) -> Joined:
    """Return the modules of a page, those joined that it always needs."""
    paths = (path for folder in (page, "shared") for path in (STATIC / folder).rglob("*.js"))
    sources = {path.relative_to(STATIC).as_posix(): path.read_text("utf-8") for path in paths}
    return join_modules(page, sources, FURTHER[page])


JOINED = {page: _joined(page) for page in FURTHER}


def _files() -> dict[str, File]:
    """Return all files by their path; a page has one style sheet, which has the shared ones in it."""
    paths = (path for path in STATIC.glob("*/**/*.*") if path.suffix != ".js")
    files = {str(path.relative_to(STATIC)): File.read(path) for path in paths}
    for joined in JOINED.values():
        files |= {name: File.script(text) for name, text in joined.files.items()}
    sheets: dict[str, list[str]] = {}
    for name in sorted(files):
        folder, _, file = name.partition("/")
        if file.endswith(".css"):
            sheets.setdefault(folder, []).append(name)
    # The tokens name what everything after them uses.
    shared = sorted(sheets.pop("shared"), key=lambda name: not name.endswith("tokens.css"))
    for folder, names in sheets.items():
        whole = b"".join(files[name].content for name in (*shared, *names))
        files[f"{folder}/{folder}.css"] = File.of("text/css", whole)
    return files


FILES = _files()


def languages(page: str) -> list[str]:
    """Return the languages that a page has words of."""
    return sorted(Path(name).stem for name in FILES if Path(name).parent == Path(page, "words"))


def _release() -> str:
    """Name all files together, the shells included: whatever changes, everything has new addresses."""
    digest = hashlib.sha256()
    for path in sorted(TEMPLATES.iterdir()):
        digest.update(path.read_bytes())
    for name in sorted(FILES):
        digest.update(name.encode() + b"\0" + FILES[name].content + b"\0")
    return digest.hexdigest()[:12]


RELEASE = _release()
BASE = f"/static/{RELEASE}"


@pages.get("/static/<release>/<path:filename>", permission=ANY_CALLER)
def file(release: str, filename: str) -> Response:
    """Give a file of this release, to be kept for ever; those of other releases are no more."""
    if release != RELEASE or filename not in FILES:
        abort(404)
    response = _sent(FILES[filename])
    response.headers["Cache-Control"] = FOR_EVER
    if filename.endswith(".worker.js"):
        # A worker has the policy that it came with, and not that of its page.
        response.headers["Content-Security-Policy"] = "default-src 'none'; script-src 'self'"
    return response


def shell(page: str, calls: Iterable[str], policy: str, module: str = "") -> Response:
    """Return the HTML with which all addresses of a page begin, in one of its languages.

    The words are fetched at once with ``main.js``, and so are a further ``module`` with its imports, and the
    ``calls`` of the API if somebody is signed in: these are under way before the scripts are.
    """
    known = languages(page)
    language = request.accept_languages.best_match(known, "en")
    html = render_template(
        f"{page}.html",
        base=BASE,
        language=language,
        languages=" ".join(known),
        modules=[f"{page}/words/{language}.js", *(JOINED[page].imports[module] if module else ())],
        style=_style(page).decode(),
        calls=calls if "access_token_cookie" in request.cookies else (),
    )
    response = _sent(File.of("text/html; charset=utf-8", html.encode()))
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Accept-Language")
    response.headers["Content-Security-Policy"] = policy
    return response


def policy(page: str, **more: str) -> str:
    """Return what a page may load and where it may send: this server, and what ``more`` says by directive."""
    style = f"'sha256-{b64encode(hashlib.sha256(_style(page)).digest()).decode()}'"
    sources = {"default": "'none'", "script": "'self'", "style": style, "connect": "'self'", **more}
    fetched = (f"{name}-src {source}" for name, source in sources.items())
    return "; ".join((*fetched, "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"))


def _style(page: str) -> bytes:
    """Return a page's style, which is in its HTML, so that the first paint waits for nothing else."""
    return FILES[f"{page}/{page}.css"].content


def photo_origin() -> str:
    """Return the origin that photos are sent to and come from."""
    link = urlsplit(app_context().store.create_upload_link("upload", "0" * 64, 1, "image/jpeg").url)
    return f"{link.scheme}://{link.netloc}"


def _sent(each: File) -> Response:
    packed = len(each.packed) < len(each.content) and request.accept_encodings["gzip"] > 0
    response = current_app.response_class(each.packed if packed else each.content, content_type=each.type)
    response.vary.add("Accept-Encoding")
    if packed:
        response.content_encoding = "gzip"
    return response
