"""The record of a shopper: how reliable their visits of a period were, for reviewers and administrators.

Everything is counted from the visits of the period, which an index finds by shopper and day, and from the
totals of their locations. The cost does not depend on how many visits the organization has.
"""

import uuid
from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.checklist import SELF_CHECK
from api.domain.disputes import OVERTURNED
from api.domain.leniency import Leniency, Store, compare_leniency, leniency_figures
from api.domain.months import Period, get_first_day, get_last_day
from api.domain.rates import rate_figures
from api.domain.scoring import NO_VISITS, Points, Sums
from api.domain.visits import VISITED
from api.models.base import now
from api.models.disputes import Dispute, DisputedQuestion
from api.models.places import Location
from api.models.reviews import Decision
from api.models.submissions import Flag, Submission
from api.models.users import IS_PERSON, User
from api.models.visits import Visit
from api.services import visibility
from api.services.checklists import get_version
from api.services.scores.aggregates import aggregate_totals


def get_record(session: Session, actor: Actor, user_id: uuid.UUID, period: Period) -> dict[str, Any]:
    """Return the record of a person in the shape of ``schemas.shopper_records.ShopperRecord``.

    Visits belong to the month of their day. Callers cannot read their own record, because it discloses which
    of their visits were flagged.

    Raises USER_NOT_FOUND.
    """
    is_theirs = (User.id == user_id) & (User.organization_id == actor.organization_id) & IS_PERSON
    user = session.scalars(select(User).where(is_theirs, User.id != actor.id)).one_or_none()
    if user is None:
        raise problems.USER_NOT_FOUND()
    of_period = and_(
        visibility.watched_visits(actor),
        Visit.shopper_id == user.id,
        Visit.day.between(get_first_day(period.first), get_last_day(period.last)),
    )
    return {
        "user_id": user.id,
        "name": user.name,
        "from": period.first,
        "to": period.last,
        **_count_visits(session, of_period),
        "flags": _count_flags(session, of_period),
        "overturned": _count_overturned(session, of_period),
        "leniency": leniency_figures(_compare_leniency(session, of_period, period)),
    }


def _count_visits(session: Session, of_period: ColumnElement[bool]) -> dict[str, Any]:
    was_sent = Visit.revision > 0
    is_flagged = select(Flag.number).where(Flag.visit_id == Visit.id).exists()
    was_returned = (
        select(Decision.id)
        .where(Decision.visit_id == Visit.id, Decision.decision == "return", Decision.undone_at.is_(None))
        .exists()
    )
    columns = {
        "assigned": Visit.status != "cancelled",
        "declined": Visit.status == "declined",
        "sent": was_sent,
        "unsent": and_(Visit.status == "assigned", Visit.closes_at < now()),
        "on_time": and_(was_sent, Visit.finished_at <= Visit.closes_at),
        "flagged": and_(was_sent, is_flagged),
        "returned": was_returned,
        "rejected": Visit.status == "rejected",
    }
    # COUNT counts the values that are not null.
    counted = [func.count(case((condition, 1))).label(name) for name, condition in columns.items()]
    counts = session.execute(select(*counted).where(of_period)).one()
    return {
        "assigned": counts.assigned,
        "sent": counts.sent,
        "declined": rate_figures(counts.declined, counts.assigned),
        "on_time": rate_figures(counts.on_time, counts.sent + counts.unsent),
        "unsent": counts.unsent,
        "flagged": rate_figures(counts.flagged, counts.sent),
        "returned": rate_figures(counts.returned, counts.sent),
        "rejected": rate_figures(counts.rejected, counts.sent),
    }


def _count_flags(session: Session, of_period: ColumnElement[bool]) -> list[dict[str, Any]]:
    """Return how many visits have each flag, the most frequent flag first."""
    visits = func.count(Visit.id.distinct()).label("visits")
    rows = session.execute(
        select(Flag.code, visits)
        .join(Visit, Visit.id == Flag.visit_id)
        .where(of_period)
        .group_by(Flag.code)
        .order_by(visits.desc(), Flag.code)
    )
    return [{"code": row.code, "visits": row.visits} for row in rows]


def _count_overturned(session: Session, of_period: ColumnElement[bool]) -> dict[str, Any]:
    is_overturned = DisputedQuestion.outcome.in_(sorted(OVERTURNED))
    decided, overturned = session.execute(
        select(func.count(), func.count(case((is_overturned, 1))))
        .select_from(DisputedQuestion)
        .join(Dispute, Dispute.id == DisputedQuestion.dispute_id)
        .join(Visit, Visit.id == Dispute.visit_id)
        .where(of_period, DisputedQuestion.outcome.is_not(None))
    ).one()
    return rate_figures(overturned, decided)


def _compare_leniency(session: Session, of_period: ColumnElement[bool], period: Period) -> Leniency:
    """Compare the accepted visits with those of others at the same locations with the same checklist.

    The sums of others are the totals minus the sums of the shopper. Self-checks are not compared.
    """
    rows = session.execute(
        select(Location.number, Visit.checklist_version_id, Submission.result)
        .join(Submission, and_(Submission.visit_id == Visit.id, Submission.revision == Visit.revision))
        .join(Location, Location.id == Visit.location_id)
        .where(of_period, Visit.status == "accepted", Submission.outcome == VISITED)
    )
    own: dict[tuple[int, int], Sums] = defaultdict(Sums)
    for location_number, version_id, result in rows:
        version = get_version(session, version_id)
        if version.document.channel != SELF_CHECK:
            points = Points(result["earned"], result["possible"])
            own[location_number, version.subjects["visit", ""]] += Sums.of(points)
    numbers = sorted({location_number for location_number, _ in own})
    subject_ids = sorted({subject_id for _, subject_id in own})
    totals = aggregate_totals(session, numbers, subject_ids, period, "location_number", "subject_id")
    everyone = {group.values: group.aggregate.sums for group in totals}
    return compare_leniency(
        [Store(sums, everyone.get(store, NO_VISITS) - sums) for store, sums in own.items()]
    )
