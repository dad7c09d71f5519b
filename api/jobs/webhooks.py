"""Sends webhooks: creates deliveries from the log of changes, and attempts those that are due, in parallel.

A delivery is claimed, sent outside any transaction, and then recorded. If the worker is killed in between,
another one attempts it again once the lease has ended: receivers get every event at least once.
"""

import logging
import random
import ssl
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api.database.engines import Database
from api.domain.webhooks import ATTEMPT_TIMEOUT, SECRET_OVERLAP, sign
from api.jobs import webhook_requests
from api.keys import Keys
from api.metrics import Metrics
from api.models.base import now
from api.services import webhook_deliveries as deliveries
from api.services.webhook_deliveries import Attempt, Claim, DueDelivery
from api.services.webhooks import KEY_PURPOSE

log = logging.getLogger(__name__)

#: attempts at the same time
THREADS = 8
#: of those: to one webhook, to one that fails at present, and to all that fail at present together
THREADS_PER_WEBHOOK = 2
THREADS_PER_FAILING_WEBHOOK = 1
THREADS_FOR_FAILING_WEBHOOKS = THREADS // 2
POLL_SECONDS = 1.0
USER_AGENT = "mystery-shopper-webhooks/1"


class WebhookSender:
    """Creates deliveries and attempts them, with at most ``THREADS`` attempts at a time."""

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        *,
        keys: Keys,
        allow_private: bool,
        context: ssl.SSLContext | None = None,
        timeout: timedelta = ATTEMPT_TIMEOUT,
    ) -> None:
        """Prepare the sender. ``context`` verifies certificates, by default against the system's authorities.

        ``keys`` decrypt the secrets of webhooks. ``allow_private`` allows addresses that are not public.
        ``timeout`` is for an attempt altogether.
        """
        self.database = database
        self.metrics = metrics
        self.keys = keys
        self.allow_private = allow_private
        self.context = context or ssl.create_default_context()
        self.timeout = timeout
        self._running: set[DueDelivery] = set()
        self._lock = threading.Lock()
        self._finished = threading.Event()

    def run(self, stopping: threading.Event) -> None:
        """Work until ``stopping`` is set, and then wait for the attempts that are running."""
        while not stopping.is_set():
            self._finished.clear()
            try:
                had_work = self.work()
            except Exception:
                log.exception("sending webhooks failed")
                had_work = False
            if not had_work:
                self._finished.wait(POLL_SECONDS)
        self.wait(self.timeout.total_seconds())

    def work(self) -> bool:
        """Create deliveries and begin attempts; return whether there was anything to do."""
        with self._lock:
            running = list(self._running)
        with self.database.read_snapshot() as session:
            has_unpublished = deliveries.has_unpublished(session)
            chosen = _choose(session, running)
        if has_unpublished:
            self.database.write(deliveries.publish_changes)
        if chosen:
            self._begin(chosen)
        return has_unpublished or bool(chosen)

    def wait(self, seconds: float) -> None:
        """Wait until no attempt runs, at most this long."""
        deadline = time.monotonic() + seconds
        while self._running and time.monotonic() < deadline:
            time.sleep(0.02)

    def _begin(self, chosen: list[DueDelivery]) -> None:
        """Claim deliveries, and attempt each in a thread of its own."""
        by_id = {due.id: due for due in chosen}
        for claim in self.database.write(lambda session: deliveries.claim(session, chosen)):
            due = by_id[claim.delivery_id]
            with self._lock:
                self._running.add(due)
            # A daemon, so that a slow receiver does not keep the program from ending.
            threading.Thread(target=self._attempt, args=(due, claim), name="webhook", daemon=True).start()

    def _attempt(self, due: DueDelivery, claim: Claim) -> None:
        try:
            try:
                attempt = self._send(claim)
            except Exception:
                # A failure like any other, or the delivery would be attempted after each lease.
                log.exception("sending a webhook failed")
                attempt = Attempt(now(), None, "internal", 0)
            jitter = random.uniform(-1, 1)  # noqa: S311  (spreads retries, protects nothing)
            outcome = self.database.write(
                lambda session: deliveries.record_attempt(session, claim, attempt, jitter)
            )
            self._report(claim, attempt, outcome)
        except Exception:
            log.exception("an attempt to send a webhook was not recorded")
        finally:
            with self._lock:
                self._running.discard(due)
            self._finished.set()

    def _send(self, claim: Claim) -> Attempt:
        """Send a message, signed at this moment."""
        at, body = now(), claim.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "webhook-id": str(claim.delivery_id),
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._sign(claim, at, body),
        }
        result = webhook_requests.post(
            claim.url,
            headers,
            body,
            allow_private=self.allow_private,
            timeout=self.timeout,
            context=self.context,
        )
        return Attempt(
            at, result.status, result.failure, result.duration_ms, result.retry_after, result.is_gone
        )

    def _sign(self, claim: Claim, at: datetime, body: bytes) -> str:
        """Return the signature with the current secret, and with those that were replaced within a day."""
        replacements = map(datetime.fromisoformat, claim.secret_replacements)
        former = sum(at < replaced_at + SECRET_OVERLAP for replaced_at in replacements)
        secrets = (self.keys.decrypt(KEY_PURPOSE, secret) for secret in claim.secrets[: former + 1])
        return " ".join(sign(secret, str(claim.delivery_id), int(at.timestamp()), body) for secret in secrets)

    def _report(self, claim: Claim, attempt: Attempt, outcome: str) -> None:
        """Write an attempt to the log and the metrics, without the URL, which may contain a secret."""
        self.metrics.count_webhook_attempt(claim.event, outcome, attempt.duration_ms / 1000)
        entry = {
            "webhook_id": str(claim.webhook_id),
            "delivery_id": str(claim.delivery_id),
            "event": claim.event,
            "outcome": outcome,
            "status": attempt.status,
            "failure": attempt.failure,
            "ms": attempt.duration_ms,
        }
        log.log(
            logging.WARNING if outcome in ("failed", "disabled") else logging.INFO, "webhook", extra=entry
        )


def _choose(session: Session, running: Sequence[DueDelivery]) -> list[DueDelivery]:
    """Return the due deliveries to attempt now, in addition to the ones that are running.

    Slow receivers must not hold up the others, so each webhook has a limit, and those that fail at present
    have a lower one and share half of the threads.
    """
    counts = Counter(due.webhook.id for due in running)
    failing = sum(due.webhook.is_failing for due in running)
    chosen: list[DueDelivery] = []
    for webhook in deliveries.list_due_webhooks(session) if len(running) < THREADS else ():
        limit = THREADS_PER_WEBHOOK
        if webhook.is_failing:
            limit = min(THREADS_PER_FAILING_WEBHOOK, THREADS_FOR_FAILING_WEBHOOKS - failing)
        limit = min(limit - counts[webhook.id], THREADS - len(running) - len(chosen))
        if limit > 0:
            due = deliveries.list_due(session, webhook, limit)
            failing += len(due) if webhook.is_failing else 0
            chosen += due
    return chosen
