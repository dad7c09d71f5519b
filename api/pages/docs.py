"""The API documentation: guides, recipes, and the OpenAPI document, as one page."""

import json
from typing import Any

from flask import Response, abort, current_app, redirect, render_template, url_for

from api.domain import problems
from api.domain.access import ANY_CALLER, PERMISSIONS, SCOPES, SIGNED_IN
from api.http.access import Pages
from api.http.etags import GZIP_SUFFIX, compute_etag
from api.pages.documentation import guides
from api.pages.documentation.operations import describe_operations, describe_people, describe_schemas
from api.pages.files import BASE, File, build_policy, get_style, make_response

pages = Pages("docs", __name__, template_folder="templates")


@pages.get("/docs", permission=ANY_CALLER)
def docs() -> Response:
    """Show the API documentation."""
    extensions = current_app.extensions
    if "docs" not in extensions:
        html = _render(json.loads(extensions["openapi"]))
        extensions["docs"] = File.from_content("text/html; charset=utf-8", html.encode())
    page = extensions["docs"]
    response = make_response(page)
    suffix = GZIP_SUFFIX if response.content_encoding else ""
    response.set_etag(f"{compute_etag(page.content)}{suffix}")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = build_policy("docs", connect="'none'", img="'self'")
    return response


@pages.get("/problems/<code>", permission=ANY_CALLER)
def problem(code: str) -> Response:
    """Redirect the ``type`` of a problem document to its explanation."""
    if code not in (known.code for known in problems.list_problems()):
        abort(404)
    return redirect(url_for("docs.docs", _anchor=f"problem-{code}"))  # type: ignore[return-value]


def _render(document: Any) -> str:
    operations = describe_operations(document)
    sections = [
        (tag, [operation for operation in operations if tag["name"] in operation["tags"]])
        for tag in document["tags"]
    ]
    kinds = problems.list_problems()
    links = guides.make_link_table(operations, (kind.code for kind in kinds))
    links |= dict.fromkeys(SCOPES, "#scopes-list")
    return render_template(
        "docs.html",
        base=BASE,
        style=get_style("docs").decode(),
        info=document["info"],
        guides=guides.read_guides(links),
        recipes=guides.read_recipes(links),
        links=links,
        sections=sections,
        schemas=describe_schemas(document),
        problems=[
            (kind, [operation for operation in operations if kind.code in _list_codes(operation)])
            for kind in kinds
        ],
        scopes=[
            (scope, description, [operation for operation in operations if scope in operation["scopes"]])
            for scope, description in SCOPES.items()
        ],
        permissions=[
            (name, describe_people(permission.roles), sorted(permission.scopes))
            for name, permission in PERMISSIONS.items()
            if name != SIGNED_IN
        ],
    )


def _list_codes(operation: Any) -> set[str]:
    """Return the problems that are listed with an operation, without those that all operations have."""
    return {code for status, codes in operation["problems"] if status for code in codes}
