"""The app context: the components of the running program, as a request finds them."""

from dataclasses import dataclass
from typing import cast

from flask import current_app, g
from sqlalchemy.orm import Session

from api.database.engines import Database
from api.domain.access import Actor
from api.settings import Settings
from uploads.store import Store


@dataclass(frozen=True, slots=True)
class AppContext:
    """The components that ``create_app`` connects."""

    settings: Settings
    database: Database
    store: Store


def app_context() -> AppContext:
    """Return the parts of the current program."""
    return cast(AppContext, current_app.extensions["survey"])


def read_snapshot() -> Session:
    """Return what this request reads from; queries of its transaction, once begun, see one moment."""
    session: Session | None = g.get("read_snapshot")
    if session is None:
        session = g.read_snapshot = app_context().database.read_snapshot()
    return session


def close_read_snapshot(error: BaseException | None = None) -> None:
    """Give the snapshot back, if one was opened."""
    session: Session | None = g.pop("read_snapshot", None)
    if session is not None and session.in_transaction():  # else it holds nothing
        session.close()


def actor() -> Actor:
    """Return who is calling; only within a route that asks for somebody."""
    return cast(Actor, g.actor)
