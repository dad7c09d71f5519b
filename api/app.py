"""create_app: the one place where the parts are joined."""

import logging
import time
import uuid
from typing import Any

import flask_smorest
from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from flask_jwt_extended import JWTManager
from werkzeug.middleware.proxy_fix import ProxyFix

from api import cli
from api.metrics import METHODS, Metrics
from api.models.database import Database
from api.pages import home
from api.routes import (
    checklists,
    health,
    openapi,
    photo_store,
    photos,
    places,
    problem_documents,
    reviews,
    scores,
    sign_in,
    submissions,
    users,
    visits,
)
from api.routes.etags import tagged, unless_known
from api.routes.parts import Parts, close_reading
from api.settings import Settings
from uploads.folder import FolderStore
from uploads.s3 import S3Store
from uploads.store import Store

API = "/api/v1"
log = logging.getLogger("api.requests")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}


class Json(DefaultJSONProvider):
    """JSON as it leaves: UTF-8, in the order in which it was built."""

    ensure_ascii = False
    sort_keys = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return JSON without spaces, wherever in the program it is made."""
        return super().dumps(obj, **{"separators": (",", ":"), **kwargs})


def create_app(settings: Settings) -> Flask:
    """Return the program for some settings."""
    app = Flask("api", static_folder=None)
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
    app.extensions["survey"] = Parts(settings, Database(settings.database_url), _store(settings))
    metrics = app.extensions["metrics"] = Metrics()
    JWTManager(app)
    problem_documents.register(app)
    _watch(app, metrics)
    app.teardown_appcontext(close_reading)
    _routes(app)
    cli.register(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _store(settings: Settings) -> Store:
    if settings.photo_bucket is not None:
        return S3Store(settings.photo_bucket, settings.photo_endpoint_url, settings.photo_public_url)

    def base_url() -> str:
        return settings.photo_public_url or request.host_url.rstrip("/")

    return FolderStore(settings.photo_folder, settings.secret_key, base_url)


def _routes(app: Flask) -> None:
    api = flask_smorest.Api(app)
    for module in (
        sign_in,
        checklists,
        places,
        users,
        visits,
        submissions,
        photos,
        reviews,
        scores,
        openapi,
    ):
        api.register_blueprint(module.routes, url_prefix=API)
    api.register_blueprint(photo_store.routes)
    api.register_blueprint(health.routes)
    app.extensions["openapi"] = openapi.describe(api)
    app.register_blueprint(home.pages)


def _watch(app: Flask, metrics: Metrics) -> None:
    """Give every request an id, an entry in the log and the metrics, and every answer its headers."""

    @app.before_request
    def begin() -> None:
        g.request_id = uuid.uuid4().hex
        g.began = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.get("request_id", "")
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if "Cache-Control" not in response.headers:
            secret = request.path.startswith(f"{API}/auth/")
            response.headers["Cache-Control"] = "no-store" if secret else "private, no-cache"
        if request.method in ("GET", "HEAD"):
            response = unless_known(tagged(response))
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
        log.info("request", extra=entry)
