"""The pages that people open from a link, without a session, such as an invitation."""

from urllib.parse import quote

from flask import Response, current_app

from api.domain.access import ANY_CALLER
from api.http.access import Pages
from api.pages.files import build_policy, render_shell

pages = Pages("access", __name__)


@pages.get("/invitation", permission=ANY_CALLER)
def invitation() -> Response:
    """Let an invited person choose a password. The token is in the fragment, which servers do not get."""
    return _shell()


@pages.get("/password", permission=ANY_CALLER)
def password() -> Response:
    """Let a person request a link to replace a forgotten password, or use it."""
    return _shell()


@pages.get("/unsubscribe", permission=ANY_CALLER)
def unwanted_mails() -> Response:
    """Let a person switch off the notice of a mail, by a button. The token is in the fragment."""
    return _shell()


@pages.get("/api/v1/unsubscribe/<token>", permission=ANY_CALLER)
def one_click_address(token: str) -> Response:
    """Redirect people who open the address to which mail programs send a POST."""
    return current_app.response_class(status=303, headers={"Location": f"/unsubscribe#{quote(token)}"})


def _shell() -> Response:
    return render_shell("access", (), build_policy("access", img="'self'"))
