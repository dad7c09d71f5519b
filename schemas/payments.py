"""Payments: fees and expenses. Shoppers, reviewers and the payroll have a schema each; managers have none.

Amounts are whole numbers in the smallest unit of the currency, such as cents.
"""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from api.domain.money import DECIMALS, MAX_AMOUNT
from api.domain.payments import EXPENSE_KINDS, KINDS, MAX_DESCRIPTION_LENGTH, MAX_RECEIPTS, STATUSES
from api.domain.times import FIRST_YEAR, LAST_YEAR
from schemas.base import Day, Enum, Id, Integer, NamedPlace, PageQuery, RandomId, Schema, Text, Time, page_of

MAX_ITEMS = 50


class Currency(fields.String):
    """A currency, by its ISO 4217 code."""

    def __init__(self, **kwargs: Any) -> None:
        pattern = {"pattern": "^[A-Z]{3}$", "example": "EUR"}
        metadata = {**pattern, **kwargs.pop("metadata", {})}
        super().__init__(validate=_check_currency, metadata=metadata, **kwargs)


def _check_currency(code: str) -> None:
    if code not in DECIMALS:
        raise ma.ValidationError("This must be an ISO 4217 code such as EUR.")


def _amount(description: str, **options: Any) -> Integer:
    text = f"{description}, in the smallest unit of the currency."
    if options.get("allow_none"):
        text += " Null until it is decided."
    return Integer(metadata={"description": text}, **options)


class ExpenseClaim(Schema):
    """An expense of a visit. `receipts` are photos that are declared as receipts, before or afterwards."""

    kind = Enum(EXPENSE_KINDS, required=True)
    amount = Integer(
        1,
        MAX_AMOUNT,
        required=True,
        metadata={"description": "What was spent, in the smallest unit of the currency."},
    )
    description = Text(MAX_DESCRIPTION_LENGTH, allow_none=True, load_default=None)
    receipts = fields.List(
        RandomId(),
        load_default=list,
        validate=validate.Length(max=MAX_RECEIPTS),
    )


class OwnPaymentItem(Schema):
    """The fee of a visit or an expense, as its shopper sees it."""

    id = Id(attribute="item.id", required=True)
    kind = Enum(KINDS, attribute="item.kind", required=True)
    amount = _amount("The fee, or what was spent", attribute="item.amount", required=True)
    description = fields.String(attribute="item.description", required=True, allow_none=True)
    receipts = fields.List(
        fields.String(),
        attribute="item.receipts",
        required=True,
    )
    status = Enum(
        STATUSES,
        required=True,
        metadata={
            "description": "`claimed`: not decided yet. `approved`: paid as it is. `changed`: another "
            "amount is paid. `not_paid`: nothing is paid."
        },
    )
    approved_amount = _amount("What is paid", required=True, allow_none=True)
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why another amount is paid. Null without a reason."},
    )


class OwnPayment(Schema):
    """What the shopper of a visit is paid."""

    currency = Currency(required=True)
    max_expenses = Integer(required=True, allow_none=True)
    items = fields.List(
        fields.Nested(OwnPaymentItem()),
        required=True,
    )


class ReceiptPhoto(Schema):
    """A photo of a receipt."""

    id = Id(required=True)
    status = Enum(
        ("awaiting_upload", "stored", "unusable", "removed"),
        required=True,
        metadata={"description": "Whether the photo has arrived."},
    )
    seen_in_visit_id = Id(
        required=True,
        allow_none=True,
        metadata={"description": "Another visit with the same photo, such as one that it was claimed for."},
    )


class PaymentItem(OwnPaymentItem):
    """The fee of a visit or an expense, as reviewers see it.

    `approved_amount` is also what a reviewer has set before the visit is decided.
    """

    receipts = fields.List(fields.Nested(ReceiptPhoto()), required=True)
    version = fields.String(
        required=True,
        metadata={"description": "Changes with what was claimed, and when a receipt arrives."},
    )


class Payment(OwnPayment):
    """What the shopper of a visit is paid, with what reviewers have set."""

    items = fields.List(fields.Nested(PaymentItem()), required=True)


class PaymentItemEdit(Schema):
    """The amount to pay for an item. A reason is required for another amount than was claimed."""

    id = Id(required=True)
    approved_amount = Integer(
        0,
        MAX_AMOUNT,
        required=True,
        allow_none=True,
        metadata={"description": "What to pay, in the smallest unit of the currency. Null: not decided."},
    )
    reason = Text(500, allow_none=True, load_default=None)


class PaymentEdit(Schema):
    """The amounts to pay for items of a visit. Those that are not named stay as they are."""

    items = fields.List(
        fields.Nested(PaymentItemEdit()),
        required=True,
        validate=validate.Length(1, MAX_ITEMS),
    )


class UndecidedExpense(PaymentItem):
    """An expense that no reviewer has decided, with its visit."""

    visit_id = Id(attribute="item.visit_id", required=True)
    day = Day(required=True)
    location = fields.Nested(NamedPlace(), required=True)
    shopper_name = fields.String(required=True, allow_none=True)
    currency = Currency(required=True)
    claimed_at = Time(attribute="item.claimed_at", required=True)


def _check_year(day: Any) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ma.ValidationError(f"The year must be between {FIRST_YEAR} and {LAST_YEAR}.")


class PaymentsQuery(PageQuery):
    """The first and the last day of approval, in UTC."""

    from_ = Day(data_key="from", attribute="from", required=True, validate=_check_year)
    to = Day(required=True, validate=_check_year)


class VisitPayment(Schema):
    """What became due for a visit within some days. Amounts that were taken back are negative."""

    visit_id = Id(attribute="visit.id", required=True)
    external_id = fields.String(attribute="visit.external_id", required=True, allow_none=True)
    day = Day(attribute="visit.day", required=True)
    location = fields.Nested(NamedPlace(), required=True)
    shopper_id = Id(attribute="visit.shopper_id", required=True)
    shopper_name = fields.String(required=True, allow_none=True)
    shopper_email = fields.String(required=True, allow_none=True)
    currency = Currency(attribute="visit.currency", required=True)
    fee = _amount("What became due of the fee", required=True)
    expenses = _amount("What became due of the expenses", required=True)
    total = _amount("The sum of both", required=True)
    approved_at = Time(required=True)


class PaymentTotal(Schema):
    """The sum of all payments in a currency."""

    currency = Currency(required=True)
    visits = fields.Integer(required=True)
    fee = _amount("The sum of the fees", required=True)
    expenses = _amount("The sum of the expenses", required=True)
    total = _amount("The sum of both", required=True)


class PaymentPage(page_of(VisitPayment())):  # type: ignore[misc]
    """A page of payments, with the totals of all pages."""

    totals = fields.List(fields.Nested(PaymentTotal()), required=True)


EXPENSE_PAGE = page_of(UndecidedExpense())
