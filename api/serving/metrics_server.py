"""Serves the metrics on an address of their own, for operators."""

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import waitress
from prometheus_client import CONTENT_TYPE_LATEST

from api.metrics import Metrics
from api.serving.listeners import listen
from api.settings import Settings


def listen_for_scrapes(settings: Settings) -> socket.socket | None:
    """Listen on METRICS_HOST and METRICS_PORT; return None if the port is 0.

    Raises SettingsError if that is impossible.
    """
    if not settings.metrics_port:
        return None
    return listen(settings.metrics_host, settings.metrics_port, "METRICS_HOST, METRICS_PORT")


def serve_metrics(metrics: Metrics, listener: socket.socket | None) -> None:
    """Serve ``/metrics`` in a thread that ends with this process. Processes may share the listener."""
    if listener is None:
        return

    def respond(request: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if request["PATH_INFO"] != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"See /metrics.\n"]
        start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
        return [metrics.text()]

    server: Any = waitress.create_server(respond, sockets=[listener], threads=1, ident=None)
    threading.Thread(target=server.run, name="metrics", daemon=True).start()
