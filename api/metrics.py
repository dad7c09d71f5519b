"""The numbers that operators watch: counts, times and sizes, and nothing that tells who somebody is."""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, wait

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: what does not answer for so long is told as down; Prometheus itself waits for ten
SECONDS_TO_ANSWER = 3.0

#: gauge → its help and its labels; their values come from what is asked when somebody looks
GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "worker_tasks_waiting": ("Tasks that are due or come later, the soonest 10000", ("kind", "state")),
    "worker_oldest_due_task_seconds": ("How long the task that waits longest has been due", ()),
    "visits_waiting": ("Visits that wait for the next step, up to 10000 of an organization", ("step",)),
    "photos_waiting": ("Photos declared within a week and not stored, up to 10000", ()),
    "photos_oldest_waiting_seconds": ("How long ago the oldest of photos_waiting was declared", ()),
    "database_size_bytes": ("Size of the database", ()),
}

#: gauge → the values of its labels → its value
Numbers = Mapping[str, Mapping[tuple[str, ...], float]]
#: gives numbers, or raises where what they are of cannot be reached
Ask = Callable[[], Numbers]

log = logging.getLogger(__name__)


class Metrics:
    """Counters of one program; a registry of their own, so that tests may make many programs."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter("http_requests", "Requests answered", "route", "method", "status")
        self._seconds = self._histogram("http_request_seconds", "Time until a request was answered", "route")
        self._problems = self._counter("problems", "Refusals by the code of the problem document", "code")
        self._database_errors = self._counter("database_errors", "Errors of the database by kind", "kind")
        self._store_errors = self._counter("store_errors", "Failures of the photo store", "operation")
        self._tasks = self._counter("worker_tasks", "Tasks that the worker tried", "kind", "outcome")
        self._task_seconds = self._histogram("worker_task_seconds", "Time that a task took", "kind")
        self._gauges = _Gauges()
        # A series is looked up by the library once; every request after that counts by these.
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(name, told, labels, registry=self._registry)

    def _histogram(self, name: str, told: str, *labels: str) -> Histogram:
        return Histogram(name, told, labels, registry=self._registry)

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered; methods that nobody knows are one."""
        key = route, method if method in METHODS else "other", status
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = self._requests.labels(*key)
        timer = self._timers.get(route)
        if timer is None:
            timer = self._timers[route] = self._seconds.labels(route)
        counter.inc()
        timer.observe(seconds)

    def problem(self, code: str) -> None:
        """Count a refusal."""
        self._problems.labels(code).inc()

    def database_error(self, kind: str) -> None:
        """Count an error that the database answered with, or that it did not answer."""
        self._database_errors.labels(kind).inc()

    def store_error(self, operation: str) -> None:
        """Count that the photo store could not do something."""
        self._store_errors.labels(operation).inc()

    def task(self, kind: str, outcome: str, seconds: float) -> None:
        """Count a task that the worker did, or that failed."""
        self._tasks.labels(kind, outcome).inc()
        self._task_seconds.labels(kind).observe(seconds)

    def expect(self, *, database_errors: Iterable[str], store_errors: Iterable[str]) -> None:
        """Tell of these from the start, with 0: what appears with its first error has no rate."""
        for kind in database_errors:
            self._database_errors.labels(kind)
        for operation in store_errors:
            self._store_errors.labels(operation)

    def ask(self, name: str, ask: Ask) -> None:
        """Ask for numbers whenever somebody looks, and tell by the gauge ``{name}_up`` whether any came."""
        self._gauges.sources[name] = _Source(ask)

    def text(self) -> bytes:
        """Return the numbers for Prometheus: where several processes serve, of all of them."""
        asked = CollectorRegistry()
        asked.register(self._gauges)
        gauges = generate_latest(asked)  # first: what fails meanwhile is counted
        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # reads the files that they share
        return gauges + generate_latest(registry)


class _Source:
    """Something that is asked by one thread at a time, so that what hangs is not asked again meanwhile."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._turn = threading.Lock()
        self._answer: Future[Numbers] | None = None

    def asked(self) -> "Future[Numbers]":
        """Return the answer to come: of the thread that asks already, or of a new one."""
        with self._turn:
            if self._answer is None or self._answer.done():
                self._answer = Future()
                # A daemon: the program may end while it hangs.
                try:
                    threading.Thread(target=self._run, args=(self._answer,), daemon=True).start()
                except RuntimeError as error:  # there can be no more threads
                    self._answer.set_exception(error)
            return self._answer

    def _run(self, answer: "Future[Numbers]") -> None:
        try:
            answer.set_result(self._ask())
        except Exception as error:
            log.warning("asked for numbers in vain: %s", type(error).__name__, exc_info=error)
            answer.set_exception(error)


class _Gauges(Collector):
    """The gauges, asked for when somebody looks."""

    def __init__(self) -> None:
        self.sources: dict[str, _Source] = {}

    def collect(self) -> Iterable[Metric]:
        """Give the numbers of those sources that answer in time."""
        answers = {name: source.asked() for name, source in self.sources.items()}
        wait(answers.values(), SECONDS_TO_ANSWER)
        for name, answer in answers.items():
            up = answer.done() and answer.exception() is None
            yield GaugeMetricFamily(f"{name}_up", "Whether it answers: 1 or 0", float(up))
            for gauge, values in answer.result().items() if up else ():
                told, labels = GAUGES[gauge]
                family = GaugeMetricFamily(gauge, told, labels=labels)
                for label_values, value in values.items():
                    family.add_metric(label_values, value)
                yield family
