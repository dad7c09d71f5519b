"""The log, when serving: a line of JSON for each request and whatever else there is to tell."""

import logging
import re
import traceback
from typing import Any

from flask import g, has_request_context
from pythonjsonlogger.orjson import OrjsonFormatter
from sqlalchemy.exc import OperationalError


def log_as_json() -> None:
    """Write the log to standard error as lines of JSON."""
    logging.basicConfig(handlers=[log_handler()], level=logging.WARNING, force=True)
    logging.getLogger("api").setLevel(logging.INFO)
    # A line tells its logger; where in the file it was written would be looked up for each request.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def log_handler(stream: Any = None) -> logging.Handler:
    """Return what writes the log as lines of JSON, to standard error unless told otherwise."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Json(["levelname", "name", "message"], rename_fields={"levelname": "level"}))
    handler.addFilter(_fit_to_keep)
    return handler


class _Json(OrjsonFormatter):
    """JSON lines with the time, in which an error is told by its kind and place."""

    def __init__(self, *fields: Any, **options: Any) -> None:
        super().__init__(*fields, timestamp="time", **options)

    def formatException(self, ei: Any) -> str:
        """Return where an error and its causes happened; what most say may repeat what somebody wrote."""
        told, error = [], ei[1]
        while error is not None:
            words = f": {error}" if isinstance(error, OSError | OperationalError) else ""
            where = "".join(traceback.format_tb(error.__traceback__))
            told.append(f"{type(error).__name__}{words}\n{where}")
            error = error.__cause__ or error.__context__
        return "because of ".join(told)


def _fit_to_keep(record: logging.LogRecord) -> bool:
    """Name the request that a line is about, and drop what servers repeat of it: it may hold a secret."""
    if has_request_context() and "request_id" in g:
        record.request_id = g.request_id
    if record.name.startswith(("waitress", "gunicorn")):
        told = re.sub(r"(?s)^(Invalid request from \S+): .*", r"\1", record.getMessage())
        record.msg, record.args = re.sub(r"(^|\s)/\S*", r"\1/…", told), ()
    return True
