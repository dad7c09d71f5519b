"""The parts of the running program, as a request finds them."""

from dataclasses import dataclass
from typing import cast

from flask import current_app, g
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.models.database import Database
from api.settings import Settings
from uploads.store import Store


@dataclass(frozen=True, slots=True)
class Parts:
    """What ``create_app`` joined."""

    settings: Settings
    database: Database
    store: Store


def parts() -> Parts:
    """Return the parts of the current program."""
    return cast(Parts, current_app.extensions["survey"])


def reading() -> Session:
    """Return this request's snapshot to read from; it is opened once and closed with the request."""
    if "reading" not in g:
        g.reading_context = parts().database.reading()
        g.reading = g.reading_context.__enter__()
    return cast(Session, g.reading)


def close_reading(error: BaseException | None = None) -> None:
    """Give the snapshot back, if one was opened."""
    context = g.pop("reading_context", None)
    g.pop("reading", None)
    if context is not None:
        context.__exit__(None, None, None)


def actor() -> Actor:
    """Return who is calling; only within a route that asks for somebody."""
    return cast(Actor, g.actor)
