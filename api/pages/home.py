"""The plain front page, and the API's documentation for people, made from the OpenAPI document."""

import json

from flask import Blueprint, Response, current_app, render_template

pages = Blueprint(
    "pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
)


def _public(view):  # type: ignore[no-untyped-def]
    view.who = "anybody"
    return view


@pages.get("/")
@_public
def front() -> str:
    """Say what this is."""
    return render_template("home.html")


@pages.get("/docs")
@_public
def docs() -> str:
    """Show the API's documentation."""
    document = json.loads(current_app.extensions["openapi"])
    return render_template("docs.html", document=document)


@pages.get("/api/v1/openapi.json")
@_public
def openapi() -> Response:
    """Give the OpenAPI document."""
    return current_app.response_class(current_app.extensions["openapi"], content_type="application/json")
