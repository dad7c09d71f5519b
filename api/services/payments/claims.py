"""Expenses: claimed by shoppers with their receipts, corrected or withdrawn until a reviewer decides."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.money import format_amount
from api.domain.payments import FEE, MAX_EXPENSES
from api.domain.problems import FieldError
from api.models.base import now
from api.models.organizations import Organization
from api.models.payments import Payment, PaymentItem
from api.models.photos import Photo
from api.models.visits import Visit
from api.services.visits import get_own_visit


def claim_expense(
    session: Session, actor: Actor, visit_id: uuid.UUID, expense_id: uuid.UUID, values: Mapping[str, Any]
) -> tuple[Visit, bool]:
    """Claim an expense of the actor's own visit, or correct one that is not decided yet.

    ``values`` has kind, amount, description, and the IDs of the receipts. The ID is the idempotency key: the
    same expense again changes nothing, whatever was decided since. Returns the visit, and whether the expense
    is new.

    Raises VISIT_NOT_FOUND, EXPENSES_NOT_PAID, EXPENSE_DECIDED, and INVALID for too many expenses, for
    more than the organization pays, and for a photo that is not a receipt.
    """
    visit = get_own_visit(session, actor, visit_id, lock=True)
    columns = {**values, "receipts": [str(photo_id) for photo_id in values["receipts"]]}
    item = session.get(PaymentItem, (visit.id, expense_id))
    if item is not None and all(getattr(item, name) == value for name, value in columns.items()):
        return visit, False
    if item is not None and (item.kind == FEE or _is_decided(session, visit, item)):
        raise problems.EXPENSE_DECIDED()
    _check_limits(session, visit, expense_id, values["amount"])
    _check_receipts(session, visit, columns["receipts"])
    if item is not None:
        for name, value in columns.items():
            setattr(item, name, value)
    else:
        own = {"visit_id": visit.id, "id": expense_id, "organization_id": visit.organization_id}
        session.add(PaymentItem(**own, **columns, claimed_at=now()))
    session.flush()
    return visit, item is None


def withdraw_expense(session: Session, actor: Actor, visit_id: uuid.UUID, expense_id: uuid.UUID) -> list[str]:
    """Withdraw an expense that is not decided yet, with its receipts.

    Returns the keys of the objects in the store that the caller has to delete after the commit.

    Raises VISIT_NOT_FOUND, EXPENSE_NOT_FOUND and EXPENSE_DECIDED.
    """
    visit = get_own_visit(session, actor, visit_id, lock=True)
    item = session.get(PaymentItem, (visit.id, expense_id))
    if item is None or item.kind == FEE:
        raise problems.EXPENSE_NOT_FOUND()
    if _is_decided(session, visit, item):
        raise problems.EXPENSE_DECIDED()
    receipts = item.receipts
    session.delete(item)
    session.flush()
    named = {photo_id for other in _list_expenses(session, visit) for photo_id in other.receipts}
    return _delete_receipts(session, visit, [photo_id for photo_id in receipts if photo_id not in named])


def _is_decided(session: Session, visit: Visit, item: PaymentItem) -> bool:
    """Return whether a reviewer has set an amount, or an amount was due at any time."""
    has_payments = select(Payment.number).where(Payment.visit_id == visit.id, Payment.item_id == item.id)
    return item.approved_amount is not None or session.scalar(select(has_payments.exists())) is True


def _list_expenses(session: Session, visit: Visit) -> Sequence[PaymentItem]:
    query = select(PaymentItem).where(PaymentItem.visit_id == visit.id, PaymentItem.kind != FEE)
    return session.scalars(query).all()


def _check_limits(session: Session, visit: Visit, expense_id: uuid.UUID, amount: int) -> None:
    maximum = session.scalar(
        select(Organization.max_expenses).where(Organization.id == visit.organization_id)
    )
    if visit.currency is None or not maximum:
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


def _delete_receipts(session: Session, visit: Visit, receipts: Sequence[str]) -> list[str]:
    rows = session.execute(
        delete(Photo)
        .where(
            Photo.visit_id == visit.id,
            Photo.is_receipt,
            Photo.id.in_([uuid.UUID(photo_id) for photo_id in receipts]),
        )
        .returning(Photo.upload_key, Photo.key, Photo.thumbnail_key)
        .execution_options(synchronize_session=False)
    )
    return [key for row in rows for key in row if key is not None]
