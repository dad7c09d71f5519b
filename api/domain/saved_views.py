"""Saved views: names for addresses of the dashboard."""

from urllib.parse import parse_qsl, urlsplit

#: A page of the dashboard with its filters. What a browser would escape in an address is escaped.
PATH_PATTERN = r"^/dashboard(/[a-z0-9-]+)*(\?[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?$"
MAX_PATH_LENGTH = 2000

#: pages that are about the caller's own account, or change something, rather than show a selection
_NOT_SAVED = ("/dashboard/admin", "/dashboard/account")
#: pages that only reviewers and administrators have
REVIEWER_PAGES = ("/dashboard/reviews",)
#: filters whose values are the IDs of people
_PERSON_FILTERS = frozenset({"shopper_id", "reviewer_id", "user_id", "actor_id"})


def find_error(path: str, *, shared: bool) -> tuple[str, str] | None:
    """Return what is wrong with a view whose ``path`` matches ``PATH_PATTERN``: the field and why, or None.

    A shared view must not name a person: managers could learn which visits belong to one shopper.
    """
    page, query = _split(path)
    if any(page == other or page.startswith(f"{other}/") for other in _NOT_SAVED):
        return "path", "Pages for administration and of the account cannot be saved."
    if shared and not _PERSON_FILTERS.isdisjoint(query):
        return "shared", "A view with a filter by person cannot be shared."
    return None


def is_for_reviewers(path: str) -> bool:
    """Return whether only reviewers and administrators have the page of a view."""
    return _split(path)[0] in REVIEWER_PAGES


def _split(path: str) -> tuple[str, list[str]]:
    """Return the page of a path, and the names of the filters in its query."""
    parts = urlsplit(path)
    return parts.path, [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
