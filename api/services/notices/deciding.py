"""Decides which notices are due: compares what is the case with what was reported to each reader."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select, true, update
from sqlalchemy.orm import Session

from api.database.engines import insert
from api.database.lists import among
from api.domain import notices
from api.domain.notices import FRESH, KINDS, is_due
from api.domain.people import NOTICE_MAIL
from api.models.notices import Notice
from api.models.places import Location
from api.models.users import IS_PERSON, User
from api.services import events
from api.services.notices import managers, shoppers, staff
from api.services.notices.facts import Facts, Finder, Reader

#: for kinds that are considered in the morning of the reader
_FINDERS: Mapping[str, Finder] = {
    notices.WEEKLY_DIGEST: managers.find_results,
    notices.ALERTS: managers.find_alerts,
    notices.DISPUTE_OUTCOMES: managers.find_dispute_outcomes,
    notices.REVIEWS_WAITING: staff.find_waiting_visits,
    notices.DISPUTES_OPENED: staff.find_open_disputes,
    notices.WEBHOOKS_FAILING: staff.find_failing_webhooks,
    notices.QUOTAS_SHORT: staff.find_short_quotas,
}
#: for the other kinds. The facts come first, because most shoppers hear of nothing most of the time.
_PROMPT_FINDERS: Mapping[str, Callable[[Session, datetime], Mapping[uuid.UUID, Facts]]] = {
    notices.VISITS_ASSIGNED: shoppers.find_assigned_visits,
    notices.VISITS_CLOSING: shoppers.find_closing_visits,
    notices.VISITS_RETURNED: shoppers.find_returned_visits,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What to store for a reader: what is reported to them from now on, and the data of the mail, if any.

    ``checked_at`` is the time of the check before this one, or None.
    """

    user_id: uuid.UUID
    kind: str
    checked_at: datetime | None
    moment: datetime
    reported: Mapping[str, str]
    news: Sequence[Mapping[str, Any]]


def decide(session: Session, moment: datetime) -> list[Decision]:
    """Return the decisions that are due at a moment, as this read snapshot shows it."""
    return [*_decide_mornings(session, moment), *_decide_promptly(session, moment)]


def find_due_organizations(session: Session, moment: datetime) -> set[uuid.UUID]:
    """Return the organizations whose managers are due to hear of results."""
    due = _list_due(session, moment)
    kinds = (notices.WEEKLY_DIGEST, notices.ALERTS)
    return {reader.organization_id for kind in kinds for reader, _ in due[kind]}


def store(session: Session, decisions: Sequence[Decision]) -> int:
    """Store decisions, and a mail for each that has news. Return the number of mails.

    Those whose notice was checked by another worker in the meantime are dropped.
    """
    mails = 0
    for decision in decisions:
        if _store_check(session, decision) and decision.news:
            data = {"kind": decision.kind, "news": list(decision.news)}
            events.add_mail(session, NOTICE_MAIL, decision.user_id, data)
            mails += 1
    session.flush()
    return mails


def _store_check(session: Session, decision: Decision) -> bool:
    """Store what is reported to a reader. Return whether nobody else did since the decision was made."""
    values = {"checked_at": decision.moment, "reported": dict(decision.reported)}
    if decision.checked_at is None:
        # The person may have been deleted since.
        person = select(User.id).where(User.id == decision.user_id).with_for_update(key_share=True)
        if session.scalar(person) is None:
            return False
        session.execute(
            insert(session, Notice)
            .values(user_id=decision.user_id, kind=decision.kind, is_on=True, checked_at=None, reported={})
            .on_conflict_do_nothing()
        )
    is_same = Notice.checked_at.is_not_distinct_from(decision.checked_at)
    changed = session.scalars(
        update(Notice)
        .where(Notice.user_id == decision.user_id, Notice.kind == decision.kind, Notice.is_on, is_same)
        .values(values)
        .returning(Notice.user_id),
        execution_options={"synchronize_session": False},
    )
    return changed.first() is not None


def _decide_mornings(session: Session, moment: datetime) -> Iterator[Decision]:
    for kind, due in _list_due(session, moment).items():
        by_organization = defaultdict(list)
        for reader, _ in due:
            by_organization[reader.organization_id].append(reader)
        facts: dict[uuid.UUID, Facts] = {}
        for readers in by_organization.values():
            facts |= _FINDERS[kind](session, readers, moment)
        reported = _read_reported(session, kind, [reader.id for reader, _ in due])
        for reader, checked_at in due:
            decision = _compare(
                reader.id, kind, checked_at, moment, facts.get(reader.id, {}), reported.get(reader.id, {})
            )
            # After the first check, the reader hears of what happens from then on.
            yield decision if checked_at else replace(decision, news=())


def _decide_promptly(session: Session, moment: datetime) -> Iterator[Decision]:
    for kind, find in _PROMPT_FINDERS.items():
        facts = find(session, moment)
        rows = session.execute(
            _select_readers(kind, Notice.reported, Notice.enabled_at).where(among(User.id, "user_ids")),
            {"user_ids": list(facts)},
        )
        for user_id, checked_at, reported, enabled_at in rows:
            if checked_at is None or is_due(kind, checked_at, moment):
                current = {
                    subject: fact
                    for subject, fact in facts[user_id].items()
                    if enabled_at is None or fact.since > enabled_at
                }
                decision = _compare(user_id, kind, checked_at, moment, current, reported or {})
                if decision.news:
                    yield decision


def _compare(
    user_id: uuid.UUID,
    kind: str,
    checked_at: datetime | None,
    moment: datetime,
    facts: Facts,
    reported: Mapping[str, str],
) -> Decision:
    """Return the decision for a reader to whom the states in ``reported`` were reported."""
    news = {
        subject: fact
        for subject, fact in facts.items()
        if reported.get(subject) != fact.state and fact.since > moment - FRESH[KINDS[kind].schedule]
    }
    return Decision(
        user_id,
        kind,
        checked_at,
        moment,
        {
            subject: fact.state
            for subject, fact in facts.items()
            if subject in news or reported.get(subject) == fact.state
        },
        [
            {"subject": subject, **fact.data}
            for subject, fact in sorted(news.items(), key=lambda item: (item[1].since, item[0]))
        ],
    )


def _list_due(session: Session, moment: datetime) -> dict[str, list[tuple[Reader, datetime | None]]]:
    """Return the readers who are due by kind, each with the time of the last check.

    People without a time zone have that of most locations of their organization.
    """
    usual_time_zones = _read_usual_time_zones(session)
    due: dict[str, list[tuple[Reader, datetime | None]]] = {}
    for kind in _FINDERS:
        rows = session.execute(_select_readers(kind, User.organization_id, User.role, User.time_zone))
        due[kind] = []
        for user_id, checked_at, organization_id, role, own_time_zone in rows:
            time_zone = own_time_zone or usual_time_zones.get(organization_id, "UTC")
            if checked_at is None or is_due(kind, checked_at, moment, time_zone):
                due[kind].append((Reader(user_id, organization_id, role), checked_at))
    return due


def _read_usual_time_zones(session: Session) -> dict[uuid.UUID, str]:
    """Return the time zone of most locations of each organization that has any."""
    count = func.count()
    rows = session.execute(
        select(Location.organization_id, Location.time_zone)
        .where(Location.closed.is_(False))
        .group_by(Location.organization_id, Location.time_zone)
        .order_by(count, Location.time_zone)
    )
    return dict(rows.all())  # of several rows of an organization, the last one counts


def _select_readers(kind: str, *columns: Any) -> Select[Any]:
    """Return the query for the ID and the last check of everyone who wants a notice, and further columns."""
    return (
        select(User.id, Notice.checked_at, *columns)
        .outerjoin(Notice, and_(Notice.user_id == User.id, Notice.kind == kind))
        .where(
            IS_PERSON,
            User.role == KINDS[kind].role,
            User.disabled.is_(False),
            User.password_hash != "",
            func.coalesce(Notice.is_on, true()),
        )
    )


def _read_reported(
    session: Session, kind: str, user_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, Mapping[str, str]]:
    rows = session.execute(
        select(Notice.user_id, Notice.reported).where(Notice.kind == kind, among(Notice.user_id, "user_ids")),
        {"user_ids": user_ids},
    )
    return dict(rows.all())
