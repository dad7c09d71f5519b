"""create_app: the one place where the parts are joined."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import flask_smorest
import orjson
from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from flask_cors import CORS
from flask_jwt_extended import JWTManager
from werkzeug.middleware.proxy_fix import ProxyFix

from api import cli
from api.database.engines import ERROR_KINDS, Database
from api.http import converters, problem_documents
from api.http.compression import negotiate_encoding
from api.http.context import AppContext, close_read_snapshot
from api.http.etags import add_etag
from api.http.openapi import build_document
from api.metrics import METHODS, Metrics, Numbers
from api.pages import dashboard, docs, files, form
from api.routes import (
    checklists,
    comments,
    health,
    openapi,
    organizations,
    photo_store,
    photos,
    places,
    reviews,
    scores,
    sign_in,
    submissions,
    users,
    visits,
)
from api.services import backlog
from api.settings import Settings
from uploads.folder import FolderStore
from uploads.s3 import S3Store
from uploads.store import OPERATIONS, Store

API = "/api/v1"
log = logging.getLogger("api.requests")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
}
#: the headers that pages of other origins may send and read
CORS_TAKES = (
    "Accept",
    "Authorization",
    "Content-Type",
    "Device-Time",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
)
CORS_SHOWS = ("ETag", "Link", "Location", "Retry-After", "WWW-Authenticate", "X-Request-ID")
#: of this host alone: what else its domain serves is not ours to decide about
BEHIND_TLS = "max-age=31536000"


class _Flask(Flask):
    """Flask for functions that are all synchronous."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is; Flask would look at each of them again for each request."""
        return func


class Json(DefaultJSONProvider):
    """JSON as it leaves: UTF-8, in the order in which it was built, times of UTC with a Z."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        """Return JSON without spaces, wherever in the program it is made."""
        return orjson.dumps(obj, option=orjson.OPT_UTC_Z).decode()


def create_app(settings: Settings) -> Flask:
    """Return the program for some settings."""
    app = _Flask("api", static_folder=None)
    app.json = Json(app)
    app.config.update(
        API_TITLE="Mystery shopper",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        JWT_SECRET_KEY=settings.secret_key,
        JWT_TOKEN_LOCATION=["headers", "cookies"],
        JWT_COOKIE_CSRF_PROTECT=True,
        JWT_ALGORITHM="HS256",
        MAX_CONTENT_LENGTH=2**20,
    )
    metrics = app.extensions["metrics"] = Metrics()
    database, store = Database(settings.database_url), _store(settings, metrics)
    #: makes the same program again, for another process
    app.extensions["anew"] = partial(create_app, settings)
    app.extensions["survey"] = AppContext(settings, database, store)
    _measure(metrics, database, store)
    JWTManager(app)
    problem_documents.register(app)
    _watch(app, metrics)
    if settings.cors_origins:
        _allow_origins(app, settings.cors_origins)
    app.teardown_appcontext(close_read_snapshot)
    _routes(app)
    cli.register(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _store(settings: Settings, metrics: Metrics) -> Store:
    tell = metrics.store_error
    if settings.photo_bucket is not None:
        return S3Store(settings.photo_bucket, settings.photo_endpoint_url, settings.photo_public_url, tell)

    def base_url() -> str:
        return settings.photo_public_url or request.host_url.rstrip("/")

    return FolderStore(settings.photo_folder, settings.secret_key, base_url, tell)


def _measure(metrics: Metrics, database: Database, store: Store) -> None:
    """Have the errors of database and store counted, and both asked how they are when somebody looks."""
    metrics.expect(database_errors=ERROR_KINDS, store_errors=OPERATIONS)
    database.on_error(metrics.database_error)

    def ask_database() -> Numbers:
        with database.read_snapshot() as session:
            return backlog.read_gauges(session)

    def ask_store() -> Numbers:
        store.check()
        return {}

    metrics.ask("database", ask_database)
    metrics.ask("store", ask_store)


def _routes(app: Flask) -> None:
    api = flask_smorest.Api(app)
    converters.register(app, api)
    for module in (
        sign_in,
        checklists,
        organizations,
        places,
        users,
        visits,
        submissions,
        photos,
        reviews,
        scores,
        comments,
        openapi,
    ):
        api.register_blueprint(module.routes, url_prefix=API)
    api.register_blueprint(photo_store.routes)
    api.register_blueprint(health.routes)
    app.extensions["openapi"] = build_document(api)
    app.register_blueprint(docs.pages)
    app.register_blueprint(files.pages)
    app.register_blueprint(form.pages)
    app.register_blueprint(dashboard.pages)


def _watch(app: Flask, metrics: Metrics) -> None:
    """Give every request an id, an entry in the log and the metrics, and every answer its headers."""

    @app.before_request
    def begin() -> None:
        g.request_id = uuid.uuid4().hex
        g.began = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        headers.add("X-Request-ID", g.get("request_id", ""))
        for name, value in SECURITY_HEADERS.items():
            if name not in headers:
                headers.add(name, value)
        if request.is_secure:
            headers.add("Strict-Transport-Security", BEHIND_TLS)
        if "Cache-Control" not in headers:
            secret = request.path.startswith(f"{API}/auth/")
            headers.add("Cache-Control", "no-store" if secret else "private, no-cache")
        if request.method in ("GET", "HEAD"):
            response = negotiate_encoding(add_etag(response))
        _note(response)
        return response

    def _note(response: Response) -> None:
        route = request.url_rule.rule if request.url_rule else "none"
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        metrics.count(route, request.method, response.status_code, seconds)
        entry: dict[str, Any] = {
            "request_id": g.get("request_id"),
            "method": request.method if request.method in METHODS else "other",
            "route": route,
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
        }
        if "actor" in g:
            entry["role"] = g.actor.role
        if "problem" in g:
            entry["problem"] = g.problem
            metrics.problem(g.problem)
        log.info("request", extra=entry)


def _allow_origins(app: Flask, origins: tuple[str, ...]) -> None:
    """Let pages of these origins call the API with tokens; cookies never cross."""
    CORS(
        app,
        resources=rf"{API}/.*",
        # As patterns, each for the whole: the brackets of an IPv6 address would be taken for one.
        origins=[re.compile(re.escape(origin) + r"\Z") for origin in origins],
        methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=CORS_TAKES,
        expose_headers=CORS_SHOWS,
        max_age=7200,
        always_send=False,
        intercept_exceptions=False,  # what is refused passes here as well
        # The library leaves Vary out where it allows nothing, and caches would keep that answer for all.
        vary_header=False,
    )

    @app.after_request
    def vary(response: Response) -> Response:
        if request.path.startswith(f"{API}/"):
            response.vary.add("Origin")
        return response
