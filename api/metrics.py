"""The numbers that operators watch."""

from prometheus_client import CollectorRegistry, Counter, Histogram


class Metrics:
    """Counters of one program; a registry of their own, so that tests may make many programs."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "http_requests", "Requests answered", ["route", "method", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "http_request_seconds", "Time until a request was answered", ["route"], registry=self.registry
        )
