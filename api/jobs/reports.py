"""Reports the attempts of tasks, to the log and the metrics, without what they are about."""

import logging

from api.metrics import Metrics
from api.models.events import Event

log = logging.getLogger(__name__)


def report_task(
    metrics: Metrics,
    event: Event,
    seconds: float,
    outcome: str,
    level: int = logging.INFO,
    error: Exception | None = None,
) -> None:
    """Report an attempt and how long it took."""
    metrics.count_task(event.kind, outcome, seconds)
    entry = {
        "kind": event.kind,
        "attempt": event.attempts,
        "outcome": outcome,
        "seconds": round(seconds, 3),
    }
    log.log(level, "task", extra=entry, exc_info=error)
