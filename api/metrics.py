"""Metrics for operators: counts, durations and sizes. Nothing in them identifies a person."""

import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import wait

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client import values as value_classes
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from api import shared_counts
from api.background import SingleFlight

value_classes.ValueClass = shared_counts.Count
disable_created_metrics()  # the time at which a count began differs between processes

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: A source that takes longer is reported as down. Prometheus itself waits for 10 seconds.
SOURCE_TIMEOUT_SECONDS = 3.0

#: Gauge → its help text and labels. Sources provide the values when metrics are scraped.
GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "worker_tasks_waiting": ("Tasks that are due now or later, the first 10000 by time", ("kind", "state")),
    "worker_oldest_due_task_seconds": ("How long the oldest due task has been due", ()),
    "visits_waiting": ("Visits that wait for the next step, up to 10000 per organization", ("step",)),
    "photos_waiting": ("Photos declared within a week and not stored, up to 10000", ()),
    "photos_oldest_waiting_seconds": ("How long ago the oldest of photos_waiting was declared", ()),
    "changes_unpublished": ("Changes that webhooks have not been checked for, up to 10000", ()),
    "webhook_deliveries_due": ("Deliveries to webhooks that are due, up to 10000", ()),
    "webhook_oldest_due_delivery_seconds": ("How long the oldest of webhook_deliveries_due has been due", ()),
    "webhooks": ("Webhooks that work, that fail at present, and that are disabled", ("state",)),
    "database_size_bytes": ("Size of the database", ()),
    "replica_lag_seconds": ("How far the replica is behind, measured at each scrape", ()),
}

#: Gauge → the values of its labels → its value.
Gauges = Mapping[str, Mapping[tuple[str, ...], float]]
#: Returns gauges, or raises if their source is unavailable.
Collect = Callable[[], Gauges]

log = logging.getLogger(__name__)


class Metrics:
    """The metrics of one application, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._metrics: dict[str, Counter | Histogram] = {}
        self._requests = self._counter(
            "http_requests", "Requests with a response", "route", "method", "status"
        )
        self._seconds = self._histogram("http_request_seconds", "Time until the response", "route")
        self._problems = self._counter("problems", "Problem documents by their code", "code")
        self._database_errors = self._counter("database_errors", "Errors of the database by kind", "kind")
        self._replica_reads = self._counter(
            "replica_reads", "Requests that may read from the replica, by how that went", "outcome"
        )
        self._store_errors = self._counter("store_errors", "Failures of the photo store", "operation")
        self._missing_photos = self._counter(
            "photos_missing", "How often a stored photo was found to be missing in the store", "found_by"
        )
        self._tasks = self._counter("worker_tasks", "Tasks that the worker tried", "kind", "outcome")
        self._task_seconds = self._histogram("worker_task_seconds", "Time that a task took", "kind")
        self._webhooks = self._counter("webhook_attempts", "Attempts to send a webhook", "event", "outcome")
        self._webhook_seconds = self._histogram(
            "webhook_attempt_seconds", "Time that an attempt took", "event"
        )
        self._gauges = _GaugeCollector()

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        counter = self._metrics[name] = Counter(name, help_text, labels, registry=self._registry)
        return counter

    def _histogram(self, name: str, help_text: str, *labels: str) -> Histogram:
        histogram = self._metrics[name] = Histogram(name, help_text, labels, registry=self._registry)
        return histogram

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request. Unknown methods are counted together as "other"."""
        self._requests.labels(route, method if method in METHODS else "other", status).inc()
        self._seconds.labels(route).observe(seconds)

    def count_problem(self, code: str) -> None:
        """Count a problem document that was returned."""
        self._problems.labels(code).inc()

    def count_database_error(self, kind: str) -> None:
        """Count an error of the database, with its kind (one of ``ERROR_KINDS``)."""
        self._database_errors.labels(kind).inc()

    def count_replica_read(self, outcome: str) -> None:
        """Count a request that may read from the replica, with one of the outcomes of ``replica_reads``."""
        self._replica_reads.labels(outcome).inc()

    def count_store_error(self, operation: str) -> None:
        """Count a failed operation of the photo store."""
        self._store_errors.labels(operation).inc()

    def count_missing_photo(self, found_by: str) -> None:
        """Count a stored photo that is missing in the store, found by a request or by the sweep."""
        self._missing_photos.labels(found_by).inc()

    def count_task(self, kind: str, outcome: str, seconds: float) -> None:
        """Count a task that the worker ran, whether it succeeded or failed."""
        self._tasks.labels(kind, outcome).inc()
        self._task_seconds.labels(kind).observe(seconds)

    def count_webhook_attempt(self, event: str, outcome: str, seconds: float) -> None:
        """Count an attempt to send a webhook, with what followed from it."""
        self._webhooks.labels(event, outcome).inc()
        self._webhook_seconds.labels(event).observe(seconds)

    def initialize(
        self,
        *,
        database_errors: Iterable[str],
        store_errors: Iterable[str],
        replica_reads: Iterable[str],
    ) -> None:
        """Report these counters as 0 from the start: one that appears with its first error has no rate."""
        for kind in database_errors:
            self._database_errors.labels(kind)
        for operation in store_errors:
            self._store_errors.labels(operation)
        for outcome in replica_reads:
            self._replica_reads.labels(outcome)
        for found_by in ("request", "sweep"):
            self._missing_photos.labels(found_by)

    def add_source(self, name: str, collect: Collect) -> None:
        """Call ``collect`` for gauges at each scrape; the gauge ``{name}_up`` is 1 if it returned in time."""

        def collect_and_report() -> Gauges:
            try:
                return collect()
            except Exception as error:
                log.warning("collecting gauges failed: %s", type(error).__name__, exc_info=error)
                raise

        self._gauges.sources[name] = SingleFlight(collect_and_report)

    def text(self) -> bytes:
        """Return all metrics in the text format of Prometheus, those of all processes together."""
        gauge_registry = CollectorRegistry()
        gauge_registry.register(self._gauges)
        gauges = generate_latest(gauge_registry)  # first, so that errors in it are counted below
        for metric, series, labels in shared_counts.list_keys():
            if not series.endswith("_bucket"):  # its last label is the bucket
                self._metrics[metric].labels(*labels)  # reported even if only other processes have counted it
        return gauges + generate_latest(self._registry)


class _GaugeCollector(Collector):
    """Collects the gauges of all sources at each scrape."""

    def __init__(self) -> None:
        self.sources: dict[str, SingleFlight[Gauges]] = {}

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges of the sources that return in time, and for each source whether it did."""
        futures = {name: source.start() for name, source in self.sources.items()}
        wait(futures.values(), SOURCE_TIMEOUT_SECONDS)
        for name, future in futures.items():
            is_up = future.done() and future.exception() is None
            yield GaugeMetricFamily(f"{name}_up", "Whether it responds: 1 or 0", float(is_up))
            for gauge, values in future.result().items() if is_up else ():
                help_text, labels = GAUGES[gauge]
                family = GaugeMetricFamily(gauge, help_text, labels=labels)
                for label_values, value in values.items():
                    family.add_metric(label_values, value)
                yield family
