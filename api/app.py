"""create_app: the one place where the components of the program are connected."""

import logging
import re
import time
import uuid
from functools import partial
from typing import Any

import flask_smorest
import orjson
from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from api import cli
from api.database.engines import Database
from api.database.failures import ERROR_KINDS
from api.database.replica import Replica
from api.http import admission, converters, problem_documents, replica_reads, tokens
from api.http.compression import negotiate_encoding
from api.http.context import AppContext, close_read_snapshot
from api.http.etags import add_etag
from api.http.openapi import build_document, describe_own_fields
from api.http.rate_limits import RateLimits
from api.http.readiness import Readiness
from api.metrics import METHODS, Gauges, Metrics
from api.pages import access, admin, dashboard, docs, files, form
from api.routes import (
    accounts,
    api_clients,
    audit,
    checklists,
    comments,
    disputes,
    drafts,
    exports,
    health,
    messages,
    notices,
    openapi,
    organizations,
    payments,
    photo_store,
    photos,
    places,
    plans,
    quotas,
    reviews,
    saved_views,
    scores,
    second_factors,
    shopper_records,
    sign_in,
    submissions,
    targets,
    users,
    visits,
    webhooks,
)
from api.services import backlog
from api.services.audit import recording
from api.settings import Settings
from uploads.folder import FolderStore
from uploads.s3 import S3Store
from uploads.store import OPERATIONS, Store

API = "/api/v1"
log = logging.getLogger("api.requests")

#: names that health checks on this machine use, whatever ALLOWED_HOSTS says
LOCAL_HOSTS = ("localhost", "127.0.0.1")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
}
#: The headers that pages of other origins may send and read.
CORS_REQUEST_HEADERS = (
    "Accept",
    "Authorization",
    "Content-Type",
    "Device-Time",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
)
CORS_RESPONSE_HEADERS = (
    "ETag",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
)
#: Without includeSubDomains: other servers of the domain may not use TLS.
HSTS = "max-age=31536000"


class Json(DefaultJSONProvider):
    """JSON of responses: UTF-8, keys in their order, UTC times end with Z."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        """Return JSON without spaces."""
        return orjson.dumps(obj, option=orjson.OPT_UTC_Z).decode()


def create_app(settings: Settings) -> Flask:
    """Create the WSGI application for ``settings``."""
    app = Flask("api", static_folder=None)
    app.json = Json(app)
    app.config.update(
        API_TITLE="Mystery shopper",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        JWT_TOKEN_LOCATION=["headers", "cookies"],
        JWT_COOKIE_CSRF_PROTECT=True,
        JWT_ALGORITHM="HS256",
        MAX_CONTENT_LENGTH=2**20,
        TRUSTED_HOSTS=[*settings.allowed_hosts, *LOCAL_HOSTS] if settings.allowed_hosts else None,
    )
    metrics = app.extensions["metrics"] = Metrics()
    database, store = Database(settings.database_url), _create_store(settings, metrics)
    read_url = settings.database_read_url
    replica = Replica(read_url, database) if read_url else None
    recording.watch(database)
    # Another process needs an application of its own, without shared connections.
    app.extensions["create_app"] = partial(create_app, settings)
    quota = settings.api_rate_limit
    rate_limits = RateLimits(quota, settings.data_dir / "rate_limits.sqlite3") if quota else None
    readiness = Readiness(database, store)
    app.extensions["survey"] = AppContext(settings, database, replica, store, rate_limits, readiness)
    _connect_metrics(metrics, database, replica, store)
    tokens.register(app, settings.keys)
    problem_documents.register(app)
    _add_request_hooks(app, metrics)
    admission.register(app, (f"{API}/", "/photo-store/"))
    if settings.cors_origins:
        _enable_cors(app, settings.cors_origins)
    app.teardown_appcontext(close_read_snapshot)
    _register_routes(app)
    cli.register(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _create_store(settings: Settings, metrics: Metrics) -> Store:
    on_error = metrics.count_store_error
    if settings.photo_bucket is not None:
        return S3Store(
            settings.photo_bucket, settings.photo_endpoint_url, settings.photo_public_url, on_error
        )

    def get_base_url() -> str:
        return settings.photo_public_url or request.host_url.rstrip("/")

    return FolderStore(settings.photo_folder, settings.keys.derive("photo store"), get_base_url, on_error)


def _connect_metrics(metrics: Metrics, database: Database, replica: Replica | None, store: Store) -> None:
    """Count the errors of database and store, and collect gauges when metrics are scraped."""
    metrics.initialize(
        database_errors=ERROR_KINDS,
        store_errors=OPERATIONS,
        replica_reads=replica_reads.OUTCOMES if replica else (),
    )
    database.on_error(metrics.count_database_error)

    def collect_from_database() -> Gauges:
        with database.read_snapshot() as session:
            return backlog.read_gauges(session)

    def check_store() -> Gauges:
        store.check()
        return {}

    metrics.add_source("database", collect_from_database)
    metrics.add_source("store", check_store)
    if replica is not None:
        metrics.add_source("replica", lambda: {"replica_lag_seconds": {(): replica.measure_lag()}})


def _register_routes(app: Flask) -> None:
    api = flask_smorest.Api(app)
    converters.register(app, api)
    describe_own_fields(api)
    # In the order of the work, which is that of the documentation.
    for module in (
        sign_in,
        accounts,
        second_factors,
        api_clients,
        organizations,
        payments,
        places,
        users,
        checklists,
        drafts,
        plans,
        quotas,
        visits,
        submissions,
        photos,
        reviews,
        shopper_records,
        messages,
        scores,
        targets,
        comments,
        disputes,
        saved_views,
        exports,
        webhooks,
        notices,
        audit,
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
    app.register_blueprint(access.pages)
    app.register_blueprint(admin.pages)


def _add_request_hooks(app: Flask, metrics: Metrics) -> None:
    """Add an ID, a line in the log and metrics to every request, and headers to every response."""

    @app.before_request
    def begin() -> None:
        g.request_id = uuid.uuid4().hex
        g.started_at = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        headers.add("X-Request-ID", g.get("request_id", ""))
        if usage := g.get("usage"):
            headers.update(usage.headers())
        for name, value in SECURITY_HEADERS.items():
            if name not in headers:
                headers.add(name, value)
        if request.is_secure:
            headers.add("Strict-Transport-Security", HSTS)
        if "Cache-Control" not in headers:
            has_tokens = request.path.startswith(f"{API}/auth/")
            headers.add("Cache-Control", "no-store" if has_tokens else "private, no-cache")
        if request.method in ("GET", "HEAD"):
            response = negotiate_encoding(add_etag(response))
        record(response)
        return response

    def record(response: Response) -> None:
        route = request.url_rule.rule if request.url_rule else "none"
        seconds = time.perf_counter() - g.get("started_at", time.perf_counter())
        metrics.count_request(route, request.method, response.status_code, seconds)
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
            metrics.count_problem(g.problem)
        log.info("request", extra=entry)


def _enable_cors(app: Flask, origins: tuple[str, ...]) -> None:
    """Let pages of these origins call the API with tokens, never with cookies."""
    CORS(
        app,
        resources=rf"{API}/.*",
        # Complete patterns, because the library treats a text with the brackets of IPv6 as a pattern.
        origins=[re.compile(re.escape(origin) + r"\Z") for origin in origins],
        methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=CORS_REQUEST_HEADERS,
        expose_headers=CORS_RESPONSE_HEADERS,
        max_age=7200,
        always_send=False,
        intercept_exceptions=False,  # error responses pass through after_request too
        # The library omits Vary if it allows nothing. Caches would then use that response for all origins.
        vary_header=False,
    )

    @app.after_request
    def vary(response: Response) -> Response:
        if request.path.startswith(f"{API}/"):
            response.vary.add("Origin")
        return response
