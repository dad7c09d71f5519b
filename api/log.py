"""The log while serving: JSON lines, one for each request and for other events."""

import logging
import re
import traceback
from smtplib import SMTPException
from typing import Any

from pythonjsonlogger.orjson import OrjsonFormatter
from sqlalchemy.exc import OperationalError


def log_as_json() -> None:
    """Write the log to standard error as JSON lines."""
    logging.basicConfig(handlers=[create_handler()], level=logging.WARNING, force=True)
    logging.getLogger("api").setLevel(logging.INFO)


def create_handler(stream: Any = None) -> logging.Handler:
    """Return a handler that writes JSON lines to ``stream``, or to standard error."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(["levelname", "name", "message"], rename_fields={"levelname": "level"}))
    handler.addFilter(_add_request_id)
    handler.addFilter(_redact_library_messages)
    return handler


class _Formatter(OrjsonFormatter):
    """Formats JSON lines with the time. Errors have their type and place, without what people wrote."""

    def __init__(self, *fields: Any, **options: Any) -> None:
        super().__init__(*fields, timestamp="time", **options)

    def formatException(self, ei: Any) -> str:
        """Return the type and traceback of an error and its causes.

        Messages are omitted, because they may repeat user input, except those of the operating system and of
        an unavailable database. Those of mail servers repeat addresses.
        """
        descriptions, error = [], ei[1]
        while error is not None:
            is_safe = isinstance(error, OSError | OperationalError) and not isinstance(error, SMTPException)
            message = f": {error}" if is_safe else ""
            frames = "".join(traceback.format_tb(error.__traceback__))
            descriptions.append(f"{type(error).__name__}{message}\n{frames}")
            error = error.__cause__ or error.__context__
        return "because of ".join(descriptions)


def _add_request_id(record: logging.LogRecord) -> bool:
    # Imported here, so that a process without requests needs no memory for Flask.
    from flask import g, has_request_context

    if has_request_context() and "request_id" in g:
        record.request_id = g.request_id
    return True


def _redact_library_messages(record: logging.LogRecord) -> bool:
    """Remove what may contain secrets: paths and requests from messages of servers, rows from psycopg's."""
    if record.name.startswith(("waitress", "gunicorn")):
        message = re.sub(r"(?s)^(Invalid request from \S+): .*", r"\1", record.getMessage())
        record.msg, record.args = re.sub(r"(^|\s)/\S*", r"\1/…", message), ()
    if record.name.startswith("psycopg"):  # logs an error that another one replaces, with the row
        record.msg, record.args = record.getMessage().partition(": ")[0], ()
    return True
