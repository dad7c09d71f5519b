"""Saved views: names for addresses of the dashboard."""

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

#: A page of the dashboard with its filters. What a browser would escape in an address is escaped.
PATH_PATTERN = r"^/dashboard(/[a-z0-9-]+)*(\?[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?$"
MAX_PATH_LENGTH = 2000

#: pages that are about the caller's own account, or change something, rather than show a selection
_NOT_SAVED = ("/dashboard/admin", "/dashboard/account")
#: pages that only reviewers and administrators have
REVIEWER_PAGES = ("/dashboard/reviews",)
#: pages and filters that may name a place in a shared view. Its ID reveals nothing about visits.
_PLACE_PAGE = re.compile(r"/dashboard/(?:locations|regions)/[^/]+")
_PLACE_FILTERS = frozenset({"region_id", "location_id", "for_region"})
_ID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


def find_error(path: str, *, shared: bool) -> tuple[str, str] | None:
    """Return what is wrong with a view whose ``path`` matches ``PATH_PATTERN``: the field and why, or None.

    A shared view must not contain IDs of anything but places: managers could learn of a visit that is not
    accepted, or which visits belong to one shopper.
    """
    page, query = _split(path)
    if any(page == other or page.startswith(f"{other}/") for other in _NOT_SAVED):
        return "path", "Pages for administration and of the account cannot be saved."
    if shared and _has_other_ids(page, query):
        return "shared", "A view of a visit, a dispute or a person cannot be shared."
    return None


def is_for_reviewers(path: str) -> bool:
    """Return whether only reviewers and administrators have the page of a view."""
    return _split(path)[0] in REVIEWER_PAGES


def _has_other_ids(page: str, query: Sequence[tuple[str, str]]) -> bool:
    """Return whether an address contains the ID of anything but a place, wherever that may be."""
    texts = [text for name, value in query for text in (name, "" if name in _PLACE_FILTERS else value)]
    if not _PLACE_PAGE.fullmatch(page):
        texts.append(page)
    return any(_ID.search(text) for text in texts)


def _split(path: str) -> tuple[str, Sequence[tuple[str, str]]]:
    """Return the page of a path, and the names and values of the filters in its query."""
    parts = urlsplit(path)
    return parts.path, parse_qsl(parts.query, keep_blank_values=True)
