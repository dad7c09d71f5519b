"""The app context: the components of the running program, the request's read snapshot and its actor."""

from dataclasses import dataclass
from ipaddress import IPv6Network, ip_address
from typing import cast

from flask import current_app, g, request
from sqlalchemy.orm import Session

from api.database.engines import Database
from api.database.replica import Replica
from api.database.statements import Autocommit
from api.domain.access import Actor
from api.http.rate_limits import RateLimits
from api.http.readiness import Readiness
from api.settings import Settings
from uploads.store import Store


@dataclass(frozen=True, slots=True)
class AppContext:
    """The components that ``create_app`` connects."""

    settings: Settings
    database: Database
    replica: Replica | None
    store: Store
    rate_limits: RateLimits | None
    readiness: Readiness


def app_context() -> AppContext:
    """Return the components of the current program."""
    return cast(AppContext, current_app.extensions["survey"])


def autocommit() -> Autocommit:
    """Return the runner for single prepared queries, each of which reads a snapshot of its own."""
    return app_context().database.autocommit


def read_snapshot() -> Session:
    """Return the session that this request reads from; all its queries see one moment."""
    session: Session | None = g.get("read_snapshot")
    if session is None:
        session = g.read_snapshot = app_context().database.read_snapshot()
    return session


def detach_read_snapshot() -> Session:
    """Return the session that this request reads from. It outlives the request, and the caller closes it."""
    session = read_snapshot()
    g.pop("read_snapshot")
    return session


def close_read_snapshot(error: BaseException | None = None) -> None:
    """Close the request's read snapshot, if one was opened."""
    session: Session | None = g.pop("read_snapshot", None)
    if session is not None and session.in_transaction():  # otherwise it holds no connection
        session.close()


def current_actor() -> Actor:
    """Return the person or API client that calls; only for routes that require an access token."""
    return cast(Actor, g.actor)


def get_caller_network() -> str:
    """Return the caller's IPv4 address, or their IPv6 /64 network, within which they can use any address."""
    address = request.remote_addr or "unknown"
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if ip.version == 4 or ip.ipv4_mapped:
        return address
    return str(IPv6Network((ip, 64), strict=False))
