"""What the server reads from the API while it renders a page, so that the page can preload calls.

Which calls a page makes may depend on the response to another call. In the browser, that is one more round
trip, half a second on a slow phone line; here, it takes some milliseconds.
"""

import time
from collections.abc import Sequence
from typing import Any

from flask import current_app, g, request

from api.domain.access import ADMIN, REVIEWER
from api.pages.files import has_session

#: A call that takes longer is the last one for its page
PATIENCE_SECONDS = 1.0


def read_api(path: str) -> Any:
    """Return the JSON of a call with the session of this request, or None if it does not succeed.

    After a call that fails or is slow, this request makes no more of them, so that the page does not wait.
    """
    if not has_session() or g.get("lookups_ended"):
        return None
    started_at = time.monotonic()
    with current_app.app_context():  # of its own: the call has its own snapshot, ID and time
        response = current_app.test_client(use_cookies=False).get(
            path,
            base_url=request.host_url,
            headers={"Cookie": request.headers.get("Cookie", "")},
            environ_overrides={"REMOTE_ADDR": request.remote_addr},
        )
    has_succeeded = response.status_code == 200
    if not has_succeeded or time.monotonic() - started_at > PATIENCE_SECONDS:
        g.lookups_ended = True
    return response.json if has_succeeded else None


def read_items(path: str) -> Sequence[Any]:
    """Return the items of a page of a list; none if the call does not succeed."""
    page = read_api(path)
    return page["items"] if page else ()


def find_reviewer() -> str | None:
    """Return the ID of the reviewer or administrator whose session this request has, or None."""
    me = read_api("/api/v1/me")
    return me["id"] if me and me["role"] in (REVIEWER, ADMIN) else None
