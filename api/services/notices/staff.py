"""What is reported to reviewers and administrators: what waits, fails or falls short."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.disputes import OPEN
from api.domain.months import format_month, get_last_day, get_month
from api.domain.notices import DAILY, FAILING_LONG, FRESH, SHORTFALL_DAYS, WAITING_LONG
from api.domain.webhooks import DISABLED, ENABLED, FAILED_TOO_LONG, GONE
from api.models.disputes import Dispute
from api.models.visits import Visit
from api.models.webhooks import Webhook
from api.services import quotas
from api.services.notices.facts import Fact, Facts, Reader, share_facts


def find_waiting_visits(
    session: Session, readers: Sequence[Reader], moment: datetime
) -> Mapping[uuid.UUID, Facts]:
    """Find the visits that have waited for a reviewer for over 48 hours, but not for long after.

    Older ones would not be news, but would be stored for every reviewer again and again.
    """
    latest = moment - WAITING_LONG
    waiting = session.execute(
        select(Visit.id, Visit.waiting_since).where(
            Visit.organization_id == readers[0].organization_id,
            Visit.waiting_since.between(latest - FRESH[DAILY], latest),
        )
    )
    return share_facts(
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

    Of the URL, only the host is reported: the rest may contain a secret of the receiver.
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
        # A webhook that is disabled in the end is reported once more, whenever that was.
        is_disabled = webhook.status == DISABLED
        since = moment if is_disabled else webhook.failing_since + FAILING_LONG
        data = {"host": urlsplit(webhook.url).hostname or "", "is_disabled": is_disabled}
        facts[str(webhook.id)] = Fact(f"{webhook.status} {webhook.failing_since.isoformat()}", since, data)
    return share_facts(readers, facts)


def find_short_quotas(
    session: Session, readers: Sequence[Reader], moment: datetime
) -> Mapping[uuid.UUID, Facts]:
    """Find the quotas that lack visits in a period that ends within a week."""
    month = get_month(moment.date())
    facts = {}
    for shortfall in quotas.list_shortfalls(session, readers[0].actor, month):
        quota, progress = shortfall.quota, shortfall.progress
        end = datetime.combine(get_last_day(progress.period.last) + timedelta(days=1), time(), UTC)
        since = end - timedelta(days=SHORTFALL_DAYS)
        if since <= moment:
            data = {"region": quota.region.name, "missing": progress.missing}
            facts[str(quota.quota.id)] = Fact(format_month(progress.period.last), since, data)
    return share_facts(readers, facts)


def find_open_disputes(
    session: Session, readers: Sequence[Reader], moment: datetime
) -> Mapping[uuid.UUID, Facts]:
    """Find the disputes that were opened recently and are open, except about visits that the reader made."""
    rows = session.execute(
        select(Dispute.id, Dispute.opened_at, Visit.shopper_id)
        .join(Visit, Visit.id == Dispute.visit_id)
        .where(
            Dispute.organization_id == readers[0].organization_id,
            Dispute.status == OPEN,
            Dispute.opened_at.between(moment - FRESH[DAILY], moment),
        )
    ).all()
    return {
        reader.id: {str(row.id): Fact(OPEN, row.opened_at) for row in rows if row.shopper_id != reader.id}
        for reader in readers
    }
