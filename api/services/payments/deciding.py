"""What is paid for a visit: it follows from the decision on the visit, and from amounts that reviewers set.

The payments of an item are the differences between what was due before and what is due now. So nothing is
paid twice, however often a visit is decided again.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from api.database.lists import among
from api.database.statements import Command, Writer, execute
from api.database.types import UtcTime
from api.domain import problems
from api.domain.access import Actor
from api.domain.audit import VISIT_PAYMENT_CHANGED
from api.domain.money import format_amount
from api.domain.payments import DECIDED, FEE
from api.domain.problems import FieldError
from api.models.base import now
from api.models.payments import Payment, PaymentItem
from api.models.visits import Visit
from api.services.audit.recording import record
from api.services.audit.register import Change
from api.services.payments.items import IS_CLAIMED, PAID

_OF_VISIT = PaymentItem.visit_id == bindparam("of_visit")

_APPROVE = Command(
    update(PaymentItem)
    .where(
        _OF_VISIT,
        PaymentItem.approved_amount.is_(None),
        or_(PaymentItem.kind == FEE, among(PaymentItem.id, "expenses")),
    )
    .values(
        approved_amount=PaymentItem.amount, decided_at=bindparam("moment"), decider_id=bindparam("reviewer")
    )
)
#: Amounts with a reason are a reviewer's. The others are what the next acceptance approves anyway.
_CLEAR = Command(
    update(PaymentItem)
    .where(_OF_VISIT, PaymentItem.approved_amount == PaymentItem.amount, PaymentItem.reason.is_(None))
    .values(approved_amount=None, decided_at=None, decider_id=None)
)


def _pay(due: Any, *conditions: ColumnElement[bool]) -> Command:
    """Return the command that pays the difference between what was due of items before and what is due."""
    difference = due - PAID
    return Command(
        insert(Payment).from_select(
            ("organization_id", "visit_id", "item_id", "amount", "approved_at"),
            select(
                PaymentItem.organization_id,
                PaymentItem.visit_id,
                PaymentItem.id,
                difference,
                bindparam("moment", type_=UtcTime),
            ).where(_OF_VISIT, *conditions, difference != literal(0)),
        )
    )


_approved = func.coalesce(PaymentItem.approved_amount, 0)
_PAY = _pay(_approved)
_PAY_CHANGES = _pay(_approved, among(PaymentItem.id, "changed"))
_PAY_BACK = _pay(literal(0))


def apply_decision(
    writer: Writer,
    visit_id: uuid.UUID,
    decision: str,
    reviewer_id: uuid.UUID | None,
    expense_ids: Sequence[uuid.UUID] = (),
) -> None:
    """Update what a paid visit is paid after a decision on it.

    An acceptance approves the fee and the expenses with these IDs, unless an amount was set before. A return
    or rejection takes everything back.
    """
    if decision != "accept":
        take_back(writer, visit_id)
        return
    moment = now()
    execute(
        writer, _APPROVE, of_visit=visit_id, moment=moment, reviewer=reviewer_id, expenses=list(expense_ids)
    )
    execute(writer, _PAY, of_visit=visit_id, moment=moment)


def take_back(writer: Writer, visit_id: uuid.UUID) -> None:
    """Take back every amount of a paid visit. What a reviewer has set is kept for the next acceptance."""
    execute(writer, _CLEAR, of_visit=visit_id)
    execute(writer, _PAY_BACK, of_visit=visit_id, moment=now())


def change_payment(
    session: Session, actor: Actor, visit: Visit, changes: Sequence[Mapping[str, Any]]
) -> None:
    """Set the amounts to pay for items of a locked visit.

    Each of ``changes`` has id, approved_amount and reason. Before the visit is decided, amounts are only
    prepared. Afterwards, they are due at once.

    Raises VISIT_NOT_PAID, NOTHING_TO_PAY before there are answers and while the shopper corrects them, and
    INVALID for an unknown item, for more than was claimed, and for another amount than was claimed without a
    reason.
    """
    if visit.currency is None:
        raise problems.VISIT_NOT_PAID()
    if visit.status not in ("submitted", *DECIDED):
        raise problems.NOTHING_TO_PAY()
    query = select(PaymentItem).where(PaymentItem.visit_id == visit.id, IS_CLAIMED)
    items = {item.id: item for item in session.scalars(query)}
    _check_changes(items, changes)
    before = _describe(items, visit.currency)
    moment = now()
    for change in changes:
        item = items[change["id"]]
        amount = change["approved_amount"]
        is_open = amount is None
        item.approved_amount = amount
        item.reason = None if is_open else change["reason"]
        item.decided_at, item.decider_id = (None, None) if is_open else (moment, actor.id)
    session.flush()
    after = _describe(items, visit.currency)
    if before != after:
        record(session, VISIT_PAYMENT_CHANGED, visit, {"payment": Change(before, after)})
    if visit.status in DECIDED:
        changed = [change["id"] for change in changes]
        execute(session, _PAY_CHANGES, of_visit=visit.id, moment=moment, changed=changed)


def _check_changes(items: Mapping[uuid.UUID, PaymentItem], changes: Sequence[Mapping[str, Any]]) -> None:
    errors = []
    for index, change in enumerate(changes):
        item, amount = items.get(change["id"]), change["approved_amount"]
        if item is None:
            errors.append(FieldError(f"/items/{index}/id", "This visit does not have this item."))
        elif amount is None or amount == item.amount:
            continue
        elif amount > item.amount and item.kind != FEE:
            detail = "This is more than was claimed."
            errors.append(FieldError(f"/items/{index}/approved_amount", detail))
        elif not (change["reason"] or "").strip():
            detail = "A reason is required for another amount than was claimed."
            errors.append(FieldError(f"/items/{index}/reason", detail))
    if errors:
        raise problems.INVALID(errors=errors)


def _describe(items: Mapping[uuid.UUID, PaymentItem], currency: str) -> list[str]:
    """Return what was set for items, for the audit log."""
    return [
        f"{item.kind}: {format_amount(item.approved_amount, currency)} {currency}"
        for item in items.values()
        if item.approved_amount is not None
    ]
