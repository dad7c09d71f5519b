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
    """Return what this request reads from; queries of its transaction, once begun, see one moment."""
    session: Session | None = g.get("reading")
    if session is None:
        session = g.reading = parts().database.reading()
    return session


def close_reading(error: BaseException | None = None) -> None:
    """Give the snapshot back, if one was opened."""
    session: Session | None = g.pop("reading", None)
    if session is not None and session.in_transaction():  # else it holds nothing
        session.close()


def actor() -> Actor:
    """Return who is calling; only within a route that asks for somebody."""
    return cast(Actor, g.actor)
