"""Payment items: the fee of each paid visit and the expenses of its shopper, as both sides see them."""

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from api.database.lists import among
from api.database.statements import Query, Runner, fetch_all
from api.domain.access import Actor
from api.domain.money import format_amount
from api.domain.payments import FEE, REJECTED, get_status
from api.models.base import now
from api.models.organizations import Organization
from api.models.payments import Payment, PaymentItem
from api.models.photos import Photo
from api.models.places import Location
from api.models.users import SHOWN_NAME, User
from api.models.visits import Visit
from api.services import visibility
from api.services.audit.recording import add_change
from api.services.paging import Page, fetch_page

#: A withdrawn expense that was paid once has the amount 0. Nobody sees it any more.
IS_CLAIMED = or_(PaymentItem.kind == FEE, PaymentItem.amount > 0)
#: an expense whose amount nobody has set or approved
_IS_UNDECIDED = and_(PaymentItem.kind != FEE, PaymentItem.amount > 0, PaymentItem.approved_amount.is_(None))
#: what is due of an item: the sum of its payments
PAID = (
    select(func.coalesce(func.sum(Payment.amount), 0))
    .where(Payment.visit_id == PaymentItem.visit_id, Payment.item_id == PaymentItem.id)
    .scalar_subquery()
)


def add_fees(session: Session, fees: Sequence[tuple[Visit, int]]) -> None:
    """Add the fees of new paid visits, which may be 0."""
    session.add_all(
        PaymentItem(
            visit_id=visit.id,
            id=uuid.uuid4(),
            organization_id=visit.organization_id,
            kind=FEE,
            amount=amount,
            claimed_at=now(),
        )
        for visit, amount in fees
    )
    session.flush()
    for visit, amount in fees:
        _record_fee(session, visit, amount)


def _record_fee(session: Session, visit: Visit, amount: int) -> None:
    assert visit.currency is not None
    add_change(session, visit, "fee", None, f"{format_amount(amount, visit.currency)} {visit.currency}")


def copy_fee(session: Session, visit: Visit, new_visit: Visit) -> None:
    """Give a new paid visit the fee of the one that it replaces, if that had one in the same currency."""
    fees = select(PaymentItem).where(PaymentItem.kind == FEE)
    fee = session.scalars(fees.where(PaymentItem.visit_id == visit.id)).one_or_none()
    new_fee = session.scalars(fees.where(PaymentItem.visit_id == new_visit.id)).one_or_none()
    if fee is not None and new_fee is not None and visit.currency == new_visit.currency:
        new_fee.amount = fee.amount
        session.flush()
        _record_fee(session, new_visit, fee.amount)


@dataclass(slots=True)
class ItemRow:
    """The columns of an item. ``max_expenses`` is the organization's if it still has the visit's currency."""

    visit_id: uuid.UUID
    id: uuid.UUID
    kind: str
    amount: int
    description: str | None
    receipts: list[str]
    claimed_at: datetime
    approved_amount: int | None
    reason: str | None
    paid: int
    max_expenses: int | None


_ITEMS = Query(
    ItemRow,
    select(
        PaymentItem.visit_id,
        PaymentItem.id,
        PaymentItem.kind,
        PaymentItem.amount,
        PaymentItem.description,
        PaymentItem.receipts,
        PaymentItem.claimed_at,
        PaymentItem.approved_amount,
        PaymentItem.reason,
        PAID.label("paid"),
        case((Organization.currency == Visit.currency, Organization.max_expenses)).label("max_expenses"),
    )
    .join(Organization, Organization.id == PaymentItem.organization_id)
    .join(Visit, Visit.id == PaymentItem.visit_id)
    .where(among(PaymentItem.visit_id, "ids"), IS_CLAIMED)
    .order_by(PaymentItem.kind != FEE, PaymentItem.claimed_at, PaymentItem.id),
)


#: the status of a receipt that has not arrived
_AWAITED = "awaiting_upload"


class _ReceiptRow(NamedTuple):
    visit_id: uuid.UUID
    id: uuid.UUID
    status: str
    seen_in_visit_id: uuid.UUID | None


_RECEIPTS = Query(
    _ReceiptRow,
    select(Photo.visit_id, Photo.id, Photo.status, Photo.seen_in_visit_id).where(
        among(Photo.visit_id, "ids"), Photo.is_receipt
    ),
)


def describe_payments(
    runner: Runner, visits: Sequence[Any], *, for_reviewers: bool
) -> dict[uuid.UUID, dict[str, Any]]:
    """Return the payments of those visits that are paid: visit ID → the payment.

    They have the shape of ``schemas.payments.OwnPayment`` or ``Payment``. ``visits`` are rows with ``id``,
    ``status`` and ``currency``. A shopper sees the amounts that were approved once the visit is decided.
    ``for_reviewers`` adds what a reviewer has prepared before, and where a receipt was seen before.
    """
    paid = {visit.id: visit for visit in visits if visit.currency is not None}
    if not paid:
        return {}
    ids = list(paid)
    receipts = _read_receipts(runner, ids) if for_reviewers else {}
    items: dict[uuid.UUID, list[ItemRow]] = defaultdict(list)
    for item in fetch_all(runner, _ITEMS, ids=ids):
        items[item.visit_id].append(item)
    return {
        visit.id: {
            "currency": visit.currency,
            "max_expenses": items[visit.id][0].max_expenses,
            "items": [
                _describe_for_reviewers(item, visit.status, receipts.get(visit.id, {}))
                if for_reviewers
                else _describe(item, visit.status)
                for item in items[visit.id]
            ],
        }
        for visit in paid.values()
    }


def _describe(item: Any, visit_status: str) -> dict[str, Any]:
    """Return an item as its shopper sees it."""
    approved_amount, reason = _get_decision(item, visit_status)
    status = get_status(visit_status, item.amount, approved_amount)
    is_decided = status != "claimed"
    return {
        "item": item,
        "status": status,
        "approved_amount": (approved_amount or 0) if is_decided else None,
        "reason": reason if is_decided else None,
    }


def _get_decision(item: Any, visit_status: str) -> tuple[int | None, str | None]:
    """Return the approved amount and its reason.

    What was set before a rejection is kept in case that is replaced, but it does not count.
    """
    if visit_status == REJECTED and not item.paid:
        return None, None
    return item.approved_amount, item.reason


def _describe_for_reviewers(
    item: Any, visit_status: str, receipts: Mapping[str, _ReceiptRow]
) -> dict[str, Any]:
    """Return an item with the amount that a reviewer has set, even before the visit is decided."""
    approved_amount, reason = _get_decision(item, visit_status)
    statuses = _get_receipt_statuses(item, receipts)
    return {
        "item": item,
        "version": _compute_version(item, statuses),
        "status": get_status(visit_status, item.amount, approved_amount),
        "approved_amount": approved_amount,
        "reason": reason,
        "receipts": [
            {
                "id": photo_id,
                "status": status,
                "seen_in_visit_id": receipts[photo_id].seen_in_visit_id if photo_id in receipts else None,
            }
            for photo_id, status in statuses.items()
        ],
    }


def _get_receipt_statuses(item: Any, receipts: Mapping[str, _ReceiptRow]) -> dict[str, str]:
    """Return the status of each receipt that an item names, by its ID."""
    return {
        photo_id: receipts[photo_id].status if photo_id in receipts else _AWAITED
        for photo_id in item.receipts
    }


def _compute_version(item: Any, statuses: Mapping[str, str]) -> str:
    """Return a text that is another one as soon as a reviewer would see something else."""
    shown = [item.kind, item.amount, item.description, statuses]
    return f"{item.id}-{hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]}"


def find_seen_expenses(runner: Runner, visit_id: uuid.UUID, versions: Collection[str]) -> list[uuid.UUID]:
    """Return the IDs of the expenses of a visit with one of these versions whose receipts have arrived."""
    if not versions:
        return []
    receipts = _read_receipts(runner, [visit_id])[visit_id]
    seen = []
    for item in fetch_all(runner, _ITEMS, ids=[visit_id]):
        statuses = _get_receipt_statuses(item, receipts)
        was_seen = _compute_version(item, statuses) in versions
        if item.kind != FEE and was_seen and _AWAITED not in statuses.values():
            seen.append(item.id)
    return seen


def list_undecided(session: Session, actor: Actor, limit: int, cursor: str | None) -> Page:
    """Return a page of the expenses of accepted visits that no reviewer has decided, the earliest first.

    These were claimed after the acceptance, or their visit was accepted automatically. The rows are (item,
    visit, location, name of the shopper). Nobody sees their own.
    """
    query = (
        select(PaymentItem, Visit, Location, SHOWN_NAME)
        .join(Visit, Visit.id == PaymentItem.visit_id)
        .join(Location, Location.id == Visit.location_id)
        .join(User, User.id == Visit.shopper_id)
        .where(
            PaymentItem.organization_id == actor.organization_id,
            _IS_UNDECIDED,
            Visit.status == "accepted",
            Visit.shopper_id != actor.id,
            visibility.watched_visits(actor),
        )
    )
    return fetch_page(session, query, PaymentItem.claimed_at, PaymentItem.id, limit, cursor)


def describe_undecided(session: Session, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return rows of ``list_undecided`` in the shape of ``schemas.payments.UndecidedExpense``."""
    receipts = _read_receipts(session, [visit.id for _, visit, _, _ in rows])
    return [
        {
            **_describe_for_reviewers(item, visit.status, receipts.get(visit.id, {})),
            "day": visit.day,
            "location": location,
            "shopper_name": name,
            "currency": visit.currency,
        }
        for item, visit, location, name in rows
    ]


def has_payments(session: Session, organization: Organization) -> bool:
    """Return whether an organization pays its shoppers, or has payments or undecided expenses from before."""
    own = PaymentItem.organization_id == organization.id
    payments = select(Payment.number).where(Payment.organization_id == organization.id)
    return (
        organization.currency is not None
        or session.scalar(select(payments.exists())) is True
        or session.scalar(select(select(PaymentItem.id).where(own, _IS_UNDECIDED).exists())) is True
    )


def _read_receipts(runner: Runner, visit_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, _ReceiptRow]]:
    """Return the receipts of visits: visit ID → photo ID → receipt."""
    receipts: dict[uuid.UUID, dict[str, _ReceiptRow]] = defaultdict(dict)
    for photo in fetch_all(runner, _RECEIPTS, ids=visit_ids):
        receipts[photo.visit_id][str(photo.id)] = photo
    return receipts
