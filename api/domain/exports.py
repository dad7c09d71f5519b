"""Exports: what can be exported, in which formats, and the life of an export."""

from collections.abc import Mapping
from datetime import timedelta

SCORES, VISITS, ANSWERS, REPORT = KINDS = ("scores", "visits", "answers", "report")
#: by kind: the formats that it is available in
FORMATS: Mapping[str, tuple[str, ...]] = {
    SCORES: ("csv", "xlsx"),
    VISITS: ("csv", "xlsx"),
    ANSWERS: ("csv", "xlsx"),
    REPORT: ("pdf",),
}
ALL_FORMATS = ("csv", "xlsx", "pdf")
#: by format: the content type of its files
CONTENT_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
#: by kind: the scopes that an API client needs for it, all of them
SCOPES: Mapping[str, frozenset[str]] = {
    SCORES: frozenset({"scores:read"}),
    VISITS: frozenset({"visits:read"}),
    ANSWERS: frozenset({"visits:read"}),
    REPORT: frozenset({"scores:read", "visits:read"}),
}
#: the kinds that are calculated from totals by month, so that their periods are whole months
MONTHLY = frozenset({SCORES, REPORT})

QUEUED, RUNNING, READY, FAILED, EXPIRED = STATUSES = ("queued", "running", "ready", "failed", "expired")

#: the exports of an organization that can wait or run at the same time: five, and the one that runs
MAX_UNFINISHED = 6
#: after as many failures, an export is given up
MAX_FAILURES = 3
#: how long the file of an export can be downloaded
FILE_LIFETIME = timedelta(hours=24)
#: how long a link to the file is valid
LINK_LIFETIME = timedelta(minutes=10)
