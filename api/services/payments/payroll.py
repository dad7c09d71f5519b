"""Payroll: what became due to each shopper within some days, by visit."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, func, or_, select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.audit import ORGANIZATION_PAYMENTS_EXPORTED
from api.domain.payments import FEE
from api.models.base import now
from api.models.organizations import Organization
from api.models.payments import Payment, PaymentItem
from api.models.places import Location
from api.models.users import SHOWN_NAME, User
from api.models.visits import Visit
from api.services.audit.recording import record
from api.services.audit.register import Change
from api.services.paging import Page, fetch_page

_PAGE = 500
#: How long after its end a day can be exported. No transaction that approves an amount lasts as long, so
#: none of the day is still under way, and no later one can add to it.
SETTLING_TIME = timedelta(hours=1)


def find_last_day() -> date:
    """Return the last day, in UTC, to which no payment can be added any more."""
    return (now() - SETTLING_TIME).date() - timedelta(days=1)


def list_payments(
    session: Session, actor: Actor, days: tuple[date, date], limit: int, cursor: str | None
) -> Page:
    """Return a page of what visits were paid, sorted by (day, ID) of the visit.

    ``days`` are the first and the last day on which the amounts were approved, in UTC. The rows have the
    shape of ``schemas.payments.VisitPayment``. Each amount is in exactly one day, so runs whose days do not
    overlap pay nothing twice.
    """
    sums = _sum_by_visit(actor, days)
    query = (
        select(Visit, sums, Location, SHOWN_NAME.label("shopper_name"), func.nullif(User.email, ""))
        .join(sums, sums.c.visit_id == Visit.id)
        .join(Location, Location.id == Visit.location_id)
        .join(User, User.id == Visit.shopper_id)
    )
    page = fetch_page(session, query, Visit.day, Visit.id, limit, cursor)
    return Page([_describe(*row) for row in page.items], page.cursor)


def iterate_payments(session: Session, actor: Actor, days: tuple[date, date]) -> Iterator[dict[str, Any]]:
    """Yield the rows of all pages of ``list_payments``."""
    cursor: str | None = None
    while True:
        page = list_payments(session, actor, days, _PAGE, cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return


def sum_payments(session: Session, actor: Actor, days: tuple[date, date]) -> Sequence[Any]:
    """Return the totals by currency: rows with currency, visits, fee, expenses and total."""
    sums = _sum_by_visit(actor, days)
    return session.execute(
        select(
            Visit.currency,
            func.count().label("visits"),
            func.sum(sums.c.fee).label("fee"),
            func.sum(sums.c.expenses).label("expenses"),
            func.sum(sums.c.fee + sums.c.expenses).label("total"),
        )
        .join(sums, sums.c.visit_id == Visit.id)
        .group_by(Visit.currency)
        .order_by(Visit.currency)
    ).all()


def record_export(session: Session, actor: Actor, days: tuple[date, date]) -> None:
    """Record in the audit log that the actor exports the payments of some days."""
    first, last = days
    changes = {"from": Change(None, first.isoformat()), "to": Change(None, last.isoformat())}
    organization = session.get_one(Organization, actor.organization_id)
    record(session, ORGANIZATION_PAYMENTS_EXPORTED, organization, changes)


def _sum_by_visit(actor: Actor, days: tuple[date, date]) -> Subquery:
    """Return what each visit was paid within days. What was approved and taken back is omitted."""
    is_fee = PaymentItem.kind == FEE
    fee, expenses = (func.coalesce(func.sum(Payment.amount).filter(kind), 0) for kind in (is_fee, ~is_fee))
    return (
        select(
            Payment.visit_id,
            fee.label("fee"),
            expenses.label("expenses"),
            func.max(Payment.approved_at).label("approved_at"),
        )
        .join(PaymentItem, and_(PaymentItem.visit_id == Payment.visit_id, PaymentItem.id == Payment.item_id))
        .where(Payment.organization_id == actor.organization_id, *_is_within(days))
        .group_by(Payment.visit_id)
        .having(or_(fee != 0, expenses != 0))
        .subquery()
    )


def _is_within(days: tuple[date, date]) -> list[ColumnElement[bool]]:
    first, last = days
    begin = datetime.combine(first, time(), UTC)
    end = datetime.combine(last + timedelta(days=1), time(), UTC)
    return [Payment.approved_at >= begin, Payment.approved_at < end]


def _describe(
    visit: Visit,
    _visit_id: uuid.UUID,
    fee: int,
    expenses: int,
    approved_at: datetime,
    location: Location,
    name: str | None,
    email: str | None,
) -> dict[str, Any]:
    return {
        "visit": visit,
        "location": location,
        "shopper_name": name,
        "shopper_email": email,
        "fee": fee,
        "expenses": expenses,
        "total": fee + expenses,
        "approved_at": approved_at,
    }
