"""The API's documentation for people, made from the OpenAPI document, and the files that pages share."""

import json

from flask import Response, current_app, render_template, send_from_directory

from api.domain.access import ANY_CALLER
from api.http.access import Pages

pages = Pages("pages", __name__, template_folder="templates")


@pages.get("/docs", permission=ANY_CALLER)
def docs() -> str:
    """Show the API's documentation."""
    document = json.loads(current_app.extensions["openapi"])
    return render_template("docs.html", document=document)


@pages.get("/static/<path:filename>", permission=ANY_CALLER)
def static(filename: str) -> Response:
    """Give a file that the pages need."""
    return send_from_directory(f"{pages.root_path}/static", filename)
