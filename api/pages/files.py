"""The files of the pages. Their addresses contain the release, so browsers cache them permanently."""

import gzip
import hashlib
import mimetypes
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Response, abort, current_app, render_template, request

from api.domain.access import ANY_CALLER
from api.http.access import Pages
from api.http.context import app_context
from api.http.cookies import ACCESS_TOKEN, read_cookie
from api.pages.joining import Joined, join_modules

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"
IMMUTABLE = "public, max-age=31536000, immutable"
#: the folders of a page, in the order of their style sheets; ``staff`` is shared by those of staff
FOLDERS = {
    "form": ("shared", "form"),
    "dashboard": ("shared", "staff", "dashboard"),
    "admin": ("shared", "staff", "admin"),
    "editor": ("shared", "staff", "admin", "editor"),
    "access": ("shared", "staff", "access"),
    "docs": ("shared", "docs"),
}
#: further folders whose modules a page uses, without their style sheets
MODULE_FOLDERS = {"editor": ("form",)}
#: modules that are joined with a page's ``main.js`` and its imports. The form has all of its screens at hand,
#: because it works offline; the other pages fetch each screen as one file
FURTHER = {"form": tuple(f"form/screens/{name}.js" for name in ("checklist", "review", "unable", "visits"))}

#: modules are served as they are joined; notes and types are for developers
NOT_SERVED = {".js", ".md", ".mts"}

#: lines of comments, and white space at the beginning of lines; a test checks that no literal spans lines
COMMENTS = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/)[\s\S])*\*/|//[^\n]*)[ \t]*\n", re.M)
BLANKS = re.compile(r"^\s+", re.M)

pages = Pages("files", __name__, template_folder="templates")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a page, as it is sent."""

    type: str
    content: bytes
    gzipped: bytes

    @classmethod
    def from_content(cls, type: str, content: bytes) -> "File":
        """Return a file with this content."""
        return cls(type, content, gzip.compress(content, mtime=0))

    @classmethod
    def from_script(cls, text: str) -> "File":
        """Return a script without comments and indentation, which is a fifth smaller.

        Only comments that fill whole lines are removed. Minifiers that know the syntax need Node, and the one
        in Python (rjsmin 1.3) removes spaces inside nested template literals.
        """
        return cls.from_content("text/javascript", BLANKS.sub("", COMMENTS.sub("", text)).encode())

    @classmethod
    def read(cls, path: Path) -> "File":
        """Return a file from disk; its suffix determines the type."""
        types = {".mjs": "text/javascript", ".webmanifest": "application/manifest+json"}
        type_ = types.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return cls.from_content(type_, path.read_bytes())


def _join(page: str) -> Joined:
    """Return the modules of a page, of which those that it always needs are joined."""
    folders = (*FOLDERS[page], *MODULE_FOLDERS.get(page, ()))
    paths = (path for folder in folders for path in (STATIC / folder).rglob("*.js"))
    sources = {path.relative_to(STATIC).as_posix(): path.read_text("utf-8") for path in paths}
    return join_modules(page, sources, FURTHER.get(page, ()))


JOINED = {page: _join(page) for page in FOLDERS}


def _collect_files() -> dict[str, File]:
    """Return all files by path. Each page has one style sheet, which includes the shared ones."""
    paths = (path for path in STATIC.glob("*/**/*.*") if path.suffix not in NOT_SERVED)
    files = {str(path.relative_to(STATIC)): File.read(path) for path in paths}
    for joined in JOINED.values():
        files |= {name: File.from_script(text) for name, text in joined.files.items()}
    return files | {f"{page}/{page}.css": _join_sheets(folders, files) for page, folders in FOLDERS.items()}


def _join_sheets(folders: Iterable[str], files: Mapping[str, File]) -> File:
    """Return the style sheet of a page: those of its folders, one after the other."""
    names = (name for folder in folders for name in _list_sheets(folder, files))
    return File.from_content("text/css", b"".join(files[name].content for name in names))


def _list_sheets(folder: str, files: Iterable[str]) -> list[str]:
    """Return the style sheets of a folder. The tokens come first, because the others use them."""
    names = sorted(name for name in files if name.startswith(f"{folder}/") and name.endswith(".css"))
    return sorted(names, key=lambda name: not name.endswith("tokens.css"))


FILES = _collect_files()


@cache
def get_languages(page: str) -> list[str]:
    """Return the languages that a page is translated to, as language tags."""
    return sorted(Path(name).stem for name in FILES if Path(name).parent == Path(page, "words"))


def _compute_release() -> str:
    """Return a hash of all files and templates: any change gives every file a new address."""
    digest = hashlib.sha256()
    for path in sorted(TEMPLATES.iterdir()):
        digest.update(path.read_bytes())
    for name in sorted(FILES):
        digest.update(name.encode() + b"\0" + FILES[name].content + b"\0")
    return digest.hexdigest()[:12]


RELEASE = _compute_release()
BASE = f"/static/{RELEASE}"


@pages.get("/static/<release>/<path:filename>", permission=ANY_CALLER)
def file(release: str, filename: str) -> Response:
    """Send a file of this release, to be cached permanently; files of other releases do not exist."""
    if release != RELEASE or filename not in FILES:
        abort(404)
    response = make_response(FILES[filename])
    response.headers["Cache-Control"] = IMMUTABLE
    if filename.endswith(".worker.js"):
        # A worker has the policy of its own response, not that of its page.
        response.headers["Content-Security-Policy"] = "default-src 'none'; script-src 'self'"
    return response


def render_shell(page: str, calls: Iterable[str], policy: str, module: str = "", **context: Any) -> Response:
    """Return the HTML that all addresses of a page share, in the language that the browser prefers.

    It preloads the words, the file of a further ``module``, and for callers with a session the responses to
    ``calls`` of the API. All of these are requested before the scripts run. Over HTTP/1.1, browsers make six
    requests at a time, so the most important come first. ``policy`` is the content security policy.
    ``context`` is passed to the template.
    """
    languages = get_languages(page)
    language = request.accept_languages.best_match(languages, "en")
    html = render_template(
        f"{page}.html",
        page=page,
        base=BASE,
        language=language,
        languages=" ".join(languages),
        modules=[
            JOINED[page].get_address(name, language)
            for name in (f"{page}/words/{language}.js", module)
            if name
        ],
        style=get_style(page).decode(),
        calls=calls if has_session() else (),
        **context,
    )
    response = make_response(File.from_content("text/html; charset=utf-8", html.encode()))
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Accept-Language")
    response.headers["Content-Security-Policy"] = policy
    return response


def has_session() -> bool:
    """Return whether the request has the cookie of a session, which may have ended."""
    return bool(read_cookie(ACCESS_TOKEN))


def build_policy(page: str, **sources: str) -> str:
    """Return the content security policy of a page: this server, and further ``sources`` by directive."""
    own_style = f"'sha256-{b64encode(hashlib.sha256(get_style(page)).digest()).decode()}'"
    sources["style"] = " ".join((own_style, *([sources["style"]] if "style" in sources else [])))
    sources = {"default": "'none'", "script": "'self'", "connect": "'self'", **sources}
    directives = (f"{name}-src {source}" for name, source in sources.items())
    return "; ".join((*directives, "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"))


def get_style(page: str) -> bytes:
    """Return the style sheet of a page, which is inlined so that the first paint needs only the HTML."""
    return FILES[f"{page}/{page}.css"].content


def get_photo_origin() -> str:
    """Return the origin of the photo store, for uploads and downloads."""
    link = urlsplit(app_context().store.create_upload_link("upload", "0" * 64, 1, "image/jpeg").url)
    return f"{link.scheme}://{link.netloc}"


def make_response(file: File) -> Response:
    """Return a file, as gzip if the browser accepts that."""
    use_gzip = len(file.gzipped) < len(file.content) and request.accept_encodings["gzip"] > 0
    response = current_app.response_class(file.gzipped if use_gzip else file.content, content_type=file.type)
    response.vary.add("Accept-Encoding")
    if use_gzip:
        response.content_encoding = "gzip"
    return response
