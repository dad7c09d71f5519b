"""Searches the log of a complete test run for secrets: tokens, passwords, answers, signed links.

``SWEEP`` formats records like the server, and learns secrets from requests and responses.
``tests/conftest.py`` starts it before the first test and checks it after the last.
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import flask
from flask import Flask, Response, g, request

from api import log
from api.services import demo

#: Secrets that are recognized by their format.
SECRET_SHAPES = re.compile(
    r"""eyJ[\w-]{8,}              # a JWT, or a link of the folder store
    | X-Amz-\w+                   # a link of S3
    | /photo-store/[^<\s"]+       # any link of the folder store
    | \$argon2 | whsec_
    | ://[^/\s:@]+:[^/\s@]+@      # a URL with a password
    """,
    re.VERBOSE,
)
#: Values that differ from line to line and cannot contain anything else.
VARYING = re.compile(
    r'"time":"[-0-9T:.+]+"|"request_id":"[0-9a-f]{32}"|"(ms|seconds)":[-0-9.e]+|0x[0-9a-f]{8,}'
)
ISSUED = re.compile(rb'"(?:access_token|refresh_token|client_secret|secret|url|download)":\s*"([^"]{8,})"')
PASSWORDS = ("password", "old_password", "new_password", "client_secret")
MAX_LENGTH = 200


class Sweep:
    """The distinct lines of a log, and the secrets that must not be in them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.lines: set[str] = set()
        self.secrets = set(secrets)
        self.handler = log.create_handler(self)
        self.handler.addFilter(_is_served)

    # The log, as the stream of a handler.

    def write(self, text: str) -> None:
        """Add lines of the log."""
        self.lines.update(VARYING.sub("", line) for line in text.splitlines())

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Collect what this process logs, at the levels of the server, and learn from its requests."""
        root, program = logging.getLogger(), logging.getLogger("api")
        previous_level = program.level
        program.setLevel(logging.INFO)
        root.addHandler(self.handler)
        flask.request_finished.connect(self.learn)
        try:
            yield
        finally:
            flask.request_finished.disconnect(self.learn)
            root.removeHandler(self.handler)
            program.setLevel(previous_level)

    # The secrets.

    def learn(self, _app: Flask, response: Response) -> None:
        """Remember the content of a request, and the tokens and links of its response."""
        self.secrets.update(_texts(g.get("body"), ""))
        for text in (request.headers.get("Device-Time", ""), request.query_string.decode(errors="replace")):
            if len(text) >= 12:
                self.secrets.add(text[:MAX_LENGTH])
        if request.method != "GET" and response.is_json:
            issued = ISSUED.findall(response.get_data())
            self.secrets.update(secret.decode()[:MAX_LENGTH] for secret in issued)

    def leaks(self) -> list[str]:
        """Return each secret that was logged, with its line."""
        text = "\n".join(self.lines)
        leaked = {secret for secret in self.secrets if secret in text or json.dumps(secret)[1:-1] in text}
        leaked.update(match[0] for match in SECRET_SHAPES.finditer(text))
        return sorted(f"{secret!r} in: {line}" for secret in leaked for line in self.lines
                      if secret in line or json.dumps(secret)[1:-1] in line)  # fmt: skip


def _is_served(record: logging.LogRecord) -> bool:
    """Return whether the server logs this: its own records from INFO, those of libraries from WARNING."""
    own = record.name == "api" or record.name.startswith("api.")
    return record.levelno >= (logging.INFO if own else logging.WARNING)


def _texts(value: Any, name: str) -> Iterator[str]:
    """Yield the passwords of a body, and other texts that are too long to be in the log by chance."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, name)
    elif isinstance(value, str):
        text = value.strip()[:MAX_LENGTH]
        if len(text) >= 8 and len(set(text)) >= 4 and (name in PASSWORDS or not _is_word(text)):
            yield text
    elif isinstance(value, float) and len(repr(value)) >= 9:
        yield repr(value)


def _is_word(text: str) -> bool:
    """Return whether a text can be a key, an ID or a path as well as something that a person wrote."""
    return text.isascii() and "@" not in text and len(text.split()) == 1


SWEEP = Sweep((demo.PASSWORD, "four-random-words", "a password of mine"))
