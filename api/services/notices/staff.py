"""What reviewers and administrators are told: visits that wait for long, and webhooks that fail."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.notices import FAILING_LONG, WAITING_LONG
from api.domain.webhooks import DISABLED, ENABLED, FAILED_TOO_LONG, GONE
from api.models.visits import Visit
from api.models.webhooks import Webhook
from api.services.notices.facts import Fact, Facts, Reader, tell_all


def find_waiting_visits(
    session: Session, readers: Sequence[Reader], moment: datetime
) -> Mapping[uuid.UUID, Facts]:
    """Find the visits that have waited for a reviewer for over 48 hours."""
    waiting = session.execute(
        select(Visit.id, Visit.waiting_since).where(
            Visit.organization_id == readers[0].organization_id, Visit.waiting_since <= moment - WAITING_LONG
        )
    )
    return tell_all(
        readers,
        {
            str(row.id): Fact(row.waiting_since.isoformat(), row.waiting_since + WAITING_LONG)
            for row in waiting
        },
    )


def find_failing_webhooks(
    session: Session, readers: Sequence[Reader], moment: datetime
) -> Mapping[uuid.UUID, Facts]:
    """Find the webhooks that fail, or were disabled because they did.

    Of the URL, only the host is told: the rest may contain a secret of the receiver.
    """
    fails = (Webhook.status == ENABLED) & (Webhook.failing_since <= moment - FAILING_LONG)
    failing = session.scalars(
        select(Webhook).where(
            Webhook.organization_id == readers[0].organization_id,
            fails | Webhook.disabled_reason.in_((GONE, FAILED_TOO_LONG)),
        )
    )
    facts = {}
    for webhook in failing:
        assert webhook.failing_since is not None
        # A webhook that is disabled in the end is told of once more, whenever that was.
        is_disabled = webhook.status == DISABLED
        since = moment if is_disabled else webhook.failing_since + FAILING_LONG
        data = {"host": urlsplit(webhook.url).hostname or "", "is_disabled": is_disabled}
        facts[str(webhook.id)] = Fact(f"{webhook.status} {webhook.failing_since.isoformat()}", since, data)
    return tell_all(readers, facts)
