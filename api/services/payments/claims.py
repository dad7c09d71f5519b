"""Expenses: claimed by shoppers with their receipts, corrected or withdrawn until a reviewer decides."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import String, cast, delete, func, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.money import format_amount
from api.domain.payments import DECIDED, FEE, MAX_EXPENSES
from api.domain.problems import FieldError
from api.models.base import now
from api.models.organizations import Organization
from api.models.payments import Payment, PaymentItem
from api.models.photos import Photo
from api.models.visits import Visit
from api.services.visits import get_own_visit

#: how long a receipt waits for its expense
STRAY_TIME = timedelta(days=8)


def claim_expense(
    session: Session, actor: Actor, visit_id: uuid.UUID, expense_id: uuid.UUID, values: Mapping[str, Any]
) -> tuple[Visit, bool, list[str]]:
    """Claim an expense of the actor's own visit, or correct one that is not decided yet.

    ``values`` has kind, amount, description, and the IDs of the receipts. The ID is the idempotency key: the
    same expense again changes nothing, whatever was decided since. Receipts that a correction leaves out are
    deleted.

    Returns the visit, whether the expense is new, and the keys of the objects in the store that the caller
    has to delete after the commit.

    Raises VISIT_NOT_FOUND, EXPENSES_NOT_PAID, EXPENSE_DECIDED, and INVALID for too many expenses, for
    more than the organization pays, and for a photo that is not a receipt.
    """
    visit = get_own_visit(session, actor, visit_id, lock=True)
    columns = {**values, "receipts": [str(photo_id) for photo_id in values["receipts"]]}
    item = session.get(PaymentItem, (visit.id, expense_id))
    if item is not None and all(getattr(item, name) == value for name, value in columns.items()):
        return visit, False, []
    if item is not None and (item.kind == FEE or _is_decided(visit, item)):
        raise problems.EXPENSE_DECIDED()
    _check_limits(session, visit, expense_id, values["amount"])
    _check_receipts(session, visit, columns["receipts"])
    if item is None:
        own = {"visit_id": visit.id, "id": expense_id, "organization_id": visit.organization_id}
        session.add(PaymentItem(**own, **columns, claimed_at=now()))
        session.flush()
        return visit, True, []
    former_receipts = item.receipts
    for name, value in columns.items():
        setattr(item, name, value)
    _forget_decision(item)
    session.flush()
    return visit, False, _delete_unnamed(session, visit, former_receipts)


def withdraw_expense(session: Session, actor: Actor, visit_id: uuid.UUID, expense_id: uuid.UUID) -> list[str]:
    """Withdraw an expense that is not decided yet, with its receipts.

    Returns the keys of the objects in the store that the caller has to delete after the commit.

    Raises VISIT_NOT_FOUND, EXPENSE_NOT_FOUND and EXPENSE_DECIDED.
    """
    visit = get_own_visit(session, actor, visit_id, lock=True)
    item = session.get(PaymentItem, (visit.id, expense_id))
    if item is None or item.kind == FEE or not item.amount:
        raise problems.EXPENSE_NOT_FOUND()
    if _is_decided(visit, item):
        raise problems.EXPENSE_DECIDED()
    receipts = item.receipts
    if _has_payments(session, item):
        item.amount, item.description, item.receipts = 0, None, []
        _forget_decision(item)
    else:
        session.delete(item)
    session.flush()
    return _delete_unnamed(session, visit, receipts)


def _is_decided(visit: Visit, item: PaymentItem) -> bool:
    """Return whether an amount was set that counts. What is only prepared, a correction makes void."""
    return visit.status in DECIDED and item.approved_amount is not None


def _has_payments(session: Session, item: PaymentItem) -> bool:
    """Return whether an amount was due at any time. Payrolls refer to such an item, so it stays."""
    payments = select(Payment.number).where(Payment.visit_id == item.visit_id, Payment.item_id == item.id)
    return session.scalar(select(payments.exists())) is True


def _forget_decision(item: PaymentItem) -> None:
    item.approved_amount = item.reason = item.decided_at = item.decider_id = None


def _list_expenses(session: Session, visit: Visit) -> Sequence[PaymentItem]:
    query = select(PaymentItem).where(PaymentItem.visit_id == visit.id, PaymentItem.kind != FEE)
    return session.scalars(query).all()


def _check_limits(session: Session, visit: Visit, expense_id: uuid.UUID, amount: int) -> None:
    organization = session.get_one(Organization, visit.organization_id)
    maximum = organization.max_expenses
    if visit.currency is None or visit.currency != organization.currency or not maximum:
        raise problems.EXPENSES_NOT_PAID()
    others = select(func.count(), func.coalesce(func.sum(PaymentItem.amount), 0)).where(
        PaymentItem.visit_id == visit.id, PaymentItem.kind != FEE, PaymentItem.id != expense_id
    )
    count, total = session.execute(others).one()
    if count >= MAX_EXPENSES:
        raise problems.invalid_field("/amount", f"A visit can have at most {MAX_EXPENSES} expenses.")
    if total + amount > maximum:
        most = f"{format_amount(maximum, visit.currency)} {visit.currency}"
        raise problems.invalid_field("/amount", f"The expenses of a visit can be at most {most} altogether.")


def _check_receipts(session: Session, visit: Visit, receipts: Sequence[str]) -> None:
    """Reject photos that were declared as something else. Those that were not declared yet may follow."""
    others = select(Photo.id).where(Photo.visit_id == visit.id, ~Photo.is_receipt)
    ids = [uuid.UUID(photo_id) for photo_id in receipts]
    found = set(session.scalars(others.where(Photo.id.in_(ids))))
    errors = [
        FieldError(f"/receipts/{index}", "This photo was not declared as a receipt.")
        for index, photo_id in enumerate(ids)
        if photo_id in found
    ]
    if errors:
        raise problems.INVALID(errors=errors)


def _delete_unnamed(session: Session, visit: Visit, receipts: Sequence[str]) -> list[str]:
    """Delete those receipts that no expense names any more. Returns the keys of their objects."""
    named = {photo_id for item in _list_expenses(session, visit) for photo_id in item.receipts}
    unnamed = [uuid.UUID(photo_id) for photo_id in receipts if photo_id not in named]
    rows = session.execute(
        delete(Photo)
        .where(Photo.visit_id == visit.id, Photo.is_receipt, Photo.id.in_(unnamed))
        .returning(Photo.upload_key, Photo.key, Photo.thumbnail_key)
        .execution_options(synchronize_session=False)
    )
    return [key for row in rows for key in row if key is not None]


def delete_stray_receipts(session: Session) -> None:
    """Delete the receipts that no expense has named for ``STRAY_TIME``; the sweep deletes their objects.

    Their phone lost the expense, or the shopper discarded it before it was sent.
    """
    # Without hyphens, IDs are the same texts on both databases.
    photo_id = func.replace(cast(Photo.id, String), "-", "")
    names = func.replace(cast(PaymentItem.receipts, String), "-", "").contains(photo_id)
    named = select(PaymentItem.id).where(PaymentItem.visit_id == Photo.visit_id, names)
    session.execute(
        delete(Photo)
        .where(Photo.is_receipt, Photo.declared_at < now() - STRAY_TIME, ~named.exists())
        .execution_options(synchronize_session=False)
    )
