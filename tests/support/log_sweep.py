"""Sweeps the log of a whole test run for what must be in no log: tokens, passwords, answers, signed links.

``SWEEP`` formats what the program logs as the serving program does, and learns what is secret from the
requests and answers themselves. ``tests/conftest.py`` has it listen from the first test to the last.
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

#: what is in no log, whoever it was given to
SECRET_SHAPES = re.compile(
    r"""eyJ[\w-]{8,}              # a JWT, or a link of the embedded photo store
    | X-Amz-\w+                   # a link of S3
    | /photo-store/[^<\s"]+       # any link of the embedded store
    | \$argon2 | whsec_
    | ://[^/\s:@]+:[^/\s@]+@      # an address with its password
    """,
    re.VERBOSE,
)
#: what differs from line to line and can hold nothing else
CHANGING = re.compile(
    r'"time":"[-0-9T:.+]+"|"request_id":"[0-9a-f]{32}"|"(ms|seconds)":[-0-9.e]+|0x[0-9a-f]{8,}'
)
HANDED_OUT = re.compile(
    rb'"(?:access_token|refresh_token|client_secret|secret|url|download)":\s*"([^"]{8,})"'
)
PASSWORDS = ("password", "old_password", "new_password", "client_secret")
LONGEST = 200


class Sweep:
    """What was logged, every kind of line once, and what must not be in it."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.lines: set[str] = set()
        self.secrets = set(secrets)
        self.handler = log.create_handler(self)
        self.handler.addFilter(_is_served)

    # The log, as a stream that a handler writes to.

    def write(self, text: str) -> None:
        """Take what was logged."""
        self.lines.update(CHANGING.sub("", line) for line in text.splitlines())

    def flush(self) -> None:
        """Nothing waits."""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear what this process logs, at the levels of serving, and what is sent and answered."""
        root, program = logging.getLogger(), logging.getLogger("api")
        before = program.level
        program.setLevel(logging.INFO)
        root.addHandler(self.handler)
        flask.request_finished.connect(self.learn)
        try:
            yield
        finally:
            flask.request_finished.disconnect(self.learn)
            root.removeHandler(self.handler)
            program.setLevel(before)

    # What is secret.

    def learn(self, _app: Flask, response: Response) -> None:
        """Remember what a request brought, and the tokens and links that its answer hands out."""
        self.secrets.update(_texts(g.get("body"), ""))
        for text in (request.headers.get("Device-Time", ""), request.query_string.decode(errors="replace")):
            if len(text) >= 12:
                self.secrets.add(text[:LONGEST])
        if request.method != "GET" and response.is_json:
            found = HANDED_OUT.findall(response.get_data())
            self.secrets.update(each.decode()[:LONGEST] for each in found)

    def leaks(self) -> list[str]:
        """Return what is secret and was logged all the same, with the line that holds it."""
        text = "\n".join(self.lines)
        found = {secret for secret in self.secrets if secret in text or json.dumps(secret)[1:-1] in text}
        found.update(match[0] for match in SECRET_SHAPES.finditer(text))
        return sorted(f"{secret!r} in: {line}" for secret in found for line in self.lines
                      if secret in line or json.dumps(secret)[1:-1] in line)  # fmt: skip


def _is_served(record: logging.LogRecord) -> bool:
    """Whether the serving program would log this: its own lines from INFO on, others' from WARNING on."""
    own = record.name == "api" or record.name.startswith("api.")
    return record.levelno >= (logging.INFO if own else logging.WARNING)


def _texts(value: Any, name: str) -> Iterator[str]:
    """Yield the passwords of a body, and whatever else in it is long enough not to be met by chance."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _texts(below, key)
    elif isinstance(value, list):
        for below in value:
            yield from _texts(below, name)
    elif isinstance(value, str):
        text = value.strip()[:LONGEST]
        if len(text) >= 8 and len(set(text)) >= 4 and (name in PASSWORDS or not _is_word(text)):
            yield text
    elif isinstance(value, float) and len(repr(value)) >= 9:
        yield repr(value)


def _is_word(text: str) -> bool:
    """Whether a text could be a key, an id or a path as well as something that a person wrote."""
    return text.isascii() and "@" not in text and len(text.split()) == 1


SWEEP = Sweep((demo.PASSWORD, "four-random-words", "a password of mine"))
