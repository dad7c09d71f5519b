"""The record of a shopper: how reliable their visits of a period were, for reviewers and administrators.

Everything is counted from the visits of the period and those of others to the same locations, which indexes
find by day. The cost does not depend on how many visits the organization has elsewhere.
"""

import uuid
from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from api.domain import problems
from api.domain.access import Actor
from api.domain.checklist import SELF_CHECK
from api.domain.disputes import OVERTURNED, overturn_figures
from api.domain.flags import LATE
from api.domain.leniency import Leniency, Store, compare_leniency, leniency_figures
from api.domain.months import Period, get_first_day, get_last_day
from api.domain.rates import rate_figures
from api.domain.scoring import NO_VISITS, Points, Sums
from api.domain.visits import VISITED
from api.models.base import now
from api.models.disputes import Dispute, DisputedQuestion
from api.models.reviews import Decision
from api.models.submissions import Flag, Submission
from api.models.users import IS_PERSON, User
from api.models.visits import Visit
from api.services import visibility
from api.services.checklists import get_version


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
    of_days = Visit.day.between(get_first_day(period.first), get_last_day(period.last))
    of_period = and_(visibility.watched_visits(actor), Visit.shopper_id == user.id, of_days)
    return {
        "user_id": user.id,
        "name": user.name,
        "from": period.first,
        "to": period.last,
        **_count_visits(session, of_period),
        "flags": _count_flags(session, of_period),
        "overturned": _count_overturned(session, of_period),
        "leniency": leniency_figures(_compare_leniency(session, actor, user.id, of_days)),
    }


#: A later revision finishes once it is corrected. It is not late because a reviewer asked for it.
_FLAG_COUNTS = or_(Flag.code != LATE.code, Flag.revision == 1)


def _count_visits(session: Session, of_period: ColumnElement[bool]) -> dict[str, Any]:
    was_sent = Visit.revision > 0
    # The reason stays if the visit is reassigned, which cancels it.
    was_declined = Visit.decline_reason.is_not(None)
    flags = select(Flag.number).where(Flag.visit_id == Visit.id, _FLAG_COUNTS)
    columns = {
        "assigned": or_(Visit.status != "cancelled", was_declined),
        "declined": and_(was_declined, ~was_sent),
        "sent": was_sent,
        "unsent": and_(Visit.status == "assigned", Visit.closes_at < now()),
        "on_time": and_(was_sent, ~flags.where(Flag.code == LATE.code).exists()),
        "flagged": and_(was_sent, flags.exists()),
        "returned": _was_returned(),
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


def _was_returned() -> ColumnElement[bool]:
    """Return whether a visit was returned. Its return counts unless it was undone or replaced in time.

    After the next revision, a return cannot be replaced any more.
    """
    newer = aliased(Decision)
    is_replaced = select(newer.id).where(newer.replaces_id == Decision.id).exists()
    counts = or_(~is_replaced, Decision.revision < Visit.revision)
    return (
        select(Decision.id)
        .where(
            Decision.visit_id == Visit.id, Decision.decision == "return", Decision.undone_at.is_(None), counts
        )
        .exists()
    )


def _count_flags(session: Session, of_period: ColumnElement[bool]) -> list[dict[str, Any]]:
    """Return how many visits have each flag, the most frequent flag first."""
    visits = func.count(Visit.id.distinct()).label("visits")
    rows = session.execute(
        select(Flag.code, visits)
        .join(Visit, Visit.id == Flag.visit_id)
        .where(of_period, _FLAG_COUNTS)
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
    return overturn_figures(decided, overturned)


def _compare_leniency(
    session: Session, actor: Actor, user_id: uuid.UUID, of_days: ColumnElement[bool]
) -> Leniency:
    """Compare the accepted visits with those of others at the same locations with the same checklist.

    Self-checks are not compared, nor visits whose shopper is no longer known: some may be the shopper's own.
    """
    is_compared = and_(visibility.watched_visits(actor), of_days, Visit.status == "accepted")
    own_locations = select(Visit.location_id).where(is_compared, Visit.shopper_id == user_id)
    earned, possible = (Submission.result[name].as_integer() for name in ("earned", "possible"))
    rows = session.execute(
        select(Visit.location_id, Visit.checklist_version_id, Visit.shopper_id, earned, possible)
        .join(Submission, and_(Submission.visit_id == Visit.id, Submission.revision == Visit.revision))
        .join(User, User.id == Visit.shopper_id)
        .where(is_compared, Visit.location_id.in_(own_locations), Submission.outcome == VISITED, IS_PERSON)
    )
    by_shopper: dict[tuple[uuid.UUID, int], dict[uuid.UUID, Sums]] = defaultdict(dict)
    for location_id, version_id, shopper_id, *points in rows:
        version, visit = get_version(session, version_id), Sums.of(Points(*points))
        if visit.visits and version.document.channel != SELF_CHECK:
            sums = by_shopper[location_id, version.subjects["visit", ""]]
            sums[shopper_id] = sums.get(shopper_id, NO_VISITS) + visit
    return compare_leniency([Store(sums.pop(user_id, NO_VISITS), sums) for sums in by_shopper.values()])
